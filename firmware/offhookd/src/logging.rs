//! The daemon's log: one line per event on the standard error output, by `OFFHOOK_LOG`.
//!
//! No number, name, digit, password or address of a caller is in it, at any level (truth 5). Our own types mask these fields in
//! `Debug`. The libraries below know nothing of callers and print what passes through them (a WebSocket frame, a name to be
//! resolved) from DEBUG on: these levels of theirs are cut off here, whatever `OFFHOOK_LOG` says.

use tracing::{Level, Metadata};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, filter, fmt};

/// Starts logging. `OFFHOOK_LOG` says what is logged, e.g. `debug` or `offhook_switch=trace`; without it: `info`.
pub fn start() {
    let wanted = EnvFilter::try_from_env("OFFHOOK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(wanted).with(filter::filter_fn(is_fit)).init();
}

/// Ours, or of a level at which libraries tell of themselves only.
fn is_fit(what: &Metadata<'_>) -> bool {
    *what.level() <= Level::INFO || what.target().starts_with("offhook")
}

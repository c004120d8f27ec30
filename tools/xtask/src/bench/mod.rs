//! Benchmarks: `cargo xtask bench <name>`. Run them from a release build (`cargo run --release -p xtask -- bench …`).

use clap::Subcommand;

mod allocations;
mod calls;
mod detectors;
mod media;
mod sip_parse;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Reading an INVITE with SDP: time and allocations per message, beside rsip.
    SipParse,
    /// Call set-up, registration, memory and start-up of the daemon, driven by SIPp.
    Calls {
        /// Calls in all.
        #[arg(long, default_value_t = 12_000)]
        calls: u64,
        /// Calls per second.
        #[arg(long, default_value_t = 600)]
        rate: u64,
    },
    /// The media engine: forwarding, recording and prompts for 200 calls, beside a bare relay.
    Media,
    /// Detectors of digits and tones; part of `media` too.
    Detectors,
    /// The phones of `media`.
    #[command(hide = true)]
    MediaLoad {
        /// How many.
        parties: u16,
        /// How long they talk.
        seconds: u64,
    },
}

/// Runs one benchmark.
pub(crate) fn run(what: &Bench) -> anyhow::Result<()> {
    match what {
        Bench::SipParse => sip_parse::run(),
        Bench::Media => media::run(),
        Bench::Detectors => {
            detectors::run();
            Ok(())
        }
        Bench::MediaLoad { parties, seconds } => media::load(*parties, *seconds),
        Bench::Calls { calls, rate } => calls::run(*calls, *rate),
    }
}

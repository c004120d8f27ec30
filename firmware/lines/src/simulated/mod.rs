//! Hardware that does not exist: a telephone set on an FXS port, and the telephone company's exchange behind an FXO port.
//!
//! Both are pure models without a clock, used by the daemon for simulated lines, by the simulation and by tests. What the port
//! puts out goes in with `hardware`, what people do goes in with `handle`; what the port sees comes out of `poll_output`.
//! Speech is not modelled here: it belongs to the media engine.

mod exchange;
mod set;

pub use exchange::{Exchange, ExchangeAction, ExchangeOutput, ExchangeShows, ExchangeState, LineFeatures};
pub use set::{Set, SetAction, SetOutput, SetShows};

//! Analog lines: FXS and FXO state machines (no socket, no clock, no thread), country tables, and the drivers that carry them.
#![forbid(unsafe_code)]
#![warn(clippy::disallowed_methods)]

pub mod caller_id;
pub mod country;
pub mod fxo;
pub mod fxs;
pub mod simulated;
mod timers;

//! Ogg Opus files (RFC 3533, RFC 7845): recordings of two channels, and prompts of one or two.
//!
//! A recording is one logical stream of channel mapping family 1 with two streams that are not coupled (RFC 7845 §5.1.1.2): each channel
//! is a mono stream of its own, so that nothing of one party is heard on the other's channel, and players open it as stereo.

pub mod file;
pub mod page;
pub mod reader;
pub mod recover;
mod tags;

use std::time::Duration;

/// Samples per second of granule positions, whatever the input was (RFC 7845 §4).
pub const GRANULE_RATE: u64 = 48_000;

/// A place in a recording where it was paused: everything between was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Position in the recording.
    pub at: Duration,
    /// How long nothing was recorded.
    pub paused: Duration,
}

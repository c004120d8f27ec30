//! Hearing that the far side is gone by the tone its exchange plays: a learner that finds a line's tone in the sound of a known hang-up,
//! and a detector that hears it again.
//!
//! Both look at 40 ms every 10 ms. The tone sounds while its frequencies make up most of the power; it is silent while less than half
//! of their amplitude is left. The lengths of sound and silence must follow the profile's cadence for two cycles.

mod cadence;
mod detector;
mod learner;
mod profile;

pub use detector::HangUpDetector;
pub use learner::{HangUpLearner, NotLearned};
pub use profile::{InvalidProfile, ToneProfile};

use super::look::{Follower, HOP_MS, Look, Windows};

/// Two frequencies of a tone are at least this far apart, Hz; closer ones are one that trembles.
const APART_HZ: f32 = 75.0;
/// Weakest tone, dBm0.
const MIN_LEVEL_DBM0: f32 = -45.0;

//! Tones: cadences from call control, DTMF both ways, the built-in chime.

pub mod chime;
pub mod detector;
pub mod dtmf;
pub mod fax;
pub mod generator;
pub mod goertzel;
pub mod hang_up;
mod look;

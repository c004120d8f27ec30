//! Tones: cadences from call control, DTMF both ways, the built-in chime.

pub mod chime;
pub mod detector;
pub mod dtmf;
pub mod generator;
pub mod goertzel;

//! RTP, tones, players, recorders and the real-time engine that joins them.
//!
//! The core speaks to the engine in [`command::Command`]s and hears [`command::Event`]s; both are plain data, so that call
//! control can be tested without an engine. [`engine`] (its threads and sockets) and [`wav::file`] are the only parts that
//! touch the system; everything else is pure: bytes, samples and the times it is given.
//!
//! Samples are linear `i16` at 8 kHz mono unless said otherwise; a *frame* is 20 ms of them ([`FRAME`] = 160 samples).
#![deny(unsafe_code)]

pub mod codec;
pub mod command;
pub mod echo;
pub mod engine;
pub mod gain;
pub mod jitter;
pub mod level;
pub mod line_audio;
pub mod mix;
pub mod rtp;
pub mod tone;
pub mod wav;

/// Samples per second of everything inside the engine.
pub const RATE: u32 = 8000;

/// Samples in one 20 ms frame.
pub const FRAME: usize = 160;

/// One 20 ms frame: 160 samples, `i16`, 8 kHz mono.
pub type Frame = [i16; FRAME];

/// A frame of silence.
pub const SILENCE: Frame = [0; FRAME];

//! RTP, tones, players, recorders and the real-time engine that joins them.
//!
//! The core speaks to the engine in [`command::Command`]s and hears [`command::Event`]s; both are plain data, so that call
//! control can be tested without an engine. [`engine`] (its threads and sockets) and [`wav::file`] are the only parts that
//! touch the system; everything else is pure: bytes, samples and the times it is given.
//!
//! Sound moves in steps of 20 ms. A [`sound::Sound`] carries its rate: 8, 16 or 48 kHz. A *frame* ([`Frame`], [`FRAME`] = 160
//! samples) is a step at 8 kHz, for what knows no other rate: tones, detectors, analog lines. Samples are linear `i16`, mono.
#![deny(unsafe_code)]

pub mod codec;
pub mod command;
pub mod conference;
pub mod echo;
pub mod engine;
pub mod fax;
pub mod fsk;
pub mod gain;
pub mod jitter;
pub mod level;
pub mod line_audio;
pub mod ogg;
pub mod prompt;
pub mod resample;
pub mod rtp;
pub mod sound;
pub mod t38;
pub mod tone;
pub mod wav;

/// Samples per second of a [`Frame`].
pub const RATE: u32 = 8000;

/// Samples in one 20 ms frame.
pub const FRAME: usize = 160;

/// One 20 ms frame: 160 samples, `i16`, 8 kHz mono.
pub type Frame = [i16; FRAME];

/// A frame of silence.
pub const SILENCE: Frame = [0; FRAME];

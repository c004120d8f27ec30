//! Modems of 1200 bit/s for caller ID: asynchronous bytes as two frequencies (Bell 202; ITU-T V.23 mode 2).
//!
//! A byte is a start bit (space), eight bits, least significant first, and a stop bit (mark). What the bytes mean is not known here.

mod demodulator;
mod modulator;

pub use demodulator::{Demodulated, FskDemodulator};
pub use modulator::{FskModulator, Preamble};

/// Bits per second.
pub const BIT_RATE: f64 = 1200.0;

/// Whose frequencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modem {
    /// Bell 202: mark 1200 Hz, space 2200 Hz (Telcordia GR-30-CORE: North America, and most of Asia).
    Bell202,
    /// V.23: mark 1300 Hz, space 2100 Hz (ETSI EN 300 659-2: Europe).
    V23,
}

impl Modem {
    /// The frequency of mark (1, and idle), Hz.
    pub fn mark_hz(self) -> f64 {
        match self {
            Modem::Bell202 => 1200.0,
            Modem::V23 => 1300.0,
        }
    }

    /// The frequency of space (0), Hz.
    pub fn space_hz(self) -> f64 {
        match self {
            Modem::Bell202 => 2200.0,
            Modem::V23 => 2100.0,
        }
    }
}

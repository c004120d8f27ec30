//! Bytes to sound.

use std::f64::consts::TAU;

use super::{BIT_RATE, Modem};
use crate::level::sine_amplitude;
use crate::{Frame, RATE};

/// Marks after the last byte, so that its stop bit is whole for every receiver.
const MARKS_AFTER: u32 = 8;

/// What comes before the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// Bits of the channel seizure: space, mark, space, mark …; 300 on hook, none off hook (EN 300 659-2 §6, GR-30 §2.4).
    pub seizure: u32,
    /// Marks after it: 180 on hook, 80 off hook.
    pub marks: u32,
}

impl Preamble {
    /// To a set on hook.
    pub const ON_HOOK: Preamble = Preamble { seizure: 300, marks: 180 };
    /// To a set in conversation (call waiting).
    pub const OFF_HOOK: Preamble = Preamble { seizure: 0, marks: 80 };
}

/// The sound of a message: phase-continuous, with soft edges, 20 ms at a time, made without allocating.
#[derive(Clone, Debug)]
pub struct FskModulator {
    modem: Modem,
    preamble: Preamble,
    bytes: Vec<u8>,
    amplitude: f64,
    /// Bits per sample.
    rate: f64,
    /// The bit that sounds and how much of it is over.
    bit: u32,
    part: f64,
    phase: f64,
    sounded: u32,
}

impl FskModulator {
    /// These bytes at a level (dBm0; GR-30 and EN 300 659-2: −13.5 dBm at the port).
    pub fn new(modem: Modem, preamble: Preamble, bytes: Vec<u8>, level_dbm0: f32) -> Self {
        FskModulator {
            modem,
            preamble,
            bytes,
            amplitude: f64::from(sine_amplitude(level_dbm0)),
            rate: BIT_RATE / f64::from(RATE),
            bit: 0,
            part: 0.0,
            phase: 0.0,
            sounded: 0,
        }
    }

    /// Its clock and frequencies run so much faster (0.02: 2 %); for tests of receivers.
    #[must_use]
    pub fn with_clock_error(mut self, error: f64) -> Self {
        self.rate *= 1.0 + error;
        self
    }

    /// Writes the next 20 ms; returns false when the message was over before them.
    pub fn frame(&mut self, out: &mut Frame) -> bool {
        let goes_on = self.bit < self.bits();
        for sample in out.iter_mut() {
            let Some(mark) = self.level_of_bit() else {
                *sample = 0;
                continue;
            };
            // A millisecond to rise: no click wakes the receiver.
            self.sounded = self.sounded.saturating_add(1);
            let gain = f64::from(self.sounded.min(8)) / 8.0;
            let hz = if mark { self.modem.mark_hz() } else { self.modem.space_hz() };
            *sample = (self.amplitude * gain * (TAU * self.phase).sin()).round() as i16;
            self.phase = (self.phase + hz / f64::from(RATE)).fract();
            self.part += self.rate;
            if self.part >= 1.0 {
                self.part -= 1.0;
                self.bit += 1;
            }
        }
        goes_on
    }

    fn bits(&self) -> u32 {
        let bytes = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX / 16);
        self.preamble.seizure + self.preamble.marks + 10 * bytes + MARKS_AFTER
    }

    /// Mark or space; `None` at the end.
    fn level_of_bit(&self) -> Option<bool> {
        let Some(after_seizure) = self.bit.checked_sub(self.preamble.seizure) else {
            return Some(self.bit % 2 == 1);
        };
        let Some(data) = after_seizure.checked_sub(self.preamble.marks) else {
            return Some(true);
        };
        match (self.bytes.get((data / 10) as usize), data % 10) {
            (None, _) => (self.bit < self.bits()).then_some(true),
            (Some(_), 0) => Some(false),
            (Some(_), 9) => Some(true),
            (Some(byte), n) => Some(byte >> (n - 1) & 1 == 1),
        }
    }
}

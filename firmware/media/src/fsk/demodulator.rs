//! Sound to bytes.

use std::f32::consts::TAU;

use super::{BIT_RATE, Modem};
use crate::RATE;
use crate::level::sine_amplitude;

/// Samples of one bit, 6 ⅔: the last counts for two thirds.
const TAPS: usize = 7;
const LAST: f32 = 2.0 / 3.0;
/// Samples per bit.
const BIT: f32 = RATE as f32 / BIT_RATE as f32;
/// Weakest signal, dBm0.
const MIN_LEVEL_DBM0: f32 = -47.0;
/// Of the signal's power the stronger of mark and space makes up at least this share …
const PURITY: f32 = 0.3;
/// … but for so many samples, as where bits change: two bits.
const GONE: u32 = 14;
/// Marks in a row that are a pause before a message, in bits: more than the ten that may stand between two bytes (GR-30 §2.4).
const PAUSE: f32 = 24.0;

/// What was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demodulated {
    /// Marks without a byte for 20 ms: a message begins after them.
    Marks,
    /// A byte.
    Byte(u8),
    /// The signal is gone.
    Lost,
}

/// A receiver: samples in, 8 kHz. It decides by the energies of mark and space over one bit, finds each byte's start bit between two
/// samples, and so follows a sender's clock byte by byte. Never allocates.
#[derive(Clone, Debug)]
pub struct FskDemodulator {
    /// The last samples, and the turns of mark and space per tap.
    samples: [f32; TAPS],
    mark: [(f32, f32); TAPS],
    space: [(f32, f32); TAPS],
    /// Difference of the energies one sample ago, above zero for mark.
    before: f32,
    state: State,
    /// Samples without a modem's signal.
    missing: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Mark since so many samples; a space begins a byte.
    Idle { marks: f32, told: bool },
    /// In a byte: samples until the next bit's middle, bits so far, their values.
    Byte { wait: f32, bit: u8, value: u8 },
}

impl FskDemodulator {
    /// For one kind of modem.
    pub fn new(modem: Modem) -> Self {
        let turns = |hz: f64| {
            let mut out = [(0.0, 0.0); TAPS];
            for (n, place) in out.iter_mut().enumerate() {
                let (sine, cosine) = (TAU * hz as f32 * n as f32 / RATE as f32).sin_cos();
                let weight = if n + 1 == TAPS { LAST } else { 1.0 };
                *place = (weight * cosine, weight * sine);
            }
            out
        };
        FskDemodulator {
            samples: [0.0; TAPS],
            mark: turns(modem.mark_hz()),
            space: turns(modem.space_hz()),
            before: 0.0,
            state: State::Idle { marks: 0.0, told: false },
            missing: GONE,
        }
    }

    /// Takes samples of any number and tells what they hold.
    pub fn samples(&mut self, samples: &[i16], mut tell: impl FnMut(Demodulated)) {
        for &sample in samples {
            self.samples.copy_within(1.., 0);
            self.samples[TAPS - 1] = f32::from(sample);
            if let Some(received) = self.step() {
                tell(received);
            }
        }
    }

    fn step(&mut self) -> Option<Demodulated> {
        let energy = |turns: &[(f32, f32); TAPS]| {
            let sum = self.samples.iter().zip(turns).fold((0.0, 0.0), |sum, (s, t)| (sum.0 + s * t.0, sum.1 + s * t.1));
            sum.0 * sum.0 + sum.1 * sum.1
        };
        let (mark, space) = (energy(&self.mark), energy(&self.space));
        // A sine of amplitude a sums to (a · bit / 2)² and has the power a²/2.
        let total: f32 = self.samples.iter().map(|s| s * s).sum::<f32>() / TAPS as f32;
        let seen = mark.max(space) * 2.0 / (BIT * BIT);
        let least = 0.5 * sine_amplitude(MIN_LEVEL_DBM0).powi(2);
        let present = seen >= least && seen >= PURITY * total;
        // Amplitudes, not energies: their difference crosses zero where the bit changes.
        let now = mark.sqrt() - space.sqrt();
        let before = std::mem::replace(&mut self.before, now);
        self.missing = if present { 0 } else { self.missing.saturating_add(1) };
        if self.missing >= GONE {
            self.state = State::Idle { marks: 0.0, told: false };
            return (self.missing == GONE).then_some(Demodulated::Lost);
        }
        match self.state {
            State::Idle { marks, told } => {
                if now >= 0.0 {
                    let marks = marks + 1.0;
                    let tell = marks >= PAUSE * BIT && !told;
                    self.state = State::Idle { marks, told: told || tell };
                    return tell.then_some(Demodulated::Marks);
                }
                // Between the last sample and this one the start bit began; its middle is half a bit later.
                let late = if before > 0.0 { now / (now - before) } else { 0.0 };
                self.state = State::Byte { wait: 0.5 * BIT - late, bit: 0, value: 0 };
                None
            }
            State::Byte { wait, bit, value } => {
                let wait = wait - 1.0;
                if wait > 0.0 {
                    self.state = State::Byte { wait, bit, value };
                    return None;
                }
                // The bit's middle lies between the last sample and this one.
                let level = now + (before - now) * -wait;
                let next = wait + BIT;
                let idle = State::Idle { marks: 0.0, told: false };
                match (bit, level >= 0.0) {
                    // The start bit must last.
                    (0, true) => self.state = idle,
                    (0, false) => self.state = State::Byte { wait: next, bit: 1, value: 0 },
                    (1..=8, one) => {
                        let value = value >> 1 | if one { 0x80 } else { 0 };
                        self.state = State::Byte { wait: next, bit: bit + 1, value };
                    }
                    (_, stop) => {
                        self.state = idle;
                        return stop.then_some(Demodulated::Byte(value));
                    }
                }
                None
            }
        }
    }
}

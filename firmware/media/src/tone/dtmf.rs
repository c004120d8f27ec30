//! DTMF generation (ITU-T Q.23, ETSI ES 201 235-2).

use std::f64::consts::TAU;
use std::time::Duration;

use crate::command::Digit;
use crate::level::sine_amplitude;
use crate::{Frame, RATE};

/// Low group frequencies, one per row of the keypad, Hz (Q.23 §1).
pub const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// High group frequencies, one per column of the keypad, Hz.
pub const HIGH: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// The keypad by rows.
pub const KEYS: [[Digit; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// Level of the low group's frequency, dBm0.
pub const LOW_LEVEL_DBM0: f32 = -9.0;
/// Level of the high group's: 2 dB more, as lines lose more of it (ES 201 235-2 asks a set for 2 ± 1 dB).
pub const HIGH_LEVEL_DBM0: f32 = -7.0;
/// Silence after a digit before the next: 60 ms (Q.24 asks receivers for 40 ms or less in most networks, 70 at worst).
pub const PAUSE: Duration = Duration::from_millis(60);
/// The tone rises and falls within 2 ms (ES 201 235-2: 90 % within 5 ms): it does not click.
const RAMP: u32 = 16;

/// The two frequencies of a digit, Hz.
pub fn frequencies(digit: Digit) -> Option<(f32, f32)> {
    let digit = digit.to_ascii_uppercase();
    KEYS.iter()
        .zip(LOW)
        .find_map(|(row, low)| row.iter().zip(HIGH).find(|(key, _)| **key == digit).map(|(_, h)| (low, h)))
}

/// The sound of one digit: its tone, then [`PAUSE`]. Made without allocating.
#[derive(Clone, Copy, Debug)]
pub struct DigitTone {
    /// Phases, turns per sample and amplitudes: low group, high group.
    phases: [f64; 2],
    steps: [f64; 2],
    amplitudes: [f64; 2],
    /// Samples of the tone, and of all.
    tone: u32,
    length: u32,
    position: u32,
}

impl DigitTone {
    /// A digit of this length; `None` when it is none.
    pub fn new(digit: Digit, duration: Duration) -> Option<Self> {
        let (low, high) = frequencies(digit)?;
        let samples = |d: Duration| u32::try_from(d.as_millis()).unwrap_or(u32::MAX).saturating_mul(RATE / 1000);
        let tone = samples(duration);
        Some(DigitTone {
            phases: [0.0; 2],
            steps: [low, high].map(|hz| f64::from(hz) / f64::from(RATE)),
            amplitudes: [LOW_LEVEL_DBM0, HIGH_LEVEL_DBM0].map(|level| f64::from(sine_amplitude(level))),
            tone,
            length: tone.saturating_add(samples(PAUSE)),
            position: 0,
        })
    }

    /// Writes the next 20 ms; returns false when tone and pause were over before them.
    pub fn frame(&mut self, out: &mut Frame) -> bool {
        let goes_on = self.position < self.length;
        for sample in out.iter_mut() {
            *sample = 0;
            if self.position < self.tone {
                let edge = (self.position + 1).min(self.tone - self.position).min(RAMP);
                let gain = f64::from(edge) / f64::from(RAMP);
                let mut sum = 0.0;
                for ((phase, step), amplitude) in self.phases.iter_mut().zip(self.steps).zip(self.amplitudes) {
                    sum += amplitude * (TAU * *phase).sin();
                    *phase = (*phase + step).fract();
                }
                *sample = (gain * sum).round() as i16;
            }
            self.position = self.position.saturating_add(1);
        }
        goes_on
    }
}

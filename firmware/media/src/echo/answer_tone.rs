//! The answer tone of modems and faxes: 2100 Hz, with or without reversals of its phase (ITU-T V.25, V.8, G.168 §7, T.30 CED).

use crate::level;

/// Samples measured at once: 5 ms.
const SLICE: usize = 40;
/// Weakest tone taken, dBm0 (G.168 §7.2: -31 dBm0 must be).
const WEAKEST_DBM0: f32 = -33.0;
/// Share of the power that the tone must have. A slice of a tone 21 Hz off keeps 97 %.
const PURITY: f32 = 0.85;
/// Slices without the tone that end it: 60 ms. A reversal costs two.
const GONE: u32 = 12;
/// Tone that counts as heard: 400 ms (a CED lasts 2.6 to 4 s, T.30 §4.3.3).
const HEARD: u32 = 80;
/// Slices between two reversals: 450 ms ± 25 ms, and the slices' own uncertainty.
const PERIOD: std::ops::RangeInclusive<u32> = 83..=97;
/// Slices a reversal may take.
const ACROSS: usize = 3;

/// What was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerTone {
    /// 2100 Hz for 400 ms: a fax or modem answers.
    pub heard: bool,
    /// Its phase was reversed twice, 450 ms apart: echo cancellers are to be disabled.
    pub reversals: bool,
}

/// The detector of one direction.
#[derive(Clone, Debug)]
pub struct AnswerToneDetector {
    step: [(f32, f32); SLICE],
    /// Phase of the reference at the next slice, in slices of half a turn: 2100 Hz turns 10.5 times in 5 ms.
    odd: bool,
    /// Phases of the last slices in turns, newest first.
    phases: [f32; ACROSS + 1],
    present: u32,
    absent: u32,
    /// Smoothed turn of the phase per slice: how far off 2100 Hz it is.
    drift: f32,
    since_reversal: Option<u32>,
    quiet_after: u32,
    state: AnswerTone,
}

impl Default for AnswerToneDetector {
    fn default() -> Self {
        AnswerToneDetector {
            step: std::array::from_fn(|n| {
                let angle = std::f32::consts::TAU * 2100.0 * n as f32 / crate::RATE as f32;
                (angle.cos(), angle.sin())
            }),
            odd: false,
            phases: [0.0; ACROSS + 1],
            present: 0,
            absent: 0,
            drift: 0.0,
            since_reversal: None,
            quiet_after: 0,
            state: AnswerTone::default(),
        }
    }
}

impl AnswerToneDetector {
    /// Takes samples (a multiple of 40: a frame is); tells what is heard now.
    pub fn samples(&mut self, samples: &[i16]) -> AnswerTone {
        for slice in samples.as_chunks::<SLICE>().0 {
            self.slice(slice);
        }
        self.state
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        (self.present, self.absent, self.since_reversal) = (0, 0, None);
        self.state = AnswerTone::default();
    }

    fn slice(&mut self, slice: &[i16; SLICE]) {
        let (mut re, mut im, mut energy) = (0.0f32, 0.0f32, 0.0f32);
        for (&sample, (c, s)) in slice.iter().zip(&self.step) {
            let x = f32::from(sample);
            re += x * c;
            im -= x * s;
            energy += x * x;
        }
        if self.odd {
            (re, im) = (-re, -im);
        }
        self.odd = !self.odd;
        let mean = f64::from(energy) / SLICE as f64;
        let loud = level::mean_square_dbm0(mean) > WEAKEST_DBM0;
        // A pure tone of amplitude a: |sum| = a·40/2, energy = a²·40/2.
        let pure = 2.0 * (re * re + im * im) > PURITY * energy * SLICE as f32;
        self.since_reversal = self.since_reversal.map(|n| n + 1);
        self.quiet_after = self.quiet_after.saturating_sub(1);
        if !(loud && pure) {
            self.absent += 1;
            if self.absent > GONE {
                self.reset();
            }
            self.phases.rotate_right(1);
            self.phases[0] = self.phases[1] + self.drift;
            return;
        }
        self.absent = 0;
        self.present += 1;
        self.phases.rotate_right(1);
        self.phases[0] = im.atan2(re) / std::f32::consts::TAU;
        self.state.heard |= self.present >= HEARD;
        if self.present <= ACROSS as u32 {
            self.drift = 0.0;
            return;
        }
        let turn = wrapped(self.phases[0] - self.phases[ACROSS] - ACROSS as f32 * self.drift);
        // 180° ± 25° is a reversal (G.168 §7.3).
        if turn.abs() > 0.5 - 35.0 / 360.0 && self.quiet_after == 0 {
            if self.since_reversal.is_some_and(|n| PERIOD.contains(&n)) {
                self.state.reversals = true;
            }
            self.since_reversal = Some(0);
            self.quiet_after = 2 * ACROSS as u32;
        }
        if self.quiet_after == 0 {
            let step = wrapped(self.phases[0] - self.phases[1]);
            if step.abs() < 0.15 {
                self.drift += 0.2 * (step - self.drift);
            }
        }
    }
}

/// An angle in turns, between -½ and ½.
fn wrapped(turns: f32) -> f32 {
    turns - turns.round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::sine_amplitude;

    fn hear(hz: f64, dbm0: f32, reversal: Option<(usize, f64)>, seconds: f64) -> (AnswerTone, Option<usize>) {
        let mut detector = AnswerToneDetector::default();
        let (mut phase, mut frame, mut first) = (0.1f64, [0i16; 160], None);
        let amplitude = f64::from(sine_amplitude(dbm0));
        let mut state = AnswerTone::default();
        for n in 0..(seconds * 50.0) as usize {
            for (k, sample) in frame.iter_mut().enumerate() {
                if reversal.is_some_and(|(every, _)| (n * 160 + k + 1) % every == 0) {
                    phase += reversal.map_or(0.0, |r| r.1) / 360.0;
                }
                *sample = (amplitude * (std::f64::consts::TAU * phase).sin()) as i16;
                phase += hz / 8000.0;
            }
            state = detector.samples(&frame);
            if state.reversals && first.is_none() {
                first = Some((n + 1) * 20);
            }
        }
        (state, first)
    }

    #[test]
    fn reversals_of_2100_hz_are_heard_within_a_second() {
        for hz in [2079.0, 2085.0, 2100.0, 2115.0, 2121.0] {
            for level in [-31.0, -12.0, 0.0] {
                for every in [3400, 3600, 3800] {
                    for degrees in [160.0, 180.0, 200.0] {
                        let (state, at) = hear(hz, level, Some((every, degrees)), 1.2);
                        assert!(state.heard && state.reversals, "{hz} {level} {every} {degrees}");
                        assert!(at.unwrap() <= 1000, "{at:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_tones_levels_turns_and_periods_are_not() {
        assert_eq!(hear(2100.0, -12.0, None, 3.0).0, AnswerTone { heard: true, reversals: false });
        assert_eq!(hear(2100.0, -12.0, Some((3600, 110.0)), 3.0).0, AnswerTone { heard: true, reversals: false });
        assert!(!hear(2100.0, -12.0, Some((2000, 180.0)), 3.0).0.reversals);
        assert_eq!(hear(2100.0, -38.0, Some((3600, 180.0)), 3.0).0, AnswerTone::default());
        for hz in [1900.0, 2225.0, 2280.0, 2400.0] {
            assert!(!hear(hz, -12.0, Some((3600, 180.0)), 3.0).0.reversals, "{hz}");
        }
    }
}

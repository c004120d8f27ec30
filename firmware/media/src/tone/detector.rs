//! DTMF detection in samples, by the tests of ITU-T Q.24 as far as one block of Goertzel sums can make them: level, twist,
//! dominance over the rest of the signal, minimum length and pause.

use super::dtmf::{HIGH, KEYS, LOW};
use super::goertzel::Goertzel;
use crate::command::Digit;
use crate::level::mean_square_dbm0;

/// Samples per block: 12.75 ms. Long enough to part neighbours of one group, short enough for tones of 40 ms.
const BLOCK: usize = 102;
/// Weakest frequency taken, dBm0.
const MIN_LEVEL: f32 = -32.0;
/// High group over low group at most 4 dB, low over high at most 8 dB (Q.24 Table A-1).
const MAX_TWIST: f32 = 4.0;
const MAX_REVERSE_TWIST: f32 = 8.0;
/// A frequency stands over the others of its group by 6 dB.
const DOMINANCE: f32 = 4.0;
/// Of the block's energy the two frequencies make up at least this share.
const PURITY: f32 = 0.75;
/// Blocks with the same digit before it is told; blocks without before it may be told again.
const HITS: u8 = 2;
const MISSES: u8 = 2;

/// A detector of one party's in-band digits.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    low: [Goertzel; 4],
    high: [Goertzel; 4],
    energy: f32,
    count: usize,
    candidate: Option<Digit>,
    hits: u8,
    misses: u8,
    pressed: Option<Digit>,
}

impl Default for DtmfDetector {
    fn default() -> Self {
        DtmfDetector {
            low: LOW.map(Goertzel::new),
            high: HIGH.map(Goertzel::new),
            energy: 0.0,
            count: 0,
            candidate: None,
            hits: 0,
            misses: 0,
            pressed: None,
        }
    }
}

impl DtmfDetector {
    /// Takes samples of any number; returns a digit once it is certain (at most one per call of up to 20 ms).
    pub fn samples(&mut self, samples: &[i16]) -> Option<Digit> {
        let mut told = None;
        for &sample in samples {
            let sample = f32::from(sample);
            self.energy += sample * sample;
            self.low.iter_mut().chain(&mut self.high).for_each(|g| g.add(sample));
            self.count += 1;
            if self.count == BLOCK {
                let block = self.block();
                told = self.decide(block).or(told);
            }
        }
        told
    }

    /// The digit of a whole block.
    fn block(&mut self) -> Option<Digit> {
        let energy = std::mem::take(&mut self.energy);
        self.count = 0;
        let low = self.low.each_mut().map(Goertzel::take);
        let high = self.high.each_mut().map(Goertzel::take);
        let (row, low_power) = strongest(&low)?;
        let (column, high_power) = strongest(&high)?;
        // A sine of amplitude a sums to (a N / 2)²; its mean square is a²/2.
        let scale = 2.0 / (BLOCK * BLOCK) as f32;
        let level = |power: f32| mean_square_dbm0(f64::from(power * scale));
        let twist = level(high_power) - level(low_power);
        let loud = level(low_power) >= MIN_LEVEL && level(high_power) >= MIN_LEVEL;
        let pure = (low_power + high_power) * scale >= PURITY * energy / BLOCK as f32;
        let balanced = (-MAX_REVERSE_TWIST..=MAX_TWIST).contains(&twist);
        (loud && pure && balanced).then(|| KEYS.get(row).and_then(|keys| keys.get(column)).copied()).flatten()
    }

    fn decide(&mut self, block: Option<Digit>) -> Option<Digit> {
        if block == self.candidate {
            self.hits = self.hits.saturating_add(1);
        } else {
            self.candidate = block;
            self.hits = 1;
        }
        match block {
            None => {
                self.misses = self.misses.saturating_add(1);
                if self.misses >= MISSES {
                    self.pressed = None;
                }
                None
            }
            Some(digit) => {
                self.misses = 0;
                if self.hits < HITS || self.pressed == Some(digit) {
                    return None;
                }
                self.pressed = Some(digit);
                Some(digit)
            }
        }
    }
}

/// The strongest of a group and its power, when it stands out from the others.
fn strongest(group: &[f32; 4]) -> Option<(usize, f32)> {
    let (index, &power) = group.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let others = group.iter().enumerate().filter(|(n, _)| *n != index).map(|(_, p)| *p).fold(0.0, f32::max);
    (power > others * DOMINANCE).then_some((index, power))
}

#[cfg(test)]
mod tests {
    use super::super::dtmf;
    use super::*;
    use crate::level::sine_amplitude;
    use std::time::Duration;

    fn detect(samples: &[i16]) -> String {
        let mut detector = DtmfDetector::default();
        samples.chunks(160).filter_map(|c| detector.samples(c)).collect()
    }

    /// `ms` of two sines with some silence around.
    fn press(low: f32, high: f32, low_dbm0: f32, high_dbm0: f32, ms: usize) -> Vec<i16> {
        let wave = |hz: f32, level: f32, n: usize| {
            f64::from(sine_amplitude(level)) * (std::f64::consts::TAU * f64::from(hz) * n as f64 / 8000.0).sin()
        };
        let mut out = vec![0i16; 437];
        out.extend((0..ms * 8).map(|n| (wave(low, low_dbm0, n) + wave(high, high_dbm0, n)) as i16));
        out.extend([0; 800]);
        out
    }

    /// Noise of our own: a linear congruential generator.
    fn noise(level_dbm0: f32, length: usize, seed: u32) -> Vec<i16> {
        let peak = sine_amplitude(level_dbm0) * 1.2247; // uniform noise with the power of the sine
        let mut state = seed;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) as f32 / 8_388_608.0 - 1.0).mul_add(peak, 0.0) as i16
            })
            .collect()
    }

    #[test]
    fn hears_every_digit_it_makes() {
        let digits = "1234567890*#ABCD1199";
        let mut all = Vec::new();
        for digit in digits.chars() {
            let mut generator = dtmf::generator(digit, Duration::from_millis(60)).unwrap();
            let mut frame = [0; 160];
            while generator.frame(&mut frame) {
                all.extend(frame);
            }
        }
        assert_eq!(detect(&all), digits);
        let coded: Vec<i16> = all
            .iter()
            .map(|&s| crate::codec::g711::ULAW_DECODE[usize::from(crate::codec::g711::ulaw_encode(s))])
            .collect();
        assert_eq!(detect(&coded), digits);
    }

    #[test]
    fn takes_levels_twist_noise_and_detuning_within_q24() {
        for level in [-3.0, -10.0, -25.0] {
            assert_eq!(detect(&press(770.0, 1336.0, level, level, 50)), "5", "{level}");
        }
        assert_eq!(detect(&press(770.0, 1336.0, -12.0, -9.0, 50)), "5");
        assert_eq!(detect(&press(770.0, 1336.0, -9.0, -15.0, 50)), "5");
        for offset in [0.985, 1.015] {
            assert_eq!(detect(&press(941.0 * offset, 1477.0 * offset, -10.0, -10.0, 50)), "#", "{offset}");
        }
        let mut noisy = press(697.0, 1209.0, -10.0, -10.0, 50);
        let length = noisy.len();
        noisy.iter_mut().zip(noise(-27.0, length, 1)).for_each(|(s, n)| *s = s.saturating_add(n));
        assert_eq!(detect(&noisy), "1");
    }

    #[test]
    fn refuses_what_is_no_digit() {
        assert_eq!(detect(&press(770.0, 1336.0, -10.0, -10.0, 15)), "");
        assert_eq!(detect(&press(770.0, 1336.0, -40.0, -40.0, 100)), "");
        assert_eq!(detect(&press(770.0, 1336.0, -20.0, -8.0, 100)), "");
        assert_eq!(detect(&press(440.0, 1336.0, -10.0, -10.0, 100)), "");
        assert_eq!(detect(&press(770.0, 770.0, -10.0, -10.0, 100)), "");
        assert_eq!(detect(&noise(-10.0, 80_000, 7)), "");
        assert_eq!(detect(&press(350.0, 440.0, -13.0, -13.0, 1000)), "");
    }

    #[test]
    fn a_short_break_is_still_one_press() {
        let mut samples = press(770.0, 1336.0, -10.0, -10.0, 100);
        samples[900..940].fill(0);
        assert_eq!(detect(&samples), "5");
    }
}

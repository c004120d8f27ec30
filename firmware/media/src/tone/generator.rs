//! A cadence of tones as samples (ITU-T E.180).

use crate::command::ToneSegment;
use crate::level::sine_amplitude;
use crate::{FRAME, Frame, RATE};

/// Frequencies taken from one segment.
const MAX_FREQUENCIES: usize = 8;
/// Segments taken from one cadence.
const MAX_SEGMENTS: usize = 64;
/// A tone fades in and out within 4 ms: short against any cadence, long enough not to click.
const RAMP: u64 = 32;

/// Root mean square of 1 + cos: what full modulation adds to the amplitude.
const MODULATED: f64 = 1.224_744_871_391_589;

#[derive(Clone, Debug)]
struct Segment {
    hz: Vec<f64>,
    /// Turns per sample of the amplitude.
    modulation: Option<f64>,
    /// In samples; `None` for ever.
    length: Option<u64>,
    once: bool,
}

/// Samples of a cadence, frame by frame, without end unless every segment is played once.
#[derive(Clone, Debug)]
pub struct ToneGenerator {
    segments: Vec<Segment>,
    amplitude: f64,
    current: usize,
    /// Samples into the current segment.
    position: u64,
    phases: [f64; MAX_FREQUENCIES],
    /// The segment before had the same frequencies: no ramp between.
    joined: bool,
    repeating: bool,
    ended: bool,
}

impl ToneGenerator {
    /// A generator of these segments, each frequency at this level.
    pub fn new(segments: &[ToneSegment], level_dbm0: f32) -> Self {
        let segments: Vec<Segment> = segments
            .iter()
            .take(MAX_SEGMENTS)
            .map(|s| Segment {
                // What cannot be heard in a telephone channel is left out rather than aliased.
                hz: s
                    .hz
                    .iter()
                    .take(MAX_FREQUENCIES)
                    .map(|&f| f64::from(f))
                    .filter(|f| (0.0..4000.0).contains(f))
                    .collect(),
                modulation: s
                    .modulation_hz
                    .filter(|hz| (0.0..4000.0).contains(hz))
                    .map(|hz| f64::from(hz) / f64::from(RATE)),
                length: s.duration.map(|d| (d.as_micros() as u64).saturating_mul(u64::from(RATE)) / 1_000_000),
                once: s.once,
            })
            .filter(|s| s.length != Some(0))
            .collect();
        let ended = segments.is_empty();
        let amplitude = if level_dbm0.is_finite() { f64::from(sine_amplitude(level_dbm0)) } else { 0.0 };
        ToneGenerator {
            segments,
            amplitude,
            current: 0,
            position: 0,
            phases: [0.0; MAX_FREQUENCIES],
            joined: false,
            repeating: false,
            ended,
        }
    }

    /// Writes the next 20 ms; returns false when the cadence was over before them.
    pub fn frame(&mut self, out: &mut Frame) -> bool {
        *out = [0; FRAME];
        if self.ended {
            return false;
        }
        let mut filled = 0;
        while filled < FRAME && !self.ended {
            let Some(segment) = self.segments.get(self.current) else {
                break;
            };
            let left = segment.length.map_or(u64::MAX, |l| l.saturating_sub(self.position));
            let count = left.min((FRAME - filled) as u64) as usize;
            if let Some(part) = out.get_mut(filled..filled + count) {
                self.write(part);
            }
            filled += count;
            self.position += count as u64;
            if count as u64 == left {
                self.advance();
            }
        }
        true
    }

    fn write(&mut self, out: &mut [i16]) {
        let Some(segment) = self.segments.get(self.current) else {
            return;
        };
        if segment.hz.is_empty() {
            return;
        }
        let fade_out = segment.length.filter(|_| !self.next_is_same());
        for (n, sample) in out.iter_mut().enumerate() {
            let at = self.position + n as u64;
            let mut sum = 0.0;
            for (phase, hz) in self.phases.iter_mut().zip(&segment.hz) {
                sum += (std::f64::consts::TAU * *phase).sin();
                *phase += hz / f64::from(RATE);
                *phase -= phase.floor();
            }
            let from_start = if self.joined { RAMP } else { at };
            let to_end = fade_out.map_or(RAMP, |length| length.saturating_sub(at + 1));
            let edge = from_start.min(to_end).min(RAMP) as f64 / RAMP as f64;
            // Half of the power of a wholly modulated tone is added by its side bands: taken off, so that the level stays.
            let swing = segment
                .modulation
                .map_or(1.0, |step| (1.0 + (std::f64::consts::TAU * step * at as f64).cos()) / MODULATED);
            let gain = edge * swing;
            *sample = (self.amplitude * gain * sum).round().clamp(-32768.0, 32767.0) as i16;
        }
    }

    fn next(&self) -> Option<usize> {
        let usable = |n: &usize| self.segments.get(*n).is_some_and(|s| !(s.once && self.repeating));
        let after = (self.current + 1..self.segments.len()).find(usable);
        after.or_else(|| self.segments.iter().position(|s| !s.once))
    }

    fn next_is_same(&self) -> bool {
        let hz = |n: usize| self.segments.get(n).map(|s| (&s.hz, s.modulation));
        self.next().is_some_and(|next| hz(next) == hz(self.current))
    }

    fn advance(&mut self) {
        self.joined = self.next_is_same();
        self.position = 0;
        match self.next() {
            None => self.ended = true,
            Some(next) => {
                self.repeating |= next <= self.current;
                self.current = next;
                if !self.joined {
                    self.phases = [0.0; MAX_FREQUENCIES];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::goertzel::power;
    use super::*;
    use crate::level::dbm0;
    use std::time::Duration;

    fn segment(hz: &[f32], ms: Option<u64>, once: bool) -> ToneSegment {
        ToneSegment { hz: hz.to_vec(), modulation_hz: None, duration: ms.map(Duration::from_millis), once }
    }

    fn samples(generator: &mut ToneGenerator, frames: usize) -> Vec<i16> {
        let mut out = Vec::new();
        let mut frame = [0; FRAME];
        for _ in 0..frames {
            if !generator.frame(&mut frame) {
                break;
            }
            out.extend(frame);
        }
        out
    }

    /// Frequency by counting the phase between the first and last rising zero crossing, interpolated.
    fn frequency(samples: &[i16]) -> f64 {
        let crossings: Vec<f64> = samples
            .windows(2)
            .enumerate()
            .filter(|(_, w)| w[0] < 0 && w[1] >= 0)
            .map(|(n, w)| n as f64 + f64::from(-w[0]) / f64::from(i32::from(w[1]) - i32::from(w[0])))
            .collect();
        (crossings.len() - 1) as f64 * 8000.0 / (crossings.last().unwrap() - crossings[0])
    }

    #[test]
    fn frequency_and_level_are_right_for_a_minute() {
        for hz in [350.0f32, 425.0, 440.0, 1004.0, 1400.0, 2100.0] {
            let mut generator = ToneGenerator::new(&[segment(&[hz], None, false)], -10.0);
            let all = samples(&mut generator, 3000);
            assert!((frequency(&all[800..]) - f64::from(hz)).abs() < 0.1, "{hz}");
            assert!((dbm0(&all[800..]) + 10.0).abs() < 0.1, "{hz}: {}", dbm0(&all[800..]));
        }
    }

    #[test]
    fn two_frequencies_have_their_level_each() {
        let mut generator = ToneGenerator::new(&[segment(&[350.0, 440.0], None, false)], -13.0);
        let all = samples(&mut generator, 100);
        for hz in [350.0, 440.0] {
            let level = crate::level::mean_square_dbm0(power(&all[..8000], hz));
            assert!((level + 13.0).abs() < 0.1, "{hz}: {level}");
        }
    }

    #[test]
    fn a_modulated_tone_has_its_side_bands_and_its_level() {
        let mut modulated = segment(&[400.0], None, false);
        modulated.modulation_hz = Some(25.0);
        let all = samples(&mut ToneGenerator::new(&[modulated], -10.0), 100);
        assert!((dbm0(&all[800..8800]) + 10.0).abs() < 0.1, "{}", dbm0(&all[800..8800]));
        let level = |hz: f64| crate::level::mean_square_dbm0(power(&all[800..8800], hz));
        for side in [375.0, 425.0] {
            assert!((level(400.0) - level(side) - 6.02).abs() < 0.1, "{side}");
        }
    }

    #[test]
    fn a_cadence_keeps_its_times_and_repeats_without_what_is_once() {
        let segments =
            [segment(&[1000.0], Some(100), true), segment(&[], Some(50), false), segment(&[425.0], Some(250), false)];
        let mut generator = ToneGenerator::new(&segments, -10.0);
        let all = samples(&mut generator, 60);
        let loud = |from_ms: usize, to_ms: usize| dbm0(&all[from_ms * 8..to_ms * 8]);
        assert!(loud(5, 95) > -11.0 && loud(155, 395) > -11.0 && loud(455, 695) > -11.0);
        assert_eq!(loud(100, 150), f32::NEG_INFINITY);
        assert_eq!(loud(400, 450), f32::NEG_INFINITY);
        assert!((frequency(&all[456 * 8..690 * 8]) - 425.0).abs() < 0.1);
    }

    #[test]
    fn no_step_is_larger_than_the_tone_itself_makes() {
        let segments =
            [segment(&[950.0], Some(330), false), segment(&[1400.0], Some(333), false), segment(&[], Some(107), false)];
        let mut generator = ToneGenerator::new(&segments, -10.0);
        let all = samples(&mut generator, 200);
        let amplitude = f64::from(sine_amplitude(-10.0));
        let steepest = amplitude * std::f64::consts::TAU * 1400.0 / 8000.0;
        let step = all.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap();
        assert!(f64::from(step) <= steepest + 2.0, "{step} {steepest}");
    }

    #[test]
    fn equal_neighbours_join_without_a_gap_and_a_cadence_of_once_ends() {
        let mut generator =
            ToneGenerator::new(&[segment(&[440.0], Some(110), true), segment(&[440.0], Some(110), true)], -10.0);
        let all = samples(&mut generator, 100);
        assert_eq!(all.len(), 11 * FRAME);
        assert!((dbm0(&all[105 * 8..115 * 8]) + 10.0).abs() < 0.3);
        assert!(samples(&mut ToneGenerator::new(&[], -10.0), 1).is_empty());
        assert!(samples(&mut ToneGenerator::new(&[segment(&[1.0], Some(0), false)], f32::NAN), 1).is_empty());
    }
}

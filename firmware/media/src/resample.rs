//! From one rate of the engine to another: polyphase low-pass filters of our own for the factors 2, 3 and 6.
//!
//! Each filter is a sinc cut off at half the lower rate under a Kaiser window of 70 dB, 32 taps for each sample of the lower rate.
//! Measured by the tests below: within 0.1 dB up to 0.42 of the lower rate (3.4 kHz of 8 kHz, 6.7 kHz of 16 kHz), what would alias or
//! mirror into that band at least 60 dB down. The delay is 16 samples of the lower rate: 2 ms at 8 kHz, 1 ms at 16 kHz.

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::sound::{MAX_FRAME, Rate, Sound};

/// Taps per sample of the lower rate.
const SPAN: usize = 32;
/// Samples kept from before: the whole filter at the highest factor.
const HISTORY: usize = SPAN * 6;
/// Side lobes of the window, dB down.
const ATTENUATION: f64 = 70.0;

/// The filters, made when the first converter is.
static FILTERS: LazyLock<Filters> = LazyLock::new(|| Filters { two: filter(2), three: filter(3), six: filter(6) });

#[derive(Debug)]
struct Filters {
    two: Filter,
    three: Filter,
    six: Filter,
}

/// One low-pass filter in both orders it is used in. It is symmetric, so that it reads the same in both directions.
#[derive(Debug)]
struct Filter {
    /// As one row, gain 1: to lower the rate.
    whole: Vec<f32>,
    /// A row of [`SPAN`] taps for each sample between two of the lower rate, oldest first, gain 1 each: to raise it.
    phases: Vec<[f32; SPAN]>,
}

/// A change of rate that goes on from frame to frame: it keeps the end of the sound before. One per sound and direction.
#[derive(Clone, Debug)]
pub struct Converter {
    filters: &'static Filters,
    rates: Option<(Rate, Rate)>,
    history: [f32; HISTORY],
}

impl Default for Converter {
    fn default() -> Self {
        Converter { filters: &FILTERS, rates: None, history: [0.0; HISTORY] }
    }
}

impl Converter {
    /// Forgets the sound before.
    pub fn reset(&mut self) {
        self.rates = None;
    }

    /// Writes the sound at the wanted rate. Rates may change from call to call: the sound before is forgotten then. At the same rate it
    /// is a copy.
    pub fn convert(&mut self, sound: &Sound, to: Rate, out: &mut Sound) {
        if sound.rate() == to {
            self.rates = None;
            out.copy_from(sound);
        } else {
            self.samples(sound.rate(), sound.samples(), to, out.at(to));
        }
    }

    /// The same for a run of samples of any length up to 20 ms; `out` must have room for as much time at the new rate. Lowering the
    /// rate takes whole multiples of the factor. Returns the samples written.
    pub fn samples(&mut self, from: Rate, samples: &[i16], to: Rate, out: &mut [i16]) -> usize {
        if from == to {
            self.rates = None;
            let count = samples.len().min(out.len());
            out.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
            return count;
        }
        if self.rates != Some((from, to)) {
            self.rates = Some((from, to));
            self.history = [0.0; HISTORY];
        }
        let samples = samples.get(..samples.len().min(MAX_FRAME)).unwrap_or_default();
        // What was before, then what is new, in one row.
        let mut row = [0f32; HISTORY + MAX_FRAME];
        let (before, new) = row.split_at_mut(HISTORY);
        before.copy_from_slice(&self.history);
        new.iter_mut().zip(samples).for_each(|(to, from)| *to = f32::from(*from));
        let row = row.get(..HISTORY + samples.len()).unwrap_or_default();
        let factor = (from.hz().max(to.hz()) / from.hz().min(to.hz())) as usize;
        let filter = match factor {
            2 => &self.filters.two,
            3 => &self.filters.three,
            _ => &self.filters.six,
        };
        let written = if from < to { filter.raise(row, factor, out) } else { filter.lower(row, factor, out) };
        if let Some(rest) = row.last_chunk::<HISTORY>() {
            self.history = *rest;
        }
        written
    }
}

impl Filter {
    /// One sample out of every `factor`.
    fn lower(&self, row: &[f32], factor: usize, out: &mut [i16]) -> usize {
        let length = self.whole.len();
        let mut written = 0;
        let first = HISTORY + factor - length;
        for (n, sample) in out.iter_mut().enumerate() {
            let start = first + n * factor;
            let Some(part) = row.get(start..start + length) else {
                break;
            };
            *sample = to_sample(dot(part, &self.whole));
            written += 1;
        }
        written
    }

    /// `factor` samples out of each.
    fn raise(&self, row: &[f32], factor: usize, out: &mut [i16]) -> usize {
        let mut written = 0;
        for (window, group) in
            row.get(HISTORY + 1 - SPAN..).unwrap_or_default().windows(SPAN).zip(out.chunks_exact_mut(factor))
        {
            for (sample, taps) in group.iter_mut().zip(&self.phases) {
                *sample = to_sample(dot(window, taps));
            }
            written += factor;
        }
        written
    }
}

/// Sum of products. Eight sums side by side, which the compiler turns into vector instructions.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

fn to_sample(value: f32) -> i16 {
    // The cast saturates.
    value.round() as i16
}

fn filter(factor: usize) -> Filter {
    let taps = SPAN * factor;
    let beta = 0.1102 * (ATTENUATION - 8.7);
    let middle = (taps - 1) as f64 / 2.0;
    let design: Vec<f64> = (0..taps)
        .map(|n| {
            let x = n as f64 - middle;
            let turn = PI * x / factor as f64;
            let sinc = if turn == 0.0 { 1.0 } else { turn.sin() / turn };
            sinc * bessel(beta * (1.0 - (x / (middle + 0.5)).powi(2)).max(0.0).sqrt())
        })
        .collect();
    let gain: f64 = design.iter().sum();
    let phases = (0..factor)
        .map(|phase| {
            // Tap k of the filter meets the sample k/factor back: the newest sample comes last in a row.
            let mut row = [0f64; SPAN];
            row.iter_mut().rev().zip(design.iter().skip(phase).step_by(factor)).for_each(|(to, from)| *to = *from);
            let own: f64 = row.iter().sum();
            row.map(|tap| (tap / own) as f32)
        })
        .collect();
    Filter { whole: design.iter().map(|tap| (tap / gain) as f32).collect(), phases }
}

/// Modified Bessel function of the first kind, order 0.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..40 {
        term *= (x / 2.0 / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::goertzel::power;

    /// A second of a sine through the converter, frame by frame; the settled part of it.
    fn through(hz: f64, from: Rate, to: Rate) -> Vec<i16> {
        let mut converter = Converter::default();
        let (mut sound, mut out) = (Sound::silence(from), Sound::default());
        let mut heard = Vec::new();
        for frame in 0..50 {
            for (n, sample) in sound.samples_mut().iter_mut().enumerate() {
                let at = (frame * from.frame() + n) as f64 / f64::from(from.hz());
                *sample = (20_000.0 * (std::f64::consts::TAU * hz * at).sin()).round() as i16;
            }
            converter.convert(&sound, to, &mut out);
            assert_eq!(out.rate(), to);
            heard.extend_from_slice(out.samples());
        }
        heard.split_off(to.frame() * 10)
    }

    /// Level of a frequency of the result against what went in, dB. `power` counts in 8 kHz: frequencies are scaled to it.
    fn db(samples: &[i16], hz: f64, rate: Rate) -> f64 {
        let scaled = hz * 8000.0 / f64::from(rate.hz());
        10.0 * (power(samples, scaled).max(1e-3) / (2e4 * 2e4 / 2.0)).log10()
    }

    fn pairs() -> impl Iterator<Item = (Rate, Rate)> {
        Rate::ALL.into_iter().flat_map(|a| Rate::ALL.into_iter().map(move |b| (a, b))).filter(|(a, b)| a != b)
    }

    #[test]
    fn the_pass_band_is_flat_within_a_tenth_of_a_decibel() {
        for (from, to) in pairs() {
            let low = f64::from(from.min(to).hz());
            for share in [0.0125, 0.05, 0.125, 0.25, 0.375, 0.4, 0.42] {
                let hz = low * share;
                let level = db(&through(hz, from, to), hz, to);
                assert!(level.abs() < 0.1, "{from:?} to {to:?}, {hz} Hz: {level:.3} dB");
            }
        }
    }

    #[test]
    fn what_would_alias_is_sixty_decibels_down() {
        for (from, to) in pairs().filter(|(from, to)| from > to) {
            let high = f64::from(from.hz());
            let low = f64::from(to.hz());
            let mut hz = low * 0.58;
            while hz < high * 0.5 {
                // Where it would be heard.
                let folded = (hz - low * (hz / low).round()).abs();
                let level = db(&through(hz, from, to), folded.max(1.0), to);
                assert!(level < -60.0, "{from:?} to {to:?}, {hz} Hz at {folded} Hz: {level:.1} dB");
                hz += low * 0.05;
            }
        }
    }

    #[test]
    fn images_are_sixty_decibels_down() {
        for (from, to) in pairs().filter(|(from, to)| from < to) {
            let low = f64::from(from.hz());
            for share in [0.05, 0.2, 0.35, 0.42] {
                let heard = through(low * share, from, to);
                for k in 1..=(to.hz() / from.hz() / 2) {
                    for image in [low * f64::from(k) - low * share, low * f64::from(k) + low * share] {
                        if image < f64::from(to.hz()) / 2.0 {
                            let level = db(&heard, image, to);
                            assert!(level < -60.0, "{from:?} to {to:?}, image at {image} Hz: {level:.1} dB");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn pieces_of_any_length_make_the_same_sound() {
        let sound: Vec<i16> = (0..1920).map(|n| ((n * n * 31) % 20_011 - 10_000) as i16).collect();
        for (from, to) in pairs() {
            let room = |count: usize| count * to.hz() as usize / from.hz() as usize;
            let mut whole = vec![0; room(960)];
            let mut converter = Converter::default();
            assert_eq!(converter.samples(from, &sound[..960], to, &mut whole), whole.len());
            let mut pieces = Vec::new();
            converter.reset();
            for piece in sound[..960].chunks(48) {
                let mut out = vec![0; room(piece.len())];
                assert_eq!(converter.samples(from, piece, to, &mut out), out.len());
                pieces.extend(out);
            }
            assert_eq!(pieces, whole);
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        for (from, to) in pairs() {
            let mut converter = Converter::default();
            let mut sound = Sound::silence(from);
            sound
                .samples_mut()
                .iter_mut()
                .enumerate()
                .for_each(|(n, s)| *s = if n / 7 % 2 == 0 { 32767 } else { -32768 });
            let mut out = Sound::default();
            for _ in 0..3 {
                converter.convert(&sound, to, &mut out);
            }
            let peaks = out.samples().windows(2).filter(|w| (i32::from(w[0]) - i32::from(w[1])).abs() > 60_000).count();
            assert!(peaks <= out.samples().len() / 2, "{from:?} to {to:?}");
            assert!(out.samples().iter().any(|s| *s > 20_000) && out.samples().iter().any(|s| *s < -20_000));
        }
    }
}

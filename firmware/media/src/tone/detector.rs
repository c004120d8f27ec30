//! DTMF detection in samples (ITU-T Q.24 Annex A, ETSI ES 201 235-3).
//!
//! Every 5 ms the last 25 ms are judged. A window holds a digit when its level is the same throughout, one frequency of each group
//! makes up nearly all of its power, both lie within the tolerance of their nominal value (measured by the turn of their phase over
//! 5 ms), and neither is much stronger than the other. Three such windows in a row are a digit: a tone of 40 ms always has them, one of
//! 25 ms never. A digit is over after a pause of more than 25 ms; shorter interruptions are bridged.
//!
//! | | accepted | refused |
//! |---|---|---|
//! | frequency | ±(1.5 % + 2 Hz) | from ±3.5 % |
//! | level of each frequency | 0 … −33 dBm0 | below −40 dBm0 |
//! | high group against low group | −9 … +6 dB | beyond −13 and +10 dB |
//! | length of tone | 40 ms | up to 25 ms |
//! | length of pause | 40 ms | up to 15 ms: an interruption |
//! | noise in the channel | 15 dB below the digit | |
//! | dial tone with the digit | as strong as each of its frequencies | |
//!
//! The signal arrives through one notch per frequency of dial tone, so that a digit is heard while the tone still sounds. Other low
//! frequencies stay: they are what tells a voice from a digit.

use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

use super::dtmf::{HIGH, KEYS, LOW};
use super::goertzel::Goertzel;
use crate::RATE;
use crate::command::Digit;
use crate::level::sine_amplitude;

/// Samples between two decisions: 5 ms.
const HOP: usize = 40;
/// Samples looked at for one decision: 25 ms.
const WINDOW: usize = 200;
/// Hops in a window.
const HOPS: usize = WINDOW / HOP;
/// Samples under the window function: the whole but one hop, so that two of them fit, a hop apart.
const SPAN: usize = WINDOW - HOP;
/// Weakest frequency taken, dBm0.
const MIN_LEVEL_DBM0: f32 = -36.0;
/// High group over low group, as a ratio of powers: +8 dB and −11 dB, in the middle between what must and must not pass.
const MAX_TWIST: f32 = 6.31;
const MIN_TWIST: f32 = 0.0794;
/// Share of the window's power that the two frequencies make up.
const PURITY: f32 = 0.93;
/// Weakest 5 ms of a window, as a share of its mean power.
const FLATNESS: f32 = 0.45;
/// A frequency may be off by this share of itself and so many Hz: between what must pass (1.5 %, 2 Hz) and what must not (3.5 %).
const TOLERANCE: f32 = 0.015;
const TOLERANCE_HZ: f32 = 5.5;
/// A frequency that moves more than this from one window to the next is a voice.
const STEADY_HZ: f32 = 4.0;
/// A frequency whose power changes by more than this factor from one window to the next is a voice.
const STEADY_POWER: f32 = 1.5;
/// Windows in a row that make a digit; windows without it that end it (a pause of 25–30 ms).
const HITS: u8 = 3;
const MISSES: u8 = 10;
/// What dial tone is made of in the countries of the table, Hz, and how wide the notches are.
const DIAL_TONE_HZ: [f32; 3] = [350.0, 425.0, 440.0];
const NOTCH_RADIUS: f32 = 0.965;

/// What is the same for every detector.
struct Tables {
    /// Hann's window.
    hann: [f32; SPAN],
    /// Square of the window's sum, and sum of its squares.
    sum_squared: f32,
    square_sum: f32,
    /// What the notches leave of the power of each frequency.
    low_gain: [f32; 4],
    high_gain: [f32; 4],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut hann = [0.0; SPAN];
    for (n, weight) in hann.iter_mut().enumerate() {
        *weight = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / SPAN as f32).cos();
    }
    let gain = |hz: f32| DIAL_TONE_HZ.iter().map(|&notch| Notch::new(notch).power_gain(hz)).product();
    Tables {
        hann,
        sum_squared: hann.iter().sum::<f32>().powi(2),
        square_sum: hann.iter().map(|w| w * w).sum(),
        low_gain: LOW.map(gain),
        high_gain: HIGH.map(gain),
    }
});

/// A second-order filter that takes one frequency away.
#[derive(Clone, Copy, Debug)]
struct Notch {
    cosine: f32,
    s1: f32,
    s2: f32,
}

impl Notch {
    fn new(hz: f32) -> Self {
        Notch { cosine: 2.0 * (TAU * hz / RATE as f32).cos(), s1: 0.0, s2: 0.0 }
    }

    #[inline]
    fn filter(&mut self, sample: f32) -> f32 {
        let s0 = sample + NOTCH_RADIUS * self.cosine * self.s1 - NOTCH_RADIUS * NOTCH_RADIUS * self.s2;
        let out = s0 - self.cosine * self.s1 + self.s2;
        (self.s1, self.s2) = (s0, self.s1);
        out
    }

    /// What it leaves of a frequency's power.
    fn power_gain(self, hz: f32) -> f32 {
        let turn = TAU * hz / RATE as f32;
        let square = |b: f32, c: f32| {
            let real = 1.0 + b * turn.cos() + c * (2.0 * turn).cos();
            let imaginary = -b * turn.sin() - c * (2.0 * turn).sin();
            real * real + imaginary * imaginary
        };
        square(-self.cosine, 1.0) / square(-NOTCH_RADIUS * self.cosine, NOTCH_RADIUS * NOTCH_RADIUS)
    }
}

/// A digit found in one window, with what must not change until the next.
#[derive(Clone, Copy, Debug)]
struct Found {
    digit: Digit,
    /// Distance from nominal, Hz: low group, high group.
    offset: [f32; 2],
    power: [f32; 2],
}

impl Found {
    /// The same tone goes on.
    fn continues(&self, before: &Found) -> bool {
        let near = |n: usize| {
            let (power, was) = (self.power[n], before.power[n]);
            (self.offset[n] - before.offset[n]).abs() <= STEADY_HZ
                && power <= was * STEADY_POWER
                && was <= power * STEADY_POWER
        };
        self.digit == before.digit && near(0) && near(1)
    }
}

/// A detector of one party's in-band digits: samples in, `i16`, 8 kHz mono.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    notches: [Notch; 3],
    /// The last 25 ms, filtered; the newest hop is being filled.
    window: [f32; WINDOW],
    /// Samples of the newest hop so far, and their energy.
    filled: usize,
    energy: f32,
    /// Energy of each hop of the window, oldest first.
    energies: [f32; HOPS],
    candidate: Option<Found>,
    hits: u8,
    misses: u8,
    pressed: Option<Digit>,
}

impl Default for DtmfDetector {
    fn default() -> Self {
        // Made before the first sample, which comes on the media tick.
        LazyLock::force(&TABLES);
        DtmfDetector {
            notches: DIAL_TONE_HZ.map(Notch::new),
            window: [0.0; WINDOW],
            filled: 0,
            energy: 0.0,
            energies: [0.0; HOPS],
            candidate: None,
            hits: 0,
            misses: 0,
            pressed: None,
        }
    }
}

impl DtmfDetector {
    /// Takes samples of any number; returns a digit once it is certain (at most one per call of up to 20 ms), 35 to 40 ms after its
    /// tone began.
    pub fn samples(&mut self, samples: &[i16]) -> Option<Digit> {
        let mut told = None;
        for &sample in samples {
            let filtered = self.notches.iter_mut().fold(f32::from(sample), |s, notch| notch.filter(s));
            if let Some(place) = self.window.get_mut(SPAN + self.filled) {
                *place = filtered;
            }
            self.energy += filtered * filtered;
            self.filled += 1;
            if self.filled == HOP {
                told = self.hop().or(told);
            }
        }
        told
    }

    /// A digit sounds, or may have begun to.
    pub fn is_sounding(&self) -> bool {
        self.candidate.is_some() || self.pressed.is_some()
    }

    fn hop(&mut self) -> Option<Digit> {
        self.energies.copy_within(1.., 0);
        self.energies[HOPS - 1] = self.energy;
        let found = self.judge();
        self.window.copy_within(HOP.., 0);
        (self.filled, self.energy) = (0, 0.0);
        self.decide(found)
    }

    /// The digit of the window, by the tests named at the head of the file, cheapest first.
    fn judge(&self) -> Option<Found> {
        let mean = self.energies.iter().sum::<f32>() / HOPS as f32;
        let weakest = self.energies.iter().copied().fold(f32::MAX, f32::min);
        // The power of a sine is half the square of its amplitude.
        let least = 0.5 * sine_amplitude(MIN_LEVEL_DBM0).powi(2);
        if mean < least * HOP as f32 || weakest < FLATNESS * mean {
            return None;
        }
        let tables = &*TABLES;
        let weighted = |start: usize| {
            let mut out = [0.0; SPAN];
            let from = self.window.get(start..start + SPAN).unwrap_or_default();
            for ((to, sample), weight) in out.iter_mut().zip(from).zip(&tables.hann) {
                *to = sample * weight;
            }
            out
        };
        let first = weighted(0);
        let total = first.iter().map(|s| s * s).sum::<f32>() / tables.square_sum;
        let (row, low) = strongest(&first, &LOW)?;
        let (column, high) = strongest(&first, &HIGH)?;
        // What is far from pure needs no second look: a frequency at the edge of its tolerance loses a tenth of its power here.
        let scale = 2.0 / tables.sum_squared;
        if (low + high) * scale < 0.8 * PURITY * total {
            return None;
        }
        let second = weighted(HOP);
        let low = Component::measure(&first, &second, *LOW.get(row)?, scale)?;
        let high = Component::measure(&first, &second, *HIGH.get(column)?, scale)?;
        if low.power + high.power < PURITY * total {
            return None;
        }
        let power = [low.power / tables.low_gain.get(row)?, high.power / tables.high_gain.get(column)?];
        let twist = power[1] / power[0];
        let fits = power.iter().all(|&p| p >= least) && (MIN_TWIST..=MAX_TWIST).contains(&twist);
        let digit = *KEYS.get(row)?.get(column)?;
        fits.then_some(Found { digit, offset: [low.offset, high.offset], power })
    }

    fn decide(&mut self, found: Option<Found>) -> Option<Digit> {
        self.hits = match (&found, &self.candidate) {
            (None, _) => 0,
            (Some(now), Some(before)) if now.continues(before) => self.hits.saturating_add(1),
            (Some(_), _) => 1,
        };
        self.candidate = found;
        if found.is_some_and(|f| Some(f.digit) == self.pressed) {
            self.misses = 0;
            return None;
        }
        self.misses = self.misses.saturating_add(1);
        if self.misses >= MISSES {
            self.pressed = None;
        }
        let digit = found.filter(|_| self.hits >= HITS)?.digit;
        self.pressed = Some(digit);
        self.misses = 0;
        Some(digit)
    }
}

/// The strongest of a group and the square of its sum.
fn strongest(samples: &[f32; SPAN], group: &[f32; 4]) -> Option<(usize, f32)> {
    let mut sums = group.map(Goertzel::new);
    for &sample in samples {
        sums.iter_mut().for_each(|g| g.add(sample));
    }
    let powers = sums.each_mut().map(Goertzel::take);
    powers.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// One frequency as it really is.
#[derive(Clone, Copy, Debug)]
struct Component {
    /// Distance from nominal, Hz.
    offset: f32,
    /// Mean square.
    power: f32,
}

impl Component {
    /// `None` when it is too far from nominal.
    fn measure(first: &[f32; SPAN], second: &[f32; SPAN], hz: f32, scale: f32) -> Option<Self> {
        let sum = |samples: &[f32; SPAN]| {
            let mut goertzel = Goertzel::new(hz);
            samples.iter().for_each(|&s| goertzel.add(s));
            goertzel.take_complex(hz)
        };
        let ((a_re, a_im), (b_re, b_im)) = (sum(first), sum(second));
        let turn = (b_im * a_re - b_re * a_im).atan2(b_re * a_re + b_im * a_im);
        let expected = TAU * hz * HOP as f32 / RATE as f32;
        let mut excess = (turn - expected) % TAU;
        if excess > PI {
            excess -= TAU;
        } else if excess < -PI {
            excess += TAU;
        }
        let offset = excess / TAU * RATE as f32 / HOP as f32;
        if offset.abs() > TOLERANCE * hz + TOLERANCE_HZ {
            return None;
        }
        // Off the middle of Hann's window less is seen of it: 1 − δ² · (π²/6 − 1) of the amplitude for
        // small distances δ in bins.
        let bins = offset * SPAN as f32 / RATE as f32;
        let seen = 1.0 - bins * bins * (PI * PI / 6.0 - 1.0);
        Some(Component { offset, power: scale * (a_re * a_re + a_im * a_im) / (seen * seen) })
    }
}

//! Sounds to try detectors on, each made from a seed: noise, speech, music, and what a telephone channel does to them.
#![allow(dead_code, reason = "each test uses its own part")]

pub(crate) mod judge;
pub(crate) mod music;
pub(crate) mod speech;

use std::f64::consts::TAU;

use offhook_media::codec::g711::{ALAW_DECODE, alaw_encode};
use offhook_media::level::sine_amplitude;

/// Numbers from a seed (xorshift64*).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }

    /// Nearly normal, of variance 1: the sum of twelve.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..4).map(|_| self.unit()).sum::<f64>() * 1.732_050_8 - 3.464_101_6
    }
}

/// Sines of these frequencies (Hz) and levels (dBm0), so many samples.
pub(crate) fn sines(parts: &[(f64, f64)], samples: usize) -> Vec<f64> {
    let mut out = vec![0.0; samples];
    for (n, &(hz, level)) in parts.iter().enumerate() {
        let amplitude = amplitude(level);
        let start = 0.7 * n as f64;
        for (at, sample) in out.iter_mut().enumerate() {
            *sample += amplitude * (TAU * hz * at as f64 / 8000.0 + start).sin();
        }
    }
    out
}

/// Peak of a sine of this level.
pub(crate) fn amplitude(dbm0: f64) -> f64 {
    f64::from(sine_amplitude(0.0)) * 10f64.powf(dbm0 / 20.0)
}

/// White noise of this level (dBm0 over the whole band), added.
pub(crate) fn add_noise(samples: &mut [f64], dbm0: f64, chance: &mut Chance) {
    let deviation = amplitude(dbm0) / std::f64::consts::SQRT_2;
    samples.iter_mut().for_each(|s| *s += deviation * chance.normal());
}

/// To 16 bit.
pub(crate) fn pcm(samples: &[f64]) -> Vec<i16> {
    samples.iter().map(|s| s.round().clamp(-32768.0, 32767.0) as i16).collect()
}

/// Through a G.711 A-law channel.
pub(crate) fn alaw(samples: &[i16]) -> Vec<i16> {
    samples.iter().map(|&s| ALAW_DECODE[usize::from(alaw_encode(s))]).collect()
}

/// A resonance (two poles), as in a mouth or an instrument's body; gain 1 at 0 Hz.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Resonator {
    a: f64,
    b: f64,
    c: f64,
    y1: f64,
    y2: f64,
}

impl Resonator {
    pub(crate) fn tune(&mut self, hz: f64, bandwidth: f64) {
        let radius = (-std::f64::consts::PI * bandwidth / 8000.0).exp();
        self.c = -radius * radius;
        self.b = 2.0 * radius * (TAU * hz / 8000.0).cos();
        self.a = 1.0 - self.b - self.c;
    }

    pub(crate) fn filter(&mut self, x: f64) -> f64 {
        let y = self.a * x + self.b * self.y1 + self.c * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

//! Signals and echo paths of the G.168 tests, at 8 kHz.

use std::f64::consts::TAU;

use offhook_media::level::{self, sine_amplitude};

/// White noise, Gaussian enough, with a seed.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> f64 {
        (0..6).map(|_| self.uniform()).sum::<f64>() * 2f64.sqrt()
    }

    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Scales to a level over the samples that are not silent.
pub(crate) fn to_level(samples: &[f64], dbm0: f32) -> Vec<f64> {
    let active: Vec<f64> = samples.iter().copied().filter(|x| *x != 0.0).collect();
    let power = active.iter().map(|x| x * x).sum::<f64>() / active.len().max(1) as f64;
    let wanted = f64::from(sine_amplitude(dbm0)).powi(2) / 2.0;
    samples.iter().map(|x| x * (wanted / power).sqrt()).collect()
}

/// A composite source signal as in G.168 Annex C: a voiced sound, a noise of the spectrum of speech, a pause; every other period
/// with the sign turned. The voiced sound is synthetic (a harmonic series under three formants), not the recommendation's samples.
/// `(voiced, noise, pause, pitch)` in samples: see [`SINGLE`] and [`DOUBLE`].
pub(crate) fn css(shape: (usize, usize, usize, f64), dbm0: f32, seconds: f64, seed: u64) -> Vec<f64> {
    let (voiced, noise, pause, pitch) = shape;
    let mut random = Noise::new(seed);
    let mut out = Vec::new();
    let length = (seconds * 8000.0) as usize;
    let (mut a, mut b) = (0.0, 0.0);
    let mut sign = 1.0;
    while out.len() < length {
        for n in 0..voiced {
            let harmonics = (3500.0 / pitch) as usize;
            let sum: f64 = (1..=harmonics)
                .map(|h| {
                    let hz = h as f64 * pitch;
                    let formants = [(300.0f64, 1.0), (2200.0, 0.25), (2900.0, 0.15)];
                    let gain: f64 = formants.iter().map(|(f, g)| g / (1.0 + ((hz - f) / 150.0).powi(2))).sum();
                    gain * (TAU * hz * n as f64 / 8000.0 + (h * h) as f64).sin()
                })
                .sum();
            out.push(sign * sum);
        }
        let burst: Vec<f64> = (0..noise)
            .map(|_| {
                // Falls towards 4 kHz as the long-time spectrum of speech does, and towards 0.
                a = 0.5 * a + random.next();
                let x = a - b;
                b += 0.1 * (a - b);
                0.35 * sign * x
            })
            .collect();
        out.extend(burst);
        out.extend(std::iter::repeat_n(0.0, pause));
        sign = -sign;
    }
    out.truncate(length);
    to_level(&out, dbm0)
}

/// Single talk: 48.62 ms, 200 ms, 101.38 ms.
pub(crate) const SINGLE: (usize, usize, usize, f64) = (389, 1600, 811, 205.0);
/// Double talk: 72.69 ms, 200 ms, 127.31 ms.
pub(crate) const DOUBLE: (usize, usize, usize, f64) = (582, 1600, 1018, 142.0);

/// An echo path: an impulse response.
#[derive(Clone)]
pub(crate) struct Path(Vec<f64>);

impl Path {
    /// Echo path model 1 of G.168 Annex D (D.2, a hybrid of a long loop).
    pub(crate) fn model_1(erl_db: f64, delay: usize) -> Path {
        const M1: [i32; 64] = [
            -436, -829, -2797, -4208, -17968, -11215, 46150, 34480, -10427, 9049, -1309, -6320, 390, -8191, -1751,
            -6051, -3796, -4055, -3948, -2557, -3372, -1808, -2259, -1300, -1098, -618, -340, -61, 323, 419, 745, 716,
            946, 880, 1014, 976, 1033, 1091, 1053, 1042, 794, 831, 899, 716, 390, 313, 304, 304, 73, -119, -109, -176,
            -359, -407, -512, -580, -704, -618, -685, -791, -772, -820, -839, -724,
        ];
        Path::scaled(M1.iter().map(|&x| f64::from(x)).collect(), erl_db, delay)
    }

    /// A synthetic hybrid: two damped resonances and a dispersion of `length` samples.
    pub(crate) fn synthetic(number: u64, length: usize, erl_db: f64, delay: usize) -> Path {
        let mut random = Noise::new(number);
        let (first, second) = (400.0 + 150.0 * number as f64, 1900.0 + 120.0 * number as f64);
        let response = (0..length)
            .map(|n| {
                let t = n as f64;
                let ring = (TAU * first * t / 8000.0).sin() * (-t / 12.0).exp()
                    + 0.6 * (TAU * second * t / 8000.0).cos() * (-t / 6.0).exp();
                ring + 0.05 * random.next() * (-4.0 * t / length as f64).exp()
            })
            .collect();
        Path::scaled(response, erl_db, delay)
    }

    fn scaled(response: Vec<f64>, erl_db: f64, delay: usize) -> Path {
        let power: f64 = response.iter().map(|x| x * x).sum();
        let gain = 10f64.powf(-erl_db / 20.0) / power.sqrt();
        Path(std::iter::repeat_n(0.0, delay).chain(response.iter().map(|x| x * gain)).collect())
    }

    /// The echo of a signal.
    pub(crate) fn echo(&self, far: &[f64]) -> Vec<f64> {
        (0..far.len())
            .map(|n| {
                self.0.iter().take(n + 1).enumerate().map(|(k, h)| if *h == 0.0 { 0.0 } else { h * far[n - k] }).sum()
            })
            .collect()
    }
}

pub(crate) fn noise(dbm0: f32, seconds: f64, seed: u64) -> Vec<f64> {
    let mut random = Noise::new(seed);
    let white: Vec<f64> = (0..(seconds * 8000.0) as usize).map(|_| random.next()).collect();
    to_level(&white, dbm0)
}

/// Noise as in a room (Hoth): falls 5 dB an octave.
pub(crate) fn room_noise(dbm0: f32, seconds: f64, seed: u64) -> Vec<f64> {
    let mut random = Noise::new(seed);
    let (mut slow, mut slower) = (0.0, 0.0);
    let pink: Vec<f64> = (0..(seconds * 8000.0) as usize)
        .map(|_| {
            let x = random.next();
            slow += 0.25 * (x - slow);
            slower += 0.05 * (x - slower);
            0.15 * x + slow + slower
        })
        .collect();
    to_level(&pink, dbm0)
}

pub(crate) fn sines(hz: &[f64], dbm0: f32, seconds: f64) -> Vec<f64> {
    let sum: Vec<f64> = (0..(seconds * 8000.0) as usize)
        .map(|n| hz.iter().map(|f| (TAU * f * n as f64 / 8000.0 + 0.3).sin()).sum())
        .collect();
    to_level(&sum, dbm0)
}

/// As a G.711 coder would clip it.
pub(crate) fn clipped(samples: Vec<f64>) -> Vec<f64> {
    samples.iter().map(|x| x.clamp(-32768.0, 32767.0)).collect()
}

pub(crate) fn silence(seconds: f64) -> Vec<f64> {
    vec![0.0; (seconds * 8000.0) as usize]
}

pub(crate) fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// Level of a stretch of whole frames that begins at `from` seconds.
pub(crate) fn level_at(samples: &[i16], from: f64, seconds: f64) -> f32 {
    let begin = (from * 8000.0) as usize;
    let end = (begin + (seconds * 8000.0) as usize).min(samples.len());
    level::dbm0(samples.get(begin..end).unwrap_or_default())
}

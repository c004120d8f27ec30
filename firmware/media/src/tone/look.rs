//! Looks at a sound: 40 ms every 10 ms, and single frequencies followed from look to look.

use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

use super::goertzel::Goertzel;
use crate::RATE;

/// Samples between two looks: 10 ms.
const HOP: usize = 80;
/// Samples of one look: 40 ms.
const WINDOW: usize = 320;
/// Milliseconds per look.
pub(super) const HOP_MS: u32 = 10;
struct Hann {
    weights: [f32; WINDOW],
    /// From the squared magnitude of a weighted sum to the mean square of the sine that made it.
    to_power: f32,
    square_sum: f32,
}

static HANN: LazyLock<Hann> = LazyLock::new(|| {
    let mut weights = [0.0f32; WINDOW];
    for (n, weight) in weights.iter_mut().enumerate() {
        *weight = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos();
    }
    let sum: f32 = weights.iter().sum();
    Hann { weights, to_power: 2.0 / (sum * sum), square_sum: weights.iter().map(|w| w * w).sum() }
});

/// The last 40 ms, weighted, each 10 ms.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    samples: [f32; WINDOW],
    filled: usize,
}

/// One look.
pub(super) struct Look {
    weighted: [f32; WINDOW],
    /// Mean square.
    pub(super) total: f32,
}

impl Windows {
    pub(super) fn new() -> Self {
        // Made before the first sample, which may come on the media tick.
        LazyLock::force(&HANN);
        Windows { samples: [0.0; WINDOW], filled: 0 }
    }

    /// Takes samples until the next look is due; what was not taken is given back with it.
    pub(super) fn take<'a>(&mut self, samples: &'a [i16]) -> (Option<Look>, &'a [i16]) {
        let count = samples.len().min(HOP - self.filled);
        let (now, later) = samples.split_at(count);
        let start = WINDOW - HOP + self.filled;
        let place = self.samples.get_mut(start..start + count).unwrap_or_default();
        place.iter_mut().zip(now).for_each(|(to, from)| *to = f32::from(*from));
        self.filled += count;
        if self.filled < HOP {
            return (None, later);
        }
        self.filled = 0;
        let hann = &*HANN;
        let mut weighted = [0.0; WINDOW];
        for ((to, sample), weight) in weighted.iter_mut().zip(&self.samples).zip(&hann.weights) {
            *to = sample * weight;
        }
        self.samples.copy_within(HOP.., 0);
        let total = weighted.iter().map(|s| s * s).sum::<f32>() / hann.square_sum;
        (Some(Look { weighted, total }), later)
    }
}

/// Follows one frequency from look to look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Follower {
    pub(super) hz: f32,
    before: (f32, f32),
}

impl Follower {
    pub(super) fn new(hz: f32) -> Self {
        Follower { hz, before: (0.0, 0.0) }
    }

    /// The sum of the last look: real, imaginary; its phase is that of the look's last sample.
    pub(super) fn phasor(&self) -> (f32, f32) {
        self.before
    }

    /// Mean square of what is at the frequency or near it, and how far from it the signal lies (Hz, within ±50).
    pub(super) fn look(&mut self, look: &Look) -> (f32, f32) {
        let mut goertzel = Goertzel::new(self.hz);
        look.weighted.iter().for_each(|&s| goertzel.add(s));
        let (re, im) = goertzel.take_complex(self.hz);
        let (re_before, im_before) = std::mem::replace(&mut self.before, (re, im));
        let turn = (im * re_before - re * im_before).atan2(re * re_before + im * im_before);
        let mut excess = (turn - TAU * self.hz * HOP as f32 / RATE as f32) % TAU;
        if excess > PI {
            excess -= TAU;
        } else if excess < -PI {
            excess += TAU;
        }
        let offset = excess / TAU * RATE as f32 / HOP as f32;
        (HANN.to_power * (re * re + im * im) / seen(offset), offset)
    }
}

/// What the window shows of the power of a sine so far off, within one bin (25 Hz): beyond, little is seen and more would be made of it.
fn seen(offset_hz: f32) -> f32 {
    let bins = (offset_hz * WINDOW as f32 / RATE as f32).abs().clamp(0.01, 0.95);
    ((PI * bins).sin() / (PI * bins * (1.0 - bins * bins))).powi(2)
}

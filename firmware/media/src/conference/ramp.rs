//! Gains that change without a click.

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::sound::Rate;

/// Length of a change of gain, in milliseconds.
pub const RAMP_MS: usize = 10;

/// Raised cosines from 0 to 1, one for each rate, made once.
static CURVES: LazyLock<[Vec<f32>; 3]> =
    LazyLock::new(|| Rate::ALL.map(|rate| curve(RAMP_MS * rate.per_millisecond())));

/// Half a turn of a raised cosine: its ends have no step and no kink, so that what it opens or shuts spreads little over other
/// frequencies.
pub(super) fn curve(samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (0.5 - 0.5 * (PI * (n as f64 + 0.5) / samples as f64).cos()) as f32).collect()
}

/// The curve of a rate, 10 ms long. The first call makes all of them: make it before the tick.
pub(crate) fn at(rate: Rate) -> &'static [f32] {
    let [narrow, wide, full] = &*CURVES;
    match rate {
        Rate::Narrow => narrow,
        Rate::Wide => wide,
        Rate::Full => full,
    }
}

/// A gain on its way to another: it gets there within the next frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ramp {
    now: f32,
    to: f32,
}

impl Ramp {
    /// A gain that stays.
    pub const fn fixed(gain: f32) -> Self {
        Ramp { now: gain, to: gain }
    }

    /// From one gain to another.
    pub const fn new(now: f32, to: f32) -> Self {
        Ramp { now, to }
    }

    /// The gain at this moment.
    pub fn now(&self) -> f32 {
        self.now
    }

    /// Goes to another gain within the next frame.
    pub fn go(&mut self, to: f32) {
        self.to = to;
    }

    /// Nothing is heard and nothing will be.
    pub fn is_silent(&self) -> bool {
        self.now == 0.0 && self.to == 0.0
    }

    /// Adds a frame with its gain to a sum.
    pub fn add(&self, samples: &[i16], curve: &[f32], sum: &mut [f32]) {
        self.each(samples, curve, sum, |sum, sample| *sum += sample);
    }

    /// Takes a frame with its gain out of a sum.
    pub fn take(&self, samples: &[i16], curve: &[f32], sum: &mut [f32]) {
        self.each(samples, curve, sum, |sum, sample| *sum -= sample);
    }

    fn each(&self, samples: &[i16], curve: &[f32], sum: &mut [f32], put: impl Fn(&mut f32, f32)) {
        let ramp = if self.now == self.to { 0 } else { curve.len().min(samples.len()).min(sum.len()) };
        let (changing, steady) = samples.split_at(ramp);
        let (first, rest) = sum.split_at_mut(ramp);
        let (now, way) = (self.now, self.to - self.now);
        for ((sum, &sample), part) in first.iter_mut().zip(changing).zip(curve) {
            put(sum, f32::from(sample) * (now + way * part));
        }
        for (sum, &sample) in rest.iter_mut().zip(steady) {
            put(sum, f32::from(sample) * self.to);
        }
    }

    /// Applies the gain to a sum in place.
    pub fn apply(&self, curve: &[f32], sum: &mut [f32]) {
        if self.now == self.to && self.to == 1.0 {
            return;
        }
        let ramp = if self.now == self.to { 0 } else { curve.len().min(sum.len()) };
        let (first, rest) = sum.split_at_mut(ramp);
        let (now, way) = (self.now, self.to - self.now);
        first.iter_mut().zip(curve).for_each(|(sample, part)| *sample *= now + way * part);
        rest.iter_mut().for_each(|sample| *sample *= self.to);
    }

    /// The frame is over: the gain is where it went.
    pub fn arrive(&mut self) {
        self.now = self.to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_arrives_within_half_a_frame_and_stays() {
        for rate in Rate::ALL {
            let (curve, samples) = (at(rate), vec![10_000; rate.frame()]);
            assert_eq!(curve.len(), rate.frame() / 2);
            let mut ramp = Ramp::fixed(0.0);
            assert!(ramp.is_silent());
            ramp.go(2.0);
            let mut sum = vec![0.0; rate.frame()];
            ramp.add(&samples, curve, &mut sum);
            assert!(sum[0] < 1000.0 && sum.windows(2).all(|w| w[1] >= w[0]));
            assert!(sum[curve.len()..].iter().all(|s| *s == 20_000.0));
            ramp.take(&samples, curve, &mut sum);
            assert!(sum.iter().all(|s| s.abs() < 0.01));
            ramp.arrive();
            assert_eq!(ramp, Ramp::fixed(2.0));
        }
    }
}

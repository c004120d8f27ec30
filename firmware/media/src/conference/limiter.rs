//! Sums that are too loud: turned down, not cut off.

use crate::sound::MAX_FRAME;

/// Highest peak let through: 0.5 dB below full scale.
const CEILING: f32 = 30_900.0;
/// Pieces of a frame that have a gain of their own: 2 ms each.
const PIECES: usize = 10;
/// How much the gain may rise again from piece to piece: 40 dB a second.
const RELEASE: f32 = 1.009_25;

/// Keeps a sum below full scale. It looks at the whole frame before it gives it out: the gain is down before the peak comes, and
/// comes back slowly. A peak in the first 2 ms of a frame that no one could foresee is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Limiter { gain: 1.0 }
    }
}

impl Limiter {
    /// Its gain at this moment.
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// Writes the sum as samples. `sum` and `out` are one frame of the same length.
    pub fn limit(&mut self, sum: &[f32], out: &mut [i16]) {
        let piece = sum.len().min(MAX_FRAME).div_ceil(PIECES).max(1);
        let loudest = sum.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        if loudest <= CEILING && self.gain == 1.0 {
            out.iter_mut().zip(sum).for_each(|(to, s)| *to = s.round() as i16);
            return;
        }
        let mut needed = [1.0f32; PIECES + 1];
        for (needed, piece) in needed.iter_mut().zip(sum.chunks(piece)) {
            let peak = piece.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
            *needed = if peak > CEILING { CEILING / peak } else { 1.0 };
        }
        let mut gain = self.gain;
        for ((piece, out), pair) in sum.chunks(piece).zip(out.chunks_mut(piece)).zip(needed.windows(2)) {
            let end = pair.iter().copied().fold((gain * RELEASE).min(1.0), f32::min);
            let step = (end - gain) / piece.len() as f32;
            for (to, s) in out.iter_mut().zip(piece) {
                gain += step;
                *to = (s * gain).round() as i16; // The cast saturates.
            }
            gain = end;
        }
        self.gain = gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::dbm0;
    use crate::tone::goertzel::power;

    /// Frames of a sine with this peak.
    fn limited(limiter: &mut Limiter, peak: f32, frames: usize) -> Vec<i16> {
        let mut out = vec![0; frames * 160];
        for (frame, out) in out.chunks_mut(160).enumerate() {
            let sum: Vec<f32> =
                (0..160).map(|n| peak * (std::f32::consts::TAU * 0.05 * (frame * 160 + n) as f32).sin()).collect();
            limiter.limit(&sum, out);
        }
        out
    }

    #[test]
    fn what_fits_is_not_touched() {
        let mut limiter = Limiter::default();
        let out = limited(&mut limiter, 30_000.0, 3);
        let sine = |n: usize| (30_000.0 * (std::f32::consts::TAU * 0.05 * n as f32).sin()).round() as i16;
        assert!(out.iter().enumerate().all(|(n, s)| *s == sine(n)));
    }

    #[test]
    fn ten_times_too_loud_stays_a_clean_sine_and_comes_back() {
        let mut limiter = Limiter::default();
        let out = limited(&mut limiter, 300_000.0, 50);
        let settled = &out[1600..];
        assert!(settled.iter().all(|s| i32::from(*s).abs() <= 31_000));
        let tone = crate::level::mean_square_dbm0(power(settled, 400.0));
        assert!((tone - dbm0(settled)).abs() < 0.05, "distortion: {tone} of {}", dbm0(settled));
        assert!((tone - 2.6).abs() < 0.5, "as loud as fits: {tone}");
        limited(&mut limiter, 1000.0, 60);
        assert_eq!(limiter.gain(), 1.0);
    }
}

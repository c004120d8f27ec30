//! Comfort noise (RFC 3389): a sender that is silent describes its background by a level and, if it likes, a spectrum.

/// Reflection coefficients used at most; the rest is finer than an ear cares for.
const MAX_ORDER: usize = 12;
/// 0 dBov: the root mean square of a square wave at full scale (RFC 3389 §3.1).
const FULL_SCALE: f32 = 32_768.0;

/// The noise of one sender.
#[derive(Clone, Debug, Default)]
pub struct ComfortNoise {
    /// Root mean square, in sample units; 0 until something was described.
    level: f32,
    /// Reflection coefficients of the all-pole filter (RFC 3389 §3.2), and how many.
    reflection: [f32; MAX_ORDER],
    order: usize,
    /// Backward errors of the lattice.
    state: [f32; MAX_ORDER],
    /// What the excitation must be multiplied by for the noise to have its level.
    gain: f32,
    random: u32,
}

impl ComfortNoise {
    /// Takes a payload: −dBov in 7 bits, then reflection coefficients of 8 bits (RFC 3389 §3).
    pub fn describe(&mut self, payload: &[u8]) {
        let Some((&level, coefficients)) = payload.split_first() else {
            return;
        };
        self.level = FULL_SCALE * 10f32.powf(-f32::from(level & 0x7f) / 20.0);
        self.order = coefficients.len().min(MAX_ORDER);
        let mut remaining = 1.0;
        for (k, &code) in self.reflection.iter_mut().zip(coefficients) {
            // RFC 3389 §3.2: 127 is 0. Below 1 the filter is stable.
            *k = ((f32::from(code) - 127.0) * 258.0 / 32_768.0).clamp(-0.98, 0.98);
            remaining *= 1.0 - *k * *k;
        }
        // An all-pole lattice makes a noise of power p louder by the product of 1/(1 − k²).
        self.gain = self.level * f32::sqrt(remaining);
    }

    /// Its level, root mean square in sample units.
    pub fn level(&self) -> f32 {
        self.level
    }

    /// Fills `out` with the noise, or silence when none was described.
    pub fn fill(&mut self, out: &mut [i16]) {
        if self.level <= 0.0 {
            out.fill(0);
            return;
        }
        for sample in out {
            // Uniform noise of power 1.
            self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let uniform = (self.random >> 8) as f32 / f32::from(1u16 << 15) / 256.0 - 1.0;
            let mut forward = uniform * 3f32.sqrt() * self.gain;
            for n in (0..self.order).rev() {
                let k = self.reflection.get(n).copied().unwrap_or(0.0);
                let backward = self.state.get(n).copied().unwrap_or(0.0);
                forward -= k * backward;
                if let Some(next) = self.state.get_mut(n + 1) {
                    *next = backward + k * forward;
                }
            }
            if let Some(first) = self.state.first_mut() {
                *first = forward;
            }
            *sample = forward.round() as i16;
        }
    }
}

/// The payload that describes noise of this root mean square without a spectrum.
pub fn description(level: f32) -> [u8; 1] {
    let dbov = 20.0 * (level.max(1e-3) / FULL_SCALE).log10();
    [(-dbov).round().clamp(0.0, 127.0) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rms(samples: &[i16]) -> f32 {
        let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
        (energy / samples.len() as f64).sqrt() as f32
    }

    #[test]
    fn the_noise_has_the_level_described_with_any_spectrum() {
        let mut out = vec![0; 16_000];
        ComfortNoise::default().fill(&mut out);
        assert!(out.iter().all(|s| *s == 0));
        for (level, coefficients) in [(30u8, &[][..]), (50, &[]), (40, &[190, 100]), (35, &[60, 150, 127, 140])] {
            let mut noise = ComfortNoise::default();
            noise.describe(&[&[level], coefficients].concat());
            noise.fill(&mut out);
            let heard = 20.0 * (rms(&out[1000..]) / 32_768.0).log10();
            assert!((heard + f32::from(level)).abs() < 1.0, "{level} {coefficients:?}: {heard}");
            assert_eq!(description(noise.level()), [level]);
        }
    }

    #[test]
    fn any_description_is_harmless() {
        let mut noise = ComfortNoise::default();
        let mut out = vec![0; 4000];
        for seed in 0..=255u8 {
            let payload: Vec<u8> =
                (0..seed % 20).map(|n| seed.wrapping_mul(31).wrapping_add(n.wrapping_mul(97))).collect();
            noise.describe(&payload);
            noise.fill(&mut out);
        }
        noise.describe(&[0, 255, 0, 255, 0, 255]);
        noise.fill(&mut out);
    }
}

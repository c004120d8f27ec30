//! Levels: dBm0 against linear samples.
//!
//! ITU-T G.711 puts the overload point of A-law at +3.14 dBm0 and of µ-law at +3.17 dBm0. The engine's linear samples follow
//! A-law: a sine whose peaks reach full scale (32768) has +3.14 dBm0, so a 0 dBm0 sine lies 3.14 dB below full scale. Through
//! µ-law the same samples are 0.07 dB off, far below what an ear or a detector tells apart.

/// Level in dBm0 of a sine that reaches full scale (G.711 A-law).
#[expect(clippy::approx_constant, reason = "a level, not a circle")]
pub const FULL_SCALE_DBM0: f32 = 3.14;

/// Peak amplitude, in sample units, of a sine of this level. Never above full scale.
pub fn sine_amplitude(dbm0: f32) -> f32 {
    (32768.0 * 10f32.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)).clamp(0.0, 32767.0)
}

/// Level in dBm0 of samples by their root mean square; `f32::NEG_INFINITY` for silence.
pub fn dbm0(samples: &[i16]) -> f32 {
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    mean_square_dbm0(if samples.is_empty() { 0.0 } else { energy / samples.len() as f64 })
}

/// Level in dBm0 of a mean square in sample units squared.
pub fn mean_square_dbm0(mean_square: f64) -> f32 {
    if mean_square <= 0.0 {
        return f32::NEG_INFINITY;
    }
    // A full-scale sine has a mean square of half the square of its peak.
    (10.0 * (mean_square / (32768.0 * 32768.0 / 2.0)).log10()) as f32 + FULL_SCALE_DBM0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_of_a_level_measures_that_level() {
        for level in [-40.0f32, -20.0, -10.0, 0.0, 3.0] {
            let amplitude = f64::from(sine_amplitude(level));
            let sine: Vec<i16> = (0..8000)
                .map(|n| {
                    (amplitude * (std::f64::consts::TAU * 1000.0 * f64::from(n) / 8000.0 + 0.1).sin()).round() as i16
                })
                .collect();
            assert!((dbm0(&sine) - level).abs() < 0.05, "{level}: {}", dbm0(&sine));
        }
        assert_eq!(dbm0(&[0; 160]), f32::NEG_INFINITY);
        assert_eq!(dbm0(&[]), f32::NEG_INFINITY);
    }
}

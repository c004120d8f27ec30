//! The built-in prompt: three soft notes and a pause, for a box nobody has recorded anything for yet.

use crate::level::sine_amplitude;

/// The notes: C5, E5, G5, in Hz.
const NOTES: [f64; 3] = [523.25, 659.26, 783.99];
/// Distance between notes, decay and whole length, in samples.
const STEP: usize = 2800;
const DECAY: f64 = 2600.0;
const LENGTH: usize = 24_000;
const LEVEL_DBM0: f32 = -14.0;

/// Three seconds of samples, 8 kHz: chime, then silence.
pub fn chime() -> Vec<i16> {
    let amplitude = f64::from(sine_amplitude(LEVEL_DBM0));
    (0..LENGTH)
        .map(|n| {
            let sum: f64 = NOTES
                .iter()
                .enumerate()
                .filter_map(|(k, hz)| n.checked_sub(k * STEP).map(|at| (at as f64, hz)))
                .map(|(at, hz)| {
                    let attack = (at / 40.0).min(1.0);
                    let envelope = attack * (-at / DECAY).exp();
                    let turn = std::f64::consts::TAU * hz * at / 8000.0;
                    envelope * (turn.sin() + 0.25 * (2.0 * turn).sin())
                })
                .sum();
            // The last second fades to true silence.
            let fade = ((LENGTH - n) as f64 / 8000.0).min(1.0);
            (amplitude * fade * sum) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::dbm0;

    #[test]
    fn the_chime_is_audible_then_silent() {
        let samples = chime();
        assert_eq!(samples.len(), 24_000);
        assert!((-24.0..-8.0).contains(&dbm0(&samples[..8000])));
        assert!(dbm0(&samples[22_000..]) < -45.0);
        assert!(samples.iter().all(|s| s.unsigned_abs() < 20_000));
    }
}

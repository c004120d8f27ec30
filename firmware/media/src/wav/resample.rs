//! From 16 kHz to 8 kHz.

/// Taps of the low-pass filter: pass to 3.4 kHz within 0.1 dB, 4.6 kHz and above at least 50 dB down.
const TAPS: usize = 63;

/// Halves the sample rate behind a windowed-sinc low-pass filter.
pub fn halve(samples: &[i16]) -> Vec<i16> {
    let middle = (TAPS / 2) as f64;
    let taps: Vec<f64> = (0..TAPS)
        .map(|n| {
            let x = n as f64 - middle;
            let sinc = if x == 0.0 { 0.5 } else { (std::f64::consts::PI * x / 2.0).sin() / (std::f64::consts::PI * x) };
            let turn = std::f64::consts::TAU * (n as f64 + 0.5) / TAPS as f64;
            sinc * (0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
        })
        .collect();
    let gain: f64 = taps.iter().sum();
    (0..samples.len() / 2)
        .map(|n| {
            let centre = 2 * n;
            let sum: f64 = taps
                .iter()
                .enumerate()
                .filter_map(|(k, tap)| {
                    let at = (centre + k).checked_sub(TAPS / 2)?;
                    samples.get(at).map(|&s| tap * f64::from(s))
                })
                .sum();
            (sum / gain).round().clamp(-32768.0, 32767.0) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::goertzel::power;

    #[test]
    fn speech_passes_and_what_would_alias_does_not() {
        let sine = |hz: f64| -> Vec<i16> {
            (0..32000).map(|n| (10000.0 * (std::f64::consts::TAU * hz * f64::from(n) / 16000.0).sin()) as i16).collect()
        };
        for (hz, heard, low, high) in
            [(300.0, 300.0, -0.1, 0.1), (3300.0, 3300.0, -0.5, 0.1), (5000.0, 3000.0, -200.0, -50.0)]
        {
            let out = halve(&sine(hz));
            let db = 10.0 * (power(&out[400..15600], heard) * 2.0 / 1e8).log10();
            assert!((low..=high).contains(&db), "{hz}: {db}");
        }
    }
}

//! Reads what a phone recorded and judges it: frequency, level, gaps.

use std::path::Path;

/// 16-bit samples of a mono WAV file (the first channel of a stereo one) and their rate in Hz. Phones that are killed leave a
/// header with length 0: then the rest of the file is taken.
pub fn read_wav(path: &Path) -> (Vec<i16>, u32) {
    let (channels, rate) = read_wav_channels(path);
    (channels.into_iter().next().unwrap_or_default(), rate)
}

/// As [`read_wav`]; `None` when the phone has not written the file's head yet. Some write it at the end of the call.
pub fn try_read_wav(path: &Path) -> Option<(Vec<i16>, u32)> {
    let has_head = std::fs::read(path).is_ok_and(|bytes| bytes.len() > 44 && bytes.starts_with(b"RIFF"));
    has_head.then(|| read_wav(path))
}

/// All channels of a WAV file.
pub fn read_wav_channels(path: &Path) -> (Vec<Vec<i16>>, u32) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(&bytes[0..4], b"RIFF", "{}", path.display());
    let (mut at, mut rate, mut channels) = (12, 8000, 1usize);
    while at + 8 <= bytes.len() {
        let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let body = at + 8;
        match &bytes[at..at + 4] {
            b"fmt " => {
                channels = usize::from(u16::from_le_bytes(bytes[body + 2..body + 4].try_into().unwrap()));
                rate = u32::from_le_bytes(bytes[body + 4..body + 8].try_into().unwrap());
            }
            b"data" => {
                let end = if size == 0 || body + size > bytes.len() { bytes.len() } else { body + size };
                let all: Vec<i16> =
                    bytes[body..end].chunks_exact(2).map(|s| i16::from_le_bytes([s[0], s[1]])).collect();
                let split = (0..channels).map(|c| all.iter().skip(c).step_by(channels).copied().collect()).collect();
                return (split, rate);
            }
            _ => {}
        }
        at = body + size + (size & 1);
    }
    (vec![Vec::new(); channels], rate)
}

/// Writes a mono WAV file.
pub fn write_wav(path: &Path, samples: &[i16], rate: u32) {
    let size = u32::try_from(samples.len() * 2).unwrap();
    let mut out = Vec::new();
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + size).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate * 2).to_le_bytes());
    out.extend_from_slice(&2u16.to_le_bytes());
    out.extend_from_slice(&16u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&size.to_le_bytes());
    for s in samples {
        out.extend_from_slice(&s.to_le_bytes());
    }
    std::fs::write(path, out).unwrap();
}

/// A sine of `seconds` at `hz` with amplitude `peak`.
pub fn sine(hz: f64, peak: f64, seconds: f64, rate: u32) -> Vec<i16> {
    let n = (seconds * f64::from(rate)) as usize;
    (0..n).map(|i| (peak * (2.0 * std::f64::consts::PI * hz * i as f64 / f64::from(rate)).sin()) as i16).collect()
}

/// What is heard of one frequency.
#[derive(Debug)]
pub struct Heard {
    /// The strongest frequency between 200 and 3400 Hz in the sounding part.
    pub hz: f64,
    /// RMS of the sounding part in dB relative to full scale.
    pub level_dbfs: f64,
    /// Length of the sounding part in seconds, from the first to the last sounding block.
    pub seconds: f64,
    /// The longest silence inside it, in milliseconds.
    pub longest_gap_ms: f64,
    /// How often the tone breaks off and goes on with another phase: each is sound that was lost and closed up. (A loss of whole
    /// periods does not show: take a tone that has none in 20, 40 or 60 ms.)
    pub breaks: usize,
}

/// Measures a recording in blocks of 10 ms. A block sounds when it is within 20 dB of the loudest.
pub fn measure(samples: &[i16], rate: u32) -> Heard {
    let block = rate as usize / 100;
    let power: Vec<f64> = samples
        .chunks_exact(block)
        .map(|b| b.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / block as f64)
        .collect();
    let loudest = power.iter().copied().fold(0.0, f64::max);
    let sounds: Vec<bool> = power.iter().map(|p| *p > 1000.0 && *p > loudest / 100.0).collect();
    let (Some(first), Some(last)) = (sounds.iter().position(|s| *s), sounds.iter().rposition(|s| *s)) else {
        return Heard { hz: 0.0, level_dbfs: -120.0, seconds: 0.0, longest_gap_ms: 0.0, breaks: 0 };
    };
    let (mut gap, mut longest) = (0, 0);
    for s in &sounds[first..=last] {
        gap = if *s { 0 } else { gap + 1 };
        longest = longest.max(gap);
    }
    let inside: Vec<f64> = (first..=last).filter(|i| sounds[*i]).map(|i| power[i]).collect();
    let mean = inside.iter().sum::<f64>() / inside.len() as f64;
    let part = &samples[first * block..((last + 1) * block).min(samples.len())];
    let window = &part[..part.len().min(rate as usize)];
    let hz = (200..3400)
        .map(|hz| (tone_power(window, f64::from(hz), rate), f64::from(hz)))
        .fold((0.0, 0.0), |best, now| if now.0 > best.0 { now } else { best })
        .1;
    Heard {
        hz,
        level_dbfs: 10.0 * (mean / 32768f64.powi(2)).log10(),
        seconds: (last + 1 - first) as f64 / 100.0,
        longest_gap_ms: longest as f64 * 10.0,
        breaks: breaks(part, hz, rate),
    }
}

/// Breaks of the phase, see [`Heard::breaks`].
fn breaks(samples: &[i16], hz: f64, rate: u32) -> usize {
    let step = 2.0 * std::f64::consts::PI * hz / f64::from(rate);
    let block = rate as usize / 100;
    // Phase of each block against a steady tone.
    let phases: Vec<f64> = samples
        .chunks_exact(block)
        .enumerate()
        .map(|(n, chunk)| {
            let (re, im) = chunk.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, s)| {
                let angle = step * (n * block + i) as f64;
                (re + f64::from(*s) * angle.cos(), im - f64::from(*s) * angle.sin())
            });
            im.atan2(re)
        })
        .collect();
    // Over two blocks, so that a break inside one is seen whole.
    let apart = |a: f64, b: f64| {
        let d = (a - b).rem_euclid(2.0 * std::f64::consts::PI);
        d.min(2.0 * std::f64::consts::PI - d)
    };
    // The first and last block may sound in part only.
    let inner = phases.get(1..phases.len().saturating_sub(1)).unwrap_or_default();
    let broken: Vec<bool> = inner.windows(3).map(|w| apart(w[0], w[2]) > 0.6).collect();
    broken.iter().enumerate().filter(|(i, b)| **b && !(*i > 0 && broken[i - 1])).count()
}

#[test]
fn a_lost_frame_is_a_gap_or_a_break() {
    let whole = sine(440.0, 8000.0, 2.0, 8000);
    let heard = measure(&whole, 8000);
    assert!(heard.hz == 440.0 && heard.longest_gap_ms == 0.0 && heard.breaks == 0, "{heard:?}");
    let closed_up: Vec<i16> = [&whole[..8000], &whole[8160..]].concat();
    assert_eq!(measure(&closed_up, 8000).breaks, 1);
    let mut silent = whole;
    silent[8000..8480].fill(0);
    assert_eq!(measure(&silent, 8000).longest_gap_ms, 60.0);
}

/// Power of one frequency (Goertzel).
pub fn tone_power(samples: &[i16], hz: f64, rate: u32) -> f64 {
    let k = 2.0 * (2.0 * std::f64::consts::PI * hz / f64::from(rate)).cos();
    let (mut a, mut b) = (0.0, 0.0);
    for s in samples {
        let c = f64::from(*s) + k * a - b;
        b = a;
        a = c;
    }
    (a * a + b * b - k * a * b) / (samples.len() as f64).powi(2)
}

//! What concealment is worth, measured against playing nothing and against playing the last packet again.
//!
//! The judge is what the listener gets in the place of what was lost: the log-spectral distance (the root mean square over 20 ms of the
//! difference of the spectra in dB, 100–3800 Hz, floor 40 dB below the loudest) and the segmental signal-to-noise ratio over the lost
//! packets and the one after each. The sound is a synthetic voice: harmonics of a pitch that moves, formants that move, syllables with
//! pauses, and hiss between them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test: what it measures is printed")]

use std::f64::consts::TAU;

use offhook_media::codec::{Decoder, Encoder};
use offhook_media::command::{Codec, OpusSettings};

/// 20 ms.
fn frame(codec: Codec) -> usize {
    codec.rate().frame()
}

fn voice(codec: Codec, seconds: usize) -> Vec<i16> {
    let hz = f64::from(codec.rate().hz());
    let mut phase = 0f64;
    let mut state = 1u32;
    (0..seconds * codec.rate().hz() as usize)
        .map(|n| {
            let t = n as f64 / hz;
            // Moves by at most 60 Hz a second, as in ordinary speech.
            let pitch = 125.0 + 14.0 * (TAU * 0.4 * t).sin() + 1.5 * (TAU * 2.3 * t).sin();
            phase = (phase + pitch / hz).fract();
            let syllable = (TAU * 1.7 * t).sin();
            let formants = [500.0 + 250.0 * (TAU * 1.1 * t).sin(), 1500.0 + 500.0 * (TAU * 0.8 * t).cos(), 2600.0];
            let voiced: f64 = (1..26)
                .map(|k| {
                    let f = pitch * f64::from(k);
                    let shape: f64 = formants.iter().map(|c| 1.0 / (1.0 + ((f - c) / 120.0).powi(2))).sum();
                    (shape + 0.02) * (TAU * phase * f64::from(k)).sin()
                })
                .sum();
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from((state >> 16) as i16) / 32768.0;
            (4500.0 * syllable.max(0.0) * voiced + 500.0 * (-syllable).max(0.0) * hiss + 20.0 * hiss) as i16
        })
        .collect()
}

/// Which packets are lost: singly or two together, by chance, about so many of 100.
fn lost(packets: usize, percent: u32) -> Vec<bool> {
    let mut state = 12_345u32;
    let mut lost = vec![false; packets];
    for n in 25..packets - 2 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if (state >> 16) % 1000 < percent * 7 {
            lost[n] = true;
            lost[n + 1] |= state & 0x8000 != 0;
        }
    }
    lost
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Ours,
    Repeat,
    Nothing,
}

fn heard(codec: Codec, packets: &[Vec<u8>], lost: &[bool], way: Way) -> Vec<i16> {
    let mut decoder = Decoder::new(codec);
    // For the two plain ways: a decoder that is never asked to conceal.
    let mut plain = Decoder::new(codec);
    let mut last = vec![0; frame(codec)];
    let mut all = Vec::new();
    for (packet, &lost) in packets.iter().zip(lost) {
        let mut out = vec![0; frame(codec)];
        match (way, lost) {
            (Way::Ours, true) => decoder.conceal(&mut out),
            (Way::Ours, false) => _ = decoder.decode(codec, packet, &mut out),
            (_, false) => _ = plain.decode(codec, packet, &mut out),
            (Way::Repeat, true) => out.clone_from(&last),
            (Way::Nothing, true) => {}
        }
        last.clone_from(&out);
        all.extend(out);
    }
    all
}

/// Spectrum in dB at every 100 Hz.
fn spectrum(samples: &[i16], hz: f64) -> Vec<f64> {
    (1..38)
        .map(|bin| {
            let step = TAU * 100.0 * f64::from(bin) / hz;
            let (mut re, mut im) = (0.0, 0.0);
            for (n, s) in samples.iter().enumerate() {
                let window = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / samples.len() as f64).cos();
                re += f64::from(*s) * window * (step * n as f64).cos();
                im += f64::from(*s) * window * (step * n as f64).sin();
            }
            10.0 * ((re * re + im * im) / samples.len() as f64).max(1.0).log10()
        })
        .collect()
}

/// Log-spectral distance over windows at, half before and half after each lost packet, and segmental signal-to-noise ratio of the lost
/// packets, both in dB.
fn judge(codec: Codec, whole: &[i16], heard: &[i16], lost: &[bool]) -> (f64, f64) {
    let (size, hz) = (frame(codec), f64::from(codec.rate().hz()));
    let energy = |a: &[i16]| a.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / size as f64;
    let (mut distance, mut windows, mut ratio, mut segments) = (0.0, 0.0, 0.0, 0.0);
    for n in (1..lost.len() - 1).filter(|n| lost[*n]) {
        for start in [n * size - size / 2, n * size, n * size + size / 2] {
            let (a, b) = (&whole[start..start + size], &heard[start..start + size]);
            if energy(a) < 1000.0 {
                continue;
            }
            let (x, y) = (spectrum(a, hz), spectrum(b, hz));
            let floor = x.iter().fold(f64::MIN, |m, v| m.max(*v)) - 40.0;
            let square: f64 = x.iter().zip(&y).map(|(x, y)| (x.max(floor) - y.max(floor)).powi(2)).sum();
            distance += (square / x.len() as f64).sqrt();
            windows += 1.0;
        }
        let (a, b) = (&whole[n * size..(n + 1) * size], &heard[n * size..(n + 1) * size]);
        if energy(a) > 1000.0 {
            let noise =
                a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>() / size as f64;
            ratio += (10.0 * (energy(a) / noise.max(1e-3)).log10()).clamp(-10.0, 35.0);
            segments += 1.0;
        }
    }
    (distance / windows, ratio / segments)
}

#[test]
fn what_is_made_up_is_nearer_to_what_was_lost_than_repetition_and_silence() {
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        let said = voice(codec, 8);
        let mut encoder = Encoder::new(codec, OpusSettings { max_average_bitrate: 32_000, ..OpusSettings::default() });
        let packets: Vec<Vec<u8>> = said
            .chunks_exact(frame(codec))
            .map(|part| {
                let mut packet = vec![0; 1400];
                let length = encoder.encode(part, &mut packet);
                packet.truncate(length);
                packet
            })
            .collect();
        let whole = heard(codec, &packets, &vec![false; packets.len()], Way::Ours);
        for percent in [3, 10] {
            let lost = lost(packets.len(), percent);
            let figures = [Way::Ours, Way::Repeat, Way::Nothing]
                .map(|way| judge(codec, &whole, &heard(codec, &packets, &lost, way), &lost));
            let [ours, repeat, nothing] = figures;
            println!(
                "{codec:?}, {} of {} packets lost: distance {:.1} dB (repeated {:.1}, silent {:.1}), SNR {:.1} dB ({:.1}, {:.1})",
                lost.iter().filter(|l| **l).count(),
                lost.len(),
                ours.0,
                repeat.0,
                nothing.0,
                ours.1,
                repeat.1,
                nothing.1
            );
            // Concealment fades on purpose what lasts longer than 10 ms, which a distance in dB holds against it: of the losses of
            // one packet mostly it must be the nearest all the same.
            assert!(ours.0 < nothing.0 * 0.6 && (percent > 3 || ours.0 < repeat.0 * 0.95), "{figures:?}");
            assert!(ours.1 > repeat.1 + 2.0, "{figures:?}");
        }
    }
}

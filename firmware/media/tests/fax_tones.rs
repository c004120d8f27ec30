//! Fax and modem tones within the limits of T.30, V.8, V.25 and G.168; never in speech and music.

mod sound;

use std::f64::consts::TAU;

use offhook_media::tone::fax::{FaxDetector, FaxTone};
use sound::music::Music;
use sound::speech::Speech;
use sound::{Chance, add_noise, alaw, amplitude, pcm, sines};

fn heard(samples: &[f64]) -> Vec<FaxTone> {
    let mut detector = FaxDetector::default();
    alaw(&pcm(samples)).chunks(160).filter_map(|c| detector.samples(c)).collect()
}

fn with_silence(tone: Vec<f64>, noise_dbm0: f64) -> Vec<f64> {
    let mut all = [vec![0.0; 2000], tone, vec![0.0; 8000]].concat();
    add_noise(&mut all, noise_dbm0, &mut Chance::new(1));
    all
}

/// 2100 Hz with a phase jump every so many samples, and modulation.
fn answer(hz: f64, dbm0: f64, jump_degrees: f64, every: usize, modulated: bool, samples: usize) -> Vec<f64> {
    (0..samples)
        .map(|n| {
            let jumps = n.checked_div(every).unwrap_or(0);
            let phase = TAU * hz * n as f64 / 8000.0 + (jumps as f64 * jump_degrees).to_radians();
            let swing = if modulated { 1.0 + 0.2 * (TAU * 15.0 * n as f64 / 8000.0).sin() } else { 1.0 };
            amplitude(dbm0) * swing * phase.sin()
        })
        .collect()
}

#[test]
fn a_calling_fax_is_heard() {
    for hz in [1062.0, 1100.0, 1138.0] {
        for ms in [425, 500, 575] {
            for level in [-5.0, -20.0, -33.0] {
                let burst = with_silence(sines(&[(hz, level)], ms * 8), level - 20.0);
                assert_eq!(heard(&burst), [FaxTone::Calling], "{hz} Hz, {ms} ms, {level} dBm0");
            }
        }
    }
    for (hz, ms) in [(1000.0, 500), (1200.0, 500), (1100.0, 250), (1100.0, 800), (1100.0, 5000)] {
        assert_eq!(heard(&with_silence(sines(&[(hz, -15.0)], ms * 8), -60.0)), [], "{hz} Hz, {ms} ms");
    }
}

#[test]
fn an_answering_fax_and_its_phase_reversals_are_heard() {
    for hz in [2080.0, 2100.0, 2120.0] {
        for level in [-5.0, -15.0, -31.0] {
            let noise = level - 20.0;
            let what = format!("{hz} Hz, {level} dBm0");
            for modulated in [false, true] {
                let answering = FaxTone::Answering { modulated };
                let plain = with_silence(answer(hz, level, 0.0, 0, modulated, 24_000), noise);
                assert_eq!(heard(&plain), [answering], "{what}");
                for (jump, every) in [(180.0, 3600), (160.0, 3400), (200.0, 3800)] {
                    let reversed = with_silence(answer(hz, level, jump, every, modulated, 24_000), noise);
                    assert_eq!(heard(&reversed), [answering, FaxTone::PhaseReversal], "{what}, {jump}°");
                }
            }
            let small = with_silence(answer(hz, level, 100.0, 3600, false, 24_000), noise);
            assert_eq!(heard(&small), [FaxTone::Answering { modulated: false }], "{what}, 100°");
        }
    }
    for (hz, samples) in [(2040.0, 24_000), (2160.0, 24_000), (2100.0, 2000)] {
        assert_eq!(heard(&with_silence(answer(hz, -15.0, 180.0, 3600, false, samples), -60.0)), [], "{hz}");
    }
}

#[test]
fn speech_and_music_are_no_fax() {
    let (mut speech, mut music) = (Speech::new(21), Music::new(21));
    let (mut a, mut b) = (FaxDetector::default(), FaxDetector::default());
    for _ in 0..10 * 3000 {
        let mut block = [0.0; 160];
        speech.add(&mut block);
        assert_eq!(a.samples(&alaw(&pcm(&block))), None);
        let mut block = [0.0; 160];
        music.add(&mut block);
        assert_eq!(b.samples(&alaw(&pcm(&block))), None);
    }
}

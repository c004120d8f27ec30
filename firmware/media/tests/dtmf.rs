//! The DTMF receiver against the limits of ITU-T Q.24 and ETSI ES 201 235-3, for every digit.

mod sound;

use std::time::Duration;

use offhook_media::tone::detector::DtmfDetector;
use offhook_media::tone::dtmf;
use sound::{Chance, add_noise, alaw, pcm, sines};

const DIGITS: &str = "1234567890*#ABCD";

fn detect(samples: &[i16]) -> String {
    let mut detector = DtmfDetector::default();
    samples.chunks(160).filter_map(|c| detector.samples(c)).collect()
}

/// How a digit is sent, other than nominally (−10 dBm0 each, 40 ms, 40 ms pause).
#[derive(Clone, Copy)]
struct Sent {
    /// Factor and Hz added, of the low and of the high frequency.
    low: (f64, f64),
    high: (f64, f64),
    levels: (f64, f64),
    ms: f64,
    pause_ms: f64,
    noise: Option<f64>,
    /// Under each digit and pause: frequencies and the level of each.
    under: &'static [(f64, f64)],
}

const NOMINAL: Sent = Sent {
    low: (1.0, 0.0),
    high: (1.0, 0.0),
    levels: (-10.0, -10.0),
    ms: 40.0,
    pause_ms: 40.0,
    noise: None,
    under: &[],
};

/// The sixteen digits, begun at a different place of the detector's 5 ms each time.
fn sixteen(sent: Sent, shift: usize) -> Vec<i16> {
    let mut out = vec![0.0; 400 + shift];
    for digit in DIGITS.chars() {
        let (low, high) = dtmf::frequencies(digit).expect("a digit");
        let parts = [
            (f64::from(low) * sent.low.0 + sent.low.1, sent.levels.0),
            (f64::from(high) * sent.high.0 + sent.high.1, sent.levels.1),
        ];
        out.extend(sines(&parts, (sent.ms * 8.0) as usize));
        // An odd number of samples, so that every digit falls elsewhere.
        out.extend(vec![0.0; (sent.pause_ms * 8.0) as usize + 1]);
    }
    out.extend(vec![0.0; 800]);
    if !sent.under.is_empty() {
        let under = sines(sent.under, out.len());
        out.iter_mut().zip(under).for_each(|(s, u)| *s += u);
    }
    if let Some(level) = sent.noise {
        add_noise(&mut out, level, &mut Chance::new(shift as u64 + 5));
    }
    alaw(&pcm(&out))
}

fn accepts(what: &str, sent: Sent) {
    for shift in 0..10 {
        assert_eq!(detect(&sixteen(sent, 4 * shift)), DIGITS, "{what}, shifted {}", 4 * shift);
    }
}

fn refuses(what: &str, sent: Sent) {
    for shift in 0..10 {
        assert_eq!(detect(&sixteen(sent, 4 * shift)), "", "{what}, shifted {}", 4 * shift);
    }
}

#[test]
fn frequencies_within_tolerance_are_accepted_and_others_refused() {
    accepts("nominal", NOMINAL);
    for low in [(0.985, -2.0), (1.015, 2.0), (1.0, 0.0)] {
        for high in [(0.985, -2.0), (1.015, 2.0), (1.0, 0.0)] {
            accepts(&format!("{low:?} {high:?}"), Sent { low, high, ..NOMINAL });
        }
    }
    for off in [(0.965, 0.0), (1.035, 0.0)] {
        refuses(&format!("low {off:?}"), Sent { low: off, ms: 100.0, ..NOMINAL });
        refuses(&format!("high {off:?}"), Sent { high: off, ms: 100.0, ..NOMINAL });
    }
}

#[test]
fn levels_and_twist() {
    for level in [0.0, -3.0, -20.0, -27.0, -33.0] {
        accepts(&format!("{level} dBm0"), Sent { levels: (level, level), ..NOMINAL });
    }
    refuses("−40 dBm0", Sent { levels: (-40.0, -40.0), ms: 100.0, ..NOMINAL });
    for (low, high) in [(-10.0, -4.0), (-10.0, -6.0), (-6.0, -12.0), (-4.0, -12.0), (-4.0, -13.0), (-27.0, -23.0)] {
        accepts(&format!("{low} {high} dBm0"), Sent { levels: (low, high), ..NOMINAL });
    }
    refuses("high group 10 dB stronger", Sent { levels: (-15.0, -5.0), ms: 100.0, ..NOMINAL });
    refuses("low group 13 dB stronger", Sent { levels: (-3.0, -16.0), ms: 100.0, ..NOMINAL });
    // All at once: at the edge of frequency, twist, level and noise.
    let edge = Sent { low: (1.015, 2.0), high: (0.985, -2.0), levels: (-19.0, -27.0), noise: Some(-39.0), ..NOMINAL };
    accepts("at every edge", edge);
}

#[test]
fn lengths_of_tones_and_pauses() {
    for ms in [40.0, 45.0, 70.0, 200.0, 3000.0] {
        accepts(&format!("{ms} ms"), Sent { ms, ..NOMINAL });
    }
    for ms in [5.0, 10.0, 20.0, 25.0] {
        refuses(&format!("{ms} ms"), Sent { ms, ..NOMINAL });
    }
    // The same digit twice with a pause is two; with an interruption it is one.
    for digit in DIGITS.chars() {
        let (low, high) = dtmf::frequencies(digit).expect("a digit");
        for gap_ms in [5, 10, 15, 40, 50] {
            for shift in 0..40 {
                let tone = sines(&[(f64::from(low), -10.0), (f64::from(high), -10.0)], 400);
                let quiet = vec![0.0; 400 + shift];
                let gap = vec![0.0; gap_ms * 8];
                let all = [&quiet[..], &tone, &gap, &tone, &quiet].concat();
                let expected = if gap_ms >= 40 { 2 } else { 1 };
                let got = detect(&alaw(&pcm(&all)));
                assert_eq!(got.len(), expected, "{digit}: gap of {gap_ms} ms, shifted {shift}: {got:?}");
            }
        }
    }
}

#[test]
fn noise_and_dial_tone() {
    for noise in [-30.0, -27.0, -25.0] {
        let sent = Sent { noise: Some(noise), ..NOMINAL };
        accepts(&format!("noise {noise} dBm0"), sent);
    }
    // France, Europe, North America, Great Britain.
    let dial_tones: [&[(f64, f64)]; 4] =
        [&[(440.0, -10.0)], &[(425.0, -10.0)], &[(350.0, -13.0), (440.0, -13.0)], &[(350.0, -13.0), (450.0, -13.0)]];
    for under in dial_tones {
        accepts(&format!("with {under:?}"), Sent { under, ..NOMINAL });
        accepts(
            &format!("with {under:?} and noise"),
            Sent { under, noise: Some(-30.0), levels: (-9.0, -7.0), ..NOMINAL },
        );
        let alone = pcm(&sines(under, 80_000));
        assert_eq!(detect(&alone), "", "{under:?} alone");
    }
}

#[test]
fn what_is_no_digit_is_refused() {
    let mut chance = Chance::new(3);
    for level in [-5.0, -10.0, -20.0] {
        let mut noise = vec![0.0; 800_000];
        add_noise(&mut noise, level, &mut chance);
        assert_eq!(detect(&pcm(&noise)), "");
    }
    // One frequency, two of one group, three of both, and the tones of exchanges.
    let not_digits: [&[(f64, f64)]; 12] = [
        &[(697.0, -10.0)],
        &[(1633.0, -10.0)],
        &[(770.0, -10.0), (852.0, -10.0)],
        &[(1209.0, -10.0), (1477.0, -10.0)],
        &[(697.0, -10.0), (1209.0, -10.0), (1477.0, -10.0)],
        &[(697.0, -10.0), (941.0, -10.0), (1336.0, -10.0)],
        &[(480.0, -10.0), (620.0, -10.0)],
        &[(440.0, -10.0), (480.0, -10.0)],
        &[(1400.0, -10.0), (2060.0, -10.0), (2450.0, -10.0), (2600.0, -10.0)],
        &[(1100.0, -10.0)],
        &[(2100.0, -10.0)],
        &[(660.0, -10.0), (1209.0, -10.0)],
    ];
    for parts in not_digits {
        assert_eq!(detect(&pcm(&sines(parts, 8000))), "", "{parts:?}");
    }
}

#[test]
fn what_the_generator_makes_is_heard() {
    let mut all = Vec::new();
    for digit in DIGITS.chars().chain("1199".chars()) {
        let mut generator = dtmf::DigitTone::new(digit, Duration::from_millis(60)).expect("a digit");
        let mut frame = [0; 160];
        while generator.frame(&mut frame) {
            all.extend(frame);
        }
    }
    assert_eq!(detect(&all), format!("{DIGITS}1199"));
    assert_eq!(detect(&alaw(&all)), format!("{DIGITS}1199"));
}

//! The tones of every country, measured in the sound that the generator makes of the table: frequency within 0.5 Hz, cadence within
//! 5 ms, level within 0.5 dB.

use std::f64::consts::TAU;
use std::time::Duration;

use offhook_lines::country::{Country, ToneKind, ToneSegment};
use offhook_media::level::dbm0;
use offhook_media::tone::generator::ToneGenerator;

/// The longest cadence of a table, twice, but no longer than this.
const MOST_SECONDS: u64 = 40;

fn sound(country: &Country, kind: ToneKind) -> Vec<i16> {
    let segments: Vec<_> = country
        .tone(kind)
        .iter()
        .map(|s| offhook_media::command::ToneSegment {
            hz: s.hz.clone(),
            modulation_hz: s.modulation_hz,
            duration: s.duration,
            once: s.once,
        })
        .collect();
    let mut generator = ToneGenerator::new(&segments, country.frequency_level_dbm0(kind));
    let total: u64 = country.tone(kind).iter().map(|s| s.duration.map_or(2000, |d| d.as_millis() as u64)).sum();
    let frames = (2 * total + 500).min(MOST_SECONDS * 1000) / 20;
    let mut out = Vec::new();
    let mut frame = [0; 160];
    for _ in 0..frames {
        generator.frame(&mut frame);
        out.extend(frame);
    }
    out
}

/// What should be heard, as far as the sound goes: start in samples, length, segment. Written from the table, apart from the generator.
fn plan(segments: &[ToneSegment], samples: usize) -> Vec<(usize, usize, &ToneSegment)> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut round = 0;
    while at < samples {
        let before = at;
        for segment in segments.iter().filter(|s| round == 0 || !s.once) {
            let length = segment.duration.map_or(samples, |d| (d.as_micros() * 8 / 1000) as usize);
            if at < samples {
                out.push((at, length.min(samples - at), segment));
            }
            at = at.saturating_add(length);
        }
        round += 1;
        assert!(at > before, "the tone ends");
    }
    out
}

/// Times of going on and off, in ms, as an ear with a threshold at half the amplitude would mark them.
fn edges(samples: &[i16], level_dbm0: f32) -> Vec<f64> {
    let mut out = Vec::new();
    let mut on = false;
    let mut quiet_since = 0;
    for (n, window) in samples.windows(24).enumerate() {
        let loud = dbm0(window) > level_dbm0 - 14.0;
        if loud && !on {
            // Two segments that follow each other dip for a few milliseconds.
            if out.last().is_some_and(|_| n - quiet_since < 8 * 8) {
                out.pop();
            } else {
                out.push((n + 12) as f64 / 8.0);
            }
        }
        if !loud && on {
            quiet_since = n;
            out.push((n + 12) as f64 / 8.0);
        }
        on = loud;
    }
    out
}

/// The strongest frequency within 1 Hz of nominal, by the peak of a windowed spectrum.
fn frequency(samples: &[i16], nominal: f64) -> f64 {
    let samples = &samples[..samples.len().min(8000)];
    let length = samples.len() as f64;
    let windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(n, &s)| f64::from(s) * (0.5 - 0.5 * (TAU * (n as f64 + 0.5) / length).cos()))
        .collect();
    let power = |hz: f64| {
        let coefficient = 2.0 * (TAU * hz / 8000.0).cos();
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in &windowed {
            (s1, s2) = (sample + coefficient * s1 - s2, s1);
        }
        s1 * s1 + s2 * s2 - coefficient * s1 * s2
    };
    let steps = (-20..=20).map(|step| nominal + f64::from(step) * 0.05);
    steps.map(|hz| (hz, power(hz))).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(hz, _)| hz)
}

#[test]
fn tones_of_every_country_are_as_the_table_says() {
    let mut measured = 0;
    for code in Country::codes() {
        let country = Country::find(code).expect(code);
        for kind in ToneKind::ALL {
            let what = format!("{code} {kind:?}");
            let samples = sound(country, kind);
            let plan = plan(country.tone(kind), samples.len());
            let most = country.tone(kind).iter().map(|s| s.hz.len()).max().unwrap_or(1) as f32;
            for &(at, length, segment) in plan.iter().take(16) {
                if segment.hz.is_empty() || length < 640 {
                    continue;
                }
                // Without the edges.
                let part = &samples[at + 64..at + length - 64];
                for &hz in &segment.hz {
                    let got = frequency(part, f64::from(hz));
                    assert!((got - f64::from(hz)).abs() <= 0.5, "{what}: {hz} Hz is {got}");
                }
                let expected = country.level_dbm0(kind) + 10.0 * (segment.hz.len() as f32 / most).log10();
                let got = dbm0(&part[..part.len().min(16_000)]);
                assert!((got - expected).abs() <= 0.5, "{what}: {got} dBm0 instead of {expected}");
                measured += 1;
            }
            let mut expected: Vec<f64> = Vec::new();
            for &(at, length, segment) in plan.iter().filter(|(_, _, s)| !s.hz.is_empty()) {
                let _ = segment;
                let (from, to) = (at as f64 / 8.0, (at + length) as f64 / 8.0);
                if expected.last().is_some_and(|last| from - last < 5.0) {
                    expected.pop();
                } else {
                    expected.push(from);
                }
                expected.push(to);
            }
            let end = samples.len() as f64 / 8.0 - 10.0;
            let got: Vec<f64> = edges(&samples, country.level_dbm0(kind)).into_iter().filter(|e| *e < end).collect();
            let expected: Vec<f64> = expected.into_iter().filter(|e| *e < end).collect();
            assert_eq!(got.len(), expected.len(), "{what}: {got:?} {expected:?}");
            for (got, expected) in got.iter().zip(&expected) {
                assert!((got - expected).abs() <= 5.0, "{what}: {got} ms instead of {expected}");
            }
        }
    }
    assert!(measured > 9 * 8, "{measured} segments measured");
}

/// The precise tone plan (GR-506-CORE, ITU-T E.180 Supplement 2).
#[test]
fn north_america_has_the_precise_tone_plan() {
    let us = Country::find("US").expect("US");
    for (kind, hz, level, cadence) in [
        (ToneKind::Dial, [350.0, 440.0], -13.0, None),
        (ToneKind::Ringback, [440.0, 480.0], -19.0, Some((2000, 4000))),
        (ToneKind::Busy, [480.0, 620.0], -24.0, Some((500, 500))),
        (ToneKind::Congestion, [480.0, 620.0], -24.0, Some((250, 250))),
    ] {
        let tone = us.tone(kind);
        assert_eq!(tone[0].hz, hz);
        assert!((us.frequency_level_dbm0(kind) - level).abs() < 0.02, "{kind:?}");
        let times = tone.get(1).and_then(|off| Some((tone[0].duration?, off.duration?)));
        assert_eq!(times, cadence.map(|(on, off)| (Duration::from_millis(on), Duration::from_millis(off))));
    }
}

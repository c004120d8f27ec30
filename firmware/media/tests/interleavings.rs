//! Whatever joins, leaves, mutes, whispers and holds in whatever order: every party hears those it should, by their tones, and nobody
//! else, and no change makes a click.

use offhook_media::conference::{CLICK_DBM0, Conference, Party, Plan};
use offhook_media::level::{mean_square_dbm0, sine_amplitude};
use offhook_media::sound::{Rate, Sound};
use offhook_media::tone::goertzel::power;
use proptest::prelude::*;

const PARTIES: usize = 6;
/// Ticks between two changes; the last five are measured: 100 ms hold whole periods of all tones.
const TICKS: usize = 8;

/// What a party does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// On hold, or not in the call.
    Away,
    Talks,
    Listens,
    Whispers(usize),
    /// Talks, and does not hear this one.
    Mutes(usize),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        2 => Just(Part::Away),
        4 => Just(Part::Talks),
        2 => Just(Part::Listens),
        2 => (0..PARTIES).prop_map(Part::Whispers),
        1 => (0..PARTIES).prop_map(Part::Mutes),
    ]
}

/// Does `listener` hear `speaker`? Said apart from the code under test.
fn hears(parts: &[Part], listener: usize, speaker: usize) -> bool {
    listener != speaker
        && parts[listener] != Part::Away
        && parts[listener] != Part::Mutes(speaker)
        && match parts[speaker] {
            Part::Away | Part::Listens => false,
            Part::Talks | Part::Mutes(_) => true,
            Part::Whispers(to) => to == listener,
        }
}

fn plan(parts: &[Part]) -> Plan {
    let present = |n: usize| parts[n] != Part::Away;
    let gain = |n: usize| if matches!(parts[n], Part::Talks | Part::Mutes(_)) { 1.0 } else { 0.0 };
    let party = |n: usize| {
        let mut hears: Vec<(u16, f32)> = Vec::new();
        for other in (0..PARTIES).filter(|&other| other != n && present(other)) {
            if parts[other] == Part::Whispers(n) {
                hears.push((other as u16, 1.0));
            }
            if parts[n] == Part::Mutes(other) {
                hears.retain(|(from, _)| usize::from(*from) != other);
                hears.push((other as u16, 0.0));
            }
        }
        Party { number: n as u16, gain: gain(n), hears }
    };
    Plan { parties: (0..PARTIES).filter(|&n| present(n)).map(party).collect() }
}

fn tone(n: usize) -> f64 {
    300.0 + 70.0 * n as f64
}

fn said(n: usize, tick: usize) -> Sound {
    // −24 dBm0: the sum of all is not limited.
    let amplitude = f64::from(sine_amplitude(-24.0));
    let mut sound = Sound::silence(Rate::Narrow);
    for (at, sample) in sound.samples_mut().iter_mut().enumerate() {
        let time = (tick * 160 + at) as f64 / 8000.0;
        *sample = (amplitude * (std::f64::consts::TAU * tone(n) * time).sin()).round() as i16;
    }
    sound
}

/// The loudest 20 ms above 2 kHz, in dBm0: differences taken four times let low tones through 70 dB down and more.
fn click(samples: &[i16]) -> f32 {
    let mut high: Vec<f64> = samples.iter().map(|s| f64::from(*s)).collect();
    for _ in 0..4 {
        high = high.windows(2).map(|w| (w[1] - w[0]) / 2.0).collect();
    }
    high.chunks(160)
        .map(|part| mean_square_dbm0(part.iter().map(|s| s * s).sum::<f64>() / part.len() as f64))
        .fold(f32::NEG_INFINITY, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_party_hears_whom_it_should_and_no_other(
        steps in proptest::collection::vec(proptest::collection::vec(part(), PARTIES), 1..8),
    ) {
        let mut conference = Conference::new(PARTIES);
        let mut tick = 0;
        for parts in &steps {
            conference.arrange(&plan(parts));
            let mut heard = vec![Vec::new(); PARTIES];
            for _ in 0..TICKS {
                conference.begin(Rate::Narrow);
                (0..PARTIES).for_each(|n| conference.say(n as u16, &said(n, tick)));
                for (n, heard) in heard.iter_mut().enumerate() {
                    let mut out = Sound::default();
                    let present = conference.hear(n as u16, Rate::Narrow, &mut out);
                    prop_assert_eq!(present, parts[n] != Part::Away);
                    if present {
                        heard.extend_from_slice(out.samples());
                    }
                }
                conference.end();
                tick += 1;
            }
            for (listener, heard) in heard.iter().enumerate().filter(|(_, heard)| !heard.is_empty()) {
                let settled = &heard[160 * (TICKS - 5)..];
                for speaker in 0..PARTIES {
                    let level = mean_square_dbm0(power(settled, tone(speaker)));
                    if hears(parts, listener, speaker) {
                        prop_assert!((level + 24.0).abs() < 0.3, "{} hears {} at {}: {:?}", listener, speaker, level, parts);
                    } else {
                        prop_assert!(level < -70.0, "{} hears {} at {}: {:?}", listener, speaker, level, parts);
                    }
                }
                let click = click(heard);
                prop_assert!(click < CLICK_DBM0, "{} hears a click of {} dBm0: {:?}", listener, click, parts);
            }
        }
    }
}

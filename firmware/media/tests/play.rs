//! Tones, files and the chime reach the party, with the right times and ends.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use offhook_media::command::{BridgeId, Codec, Command, Event, Source, StreamId, ToneSegment};
use offhook_media::engine::EngineConfig;
use offhook_media::level::dbm0;
use support::{assert_tone, start, start_stepped};

fn tone(hz: &[f32], ms: Option<u64>, once: bool) -> ToneSegment {
    ToneSegment { hz: hz.to_vec(), modulation_hz: None, duration: ms.map(Duration::from_millis), once }
}

fn play_ended(stream: u64) -> impl FnMut(&Event) -> Option<()> {
    move |e| (*e == Event::PlayEnded { stream: StreamId(stream) }).then_some(())
}

/// A mono file of a sine at −10 dBm0.
fn sine_file(name: &str, hz: f64, samples: usize) -> PathBuf {
    let path = std::env::temp_dir().join(format!("offhook-{}-{name}.wav", std::process::id()));
    let amplitude = f64::from(offhook_media::level::sine_amplitude(-10.0));
    let mut bytes = offhook_media::wav::header(1, 8000, samples as u64 * 2).to_vec();
    for n in 0..samples {
        let sample = (amplitude * (std::f64::consts::TAU * hz * n as f64 / 8000.0).sin()) as i16;
        bytes.extend(sample.to_le_bytes());
    }
    std::fs::write(&path, bytes).expect("a temporary file");
    path
}

#[test]
fn a_cadence_is_heard_with_its_times_and_without_gaps() {
    let b = start(EngineConfig::default());
    let party = b.party(1, Codec::Pcma);
    let segments = vec![tone(&[440.0], Some(500), false), tone(&[], Some(200), false)];
    b.command(Command::Play { stream: party.stream, source: Source::Tone { segments, level_dbm0: -10.0 } });
    let first = party.hear();
    assert!(first.header.marker);
    let mut samples = support::decode(&first);
    let mut last = first.header;
    while samples.len() < 14_000 {
        let got = party.hear();
        assert_eq!(got.header.sequence, last.sequence.wrapping_add(1));
        assert_eq!(got.header.timestamp, last.timestamp.wrapping_add(160));
        assert!(!got.header.marker);
        last = got.header;
        samples.extend(support::decode(&got));
    }
    assert_tone(&samples[40..3960], 440.0);
    assert_tone(&samples[5640..9560], 440.0);
    assert!(dbm0(&samples[4000..5600]) < -60.0);
    b.command(Command::Stop { stream: party.stream });
    b.command(Command::Play {
        stream: party.stream,
        source: Source::Tone { segments: vec![tone(&[880.0], Some(100), true)], level_dbm0: -10.0 },
    });
    party.wait_for(880.0);
    b.wait(play_ended(1));
}

#[test]
fn a_file_plays_as_often_as_asked_and_then_ends() {
    let b = start(EngineConfig::default());
    let party = b.party(1, Codec::Pcmu);
    let path = sine_file("twice", 440.0, 4000);
    b.command(Command::Play { stream: party.stream, source: Source::File { path: path.clone(), repeat: Some(2) } });
    let samples = party.hear_samples(8000);
    assert_tone(&samples, 440.0);
    b.wait(play_ended(1));
    std::fs::remove_file(path).expect("our own file");
}

#[test]
fn what_cannot_be_played_ends_at_once_and_says_why() {
    let b = start(EngineConfig::default());
    let party = b.party(1, Codec::Pcma);
    let path = PathBuf::from("/nonexistent/prompt.wav");
    b.command(Command::Play { stream: party.stream, source: Source::File { path, repeat: None } });
    b.wait(|e| matches!(e, Event::PlayFailed { stream: StreamId(1), .. }).then_some(()));
    b.wait(play_ended(1));
    b.command(Command::Play { stream: party.stream, source: Source::Chime { repeat: Some(1) } });
    assert!(dbm0(&party.hear_samples(4000)) > -30.0);
}

#[test]
fn every_packet_time_is_served() {
    let b = start(EngineConfig::default());
    for (n, ms) in [10u64, 20, 30, 40, 60].into_iter().enumerate() {
        let party = b.party(n as u64 + 1, Codec::Pcma);
        let mut parameters = party.parameters();
        parameters.ptime = Duration::from_millis(ms);
        b.command(Command::SetRtp { stream: party.stream, parameters });
        let segments = vec![tone(&[440.0], None, false)];
        b.command(Command::Play { stream: party.stream, source: Source::Tone { segments, level_dbm0: -10.0 } });
        let first = party.hear();
        let second = party.hear();
        assert_eq!(first.payload.len() as u64, ms * 8);
        assert_eq!(second.header.timestamp, first.header.timestamp.wrapping_add(ms as u32 * 8));
        assert_tone(&party.hear_samples(4800), 440.0);
    }
}

#[test]
fn a_prompt_in_a_call_stops_the_peer_for_its_party_alone() {
    let b = start_stepped();
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    let segments = vec![tone(&[1320.0], Some(400), true)];
    let mut heard_a = Vec::new();
    let mut heard_c = Vec::new();
    b.step(1);
    for round in 0..100 {
        if round == 30 {
            let segments = segments.clone();
            b.command(Command::Play { stream: a.stream, source: Source::Tone { segments, level_dbm0: -10.0 } });
        }
        a.say(440.0);
        c.say(880.0);
        b.step(1);
        a.hear_waiting(&mut heard_a);
        c.hear_waiting(&mut heard_c);
    }
    b.wait(play_ended(1));
    // One continuous stream, whatever feeds it.
    for pair in heard_a.windows(2) {
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1));
        assert_eq!(pair[1].header.ssrc, pair[0].header.ssrc);
        let step = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
        assert!((160..=800).contains(&step), "{step}");
    }
    let tones: Vec<u32> = heard_a
        .iter()
        .filter_map(|g| [880.0, 1320.0].into_iter().find(|hz| support::is_tone(&support::decode(g), *hz)))
        .map(|hz| hz as u32)
        .collect();
    let mut parts = tones.clone();
    parts.dedup();
    assert_eq!(parts, [880, 1320, 880]);
    assert_eq!(tones.iter().filter(|t| **t == 1320).count(), 20);
    assert!(heard_c.iter().all(|g| support::is_tone(&support::decode(g), 440.0)));
}

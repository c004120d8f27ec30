//! Recordings: two clean channels, safe when the engine stops in the middle.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use offhook_media::command::{BridgeId, Codec, Command, Event, RecordingId};
use offhook_media::engine::EngineConfig;
use offhook_media::level::dbm0;
use support::{has_clean_stretch, start};

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("offhook-{}-{name}.wav", std::process::id()))
}

/// Both channels of a recording.
fn channels(path: &PathBuf) -> [Vec<i16>; 2] {
    let bytes = std::fs::read(path).expect("the recording");
    assert_eq!(u16::from_le_bytes([bytes[22], bytes[23]]), 2);
    let samples: Vec<i16> = bytes[44..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    assert_eq!(u32::from_le_bytes(bytes[40..44].try_into().expect("four bytes")) as usize, samples.len() * 2);
    std::fs::remove_file(path).expect("our own file");
    [0, 1].map(|n| samples.iter().skip(n).step_by(2).copied().collect())
}

fn recorded(id: u64) -> impl FnMut(&Event) -> Option<Duration> {
    move |e| match e {
        Event::Recorded { recording, duration, error } if *recording == RecordingId(id) => {
            assert_eq!(*error, None);
            Some(*duration)
        }
        _ => None,
    }
}

#[test]
fn left_is_what_the_party_says_and_right_what_it_hears() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcmu));
    let clock = b.metronome(9);
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    let path = file("two");
    b.command(Command::Record { recording: RecordingId(1), stream: a.stream, path: path.clone() });
    for _ in 0..120 {
        clock.hear();
        a.say(440.0);
        c.say(880.0);
    }
    b.command(Command::StopRecording { recording: RecordingId(1) });
    let duration = b.wait(recorded(1));
    assert!((Duration::from_secs(2)..Duration::from_secs(4)).contains(&duration), "{duration:?}");
    let [left, right] = channels(&path);
    assert_eq!(left.len(), right.len());
    for (channel, hz) in [(&left, 440.0), (&right, 880.0)] {
        assert!(has_clean_stretch(channel, hz, 4000), "{hz} Hz is not clean");
    }
}

#[test]
fn an_engine_that_stops_leaves_whole_recordings() {
    let b = start(EngineConfig::default());
    let mut a = b.party(1, Codec::Pcma);
    let clock = b.metronome(9);
    let path = file("stop");
    b.command(Command::Record { recording: RecordingId(1), stream: a.stream, path: path.clone() });
    for _ in 0..60 {
        clock.hear();
        a.say(440.0);
    }
    b.engine.shutdown();
    b.wait(recorded(1));
    let [left, right] = channels(&path);
    assert!(left.len() > 6000);
    assert_eq!(dbm0(&right), f32::NEG_INFINITY);
    assert_eq!(b.engine.command(Command::Close { stream: a.stream }), Err(offhook_media::engine::Refused::Stopped));
}

#[test]
fn a_recording_that_cannot_be_written_is_told() {
    let b = start(EngineConfig::default());
    let a = b.party(1, Codec::Pcma);
    let path = PathBuf::from("/nonexistent/call.wav");
    b.command(Command::Record { recording: RecordingId(7), stream: a.stream, path });
    b.command(Command::StopRecording { recording: RecordingId(7) });
    b.wait(|e| matches!(e, Event::Recorded { recording: RecordingId(7), error: Some(_), .. }).then_some(()));
}

//! Recordings as Ogg Opus: pauses, muted digits, a full disk, a power cut.

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use offhook_media::FRAME;
use offhook_media::command::{Codec, Command, Event, LinePort, RecordingId, StreamId};
use offhook_media::engine::EngineConfig;
use offhook_media::level::{self, dbm0};
use offhook_media::ogg::reader::OpusReader;
use offhook_media::ogg::recover::{Found, recover};
use offhook_media::sound::Rate;
use offhook_media::tone::dtmf::DigitTone;
use offhook_media::wav::file::temporary_name;
use support::{Running, has_clean_stretch, start, tone_level};

const ONE: RecordingId = RecordingId(1);

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("offhook-opus-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a directory of our own");
    path
}

/// Both channels of a recording at 8 kHz.
fn channels(path: &Path) -> [Vec<i16>; 2] {
    let mut reader =
        OpusReader::open(std::fs::File::open(path).expect("the recording"), Rate::Narrow).expect("Ogg Opus");
    let mut samples = Vec::new();
    while let Some(more) = reader.next_samples().expect("the disk") {
        samples.extend_from_slice(more);
    }
    [0, 1].map(|n| samples.iter().skip(n).step_by(2).copied().collect())
}

fn recorded(b: &Running) -> (Duration, Option<String>) {
    b.wait(|e| match e {
        Event::Recorded { recording: ONE, duration, error } => Some((*duration, error.clone())),
        _ => None,
    })
}

fn record(b: &Running, stream: StreamId, path: &Path) {
    b.command(Command::Record { recording: ONE, stream, path: path.to_owned() });
}

/// A tone at −10 dBm0 from a line.
fn frame(n: usize, hz: f64) -> [i16; FRAME] {
    let amplitude = f64::from(level::sine_amplitude(-10.0));
    std::array::from_fn(|at| (amplitude * (std::f64::consts::TAU * hz * (n * FRAME + at) as f64 / 8000.0).sin()) as i16)
}

#[test]
fn what_is_paused_is_left_out_and_marked() {
    let b = start(EngineConfig::default());
    let directory = directory("pause");
    let path = directory.join("call.opus");
    let driver = b.engine.line(LinePort(1));
    b.command(Command::OpenLine { stream: StreamId(1), port: LinePort(1) });
    let clock = b.metronome(9);
    record(&b, StreamId(1), &path);
    // 440 Hz is recorded, 880 Hz is left out, 1320 Hz is recorded again.
    for (hz, paused) in [(440.0, None), (880.0, Some(true)), (1320.0, Some(false))] {
        if let Some(paused) = paused {
            b.command(Command::PauseRecording { recording: ONE, paused });
            b.wait(|e| {
                matches!(e, Event::RecordingPaused { recording: ONE, paused: told, .. } if *told == paused)
                    .then_some(())
            });
        }
        for n in 0..80 {
            clock.hear();
            driver.say(&frame(n, hz));
        }
    }
    b.command(Command::StopRecording { recording: ONE });
    let (duration, error) = recorded(&b);
    assert_eq!(error, None);
    let [left, right] = channels(&path);
    assert_eq!(left.len() as u128 / 8, duration.as_millis());
    assert!(dbm0(&right) < -50.0, "nobody spoke to the party: {}", dbm0(&right));
    for hz in [440.0, 1320.0] {
        let best = left.windows(4000).step_by(400).map(|part| (tone_level(part, hz), dbm0(part)));
        let best = best.max_by(|a, b| a.0.total_cmp(&b.0)).expect("half a second");
        assert!((best.0 + 10.0).abs() < 1.0 && best.1 - best.0 < 1.0, "{hz} Hz: {best:?}");
    }
    // What is still on its way through the jitter buffer when the command comes is not left out: a few frames.
    let parts = left.chunks_exact(160).filter(|part| tone_level(part, 880.0) > -13.0).count();
    assert!(parts < 20, "{parts} frames of what was to be left out");
    let bytes = std::fs::read(&path).expect("the recording");
    assert!(bytes.windows(13).any(|w| w == b"CHAPTER001=00"), "the pause is marked");
    std::fs::remove_dir_all(directory).expect("our own directory");
}

#[test]
fn digits_in_the_sound_are_silenced_on_demand() {
    let b = start(EngineConfig::default());
    let directory = directory("digits");
    let path = directory.join("call.opus");
    let driver = b.engine.line(LinePort(1));
    let stream = StreamId(1);
    b.command(Command::OpenLine { stream, port: LinePort(1) });
    record(&b, stream, &path);
    b.command(Command::MuteDigits { recording: ONE, muted: true });
    let clock = b.metronome(9);
    for n in 0..40 {
        clock.hear();
        driver.say(&frame(n, 440.0));
    }
    for digit in "5551234".chars() {
        let mut tone = DigitTone::new(digit, Duration::from_millis(100)).expect("a digit");
        let mut goes_on = true;
        while goes_on {
            clock.hear();
            let mut samples = [0; FRAME];
            goes_on = tone.frame(&mut samples);
            driver.say(&samples);
        }
    }
    for n in 0..40 {
        clock.hear();
        driver.say(&frame(n, 440.0));
    }
    b.command(Command::StopRecording { recording: ONE });
    assert_eq!(recorded(&b).1, None);
    let [left, _] = channels(&path);
    assert!(has_clean_stretch(&left, 440.0, 3200), "speech before and after is kept");
    for hz in [697.0, 770.0, 852.0, 1209.0, 1336.0, 1477.0] {
        let loudest = left.chunks_exact(160).map(|part| tone_level(part, hz)).fold(f32::NEG_INFINITY, f32::max);
        // The edges of 440 Hz itself spread to about −30 dBm0.
        assert!(loudest < -25.0, "{hz} Hz is heard at {loudest} dBm0");
    }
    std::fs::remove_dir_all(directory).expect("our own directory");
}

#[test]
fn a_full_disk_is_told_and_the_call_goes_on() {
    let b = start(EngineConfig::default());
    let directory = directory("full");
    let path = directory.join("call.opus");
    std::os::unix::fs::symlink("/dev/full", temporary_name(&path)).expect("a full disk");
    let mut a = b.party(1, Codec::Pcma);
    record(&b, a.stream, &path);
    a.say(440.0);
    b.command(Command::StopRecording { recording: ONE });
    let (_, error) = recorded(&b);
    assert!(error.as_deref().is_some_and(|e| e.contains("disk is full")), "{error:?}");
    std::fs::remove_dir_all(directory).expect("our own directory");
}

/// Set in the process that is to be killed: where it records.
const VICTIM: &str = "OFFHOOK_TEST_RECORD_TO";

/// Not a test by itself: the process that [`a_process_killed_in_the_middle_loses_less_than_a_second`] starts and kills.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let b = start(EngineConfig::default());
    let driver = b.engine.line(LinePort(1));
    b.command(Command::OpenLine { stream: StreamId(1), port: LinePort(1) });
    let clock = b.metronome(9);
    record(&b, StreamId(1), Path::new(&path));
    for n in 0.. {
        clock.hear();
        driver.say(&frame(n, 440.0));
        // What was recorded for certain: one frame per tick. Written whole: a dozen bytes.
        std::fs::write(Path::new(&path).with_extension("frames"), (n + 1).to_string()).expect("room on the disk");
    }
}

#[test]
fn a_process_killed_in_the_middle_loses_less_than_a_second() {
    let directory = directory("kill");
    let path = directory.join("call.opus");
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "victim", "--nocapture"])
        .env(VICTIM, &path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("this test again");
    let frames = || -> u64 {
        std::fs::read_to_string(path.with_extension("frames")).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let deadline = std::time::Instant::now() + support::PATIENCE;
    while frames() < 150 {
        assert!(std::time::Instant::now() < deadline, "the process never recorded");
        std::thread::yield_now();
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
    let given = Duration::from_millis(frames() * 20);
    let Found { kept, failed } = recover(&directory).expect("the directory");
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(kept.len(), 1);
    let lost = given.saturating_sub(kept[0].duration);
    assert!(lost < Duration::from_secs(1), "{lost:?} of {given:?} are lost");
    let [left, _] = channels(&path);
    assert!(has_clean_stretch(&left, 440.0, 8000));
    std::fs::remove_dir_all(directory).expect("our own directory");
}

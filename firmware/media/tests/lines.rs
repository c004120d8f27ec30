//! Analog lines and phones in one bridge.

mod support;

use std::time::{Duration, Instant};

use offhook_media::command::{BridgeId, Codec, Command, Event, LinePort, Source, StreamId, ToneSegment};
use offhook_media::engine::EngineConfig;
use offhook_media::level::sine_amplitude;
use offhook_media::line_audio::DriverSide;
use offhook_media::tone::detector::DtmfDetector;
use support::{PATIENCE, has_clean_stretch, is_tone, start};

/// The next frame the line hears: the engine's tick is the line's clock here.
fn hear(line: &DriverSide) -> [i16; 160] {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(frame) = line.hear() {
            return frame;
        }
        assert!(Instant::now() < deadline, "the line hears nothing");
        std::thread::yield_now();
    }
}

#[test]
fn a_line_and_a_phone_hear_each_other() {
    let b = start(EngineConfig::default());
    let line = b.engine.line(LinePort(3));
    let mut phone = b.party(1, Codec::Pcma);
    b.command(Command::OpenLine { stream: StreamId(2), port: LinePort(3) });
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![phone.stream, StreamId(2)] });
    let amplitude = f64::from(sine_amplitude(-10.0));
    let (mut said, mut heard_line, mut heard_phone) = (0usize, Vec::new(), Vec::new());
    for round in 0.. {
        assert!(round < 1500, "they do not hear each other well");
        heard_line.extend(hear(&line));
        phone.say(880.0);
        line.say(&std::array::from_fn(|n| {
            (amplitude * (std::f64::consts::TAU * 440.0 * (said + n) as f64 / 8000.0).sin()) as i16
        }));
        said += 160;
        if round % 50 == 49 {
            phone.hear_waiting(&mut heard_phone);
            let samples: Vec<i16> = heard_phone.iter().flat_map(support::decode).collect();
            if has_clean_stretch(&heard_line, 880.0, 8000) && has_clean_stretch(&samples, 440.0, 8000) {
                break;
            }
        }
    }
}

#[test]
fn tones_and_digits_reach_a_line() {
    let b = start(EngineConfig::default());
    let line = b.engine.line(LinePort(1));
    b.command(Command::OpenLine { stream: StreamId(1), port: LinePort(1) });
    let segments = vec![ToneSegment { hz: vec![425.0], modulation_hz: None, duration: None, once: false }];
    b.command(Command::Play { stream: StreamId(1), source: Source::Tone { segments, level_dbm0: -10.0 } });
    while !is_tone(&hear(&line), 425.0) {}
    b.command(Command::Stop { stream: StreamId(1) });
    b.command(Command::SendDigit { stream: StreamId(1), digit: '8', duration: Duration::from_millis(100) });
    let mut detector = DtmfDetector::default();
    let mut found = None;
    while found.is_none() {
        found = detector.samples(&hear(&line));
    }
    assert_eq!(found, Some('8'));
    // And back: what the line dials in tones is told.
    let mut generator = offhook_media::tone::dtmf::DigitTone::new('5', Duration::from_millis(80)).expect("a digit");
    let mut frame = [0; 160];
    while generator.frame(&mut frame) {
        hear(&line);
        line.say(&frame);
    }
    b.wait(|e| matches!(e, Event::Digit { stream: StreamId(1), digit: '5' }).then_some(()));
}

#[test]
fn a_line_whose_busy_tone_sounds_is_told_when_asked_for() {
    let b = start(EngineConfig::default());
    let line = b.engine.line(LinePort(4));
    b.command(Command::OpenLine { stream: StreamId(1), port: LinePort(4) });
    let profile = "425: 200/200".parse().expect("a profile");
    b.command(Command::Listen { stream: StreamId(1), hang_up: vec![profile], fax: true });
    let segment = |hz: &[f32], ms| ToneSegment {
        hz: hz.to_vec(),
        duration: Some(Duration::from_millis(ms)),
        ..ToneSegment::default()
    };
    let busy = [segment(&[425.0], 200), segment(&[], 200)];
    let mut generator = offhook_media::tone::generator::ToneGenerator::new(&busy, -15.0);
    // The sound of a metronome keeps the engine's time.
    b.command(Command::Play {
        stream: StreamId(1),
        source: Source::Tone {
            segments: vec![ToneSegment { hz: vec![300.0], ..ToneSegment::default() }],
            level_dbm0: -20.0,
        },
    });
    let mut frame = [0; 160];
    for _ in 0..100 {
        hear(&line);
        generator.frame(&mut frame);
        line.say(&frame);
    }
    let told = b.wait(|event| match event {
        Event::Tone { stream: StreamId(1), tone } => Some(*tone),
        _ => None,
    });
    assert_eq!(told, offhook_media::command::HeardTone::HangUp);
}

#[test]
fn a_line_that_is_not_there_or_in_use_is_told() {
    let b = start(EngineConfig::default());
    let _line = b.engine.line(LinePort(1));
    b.command(Command::OpenLine { stream: StreamId(1), port: LinePort(9) });
    b.wait(|e| matches!(e, Event::Failed { stream: StreamId(1), .. }).then_some(()));
    b.command(Command::OpenLine { stream: StreamId(2), port: LinePort(1) });
    b.command(Command::OpenLine { stream: StreamId(3), port: LinePort(1) });
    b.wait(|e| matches!(e, Event::Failed { stream: StreamId(3), .. }).then_some(()));
    b.command(Command::Close { stream: StreamId(2) });
    b.command(Command::OpenLine { stream: StreamId(4), port: LinePort(1) });
    b.command(Command::Close { stream: StreamId(4) });
    b.wait(|e| matches!(e, Event::Closed { stream: StreamId(4), .. }).then_some(()));
}

//! A line whose hybrid sends back what it hears, in the engine.

#[path = "echo/signals.rs"]
#[allow(dead_code, reason = "the echo tests use the rest")]
mod signals;
mod support;

use std::collections::VecDeque;
use std::time::Instant;

use offhook_media::command::{BridgeId, Command, LineAudio, LinePort, StreamId};
use offhook_media::engine::EngineConfig;
use offhook_media::level;
use offhook_media::line_audio::DriverSide;
use signals::{Path, SINGLE, css};
use support::{PATIENCE, Running, start};

/// Two lines in a bridge: the first as good as a telephone with four wires, the second as it is told.
fn two_lines(audio: LineAudio) -> (Running, DriverSide, DriverSide) {
    let b = start(EngineConfig::default());
    let plain = LineAudio { echo: None, ..LineAudio::default() };
    let lines = [(1, plain), (2, audio)].map(|(port, audio)| {
        let side = b.engine.line(LinePort(port));
        b.engine.set_line_audio(LinePort(port), audio);
        b.command(Command::OpenLine { stream: StreamId(u64::from(port)), port: LinePort(port) });
        side
    });
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![StreamId(1), StreamId(2)] });
    let [four_wires, two_wires] = lines;
    (b, four_wires, two_wires)
}

/// Talks on the first line; the second echoes. Gives what the first hears, 700 ms at a time (two periods of the signal), until
/// it is as wanted.
fn talk(four_wires: &DriverSide, two_wires: &DriverSide, mut wanted: impl FnMut(f32) -> bool) {
    let speech: Vec<i16> = css(SINGLE, -15.0, 7.0, 1).iter().map(|x| *x as i16).collect();
    let hybrid = Path::model_1(8.0, 24);
    let mut said = speech.as_chunks::<160>().0.iter().cycle();
    let mut heard: VecDeque<i16> = VecDeque::new();
    let mut past = vec![0.0; 256];
    let mut frames = 0;
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "it never came to that");
        let Some(frame) = two_wires.hear() else {
            std::thread::yield_now();
            continue;
        };
        let mut signal = past.clone();
        signal.extend(frame.iter().map(|s| f64::from(*s)));
        past = signal[160..].to_vec();
        let echo = hybrid.echo(&signal);
        two_wires.say(&std::array::from_fn(|n| echo[256 + n].round() as i16));
        if let Some(frame) = said.next() {
            four_wires.say(frame);
        }
        heard.extend(four_wires.hear().into_iter().flatten());
        frames += 1;
        while heard.len() > 5600 {
            heard.pop_front();
        }
        if frames > 50 && frames % 35 == 0 && wanted(level::dbm0(heard.make_contiguous())) {
            return;
        }
    }
}

#[test]
fn a_lines_echo_is_cancelled_unless_switched_off() {
    // Speech of -15 dBm0 with pauses is -16.4 dBm0 over all; the hybrid takes 8 dB.
    let (_b, four_wires, two_wires) = two_lines(LineAudio { echo: None, ..LineAudio::default() });
    talk(&four_wires, &two_wires, |level| (level + 24.0).abs() < 3.0);
    let (_b, four_wires, two_wires) = two_lines(LineAudio::default());
    talk(&four_wires, &two_wires, |level| level < -55.0);
}

#[test]
fn gains_of_a_line_are_applied_both_ways() {
    let gains = LineAudio { echo: None, from_line_db: -10.0, to_line_db: 4.0, ..LineAudio::default() };
    let (_b, four_wires, two_wires) = two_lines(gains);
    talk(&four_wires, &two_wires, |level| (level + 24.0 - 4.0 + 10.0).abs() < 2.0);
}

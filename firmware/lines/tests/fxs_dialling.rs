//! From lifting the receiver to a whole number.

mod common;

use common::FxsBench;
use offhook_lines::country::ToneKind;
use offhook_lines::fxs::{Command, Event, Input, Output, State};

fn dialled(digits: &str, complete: bool) -> Event {
    Event::Dialled { digits: digits.into(), complete }
}

#[test]
fn lifting_gives_dial_tone() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    assert_eq!(bench.log, [(20, Output::Event(Event::Seized)), (20, Output::Tone(Some(ToneKind::Dial)))]);
    assert_eq!(bench.port.state(), State::Dialling);
}

#[test]
fn a_bouncing_hook_is_not_lifted() {
    let mut bench = FxsBench::new("FR");
    for _ in 0..10 {
        bench.hook(true);
        bench.pass(10);
        bench.hook(false);
        bench.pass(5);
    }
    bench.pass(1000);
    assert_eq!(bench.log, []);
    assert_eq!(bench.port.state(), State::OnHook);
}

#[test]
fn waiting_messages_give_stutter_tone() {
    let mut bench = FxsBench::new("FR");
    bench.command(Command::MessageWaiting(true));
    bench.lift();
    assert_eq!(bench.tones(), [(20, Some(ToneKind::Stutter))]);
}

#[test]
fn keys_are_collected_until_the_pause() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.log.clear();
    bench.keys("1002");
    assert_eq!(
        bench.events(),
        [dialled("1", false), dialled("10", false), dialled("100", false), dialled("1002", false)]
    );
    assert_eq!(bench.tones(), [(50, None)], "dial tone stops at the first digit");
    bench.pass(3700);
    assert_eq!(bench.dialled(), Some(("1002".into(), false)));
    bench.pass(200);
    assert_eq!(bench.dialled(), Some(("1002".into(), true)), "4 s after the last digit");
    assert_eq!(bench.port.state(), State::Waiting);
}

#[test]
fn hash_ends_a_number_at_once() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.keys("1002#");
    assert_eq!(bench.dialled(), Some(("1002".into(), true)));
}

#[test]
fn service_codes_keep_their_hash() {
    for (keys, expected, complete) in [
        ("*21*1003#", "*21*1003#", true),
        ("#21#", "#21#", true),
        ("*#21#", "*#21#", true),
        ("*72", "*72", false),
        ("##", "##", false),
    ] {
        let mut bench = FxsBench::new("FR");
        bench.lift();
        bench.keys(keys);
        assert_eq!(bench.dialled(), Some((expected.into(), complete)), "{keys}");
    }
}

#[test]
fn a_number_has_at_most_32_digits() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.keys(&"7".repeat(40));
    assert_eq!(bench.dialled(), Some(("7".repeat(32), true)));
}

#[test]
fn end_dialling_stops_the_collecting() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.keys("112");
    bench.command(Command::EndDialling);
    bench.log.clear();
    bench.pass(10_000);
    assert_eq!(bench.log, [], "no inter-digit time-out any more");
    assert_eq!(bench.port.state(), State::Waiting);
}

#[test]
fn pulses_at_10_and_20_per_second_are_digits() {
    for (break_ms, make_ms) in [(66, 34), (60, 40), (50, 50), (33, 17), (40, 60), (80, 40), (120, 60)] {
        let mut bench = FxsBench::new("FR");
        bench.lift();
        for count in [1, 10, 9, 2] {
            bench.pulses(count, break_ms, make_ms);
        }
        assert_eq!(bench.dialled(), Some(("1092".into(), false)), "{break_ms}/{make_ms}");
        bench.pass(4000);
        assert_eq!(bench.dialled(), Some(("1092".into(), true)));
    }
}

#[test]
fn the_first_pulse_stops_dial_tone() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.log.clear();
    bench.pulses(5, 66, 34);
    assert_eq!(bench.tones().first(), Some(&(116, None)));
}

#[test]
fn eleven_pulses_are_no_digit() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.pulses(11, 66, 34);
    assert_eq!(bench.dialled(), None);
    bench.pulses(3, 66, 34);
    assert_eq!(bench.dialled(), Some(("3".into(), false)));
}

#[test]
fn pulses_and_keys_mix() {
    let mut bench = FxsBench::new("DE");
    bench.lift();
    bench.pulses(1, 60, 40);
    bench.keys("23");
    assert_eq!(bench.dialled(), Some(("123".into(), false)));
}

#[test]
fn a_long_break_while_dialling_starts_over() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.keys("12");
    bench.log.clear();
    bench.break_for(250);
    assert_eq!(bench.tones().last().map(|t| t.1), Some(Some(ToneKind::Dial)));
    assert_eq!(bench.events(), [], "neither a flash nor a hang-up");
    bench.keys("3");
    assert_eq!(bench.dialled(), Some(("3".into(), false)));
}

#[test]
fn without_a_digit_comes_congestion_then_howler_then_out_of_service() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.pass(200_000);
    assert_eq!(
        bench.tones(),
        [
            (20, Some(ToneKind::Dial)),
            (15_020, Some(ToneKind::Congestion)),
            (75_020, Some(ToneKind::Howler)),
            (135_020, None),
        ]
    );
    assert_eq!(bench.events(), [Event::Seized, Event::LeftOffHook]);
    assert_eq!(bench.port.state(), State::LeftOffHook);
    bench.log.clear();
    bench.keys("5");
    bench.break_for(100);
    bench.pass(1000);
    bench.command(Command::Talk);
    assert_eq!(bench.log, [], "out of service until put down");
    bench.put_down();
    assert_eq!(bench.events(), [Event::HungUp]);
    bench.lift();
    assert_eq!(bench.events(), [Event::HungUp, Event::Seized]);
}

#[test]
fn rubbish_is_not_a_digit() {
    let mut bench = FxsBench::new("FR");
    bench.keys("5");
    bench.lift();
    bench.log.clear();
    bench.keys("xé\u{0}");
    assert_eq!(bench.log, []);
    bench.keys("d");
    assert_eq!(bench.dialled(), Some(("D".into(), false)));
}

#[test]
fn an_absent_port_does_nothing_and_comes_back() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.log.clear();
    bench.input(Input::Present(false));
    bench.input(Input::Present(false));
    bench.hook(false);
    bench.hook(true);
    bench.pass(100_000);
    assert_eq!(bench.log, [(50, Output::Event(Event::Present(false)))]);
    assert_eq!(bench.port.state(), State::Absent);
    bench.input(Input::Present(true));
    bench.input(Input::Present(true));
    bench.lift();
    assert_eq!(bench.events(), [Event::Present(false), Event::Present(true), Event::Seized]);
}

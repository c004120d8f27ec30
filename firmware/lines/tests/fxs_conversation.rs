//! Flash, digits and hang-up in conversation, and what comes after the other side has gone.

mod common;

use common::{FxsBench, country};
use offhook_lines::country::{Country, ToneKind};
use offhook_lines::fxs::{Command, Event, State};

#[test]
fn every_break_within_the_window_is_a_flash() {
    for code in Country::codes() {
        let (least, most) = country(code).flash;
        for millis in [least.as_millis() as u64, 100.max(least.as_millis() as u64), most.as_millis() as u64] {
            let mut bench = FxsBench::new(code);
            bench.talk();
            bench.break_for(millis);
            bench.pass(2000);
            assert_eq!(bench.events(), [Event::Flash], "{code} {millis} ms");
            assert_eq!(bench.port.state(), State::Talking);
        }
    }
}

#[test]
fn a_break_longer_than_the_window_is_a_hang_up() {
    for code in Country::codes() {
        let most = country(code).flash.1.as_millis() as u64;
        let mut bench = FxsBench::new(code);
        bench.talk();
        let before = bench.at();
        bench.hook(false);
        bench.pass(most + 1);
        assert_eq!(bench.events(), [Event::HungUp], "{code}");
        assert_eq!(bench.log.last().map(|l| l.0), Some(before + most + 1));
        bench.hook(true);
        bench.pass(100);
        assert_eq!(bench.events(), [Event::HungUp, Event::Seized], "{code}: a new call");
    }
}

#[test]
fn short_disturbances_are_nothing() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    for _ in 0..20 {
        bench.break_for(15);
        bench.pass(30);
    }
    bench.pass(2000);
    assert_eq!(bench.log, []);
    // Too long for a pulse, too short for a flash.
    let mut bench = FxsBench::new("US");
    bench.talk();
    bench.break_for(200);
    bench.pass(2000);
    assert_eq!(bench.log, []);
}

#[test]
fn trains_of_pulses_are_digits_and_no_flash() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.pulses(5, 66, 34);
    bench.pulses(2, 90, 40);
    bench.pulses(10, 66, 34);
    bench.pulses(1, 60, 40);
    assert_eq!(bench.events(), [Event::Digit('5'), Event::Digit('2'), Event::Digit('0'), Event::Digit('1')]);
}

#[test]
fn a_set_that_sends_tones_flashes_without_delay() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.keys("5");
    bench.break_for(100);
    assert_eq!(bench.events(), [Event::Digit('5'), Event::Flash], "no wait for further pulses");
    bench.pass(2000);
    assert_eq!(bench.events().len(), 2);
}

#[test]
fn digits_go_through_in_conversation() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.keys("1*#a");
    let digits = ['1', '*', '#', 'A'].map(Event::Digit);
    assert_eq!(bench.events(), digits);
}

#[test]
fn recall_gives_dial_tone_and_a_second_number() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.break_for(150);
    bench.command(Command::Recall);
    assert_eq!(bench.port.state(), State::Dialling);
    bench.keys("1003#");
    assert_eq!(bench.dialled(), Some(("1003".into(), true)));
    assert_eq!(bench.events().first(), Some(&Event::Flash));
    bench.command(Command::Tone(Some(ToneKind::Ringback)));
    bench.command(Command::Talk);
    assert_eq!(bench.port.state(), State::Talking);
    let tones: Vec<_> = bench.tones().into_iter().map(|t| t.1).collect();
    assert_eq!(tones, [Some(ToneKind::Dial), None, Some(ToneKind::Ringback), None]);
}

#[test]
fn a_flash_while_dialling_the_second_number_returns() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.break_for(150);
    bench.command(Command::Recall);
    bench.log.clear();
    bench.break_for(200);
    assert_eq!(bench.events(), [Event::Flash]);
    // A rotary set dials its second number by pulses.
    bench.command(Command::Recall);
    bench.pulses(3, 66, 34);
    assert_eq!(bench.dialled(), Some(("3".into(), false)));
}

#[test]
fn the_other_side_gone_gives_busy_then_howler() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.command(Command::Disconnect);
    assert_eq!(bench.port.state(), State::Disconnected);
    bench.pass(59_999);
    assert_eq!(bench.tones(), [(50, Some(ToneKind::Busy))]);
    bench.pass(1);
    assert_eq!(bench.tones().last(), Some(&(60_050, Some(ToneKind::Howler))));
    assert_eq!(bench.events(), [Event::LeftOffHook]);
    bench.put_down();
    assert_eq!(bench.port.state(), State::OnHook);
    assert_eq!(bench.tones().last().map(|t| t.1), Some(None));
    assert_eq!(bench.port.poll_timeout(), None, "nothing is left");
}

#[test]
fn putting_down_while_the_other_side_goes() {
    let mut bench = FxsBench::new("FR");
    bench.talk();
    bench.hook(false);
    bench.pass(100);
    bench.command(Command::Disconnect);
    bench.pass(1000);
    assert_eq!(bench.events(), [Event::HungUp]);
    assert_eq!(bench.port.poll_timeout(), None);
}

#[test]
fn commands_to_a_set_that_is_down_do_nothing() {
    let mut bench = FxsBench::new("FR");
    for command in [
        Command::Talk,
        Command::Recall,
        Command::Disconnect,
        Command::EndDialling,
        Command::StopRing,
        Command::Tone(Some(ToneKind::Busy)),
    ] {
        bench.command(command);
    }
    bench.pass(100_000);
    assert_eq!(bench.log, []);
    assert_eq!(bench.port.state(), State::OnHook);
}

#[test]
fn a_late_timer_does_not_turn_a_hang_up_into_a_flash() {
    // The driver hands over the lifting before it runs the timer that was due.
    let mut bench = FxsBench::new("FR");
    bench.talk();
    let down = std::time::Duration::from_millis(500);
    bench.hook(false);
    let (deadline, _) = bench.port.poll_timeout().expect("running");
    bench.port.handle(deadline + down, offhook_lines::fxs::Input::Hook(true));
    let mut events = Vec::new();
    while let Some(output) = bench.port.poll_output() {
        events.push(output);
    }
    assert!(events.contains(&offhook_lines::fxs::Output::Event(Event::HungUp)));
}

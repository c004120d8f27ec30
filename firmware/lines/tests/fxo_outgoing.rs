//! Calls to the telephone company.

mod common;

use common::FxoBench;
use offhook_lines::fxo::{Command, Event, Input, State};

#[test]
fn dial_tone_then_digits_then_dialled() {
    let mut bench = FxoBench::new("FR", false);
    bench.command(Command::Dial("01 23,4".into()));
    assert_eq!(bench.hooks(), [(0, true)]);
    assert_eq!(bench.port.state(), State::Seizing);
    bench.input(Input::LoopCurrent(true));
    bench.pass(500);
    bench.input(Input::DialTone);
    bench.pass(6000);
    assert_eq!(bench.sent(), [(800, '0'), (1000, '1'), (1200, '2'), (1400, '3'), (3600, '4')]);
    assert_eq!(bench.events(), [Event::Dialled]);
    assert_eq!(bench.port.state(), State::Talking);
}

#[test]
fn without_dial_tone_it_dials_after_a_pause() {
    let mut bench = FxoBench::new("FR", false);
    bench.command(Command::Dial("112".into()));
    bench.pass(2400);
    assert_eq!(bench.sent(), [(2000, '1'), (2200, '1'), (2400, '2')]);
}

#[test]
fn late_dial_tone_does_not_delay() {
    let mut bench = FxoBench::new("FR", false);
    bench.command(Command::Dial("112".into()));
    bench.pass(1900);
    bench.input(Input::DialTone);
    bench.pass(100);
    assert_eq!(bench.sent(), [(2000, '1')]);
}

#[test]
fn reversal_is_the_answer_and_its_return_the_end() {
    let mut bench = FxoBench::new("FR", true);
    bench.dialled("0123456789");
    bench.pass(60_000);
    assert_eq!(bench.events(), [], "such a line tells, we do not guess");
    bench.input(Input::Reversal);
    assert_eq!(bench.events(), [Event::Answered]);
    bench.pass(10_000);
    bench.input(Input::Reversal);
    assert_eq!(bench.events(), [Event::Answered, Event::Released]);
    assert_eq!(bench.hooks().last().map(|h| h.1), Some(false));
}

#[test]
fn without_reversal_a_delay_is_the_answer() {
    let mut bench = FxoBench::new("FR", false);
    bench.command(Command::Dial("112".into()));
    bench.pass(2600);
    assert_eq!(bench.events(), [Event::Dialled]);
    bench.pass(9999);
    assert_eq!(bench.events(), [Event::Dialled]);
    bench.pass(1);
    assert_eq!(bench.events(), [Event::Dialled, Event::Answered]);
}

#[test]
fn reversal_on_a_line_not_known_for_it_is_the_answer_but_never_the_end() {
    let mut bench = FxoBench::new("FR", false);
    bench.dialled("112");
    bench.pass(3000);
    bench.input(Input::Reversal);
    assert_eq!(bench.events(), [Event::Answered]);
    bench.input(Input::Reversal);
    bench.pass(60_000);
    assert_eq!(bench.events(), [Event::Answered], "no release, and no second answer by the delay");
    assert_eq!(bench.port.state(), State::Talking);
}

#[test]
fn busy_tone_and_loop_drop_release() {
    let mut bench = FxoBench::new("FR", true);
    bench.dialled("01");
    bench.input(Input::DisconnectTone);
    assert_eq!(bench.events(), [Event::Released]);
    assert_eq!(bench.port.state(), State::Idle);
    let mut bench = FxoBench::new("FR", true);
    bench.dialled("01");
    bench.input(Input::LoopCurrent(false));
    bench.pass(100);
    bench.input(Input::LoopCurrent(true));
    bench.pass(1000);
    assert_eq!(bench.events(), [], "a short interruption is none");
    bench.input(Input::LoopCurrent(false));
    bench.pass(150);
    assert_eq!(bench.events(), [Event::Released]);
}

#[test]
fn no_battery_fails_the_seizure() {
    // The driver tells that there is none, or tells nothing.
    for told in [true, false] {
        let mut bench = FxoBench::new("FR", false);
        bench.battery = false;
        bench.command(Command::Dial("112".into()));
        if told {
            bench.input(Input::LoopCurrent(false));
            bench.pass(200);
        } else {
            bench.pass(2000);
        }
        assert_eq!(bench.events(), [Event::SeizeFailed]);
        assert_eq!(bench.hooks().last().map(|h| h.1), Some(false));
        assert_eq!(bench.sent(), []);
    }
}

#[test]
fn glare_before_the_line_is_taken() {
    let mut bench = FxoBench::new("FR", false);
    bench.input(Input::Ring(true));
    bench.pass(50);
    bench.command(Command::Dial("0123".into()));
    assert_eq!(bench.events(), [Event::SeizeFailed]);
    assert_eq!(bench.hooks(), [], "the caller is not answered by accident");
    bench.pass(5000);
    assert_eq!(bench.events().len(), 1);
}

#[test]
fn glare_after_the_line_is_taken_hands_over_the_caller() {
    for answer in [true, false] {
        let mut bench = FxoBench::new("FR", false);
        bench.command(Command::Dial("0123".into()));
        bench.pass(100);
        bench.input(Input::Ring(true));
        assert_eq!(bench.events(), [Event::SeizeFailed, Event::Incoming { caller: None }]);
        bench.pass(5000);
        assert_eq!(bench.sent(), [], "no digit into the caller's ear");
        if answer {
            bench.command(Command::Answer);
            assert_eq!(bench.port.state(), State::Talking);
            assert_eq!(bench.hooks(), [(0, true)]);
        } else {
            bench.command(Command::HangUp);
            assert_eq!(bench.port.state(), State::Idle);
            assert_eq!(bench.hooks(), [(0, true), (5100, false)]);
        }
    }
}

#[test]
fn an_emergency_call_takes_a_line_just_put_down() {
    let mut bench = FxoBench::new("FR", false);
    bench.dialled("0123");
    bench.command(Command::HangUp);
    bench.command(Command::Dial("112".into()));
    bench.pass(20_000);
    let hooks = bench.hooks();
    assert_eq!(hooks.iter().map(|h| h.1).collect::<Vec<_>>(), [false, true]);
    assert_eq!(hooks[1].0 - hooks[0].0, 800, "the exchange notices that the first call is over");
    assert_eq!(bench.sent().iter().map(|s| s.1).collect::<String>(), "112");
}

#[test]
fn hang_up_while_waiting_for_the_guard_never_takes_the_line() {
    let mut bench = FxoBench::new("FR", false);
    bench.dialled("0123");
    bench.command(Command::HangUp);
    bench.command(Command::Dial("1".into()));
    bench.command(Command::HangUp);
    bench.pass(10_000);
    assert_eq!(bench.hooks().iter().map(|h| h.1).collect::<Vec<_>>(), [false]);
    assert_eq!(bench.port.poll_timeout(), None);
}

#[test]
fn ringing_during_the_guard_is_told() {
    let mut bench = FxoBench::new("FR", false);
    bench.dialled("0123");
    bench.command(Command::HangUp);
    bench.command(Command::Dial("1".into()));
    bench.ring(300);
    bench.pass(100);
    assert_eq!(bench.port.state(), State::Seizing);
    bench.input(Input::CallerId("1".into(), String::new()));
    assert_eq!(bench.events(), [Event::SeizeFailed, Event::Incoming { caller: None }]);
    bench.pass(600);
    assert_eq!(bench.hooks().iter().map(|h| h.1).collect::<Vec<_>>(), [false], "not taken");
    bench.command(Command::Answer);
    assert_eq!(bench.port.state(), State::Talking);
}

#[test]
fn a_ring_under_way_at_the_end_of_the_guard_is_not_answered_by_dialling() {
    let mut bench = FxoBench::new("FR", false);
    bench.dialled("0123");
    bench.command(Command::HangUp);
    bench.command(Command::Dial("17".into()));
    bench.pass(300);
    bench.input(Input::Ring(true));
    bench.pass(600);
    assert_eq!(bench.events(), [Event::SeizeFailed], "another line is to be tried");
    assert_eq!(bench.hooks().iter().map(|h| h.1).collect::<Vec<_>>(), [false], "not taken");
    bench.pass(900);
    bench.input(Input::Ring(false));
    bench.pass(500);
    bench.input(Input::CallerId("1".into(), String::new()));
    let incoming = Event::Incoming { caller: Some(("1".into(), String::new())) };
    assert_eq!(bench.events().last(), Some(&incoming), "the call is told as any other");
    assert_eq!(bench.port.state(), State::Ringing);
}

#[test]
fn a_call_that_rang_before_the_start_is_not_answered_by_dialling() {
    // The box starts between two rings; the line is wanted at once.
    let mut bench = FxoBench::new("FR", false);
    bench.port.watch_first(bench.start);
    bench.command(Command::Dial("17".into()));
    bench.pass(3500);
    assert_eq!(bench.hooks(), [], "a ring may come yet");
    bench.input(Input::Ring(true));
    bench.pass(2000);
    assert_eq!(bench.events(), [Event::SeizeFailed], "another line is to be tried");
    assert_eq!(bench.hooks(), [], "not taken");
}

#[test]
fn the_end_of_a_ring_nobody_saw_begin_is_a_ring() {
    let mut bench = FxoBench::new("FR", false);
    bench.port.watch_first(bench.start);
    bench.pass(400);
    bench.input(Input::Ring(false));
    bench.command(Command::Dial("17".into()));
    assert_eq!(bench.events(), [Event::SeizeFailed]);
    bench.pass(10_000);
    bench.command(Command::Dial("17".into()));
    assert_eq!(bench.hooks(), [(10_400, true)], "the caller has given up");
}

#[test]
fn a_quiet_line_is_taken_when_it_was_watched() {
    let mut bench = FxoBench::new("FR", false);
    bench.port.watch_first(bench.start);
    bench.command(Command::Dial("17".into()));
    bench.pass(7000);
    assert_eq!(bench.hooks(), [(5250, true)], "one and a half of France's longest silence between rings");
}

#[test]
fn digits_in_conversation_keep_their_distance() {
    let mut bench = FxoBench::new("FR", true);
    bench.dialled("0123");
    let from = bench.at();
    for digit in "12x#".chars() {
        bench.command(Command::SendDigit(digit));
    }
    bench.pass(2000);
    let sent: Vec<_> = bench.sent().into_iter().map(|(at, digit)| (at - from, digit)).collect();
    assert_eq!(sent, [(0, '1'), (200, '2'), (400, '#')]);
}

#[test]
fn a_number_without_digits_or_too_long_is_not_dialled() {
    for number in [String::new(), ",,".into(), "quiet".into(), "1".repeat(65)] {
        let mut bench = FxoBench::new("FR", false);
        bench.command(Command::Dial(number));
        assert_eq!(bench.events(), [Event::SeizeFailed]);
        assert_eq!(bench.hooks(), []);
    }
}

//! Calls from the telephone company.

mod common;

use common::FxoBench;
use offhook_lines::fxo::{Command, Event, Input, State};

fn alice() -> (String, String) {
    ("0123456789".into(), "Alice".into())
}

fn caller_id() -> Input {
    Input::CallerId(alice().0, alice().1)
}

#[test]
fn the_call_is_told_with_its_caller_id() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.pass(1000);
    assert_eq!(bench.events(), []);
    bench.input(caller_id());
    assert_eq!(bench.events(), [Event::Incoming { caller: Some(alice()) }]);
    assert_eq!(bench.port.state(), State::Ringing);
}

#[test]
fn without_caller_id_the_call_is_told_after_a_wait() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.pass(2999);
    assert_eq!(bench.events(), []);
    bench.pass(1);
    assert_eq!(bench.events(), [Event::Incoming { caller: None }]);
    bench.input(caller_id());
    bench.pass(400);
    bench.ring(1500);
    assert_eq!(bench.events().len(), 1, "told once");
}

#[test]
fn the_second_ring_tells_at_the_latest() {
    let mut bench = FxoBench::new("GB", false);
    bench.ring(400);
    bench.pass(200);
    bench.ring(400);
    bench.pass(1500);
    assert_eq!(bench.events(), [], "the pair is one ring");
    bench.pass(500);
    bench.input(Input::Ring(true));
    assert_eq!(bench.events(), [Event::Incoming { caller: None }]);
}

#[test]
fn caller_id_before_the_first_ring_counts() {
    let mut bench = FxoBench::new("GB", false);
    bench.input(Input::Reversal);
    bench.input(caller_id());
    bench.pass(500);
    bench.input(Input::Ring(true));
    bench.pass(150);
    assert_eq!(bench.events(), [Event::Incoming { caller: Some(alice()) }]);
    let mut bench = FxoBench::new("GB", false);
    bench.input(caller_id());
    bench.pass(60_000);
    bench.ring(400);
    bench.pass(5000);
    assert_eq!(bench.events().first(), Some(&Event::Incoming { caller: None }), "a number of an hour ago is another's");
}

#[test]
fn a_tinkle_is_no_call() {
    let mut bench = FxoBench::new("FR", false);
    for _ in 0..10 {
        bench.ring(60);
        bench.pass(40);
    }
    bench.pass(20_000);
    assert_eq!(bench.log, []);
    assert_eq!(bench.port.state(), State::Idle);
    assert_eq!(bench.port.poll_timeout(), None);
}

#[test]
fn the_caller_gives_up() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.input(caller_id());
    bench.pass(3500);
    bench.ring(700);
    bench.pass(5249);
    assert_eq!(bench.events().len(), 1);
    bench.pass(1);
    assert_eq!(bench.events().last(), Some(&Event::GaveUp));
    assert_eq!(bench.port.state(), State::Idle);
    bench.command(Command::Answer);
    assert_eq!(bench.events().last(), Some(&Event::Released), "too late to answer");
    assert_eq!(bench.hooks(), []);
}

#[test]
fn answering_closes_the_loop_and_the_exchange_ends_it() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.input(caller_id());
    bench.command(Command::Answer);
    assert_eq!(bench.hooks(), [(1500, true)]);
    bench.input(Input::LoopCurrent(true));
    bench.pass(20_000);
    assert_eq!(bench.port.state(), State::Talking);
    bench.input(Input::LoopCurrent(false));
    bench.pass(149);
    assert_eq!(bench.port.state(), State::Talking);
    bench.pass(1);
    assert_eq!(bench.events().last(), Some(&Event::Released));
    assert_eq!(bench.hooks(), [(1500, true), (21_650, false)]);
    bench.pass(10_000);
    assert_eq!(bench.port.poll_timeout(), None);
}

#[test]
fn a_refused_call_rings_out_unheard() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.input(caller_id());
    bench.command(Command::HangUp);
    bench.log.clear();
    bench.pass(3500);
    bench.ring(1500);
    bench.command(Command::Dial("112".into()));
    assert_eq!(bench.events(), [Event::SeizeFailed], "the line still rings");
    bench.pass(10_000);
    assert_eq!(bench.events(), [Event::SeizeFailed], "no caller gave up: call control knows nothing of it");
    bench.ring(1500);
    bench.input(caller_id());
    assert_eq!(bench.events().last(), Some(&Event::Incoming { caller: Some(alice()) }), "the next call is told");
}

#[test]
fn unplugged_while_ringing() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.input(caller_id());
    bench.input(Input::Present(false));
    bench.input(Input::Ring(true));
    bench.pass(20_000);
    assert_eq!(bench.events().last(), Some(&Event::Present(false)));
    assert_eq!(bench.port.state(), State::Absent);
    bench.command(Command::Dial("112".into()));
    assert_eq!(bench.events().last(), Some(&Event::SeizeFailed));
    bench.input(Input::Present(true));
    assert_eq!(bench.port.state(), State::Idle);
}

#[test]
fn answering_just_after_the_caller_gave_up_gives_nobody_a_free_line() {
    let mut bench = FxoBench::new("FR", false);
    bench.ring(1500);
    bench.input(caller_id());
    bench.pass(2000);
    bench.command(Command::Answer);
    bench.input(Input::LoopCurrent(true));
    bench.pass(400);
    bench.input(Input::DialTone);
    assert_eq!(bench.events().last(), Some(&Event::Released));
    assert_eq!(bench.hooks().last().map(|h| h.1), Some(false));
}

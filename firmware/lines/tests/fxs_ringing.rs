//! Calls to the set.

mod common;

use common::FxsBench;
use offhook_lines::fxs::{Command, Event, Input, Output, State};

fn ring() -> Command {
    Command::Ring { caller: Some(("0123456789".into(), "Alice".into())) }
}

fn voltage(bench: &FxsBench) -> Vec<(u64, bool)> {
    let voltage = |(at, output): &(u64, Output)| match output {
        Output::RingVoltage(on) => Some((*at, *on)),
        _ => None,
    };
    bench.log.iter().filter_map(voltage).collect()
}

#[test]
fn the_bell_follows_the_cadence() {
    let mut bench = FxsBench::new("FR");
    bench.command(ring());
    bench.pass(11_000);
    assert_eq!(voltage(&bench), [(0, true), (1500, false), (5000, true), (6500, false), (10_000, true)]);
    let mut bench = FxsBench::new("GB");
    bench.command(ring());
    bench.pass(3500);
    assert_eq!(voltage(&bench), [(0, true), (400, false), (600, true), (1000, false), (3000, true), (3400, false)]);
}

#[test]
fn caller_id_comes_once_after_the_first_ring() {
    for (code, at) in [("FR", 2000), ("GB", 1500), ("US", 2500)] {
        let mut bench = FxsBench::new(code);
        bench.command(ring());
        bench.pass(30_000);
        let ids: Vec<_> = bench.log.iter().filter(|(_, o)| matches!(o, Output::CallerId(..))).collect();
        assert_eq!(ids, [&(at, Output::CallerId("0123456789".into(), "Alice".into()))], "{code}");
    }
}

#[test]
fn lifting_in_ring_or_silence_answers() {
    for moment in [0, 700, 1499, 2500, 5200] {
        let mut bench = FxsBench::new("FR");
        bench.command(ring());
        bench.pass(moment);
        bench.hook(true);
        bench.pass(20);
        assert_eq!(bench.events(), [Event::Answered], "{moment}");
        assert_eq!(voltage(&bench).last().map(|v| v.1), Some(false), "no voltage at the ear");
        bench.log.clear();
        bench.pass(20_000);
        assert_eq!(bench.log, [], "neither ring nor caller ID any more");
        assert_eq!(bench.port.state(), State::Talking);
    }
}

#[test]
fn a_bounce_does_not_answer() {
    let mut bench = FxsBench::new("FR");
    bench.command(ring());
    bench.pass(100);
    bench.hook(true);
    bench.pass(10);
    bench.hook(false);
    bench.pass(1000);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.port.state(), State::Ringing);
}

#[test]
fn stop_ring_and_disconnect_stop_the_bell() {
    for command in [Command::StopRing, Command::Disconnect] {
        let mut bench = FxsBench::new("FR");
        bench.command(ring());
        bench.pass(700);
        bench.command(command);
        bench.pass(20_000);
        assert_eq!(voltage(&bench), [(0, true), (700, false)]);
        assert_eq!(bench.port.state(), State::OnHook);
        bench.lift();
        assert_eq!(bench.events(), [Event::Seized], "a later lift is a new call");
    }
}

#[test]
fn a_lifted_set_does_not_ring() {
    let mut bench = FxsBench::new("FR");
    bench.lift();
    bench.log.clear();
    bench.command(ring());
    assert_eq!(bench.log, []);
    assert_eq!(bench.port.state(), State::Dialling);
}

#[test]
fn a_set_being_lifted_answers_the_ring_that_comes_just_then() {
    let mut bench = FxsBench::new("FR");
    bench.hook(true);
    bench.pass(10);
    bench.command(ring());
    bench.pass(20);
    assert_eq!(bench.events(), [Event::Answered]);
}

#[test]
fn hardware_lost_while_ringing() {
    let mut bench = FxsBench::new("FR");
    bench.command(ring());
    bench.pass(700);
    bench.input(Input::Present(false));
    bench.pass(20_000);
    assert_eq!(voltage(&bench), [(0, true), (700, false)]);
    assert_eq!(bench.events(), [Event::Present(false)]);
}

//! The simulated set on a real FXS machine, and the simulated exchange on a real FXO machine.

mod common;

use std::time::{Duration, Instant};

use common::{country, ms};
use offhook_lines::country::ToneKind;
use offhook_lines::simulated::{
    Exchange, ExchangeAction, ExchangeOutput, ExchangeState, LineFeatures, Set, SetAction, SetOutput,
};
use offhook_lines::{fxo, fxs};

struct Desk {
    now: Instant,
    port: fxs::Fxs,
    set: Set,
    events: Vec<fxs::Event>,
}

impl Desk {
    fn new(code: &str) -> Self {
        #[allow(clippy::disallowed_methods, reason = "any instant will do as the origin of virtual time")]
        let now = Instant::now();
        Desk { now, port: fxs::Fxs::new(country(code)), set: Set::new(), events: Vec::new() }
    }

    fn settle(&mut self) {
        loop {
            if let Some(output) = self.set.poll_output() {
                if let SetOutput::Line(input) = output {
                    self.port.handle(self.now, input);
                }
            } else if let Some(output) = self.port.poll_output() {
                self.set.hardware(self.now, &output);
                if let fxs::Output::Event(event) = output {
                    self.events.push(event);
                }
            } else {
                return;
            }
        }
    }

    fn act(&mut self, action: SetAction) -> bool {
        let done = self.set.handle(self.now, action);
        self.settle();
        done
    }

    fn command(&mut self, command: fxs::Command) {
        self.port.command(self.now, command);
        self.settle();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = [self.set.poll_timeout(), self.port.poll_timeout()].into_iter().flatten().map(|t| t.0).min();
            let Some(at) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = at;
            self.set.handle_timeout(at);
            self.port.handle_timeout(at);
            self.settle();
        }
        self.now = end;
    }
}

#[test]
fn a_rotary_set_dials() {
    for code in ["FR", "US", "GB"] {
        let mut desk = Desk::new(code);
        desk.act(SetAction::Lift);
        desk.pass(ms(100));
        assert_eq!(desk.set.shows().tone, Some(ToneKind::Dial));
        for digit in "1902".chars() {
            assert!(desk.act(SetAction::Rotary(digit)));
        }
        desk.pass(ms(20_000));
        assert_eq!(desk.events.last(), Some(&fxs::Event::Dialled { digits: "1902".into(), complete: true }), "{code}");
        assert_eq!(desk.set.shows().tone, None);
    }
}

#[test]
fn keys_wait_for_each_other_and_putting_down_does_not() {
    let mut desk = Desk::new("FR");
    assert!(!desk.act(SetAction::Key('1')), "the receiver is down");
    desk.act(SetAction::Lift);
    assert!(!desk.act(SetAction::Lift));
    desk.pass(ms(100));
    for digit in "1002".chars() {
        desk.act(SetAction::Key(digit));
    }
    desk.pass(ms(500));
    assert_eq!(desk.events.last(), Some(&fxs::Event::Dialled { digits: "1002".into(), complete: false }));
    desk.act(SetAction::Rotary('9'));
    desk.pass(ms(100));
    desk.act(SetAction::PutDown);
    desk.pass(ms(5000));
    assert_eq!(desk.events.last(), Some(&fxs::Event::HungUp));
    assert_eq!(desk.port.state(), fxs::State::OnHook);
    assert_eq!(desk.set.poll_timeout(), None);
}

#[test]
fn the_set_rings_shows_the_caller_and_answers() {
    let mut desk = Desk::new("FR");
    desk.command(fxs::Command::Ring { caller: Some(("1002".into(), "Bob".into())) });
    assert!(desk.set.shows().bell && desk.set.shows().ringing);
    desk.pass(ms(2100));
    assert!(!desk.set.shows().bell && desk.set.shows().ringing);
    assert_eq!(desk.set.shows().caller, Some(("1002".into(), "Bob".into())));
    desk.act(SetAction::Lift);
    desk.pass(ms(50));
    assert_eq!(desk.events, [fxs::Event::Answered]);
    assert!(!desk.set.shows().ringing);
    desk.act(SetAction::Flash(ms(150)));
    desk.pass(ms(500));
    assert_eq!(desk.events.last(), Some(&fxs::Event::Flash));
    desk.act(SetAction::PutDown);
    desk.pass(ms(500));
    assert_eq!(desk.events.last(), Some(&fxs::Event::HungUp));
    assert_eq!(desk.set.shows().caller, None);
}

#[test]
fn an_unanswered_set_forgets_the_ring() {
    let mut desk = Desk::new("FR");
    desk.command(fxs::Command::Ring { caller: Some(("1002".into(), "Bob".into())) });
    desk.pass(ms(7000));
    desk.command(fxs::Command::StopRing);
    desk.pass(ms(6000));
    assert!(!desk.set.shows().ringing);
    assert_eq!(desk.set.shows().caller, None);
}

struct Office {
    now: Instant,
    port: fxo::Fxo,
    exchange: Exchange,
    events: Vec<fxo::Event>,
}

const ALL: LineFeatures = LineFeatures { reversal: true, loop_drop: true, disconnect_tone: true };

impl Office {
    fn new(code: &str, features: LineFeatures) -> Self {
        #[allow(clippy::disallowed_methods, reason = "any instant will do as the origin of virtual time")]
        let now = Instant::now();
        let port = fxo::Fxo::new(country(code), features.reversal);
        Office { now, port, exchange: Exchange::new(country(code), features), events: Vec::new() }
    }

    fn settle(&mut self) {
        loop {
            if let Some(output) = self.exchange.poll_output() {
                if let ExchangeOutput::Line(input) = output {
                    self.port.handle(self.now, input);
                }
            } else if let Some(output) = self.port.poll_output() {
                self.exchange.hardware(self.now, &output);
                if let fxo::Output::Event(event) = output {
                    self.events.push(event);
                }
            } else {
                return;
            }
        }
    }

    fn act(&mut self, action: ExchangeAction) -> bool {
        let done = self.exchange.handle(self.now, action);
        self.settle();
        done
    }

    fn command(&mut self, command: fxo::Command) {
        self.port.command(self.now, command);
        self.settle();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next =
                [self.exchange.poll_timeout(), self.port.poll_timeout()].into_iter().flatten().map(|t| t.0).min();
            let Some(at) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = at;
            self.exchange.handle_timeout(at);
            self.port.handle_timeout(at);
            self.settle();
        }
        self.now = end;
    }
}

#[test]
fn a_call_out_with_every_way_a_line_tells_the_end() {
    for features in [
        ALL,
        LineFeatures { reversal: true, loop_drop: false, disconnect_tone: false },
        LineFeatures { reversal: false, loop_drop: true, disconnect_tone: false },
        LineFeatures { reversal: false, loop_drop: false, disconnect_tone: true },
    ] {
        let mut office = Office::new("FR", features);
        office.command(fxo::Command::Dial("0123456789".into()));
        assert!(!office.act(ExchangeAction::Call { caller: None }), "the line is in use");
        office.pass(ms(8000));
        assert_eq!(office.exchange.shows().state, ExchangeState::Ringing);
        assert_eq!(office.exchange.shows().number, "0123456789");
        assert!(office.act(ExchangeAction::Answer));
        office.pass(ms(20_000));
        assert_eq!(office.events, [fxo::Event::Dialled, fxo::Event::Answered], "{features:?}");
        office.command(fxo::Command::SendDigit('5'));
        office.pass(ms(500));
        assert_eq!(office.exchange.shows().digits, "5");
        assert!(office.act(ExchangeAction::HangUp));
        office.pass(ms(5000));
        assert_eq!(office.events.last(), Some(&fxo::Event::Released), "{features:?}");
        assert_eq!(office.exchange.shows().state, ExchangeState::Idle);
        assert_eq!(office.exchange.poll_timeout(), None);
    }
}

#[test]
fn a_call_in_is_answered_and_put_down_by_the_box() {
    for code in ["FR", "GB", "US"] {
        let mut office = Office::new(code, ALL);
        let caller = Some(("0123456789".to_owned(), "Alice".to_owned()));
        assert!(office.act(ExchangeAction::Call { caller: caller.clone() }));
        office.pass(ms(4500));
        assert_eq!(office.events, [fxo::Event::Incoming { caller }], "{code}");
        office.command(fxo::Command::Answer);
        assert_eq!(office.exchange.shows().state, ExchangeState::Connected);
        office.pass(ms(5000));
        office.command(fxo::Command::HangUp);
        assert_eq!(office.exchange.shows().state, ExchangeState::Idle);
        office.pass(ms(5000));
        assert_eq!(office.events.len(), 1);
    }
}

#[test]
fn the_far_party_gives_up_in_ring_and_in_silence() {
    for moment in [4600, 6000] {
        let mut office = Office::new("FR", ALL);
        office.act(ExchangeAction::Call { caller: None });
        office.pass(ms(moment));
        assert!(office.act(ExchangeAction::HangUp));
        office.pass(ms(10_000));
        assert_eq!(office.events, [fxo::Event::Incoming { caller: None }, fxo::Event::GaveUp]);
    }
}

#[test]
fn unplugging_ends_all() {
    let mut office = Office::new("FR", ALL);
    office.command(fxo::Command::Dial("01".into()));
    office.pass(ms(8000));
    office.act(ExchangeAction::Answer);
    office.act(ExchangeAction::Unplug);
    assert_eq!(office.events.last(), Some(&fxo::Event::Present(false)));
    assert!(!office.act(ExchangeAction::Call { caller: None }));
    office.act(ExchangeAction::Plug);
    office.pass(ms(2000));
    assert!(office.act(ExchangeAction::Call { caller: None }));
    office.pass(ms(5000));
    assert_eq!(office.events.last(), Some(&fxo::Event::Incoming { caller: None }));
}

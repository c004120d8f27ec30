//! A port on a bench, in virtual time.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::time::{Duration, Instant};

use offhook_lines::country::{Country, ToneKind};
use offhook_lines::{fxo, fxs};

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn country(code: &str) -> &'static Country {
    Country::find(code).expect("in the data")
}

/// An FXS port and all it put out, with the milliseconds since the start.
pub struct FxsBench {
    pub port: fxs::Fxs,
    start: Instant,
    now: Instant,
    pub log: Vec<(u64, fxs::Output)>,
}

impl FxsBench {
    pub fn new(code: &str) -> Self {
        #[allow(clippy::disallowed_methods, reason = "any instant will do as the origin of virtual time")]
        let start = Instant::now();
        FxsBench { port: fxs::Fxs::new(country(code)), start, now: start, log: Vec::new() }
    }

    pub fn at(&self) -> u64 {
        (self.now - self.start).as_millis() as u64
    }

    fn drain(&mut self) {
        while let Some(output) = self.port.poll_output() {
            self.log.push((self.at(), output));
        }
    }

    /// Lets time pass, timers firing at their moments.
    pub fn pass(&mut self, millis: u64) {
        let end = self.now + ms(millis);
        while let Some((at, _)) = self.port.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at >= self.now, "a deadline in the past is never left over");
            self.now = at;
            self.port.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }

    pub fn hook(&mut self, closed: bool) {
        self.port.handle(self.now, fxs::Input::Hook(closed));
        self.drain();
    }

    pub fn input(&mut self, input: fxs::Input) {
        self.port.handle(self.now, input);
        self.drain();
    }

    pub fn command(&mut self, command: fxs::Command) {
        self.port.command(self.now, command);
        self.drain();
    }

    /// Lifts the receiver and waits for the debounce.
    pub fn lift(&mut self) {
        self.hook(true);
        self.pass(50);
    }

    pub fn put_down(&mut self) {
        self.hook(false);
        self.pass(2000);
    }

    pub fn break_for(&mut self, millis: u64) {
        self.hook(false);
        self.pass(millis);
        self.hook(true);
    }

    /// One digit by pulses, with the pause after it.
    pub fn pulses(&mut self, count: usize, break_ms: u64, make_ms: u64) {
        for _ in 0..count {
            self.break_for(break_ms);
            self.pass(make_ms);
        }
        self.pass(600);
    }

    pub fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            self.input(fxs::Input::Dtmf(key));
            self.pass(200);
        }
    }

    /// In conversation.
    pub fn talk(&mut self) {
        self.lift();
        self.command(fxs::Command::Talk);
        self.log.clear();
    }

    pub fn events(&self) -> Vec<fxs::Event> {
        let event = |(_, output): &(u64, fxs::Output)| match output {
            fxs::Output::Event(event) => Some(event.clone()),
            _ => None,
        };
        self.log.iter().filter_map(event).collect()
    }

    pub fn tones(&self) -> Vec<(u64, Option<ToneKind>)> {
        let tone = |(at, output): &(u64, fxs::Output)| match output {
            fxs::Output::Tone(tone) => Some((*at, *tone)),
            _ => None,
        };
        self.log.iter().filter_map(tone).collect()
    }

    /// The last `Dialled`.
    pub fn dialled(&self) -> Option<(String, bool)> {
        self.events().into_iter().rev().find_map(|event| match event {
            fxs::Event::Dialled { digits, complete } => Some((digits, complete)),
            _ => None,
        })
    }
}

/// An FXO port and all it put out.
pub struct FxoBench {
    pub port: fxo::Fxo,
    pub start: Instant,
    now: Instant,
    /// The line is live: loop current follows when the loop is closed.
    pub battery: bool,
    pub log: Vec<(u64, fxo::Output)>,
}

impl FxoBench {
    pub fn new(code: &str, reversal: bool) -> Self {
        #[allow(clippy::disallowed_methods, reason = "any instant will do as the origin of virtual time")]
        let start = Instant::now();
        FxoBench { port: fxo::Fxo::new(country(code), reversal), start, now: start, battery: true, log: Vec::new() }
    }

    pub fn at(&self) -> u64 {
        (self.now - self.start).as_millis() as u64
    }

    fn drain(&mut self) {
        while let Some(output) = self.port.poll_output() {
            if output == fxo::Output::Hook(true) && self.battery {
                self.port.handle(self.now, fxo::Input::LoopCurrent(true));
            }
            self.log.push((self.at(), output));
        }
    }

    pub fn pass(&mut self, millis: u64) {
        let end = self.now + ms(millis);
        while let Some((at, _)) = self.port.poll_timeout().filter(|(at, _)| *at <= end) {
            assert!(at >= self.now, "a deadline in the past is never left over");
            self.now = at;
            self.port.handle_timeout(at);
            self.drain();
        }
        self.now = end;
    }

    pub fn input(&mut self, input: fxo::Input) {
        self.port.handle(self.now, input);
        self.drain();
    }

    pub fn command(&mut self, command: fxo::Command) {
        self.port.command(self.now, command);
        self.drain();
    }

    pub fn ring(&mut self, millis: u64) {
        self.input(fxo::Input::Ring(true));
        self.pass(millis);
        self.input(fxo::Input::Ring(false));
    }

    /// Dials and reaches the conversation, not yet answered.
    pub fn dialled(&mut self, number: &str) {
        self.command(fxo::Command::Dial(number.into()));
        self.input(fxo::Input::LoopCurrent(true));
        self.pass(10_000);
        assert_eq!(self.events(), [fxo::Event::Dialled]);
        self.log.clear();
    }

    pub fn events(&self) -> Vec<fxo::Event> {
        let event = |(_, output): &(u64, fxo::Output)| match output {
            fxo::Output::Event(event) => Some(event.clone()),
            _ => None,
        };
        self.log.iter().filter_map(event).collect()
    }

    pub fn hooks(&self) -> Vec<(u64, bool)> {
        let hook = |(at, output): &(u64, fxo::Output)| match output {
            fxo::Output::Hook(closed) => Some((*at, *closed)),
            _ => None,
        };
        self.log.iter().filter_map(hook).collect()
    }

    pub fn sent(&self) -> Vec<(u64, char)> {
        let digit = |(at, output): &(u64, fxo::Output)| match output {
            fxo::Output::SendDigit(digit) => Some((*at, *digit)),
            _ => None,
        };
        self.log.iter().filter_map(digit).collect()
    }
}

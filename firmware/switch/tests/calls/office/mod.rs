//! A small office in virtual time: the exchange, SIP phones and analog sets on a network without loss, and a book-keeper that
//! checks after each test that nothing is left and nothing is missing.
#![allow(dead_code, reason = "each test file uses its own part")]

mod books;
mod phone;
mod site;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use offhook_lines::{fxo, fxs};
use offhook_media::command as media;
use offhook_sip::endpoint as sip;
use offhook_switch::config::Config;
use offhook_switch::exchange::{Exchange, Input, Now, Output};
use offhook_switch::id::LineId;

pub use books::Books;
pub use phone::{Phone, Script};
pub use site::{Site, announcement, line, trunk_id, user};

/// Our address.
pub const BOX: &str = "192.0.2.1:5060";

/// See the module.
pub struct Office {
    pub exchange: Exchange,
    pub phones: Vec<Phone>,
    pub books: Books,
    /// What came out to the hardware of each port since it was last looked at.
    pub fxs: BTreeMap<LineId, Vec<fxs::Output>>,
    pub fxo: BTreeMap<LineId, Vec<fxo::Output>>,
    pub config: Config,
    start: Instant,
    pub elapsed: Duration,
    /// One of so many datagrams is lost; 0: none.
    pub loss: u32,
    chance: u64,
    /// Processor time the exchange took.
    pub spent: Duration,
    wire: VecDeque<(SocketAddr, SocketAddr, bytes::Bytes)>,
}

impl Office {
    /// An office of this site with these phones, registered.
    pub fn open(config: Config, usernames: &[&str]) -> Self {
        let start = Instant::now();
        let now = Now { instant: start, wall: 1_700_000_000_000 };
        let endpoint = sip::EndpointConfig {
            host: "192.0.2.1".into(),
            ports: vec![(sip::Transport::Udp, 5060)],
            ..sip::EndpointConfig::default()
        };
        let exchange = Exchange::new(std::sync::Arc::new(config.clone()), endpoint, "/data".into(), [7; 32], now);
        let mut office = Office {
            exchange,
            phones: Vec::new(),
            books: Books::default(),
            fxs: BTreeMap::new(),
            fxo: BTreeMap::new(),
            config,
            start,
            elapsed: Duration::ZERO,
            loss: 0,
            chance: 1,
            spent: Duration::ZERO,
            wire: VecDeque::new(),
        };
        office.run();
        for username in usernames {
            let phone = office.add_phone(username);
            office.register(phone);
        }
        office
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        Now {
            instant: self.start + self.elapsed,
            wall: 1_700_000_000_000 + i64::try_from(self.elapsed.as_millis()).unwrap(),
        }
    }

    /// A number below `below`, from the seed (xorshift64).
    pub fn random(&mut self, below: u32) -> u32 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 33) as u32 % below
    }

    pub fn seed(&mut self, seed: u64) {
        self.chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    }

    /// One more phone, not registered.
    pub fn add_phone(&mut self, username: &str) -> usize {
        let number = self.phones.len();
        self.phones.push(Phone::new(username, number));
        number
    }

    /// Registers a phone and waits for the answer.
    pub fn register(&mut self, phone: usize) {
        let now = self.now().instant;
        self.phones[phone].register(now, 3600);
        self.run();
        assert_eq!(self.phones[phone].last_response, Some(200), "registration");
    }

    /// One input for the exchange.
    pub fn input(&mut self, input: Input) {
        self.exchange.handle(self.now(), input);
        self.run();
    }

    pub fn media_event(&mut self, event: media::Event) {
        self.input(Input::Media(event));
    }

    /// Delivers everything until the office is quiet.
    pub fn run(&mut self) {
        for _ in 0..10_000 {
            self.collect();
            let Some((from, to, bytes)) = self.wire.pop_front() else {
                return;
            };
            if self.loss > 0 && self.random(self.loss) == 0 {
                continue;
            }
            let now = self.now();
            let flow = sip::Flow { transport: sip::Transport::Udp, local: to, remote: from, connection: None };
            if to == BOX.parse().unwrap() {
                let before = Instant::now();
                self.exchange.handle(now, Input::Sip(sip::Input::Received { flow, bytes }));
                self.spent += before.elapsed();
            } else if let Some(phone) = self.phones.iter_mut().find(|phone| phone.address == to && !phone.dead) {
                phone.receive(now.instant, flow, bytes);
            }
        }
        panic!("the office does not become quiet");
    }

    fn collect(&mut self) {
        let now = self.now();
        while let Some(output) = self.exchange.poll_output() {
            match output {
                Output::Sip(sip::Output::Send { flow, bytes }) => {
                    self.wire.push_back((BOX.parse().unwrap(), flow.remote, bytes));
                }
                Output::Sip(sip::Output::Resolve { id, .. }) => {
                    self.exchange.handle(now, Input::Sip(sip::Input::Resolved { id, targets: Vec::new() }));
                }
                Output::Sip(sip::Output::Event(_)) => panic!("an event came out"),
                Output::Fxs(line, output) => self.fxs.entry(line).or_default().push(output),
                Output::Fxo(line, output) => {
                    if output == fxo::Output::Hook(true) {
                        // The line is live.
                        self.exchange.handle(now, Input::Fxo(line, fxo::Input::LoopCurrent(true)));
                    }
                    self.fxo.entry(line).or_default().push(output);
                }
                other => self.books.enter(other),
            }
        }
        for phone in &mut self.phones {
            let address = phone.address;
            for (to, bytes) in phone.collect(now.instant) {
                self.wire.push_back((address, to, bytes));
            }
        }
    }

    /// Lets time pass, with every timer at its own moment.
    pub fn pass(&mut self, time: Duration) {
        let end = self.elapsed + time;
        for _ in 0..1_000_000 {
            let before = Instant::now();
            let own = self.exchange.poll_timeout().map(|(at, _)| at);
            self.spent += before.elapsed();
            let phones = self.phones.iter().filter_map(Phone::timeout);
            let next = own.into_iter().chain(phones).min();
            let Some(at) = next.filter(|at| *at <= self.start + end) else {
                self.elapsed = end;
                return;
            };
            self.elapsed = self.elapsed.max(at.saturating_duration_since(self.start));
            let now = self.now();
            let before = Instant::now();
            self.exchange.handle_timeout(now);
            self.spent += before.elapsed();
            for phone in &mut self.phones {
                phone.handle_timeout(now.instant);
            }
            self.run();
        }
        panic!("timers without end");
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// A phone dials. Returns its session.
    pub fn dial(&mut self, phone: usize, number: &str) -> sip::SessionId {
        let now = self.now().instant;
        let session = self.phones[phone].call(now, number);
        self.run();
        session
    }

    pub fn answer(&mut self, phone: usize) {
        let now = self.now().instant;
        self.phones[phone].answer(now);
        self.run();
    }

    pub fn hang_up(&mut self, phone: usize) {
        let now = self.now().instant;
        self.phones[phone].hang_up(now);
        self.run();
    }

    pub fn reject(&mut self, phone: usize, status: u16) {
        let now = self.now().instant;
        self.phones[phone].reject(now, status);
        self.run();
    }

    /// A set's receiver is lifted or put down, long enough to be seen.
    pub fn hook(&mut self, line: LineId, off: bool) {
        self.input(Input::Fxs(line, fxs::Input::Hook(off)));
        self.seconds(2);
    }

    pub fn flash(&mut self, line: LineId) {
        self.input(Input::Fxs(line, fxs::Input::Hook(false)));
        self.pass(Duration::from_millis(250));
        self.input(Input::Fxs(line, fxs::Input::Hook(true)));
        self.seconds(2);
    }

    pub fn keys(&mut self, line: LineId, digits: &str) {
        for digit in digits.chars() {
            self.input(Input::Fxs(line, fxs::Input::Dtmf(digit)));
            self.pass(Duration::from_millis(200));
        }
    }

    /// Everybody has gone home: nothing may be left.
    pub fn close(mut self) -> Books {
        self.seconds(120);
        let counters = self.exchange.counters();
        assert_eq!(self.exchange.calls(), Vec::new());
        assert_eq!((counters.calls, counters.legs, counters.rtp_ports), (0, 0, 0), "left over");
        assert_eq!(counters.timers, 0, "timers left");
        self.books.check();
        self.books
    }
}

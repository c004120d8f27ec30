//! Two endpoints in virtual time, with a network between them that may lose, double and reorder under a seed.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::disallowed_methods, reason = "one epoch for virtual time")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::endpoint::*;
use offhook_sip::message::{Message, Uri};
use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    A,
    B,
}

/// What the network does, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    pub loss: u32,
    pub double: u32,
    pub reorder: u32,
}

/// Says which messages get lost.
pub type Filter = Box<dyn FnMut(Side, &Message) -> bool>;

pub struct Node {
    pub endpoint: Endpoint,
    pub address: SocketAddr,
    pub events: Vec<Event>,
    pub resolves: Vec<Output>,
}

pub struct Pair {
    pub now: Instant,
    pub start: Instant,
    pub a: Node,
    pub b: Node,
    pub transport: Transport,
    pub weather: Weather,
    /// Every message sent, in order: sender and first line.
    pub trace: Vec<(Side, Message)>,
    /// Messages for addresses of neither.
    pub elsewhere: Vec<(Side, Flow, Bytes)>,
    /// Messages to drop by a predicate; taken as a filter of the test.
    pub filter: Option<Filter>,
    network: BTreeMap<(Instant, u64), (Side, Flow, Bytes)>,
    sequence: u64,
    random: ChaCha12Rng,
}

pub const DELAY: Duration = Duration::from_millis(5);

pub fn config() -> EndpointConfig {
    EndpointConfig { session_expires: None, ..EndpointConfig::default() }
}

pub fn sdp(text: &str) -> Option<Body> {
    Some(Body { content_type: "application/sdp".into(), bytes: Bytes::copy_from_slice(text.as_bytes()) })
}

pub fn text(body: &Option<Body>) -> &str {
    body.as_ref().map_or("", |body| std::str::from_utf8(&body.bytes).expect("text"))
}

impl Pair {
    pub fn new() -> Pair {
        Pair::with(config(), config(), Weather::default(), 1)
    }

    pub fn with(a: EndpointConfig, b: EndpointConfig, weather: Weather, seed: u64) -> Pair {
        let now = Instant::now();
        let node = |config, seed: u8, address: &str| Node {
            endpoint: Endpoint::new(config, [seed; 32]),
            address: address.parse().expect("an address"),
            events: Vec::new(),
            resolves: Vec::new(),
        };
        Pair {
            now,
            start: now,
            a: node(a, 1, "192.0.2.1:5060"),
            b: node(b, 2, "192.0.2.2:5060"),
            transport: Transport::Udp,
            weather,
            trace: Vec::new(),
            elsewhere: Vec::new(),
            filter: None,
            network: BTreeMap::new(),
            sequence: 0,
            random: ChaCha12Rng::seed_from_u64(seed),
        }
    }

    pub fn node(&mut self, side: Side) -> &mut Node {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    pub fn flow_to_b(&self) -> Flow {
        Flow {
            transport: self.transport,
            local: self.a.address,
            remote: self.b.address,
            connection: (self.transport != Transport::Udp).then_some(ConnectionId(1)),
        }
    }

    /// An INVITE from A to B with an offer.
    pub fn invite_to_b(&self) -> Invite {
        Invite {
            request_uri: Uri::parse("sip:bob@192.0.2.2:5060").expect("a URI"),
            target: Target::Flow(self.flow_to_b()),
            route: Vec::new(),
            from: "\"Alice\" <sip:alice@192.0.2.1>".into(),
            to: "<sip:bob@192.0.2.2>".into(),
            headers: Vec::new(),
            body: sdp("offer"),
            credentials: None,
        }
    }

    /// Drains both endpoints into the network.
    pub fn drain(&mut self) {
        for side in [Side::A, Side::B] {
            while let Some(output) = self.node(side).endpoint.poll_output() {
                match output {
                    Output::Event(event) => self.node(side).events.push(event),
                    Output::Resolve { .. } => self.node(side).resolves.push(output),
                    Output::Send { flow, bytes } => self.carry(side, flow, bytes),
                }
            }
        }
    }

    fn carry(&mut self, from: Side, flow: Flow, bytes: Bytes) {
        let message = Message::parse_datagram(bytes.clone()).expect("what we write, we read");
        let dropped = self.filter.as_mut().is_some_and(|filter| filter(from, &message));
        self.trace.push((from, message));
        if dropped {
            return;
        }
        let to = if flow.remote == self.a.address {
            Side::A
        } else if flow.remote == self.b.address {
            Side::B
        } else {
            self.elsewhere.push((from, flow, bytes));
            return;
        };
        let mut roll = || self.random.next_u32() % 100;
        if roll() < self.weather.loss {
            return;
        }
        let copies = 1 + usize::from(roll() < self.weather.double);
        let late = roll() < self.weather.reorder;
        for copy in 0..copies {
            let delay = DELAY * (1 + u32::try_from(copy).unwrap_or(0)) + if late { DELAY * 8 } else { Duration::ZERO };
            self.sequence += 1;
            let source = if from == Side::A { self.a.address } else { self.b.address };
            let received = Flow {
                transport: flow.transport,
                local: flow.remote,
                remote: source,
                connection: (flow.transport != Transport::Udp).then_some(ConnectionId(1)),
            };
            self.network.insert((self.now + delay, self.sequence), (to, received, bytes.clone()));
        }
    }

    /// Puts bytes into an endpoint as if they came from an address.
    pub fn inject(&mut self, to: Side, remote: &str, text: &str) {
        let flow = Flow {
            transport: self.transport,
            local: self.node(to).address,
            remote: remote.parse().expect("an address"),
            connection: (self.transport != Transport::Udp).then_some(ConnectionId(9)),
        };
        let now = self.now;
        let bytes = Bytes::from(text.replace("\r\n", "\n").replace('\n', "\r\n"));
        self.node(to).endpoint.handle(now, Input::Received { flow, bytes });
        self.drain();
    }

    /// Runs the next thing that happens; false when nothing will.
    pub fn step(&mut self, until: Instant) -> bool {
        self.drain();
        let arrival = self.network.first_key_value().map(|((at, _), _)| *at);
        let timers = [self.a.endpoint.poll_timeout(), self.b.endpoint.poll_timeout()];
        let next = arrival.into_iter().chain(timers.into_iter().flatten().map(|(at, _)| at)).min();
        let Some(next) = next.filter(|next| *next <= until) else {
            return false;
        };
        self.now = self.now.max(next);
        let now = self.now;
        if arrival.is_some_and(|at| at <= now) {
            if let Some((_, (to, flow, bytes))) = self.network.pop_first() {
                self.node(to).endpoint.handle(now, Input::Received { flow, bytes });
            }
        } else {
            self.a.endpoint.handle_timeout(now);
            self.b.endpoint.handle_timeout(now);
        }
        self.drain();
        true
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
        self.drain();
    }

    /// Long enough for a few round trips, too short for a retransmission.
    pub fn settle(&mut self) {
        self.run(Duration::from_millis(100));
    }

    /// After quiet, nothing is left.
    pub fn quiet(&mut self) {
        self.run(Duration::from_secs(300));
        for side in [Side::A, Side::B] {
            let endpoint = &self.node(side).endpoint;
            assert_eq!(endpoint.transactions(), 0, "{side:?}: transactions left");
            assert_eq!(endpoint.sessions(), 0, "{side:?}: sessions left");
            assert_eq!(endpoint.subscriptions(), 0, "{side:?}: subscriptions left");
            assert_eq!(endpoint.requests_under_way(), 0, "{side:?}: requests left");
            assert_eq!(endpoint.timers(), 0, "{side:?}: timers left: {:?}", endpoint.poll_timeout());
        }
    }

    /// Takes the events of a side.
    pub fn events(&mut self, side: Side) -> Vec<Event> {
        self.drain();
        std::mem::take(&mut self.node(side).events)
    }

    /// The one INVITE that arrived at B.
    pub fn invited(&mut self) -> SessionId {
        let events = self.events(Side::B);
        match events.as_slice() {
            [Event::Invited { session, .. }] => *session,
            other => panic!("expected one Invited: {other:?}"),
        }
    }

    /// A call from A to B that is up: the sessions of A and of B.
    pub fn call(&mut self) -> (SessionId, SessionId) {
        let invite = self.invite_to_b();
        self.call_with(invite)
    }

    pub fn call_with(&mut self, invite: Invite) -> (SessionId, SessionId) {
        let now = self.now;
        let a = self.a.endpoint.invite(now, invite);
        self.settle();
        let b = self.invited();
        let now = self.now;
        self.b.endpoint.answer(now, b, &[], sdp("answer")).expect("an INVITE to answer");
        self.settle();
        let events = self.events(Side::A);
        assert!(
            matches!(events.last(), Some(Event::Answered { session, offer: false, .. }) if *session == a),
            "{events:?}"
        );
        let events = self.events(Side::B);
        assert!(matches!(events.as_slice(), [Event::Confirmed { session, .. }] if *session == b), "{events:?}");
        (a, b)
    }

    /// What was sent: "A INVITE", "B 200 INVITE" …
    pub fn ladder(&self) -> Vec<String> {
        self.trace
            .iter()
            .map(|(side, message)| {
                let method = message.method();
                match message.status() {
                    0 => format!("{side:?} {}", method.as_str()),
                    status => format!("{side:?} {status} {}", method.as_str()),
                }
            })
            .collect()
    }

    /// How often something is in the ladder.
    pub fn count(&self, line: &str) -> usize {
        self.ladder().iter().filter(|entry| *entry == line).count()
    }

    /// The last message like this in the ladder.
    pub fn last(&self, line: &str) -> Message {
        let at = self
            .ladder()
            .iter()
            .rposition(|entry| entry == line)
            .unwrap_or_else(|| panic!("no {line}: {:?}", self.ladder()));
        self.trace[at].1.clone()
    }
}

/// A lowercase header test helper.
pub fn header(message: &Message, name: &str) -> String {
    message.header(name).unwrap_or_default().into_owned()
}

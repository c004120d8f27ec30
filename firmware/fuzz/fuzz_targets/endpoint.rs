//! A whole endpoint from bytes: messages in any order over two flows, time passing in between, an owner who answers.
//! Nothing panics, every message sent is one, and after a long quiet nothing is left.
#![no_main]

use std::time::{Duration, Instant};

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::endpoint::{Body, ConnectionId, Endpoint, EndpointConfig, Event, Flow, Input, Output, Transport};
use offhook_sip::message::{Message, ParseOptions};

/// Most inputs of one run: keeps a run short.
const MAX_STEPS: usize = 40;
/// Between the steps of an input: hard for a message to have by itself.
const SEPARATOR: &[u8] = b"\xff\xfe";

fuzz_target!(|data: &[u8]| {
    let mut run = Run {
        endpoint: Endpoint::new(EndpointConfig::default(), [7; 32]),
        now: Instant::now(),
        sessions: Vec::new(),
        choice: 0,
    };
    let mut rest = data;
    for _ in 0..MAX_STEPS {
        if rest.is_empty() {
            break;
        }
        let end = rest.windows(2).position(|pair| pair == SEPARATOR).unwrap_or(rest.len());
        run.step(&rest[..end]);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    run.quiet();
});

struct Run {
    endpoint: Endpoint,
    now: Instant,
    sessions: Vec<offhook_sip::endpoint::SessionId>,
    choice: u8,
}

impl Run {
    /// The first byte says what happens, the rest is a message.
    fn step(&mut self, step: &[u8]) {
        let Some((&what, message)) = step.split_first() else { return };
        self.choice = what >> 4;
        let flow = flow(what & 1 == 1);
        match what & 7 {
            0..=3 => {
                let bytes = Bytes::copy_from_slice(message);
                self.endpoint.handle(self.now, Input::Received { flow, bytes });
            }
            4 => self.pass(Duration::from_millis(u64::from(self.choice) * 700)),
            5 => self.endpoint.handle(self.now, Input::SendFailed { flow }),
            6 => self.endpoint.handle(self.now, Input::ConnectionClosed(ConnectionId(1))),
            _ => {
                if let Some(session) = self.sessions.pop() {
                    let _ = self.endpoint.end(self.now, session, None);
                }
            }
        }
        self.drain();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.endpoint.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.endpoint.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                Output::Send { bytes, .. } => {
                    // A peer's odd header values come back in answers: only the framing is ours to keep.
                    let sent = Message::parse_datagram_with(bytes, &ParseOptions::lenient());
                    assert!(!matches!(sent, Err(error) if error.status == 505), "what we send is SIP/2.0");
                }
                Output::Resolve { id, .. } => {
                    let targets = vec![(Transport::Udp, ([192, 0, 2, 9], 5060).into())];
                    self.endpoint.handle(self.now, Input::Resolved { id, targets });
                }
                Output::Event(event) => self.answer(event),
            }
        }
    }

    /// The owner of the calls, deciding by the step's upper bits.
    fn answer(&mut self, event: Event) {
        let sdp = || Body {
            content_type: "application/sdp".into(),
            bytes: Bytes::from_static(b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"),
        };
        let now = self.now;
        match event {
            Event::Request { transaction, .. } => {
                let status = [200, 404, 401, 503][usize::from(self.choice & 3)];
                let _ = self.endpoint.respond(now, transaction, status, &[], None);
            }
            Event::Invited { session, .. } => {
                self.sessions.push(session);
                if self.choice & 1 == 1 {
                    let _ = self.endpoint.progress(now, session, 180, &[], None, self.choice & 2 == 2);
                }
                if self.choice & 4 == 4 {
                    let _ = self.endpoint.answer(now, session, &[], Some(sdp()));
                }
            }
            Event::Offer { session, .. } if self.choice & 1 == 1 => {
                let _ = self.endpoint.reject_offer(now, session, 488);
            }
            Event::Offer { session, .. } => {
                let _ = self.endpoint.accept_offer(now, session, Some(sdp()));
            }
            Event::Referred { session, transaction, .. } => {
                if self.choice & 1 == 1 {
                    let _ = self.endpoint.reject_refer(now, transaction, 603);
                } else if self.endpoint.accept_refer(now, transaction).is_ok() {
                    let _ = self.endpoint.refer_progress(now, session, 200);
                }
            }
            _ => {}
        }
    }

    /// Everyone hangs up and nobody says anything for an hour.
    fn quiet(&mut self) {
        for session in std::mem::take(&mut self.sessions) {
            let _ = self.endpoint.end(self.now, session, None);
        }
        self.drain();
        self.pass(Duration::from_secs(3600));
        assert_eq!(self.endpoint.transactions(), 0, "a transaction is left");
        assert_eq!(self.endpoint.sessions(), 0, "a session is left");
        assert_eq!(self.endpoint.timers(), 0, "a timer is left");
    }
}

fn flow(stream: bool) -> Flow {
    Flow {
        transport: if stream { Transport::Tcp } else { Transport::Udp },
        local: ([192, 0, 2, 1], 5060).into(),
        remote: ([192, 0, 2, 2], 5062).into(),
        connection: stream.then_some(ConnectionId(1)),
    }
}

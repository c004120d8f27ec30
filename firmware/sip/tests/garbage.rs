//! Random bytes and mutated messages: no panic, bounded memory, nothing left.
mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use offhook_sip::endpoint::*;
use proptest::prelude::*;
use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

/// Real messages of a call with everything in it, as a corpus.
fn corpus() -> Vec<Bytes> {
    let timed = EndpointConfig { session_expires: Some(Duration::from_secs(300)), ..config() };
    let mut pair = Pair::with(timed.clone(), timed, Weather::default(), 1);
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.progress(pair.now, b, 183, &[], sdp("early"), true).expect("ringing");
    pair.settle();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("ringing");
    pair.settle();
    pair.a.endpoint.reoffer(pair.now, a, sdp("hold")).expect("up");
    pair.settle();
    pair.b.endpoint.accept_offer(pair.now, b, sdp("held")).expect("an offer");
    pair.run(Duration::from_secs(200));
    let headers = [("Refer-To", "<sip:1002@192.0.2.2?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>")];
    pair.a.endpoint.request_in(pair.now, a, offhook_sip::message::Method::Refer, &headers, None).expect("up");
    pair.settle();
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.settle();
    pair.trace.iter().map(|(_, message)| message.as_bytes().clone()).collect()
}

fn mutate(random: &mut ChaCha12Rng, bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.next_u32() % 4 {
        if bytes.is_empty() {
            break;
        }
        let at = random.next_u32() as usize % bytes.len();
        match random.next_u32() % 4 {
            0 => bytes[at] = (random.next_u32() & 0xff) as u8,
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, b"\r\n;,<>\"=@:0\0"[random.next_u32() as usize % 12]),
            _ => {
                // A line twice, or gone.
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let mut lines: Vec<&str> = text.split("\r\n").collect();
                let line = random.next_u32() as usize % lines.len();
                if random.next_u32().is_multiple_of(2) {
                    lines.insert(line, lines[line]);
                } else {
                    lines.remove(line);
                }
                bytes = lines.join("\r\n").into_bytes();
            }
        }
    }
    bytes.into()
}

/// An owner that answers whatever comes, somehow.
fn answer(random: &mut ChaCha12Rng, endpoint: &mut Endpoint, now: std::time::Instant) {
    while let Some(output) = endpoint.poll_output() {
        let Output::Event(event) = output else {
            continue;
        };
        let body = (random.next_u32().is_multiple_of(2)).then(|| sdp("any")).flatten();
        match (event, random.next_u32() % 5) {
            (Event::Request { transaction, .. }, 0..=3) => {
                let _ = endpoint.respond(now, transaction, 200, &[], body);
            }
            (Event::Invited { session, .. }, 0) => {
                let _ = endpoint.progress(now, session, 183, &[], body, true);
            }
            (Event::Invited { session, .. }, 1..=2) => {
                let _ = endpoint.answer(now, session, &[], body);
            }
            (Event::Invited { session, .. }, _) => {
                let _ = endpoint.reject(now, session, 486, &[]);
            }
            (Event::Offer { session, .. }, 0..=1) => {
                let _ = endpoint.accept_offer(now, session, body);
            }
            (Event::Offer { session, .. }, _) => {
                let _ = endpoint.reject_offer(now, session, 488);
            }
            (Event::Referred { transaction, session, .. }, _) => {
                let _ = endpoint.accept_refer(now, transaction);
                let _ = endpoint.refer_progress(now, session, 200);
            }
            (Event::Confirmed { session, .. }, _) => {
                let _ = endpoint.reoffer(now, session, body);
            }
            _ => {}
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "an epoch for virtual time")]
fn mutated_calls_leave_nothing() {
    let corpus = corpus();
    let mut random = ChaCha12Rng::seed_from_u64(7);
    for _ in 0..20 {
        let small = EndpointConfig { max_transactions: 50, max_sessions: 20, ..config() };
        let mut endpoint = Endpoint::new(small, [1; 32]);
        let mut now = std::time::Instant::now();
        for _ in 0..1_000 {
            let which = random.next_u32() as usize % corpus.len();
            let bytes = mutate(&mut random, &corpus[which]);
            let stream = random.next_u32().is_multiple_of(3);
            let flow = Flow {
                transport: if stream { Transport::Tcp } else { Transport::Udp },
                local: "192.0.2.2:5060".parse().expect("an address"),
                remote: "192.0.2.1:5060".parse().expect("an address"),
                connection: stream.then_some(ConnectionId(3)),
            };
            endpoint.handle(now, Input::Received { flow, bytes });
            answer(&mut random, &mut endpoint, now);
            if random.next_u32().is_multiple_of(50) {
                now += Duration::from_millis(u64::from(random.next_u32() % 5_000));
                endpoint.handle_timeout(now);
                answer(&mut random, &mut endpoint, now);
            }
            assert!(endpoint.transactions() <= 50 + 50 / 4 + 40, "{}", endpoint.transactions());
            assert!(endpoint.sessions() <= 20);
        }
        // Sessions the owner never answered stay his; all else goes by itself.
        for _ in 0..400 {
            now += Duration::from_secs(1);
            endpoint.handle_timeout(now);
            while endpoint.poll_output().is_some() {}
        }
        assert_eq!(endpoint.requests_under_way(), 0);
    }
}

proptest! {
    #[test]
    #[expect(clippy::disallowed_methods, reason = "an epoch for virtual time")]
    fn random_bytes_do_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut endpoint = Endpoint::new(config(), [1; 32]);
        let flow = Flow {
            transport: Transport::Udp,
            local: "192.0.2.2:5060".parse().expect("an address"),
            remote: "192.0.2.1:5060".parse().expect("an address"),
            connection: None,
        };
        endpoint.handle(std::time::Instant::now(), Input::Received { flow, bytes: bytes.into() });
        prop_assert_eq!(endpoint.sessions(), 0);
    }
}

//! Full tables: 503 before memory grows. And the checks of RFC 3261 §8.2.
mod common;

use common::*;
use offhook_sip::endpoint::*;

fn request(method: &str, branch: &str, call_id: &str, more: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{branch}\nFrom: <sip:a@b>;tag=1\nTo: <sip:bob@192.0.2.2>\nCall-ID: {call_id}\nCSeq: 1 {method}\nContact: <sip:a@192.0.2.9>\n{more}Content-Length: 0\n\n"
    )
}

fn with_body(method: &str, id: &str, more: &str) -> String {
    request(method, id, id, more).replace("Content-Length: 0\n\n", "Content-Length: 5\n\nhello")
}

fn statuses(pair: &mut Pair) -> Vec<u16> {
    std::mem::take(&mut pair.trace).iter().map(|(_, message)| message.status()).collect()
}

#[test]
fn more_transactions_than_allowed() {
    let small = EndpointConfig { max_transactions: 4, ..config() };
    let mut pair = Pair::with(config(), small, Weather::default(), 1);
    for at in 0..10 {
        pair.inject(Side::B, "192.0.2.9:5060", &request("OPTIONS", &at.to_string(), &at.to_string(), ""));
    }
    assert_eq!(pair.b.endpoint.transactions(), 4);
    assert_eq!(pair.b.endpoint.overload_refusals(), 6);
    assert_eq!(pair.count("B 503 OPTIONS"), 6);
    let retry: u32 = header(&pair.last("B 503 OPTIONS"), "Retry-After").parse().expect("seconds");
    assert!(retry > 0);
    assert_eq!(pair.events(Side::B).len(), 4);
    pair.quiet();
}

#[test]
fn more_sessions_than_allowed() {
    let small = EndpointConfig { max_sessions: 1, ..config() };
    let mut pair = Pair::with(config(), small, Weather::default(), 1);
    let (a, b) = pair.call();
    let invite = pair.invite_to_b();
    pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 503, .. }]));
    assert_eq!(pair.b.endpoint.overload_refusals(), 1);
    // The call that is up goes on.
    pair.a.endpoint.reoffer(pair.now, a, sdp("hold")).expect("up");
    pair.settle();
    pair.b.endpoint.accept_offer(pair.now, b, sdp("held")).expect("an offer");
    pair.settle();
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn what_is_refused_without_asking() {
    let mut pair = Pair::new();
    let mut ask = |text: String| {
        pair.inject(Side::B, "192.0.2.9:5060", &text);
        let answer = pair.trace.last().expect("an answer").1.clone();
        pair.inject(Side::B, "192.0.2.9:5060", &text.replace("INVITE", "ACK"));
        answer
    };
    let answer = ask(request("INVITE", "a", "a", "Max-Forwards: 0\n"));
    assert_eq!(answer.status(), 483);
    let answer = ask(request("INVITE", "b", "b", "Require: timer, foo, bar\n"));
    let unsupported: Vec<_> = answer.header_values("Unsupported").collect();
    assert_eq!((answer.status(), unsupported), (420, vec!["foo".into(), "bar".into()]));
    let answer = ask(with_body("INVITE", "text", "Content-Type: text/plain\n"));
    assert_eq!((answer.status(), header(&answer, "Accept")), (415, "application/sdp".into()));
    let answer = ask(with_body("INVITE", "gzip", "Content-Type: application/sdp\nContent-Encoding: gzip\n"));
    assert_eq!((answer.status(), header(&answer, "Accept-Encoding")), (415, "identity".into()));
    let answer = ask(request("INVITE", "html", "html", "Accept: text/html, text/*;q=0.5\n"));
    assert_eq!(answer.status(), 406);
    let answer = ask(request("FOO", "c", "c", ""));
    assert_eq!(answer.status(), 501);
    assert!(header(&answer, "Allow").contains("INVITE"));
    let answer = ask(request("BYE", "d", "d", ""));
    assert_eq!(answer.status(), 481);
    let answer = ask(request("INVITE", "e", "e", "").replace("bob@192.0.2.2>", "bob@192.0.2.2>;tag=unknown"));
    assert_eq!(answer.status(), 481);
    let answer = ask(request("INVITE", "f", "f", "").replace("CSeq: 1 INVITE", "CSeq: 1 BYE"));
    assert_eq!(answer.status(), 400);
    assert!(pair.events(Side::B).is_empty());
    pair.quiet();
}

#[test]
fn a_request_that_came_two_ways_is_merged() {
    let mut pair = Pair::new();
    pair.inject(Side::B, "192.0.2.9:5060", &request("INVITE", "one", "same", ""));
    pair.inject(Side::B, "192.0.2.9:5060", &request("INVITE", "two", "same", ""));
    assert_eq!(statuses(&mut pair), [100, 482]);
    let b = pair.invited();
    pair.inject(Side::B, "192.0.2.9:5060", &request("INVITE", "one", "same", ""));
    assert_eq!(statuses(&mut pair), [100], "a retransmission gets the last response");
    pair.b.endpoint.reject(pair.now, b, 486, &[]).expect("ringing");
    pair.quiet();
}

#[test]
fn phones_of_rfc2543_are_understood() {
    let mut pair = Pair::new();
    let old = |method: &str, number: u32| {
        format!(
            "{method} sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060\nFrom: <sip:a@b>\nTo: <sip:bob@192.0.2.2>\nCall-ID: old\nCSeq: {number} {method}\nContent-Length: 0\n\n"
        )
    };
    pair.inject(Side::B, "192.0.2.9:5060", &old("INVITE", 1));
    pair.inject(Side::B, "192.0.2.9:5060", &old("INVITE", 1));
    let b = pair.invited();
    assert_eq!(statuses(&mut pair), [100, 100]);
    pair.inject(Side::B, "192.0.2.9:5060", &old("CANCEL", 1));
    assert_eq!(statuses(&mut pair), [200, 487]);
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Cancelled { session, .. }] if *session == b));
    pair.quiet();
}

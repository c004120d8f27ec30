//! Reliable provisional responses (RFC 3262).
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

fn ringing(pair: &mut Pair) -> (SessionId, SessionId) {
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    (a, pair.invited())
}

#[test]
fn early_media_is_acknowledged() {
    let mut pair = Pair::new();
    let (a, b) = ringing(&mut pair);
    pair.b.endpoint.progress(pair.now, b, 183, &[], sdp("early"), true).expect("ringing");
    pair.b.endpoint.progress(pair.now, b, 180, &[], None, true).expect("ringing");
    pair.settle();
    let events = pair.events(Side::A);
    let [Event::Progress { status: 183, body, .. }, Event::Progress { status: 180, body: None, .. }] =
        events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(text(body), "early");
    assert_eq!(pair.count("A PRACK"), 2);
    let first = pair.trace.iter().find(|(_, message)| message.status() == 183).expect("183").1.clone();
    let second = pair.last("B 180 INVITE");
    let rseq: u32 = header(&first, "RSeq").parse().expect("a number");
    assert_eq!(header(&second, "RSeq"), (rseq + 1).to_string());
    assert_eq!(header(&pair.last("A PRACK"), "RAck"), format!("{} 1 INVITE", rseq + 1));
    pair.b.endpoint.answer(pair.now, b, &[], sdp("early")).expect("ringing");
    pair.settle();
    assert!(pair.last("B 200 INVITE").body().is_empty(), "the answer was given before");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn the_answer_waits_for_the_prack() {
    let mut pair = Pair::new();
    let (a, b) = ringing(&mut pair);
    pair.filter = Some(Box::new(|_, message| message.method().as_str() == "PRACK"));
    pair.b.endpoint.progress(pair.now, b, 183, &[], sdp("early"), true).expect("ringing");
    pair.b.endpoint.answer(pair.now, b, &[("X-A", "1")], sdp("early")).expect("ringing");
    pair.settle();
    assert_eq!(pair.count("B 200 INVITE"), 0);
    pair.filter = None;
    pair.run(Duration::from_secs(2));
    assert_eq!(header(&pair.last("B 200 INVITE"), "X-A"), "1");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn it_is_repeated_with_doubling_intervals_then_given_up() {
    let mut pair = Pair::new();
    let (_, b) = ringing(&mut pair);
    pair.filter = Some(Box::new(|_, message| message.method().as_str() == "PRACK"));
    pair.b.endpoint.progress(pair.now, b, 183, &[], sdp("early"), true).expect("ringing");
    pair.run(Duration::from_millis(31_900));
    assert_eq!(pair.count("B 183 INVITE"), 7, "at 0, .5, 1.5, 3.5, 7.5, 15.5, 31.5 s");
    pair.run(Duration::from_secs(1));
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Cancelled { .. }]));
    let events = pair.events(Side::A);
    assert!(matches!(events.last(), Some(Event::Failed { status: 504, .. })), "{events:?}");
    pair.quiet();
}

#[test]
fn a_prack_for_nothing_gets_481_and_an_unsupporting_caller_no_100rel() {
    let mut pair = Pair::new();
    pair.inject(
        Side::B,
        "192.0.2.1:5060",
        "INVITE sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: <sip:bob@192.0.2.2>\nCall-ID: c\nCSeq: 1 INVITE\nContact: <sip:a@192.0.2.1>\nContent-Length: 0\n\n",
    );
    let b = pair.invited();
    pair.b.endpoint.progress(pair.now, b, 183, &[], None, true).expect("ringing");
    pair.drain();
    let response = pair.last("B 183 INVITE");
    assert_eq!(header(&response, "RSeq"), "");
    let to = header(&response, "To");
    pair.inject(
        Side::B,
        "192.0.2.1:5060",
        &format!("PRACK sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: {to}\nCall-ID: c\nCSeq: 2 PRACK\nRAck: 1 1 INVITE\nContent-Length: 0\n\n"),
    );
    assert_eq!(pair.count("B 481 PRACK"), 1);
    pair.b.endpoint.reject(pair.now, b, 486, &[]).expect("ringing");
    pair.quiet();
}

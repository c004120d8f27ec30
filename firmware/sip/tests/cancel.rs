//! CANCEL (RFC 3261 §9), also when it crosses an answer.
mod common;

use common::*;
use offhook_sip::endpoint::*;

#[test]
fn a_cancelled_call_ends_on_both_sides() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.a.endpoint.cancel(pair.now, a, Some("SIP;cause=200;text=\"Call completed elsewhere\"")).expect("ringing");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Cancelled { session, reason: Some(reason) }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(*session, b);
    assert_eq!((reason.cause, reason.text.as_deref()), (200, Some("Call completed elsewhere")));
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 487, .. }]));
    assert_eq!(pair.ladder(), ["A INVITE", "B 100 INVITE", "A CANCEL", "B 200 CANCEL", "B 487 INVITE", "A ACK"]);
    assert_eq!(pair.b.endpoint.answer(pair.now, b, &[], None), Err(Gone));
    pair.quiet();
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.a.endpoint.cancel(pair.now, a, None).expect("calling");
    pair.drain();
    assert_eq!(pair.count("A CANCEL"), 0);
    pair.settle();
    assert_eq!(pair.count("A CANCEL"), 1);
    pair.events(Side::B);
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 487, .. }]));
    pair.quiet();
}

#[test]
fn an_answer_that_crosses_is_ended() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.a.endpoint.cancel(pair.now, a, None).expect("ringing");
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("ringing");
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 487, .. }]));
    let events = pair.events(Side::B);
    assert!(matches!(events.as_slice(), [Event::Confirmed { .. }, Event::Ended { by_peer: true, .. }]), "{events:?}");
    assert_eq!(pair.count("A ACK"), 1);
    assert_eq!(pair.count("A BYE"), 1);
    pair.quiet();
}

#[test]
fn a_cancel_without_invite_gets_481() {
    let mut pair = Pair::new();
    pair.inject(
        Side::B,
        "192.0.2.1:5060",
        "CANCEL sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnone\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: <sip:bob@192.0.2.2>\nCall-ID: c\nCSeq: 1 CANCEL\nContent-Length: 0\n\n",
    );
    assert_eq!(pair.count("B 481 CANCEL"), 1);
    pair.quiet();
}

#[test]
fn a_cancel_nobody_hears_ends_in_time() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.filter = Some(Box::new(|_, _| true));
    pair.a.endpoint.cancel(pair.now, a, None).expect("ringing");
    pair.run(std::time::Duration::from_secs(40));
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 487, .. }]));
    pair.b.endpoint.reject(pair.now, b, 480, &[]).expect("ringing");
    pair.quiet();
}

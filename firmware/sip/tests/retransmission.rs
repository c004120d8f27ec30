//! Loss, doubles and disorder: retransmissions of every kind (RFC 3261 §17, §13.3.1.4).
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

#[test]
fn invite_is_sent_seven_times_and_then_times_out() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let invite = pair.invite_to_b();
    let start = pair.now;
    pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    assert_eq!(pair.a.endpoint.poll_timeout(), Some((start + Duration::from_millis(500), "TimerA")));
    pair.run(Duration::from_millis(31_999));
    assert_eq!(pair.count("A INVITE"), 7);
    let first = pair.trace[0].1.as_bytes().clone();
    assert!(pair.trace.iter().all(|(_, message)| *message.as_bytes() == first), "byte by byte");
    assert!(pair.events(Side::A).is_empty());
    pair.run(Duration::from_millis(1));
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 408, response: None, .. }]));
    pair.quiet();
}

#[test]
fn reliable_transports_do_not_repeat_requests() {
    let mut pair = Pair::new();
    pair.transport = Transport::Tcp;
    pair.filter = Some(Box::new(|_, _| true));
    let invite = pair.invite_to_b();
    pair.a.endpoint.invite(pair.now, invite);
    pair.run(Duration::from_secs(40));
    assert_eq!(pair.count("A INVITE"), 1);
    pair.quiet();
}

#[test]
fn a_lost_ack_makes_the_2xx_come_again() {
    let mut pair = Pair::new();
    let mut lost = 0;
    pair.filter = Some(Box::new(move |side, message| {
        let ack = side == Side::A && message.method().as_str() == "ACK";
        lost += u32::from(ack);
        ack && lost <= 2
    }));
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("ringing");
    pair.run(Duration::from_secs(5));
    assert_eq!(pair.count("B 200 INVITE"), 3);
    assert_eq!(pair.count("A ACK"), 3);
    assert_eq!(pair.events(Side::A).len(), 1);
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Confirmed { .. }]));
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn no_ack_at_all_ends_the_call() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|side, message| side == Side::A && message.method().as_str() == "ACK"));
    let invite = pair.invite_to_b();
    pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("ringing");
    pair.run(Duration::from_secs(33));
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Ended { by_peer: false, expired: true, .. }]));
    let events = pair.events(Side::A);
    assert!(matches!(events.as_slice(), [Event::Answered { .. }, Event::Ended { by_peer: true, .. }]), "{events:?}");
    pair.quiet();
}

#[test]
fn bye_waits_for_the_ack() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|side, message| side == Side::A && message.method().as_str() == "ACK"));
    let invite = pair.invite_to_b();
    pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("ringing");
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.settle();
    assert_eq!(pair.count("B BYE"), 0);
    pair.filter = None;
    pair.run(Duration::from_secs(2));
    assert_eq!(pair.count("B BYE"), 1);
    pair.quiet();
}

#[test]
fn stray_messages_are_dropped() {
    let mut pair = Pair::new();
    pair.inject(
        Side::A,
        "192.0.2.9:5060",
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnobody\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: x\nCSeq: 1 INVITE\nContent-Length: 0\n\n",
    );
    pair.inject(
        Side::A,
        "192.0.2.9:5060",
        "ACK sip:a@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKack\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: x\nCSeq: 1 ACK\nContent-Length: 0\n\n",
    );
    assert!(pair.trace.is_empty());
    pair.quiet();
}

#[test]
fn calls_survive_a_bad_network() {
    for seed in 0..60 {
        let weather = Weather { loss: 20, double: 20, reorder: 20 };
        let mut pair = Pair::with(config(), config(), weather, seed);
        let invite = pair.invite_to_b();
        let a = pair.a.endpoint.invite(pair.now, invite);
        pair.run(Duration::from_secs(20));
        let events = pair.events(Side::B);
        let [Event::Invited { session: b, .. }] = events.as_slice() else { panic!("seed {seed}: {events:?}") };
        pair.b.endpoint.progress(pair.now, *b, 183, &[], sdp("early"), true).expect("ringing");
        pair.run(Duration::from_secs(20));
        pair.b.endpoint.answer(pair.now, *b, &[], sdp("answer")).expect("ringing");
        pair.run(Duration::from_secs(30));
        let events = pair.events(Side::A);
        assert_eq!(
            events.iter().filter(|event| matches!(event, Event::Answered { .. })).count(),
            1,
            "seed {seed}: {events:?}"
        );
        let events = pair.events(Side::B);
        assert!(matches!(events.as_slice(), [Event::Confirmed { .. }]), "seed {seed}: {events:?}");
        pair.a.endpoint.reoffer(pair.now, a, sdp("hold")).expect("up");
        pair.run(Duration::from_secs(20));
        let events = pair.events(Side::B);
        assert!(matches!(events.as_slice(), [Event::Offer { .. }]), "seed {seed}: {events:?}");
        pair.b.endpoint.accept_offer(pair.now, *b, sdp("held")).expect("an offer");
        pair.run(Duration::from_secs(20));
        let events = pair.events(Side::A);
        assert!(matches!(events.as_slice(), [Event::OfferAnswered { .. }]), "seed {seed}: {events:?}");
        pair.a.endpoint.end(pair.now, a, None).expect("up");
        pair.run(Duration::from_secs(40));
        let events = pair.events(Side::B);
        assert!(matches!(events.as_slice(), [Event::Ended { by_peer: true, .. }]), "seed {seed}: {events:?}");
        pair.quiet();
    }
}

//! A BYE that is here before the 2xx of our INVITE: the callee answered and hung up, and the network changed the order or lost the
//! answer.
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

/// B rings (`rings`) and answers; every 200 of it is lost from now on, and its BYE arrives at A.
fn overtaken(rings: bool) -> (Pair, SessionId) {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    if rings {
        pair.b.endpoint.progress(pair.now, b, 180, &[], None, false).expect("to answer");
        pair.settle();
    }
    pair.filter = Some(Box::new(|side, message| side == Side::B && message.status() == 200));
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("an INVITE to answer");
    pair.settle();
    pair.events(Side::A);
    let answer = pair.last("B 200 INVITE");
    let (from, to) = (header(&answer, "To"), header(&answer, "From"));
    let bye = format!(
        "BYE sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKearly\nMax-Forwards: 70\nFrom: {from}\n\
         To: {to}\nCall-ID: {}\nCSeq: 1 BYE\nReason: Q.850;cause=31\nContent-Length: 0\n\n",
        header(&answer, "Call-ID")
    );
    pair.inject(Side::A, "192.0.2.2:5060", &bye);
    assert_eq!(pair.count("A 200 BYE"), 1);
    assert!(pair.events(Side::A).is_empty(), "its 2xx may be on the way");
    (pair, a)
}

#[test]
fn a_late_answer_ends_at_once() {
    for rings in [false, true] {
        let (mut pair, a) = overtaken(rings);
        // The next copy of the 200 gets through.
        pair.filter = None;
        pair.run(Duration::from_secs(1));
        let events = pair.events(Side::A);
        let [Event::Answered { session, .. }, Event::Ended { session: ended, by_peer: true, reason: Some(reason), .. }] =
            events.as_slice()
        else {
            panic!("{events:?}")
        };
        assert_eq!((*session, *ended, reason.cause), (a, a, 31));
        assert_eq!(pair.count("A ACK"), 1, "the answer is acknowledged all the same");
        let b = pair.events(Side::B);
        let Some(Event::Confirmed { session, .. }) = b.first() else { panic!("{b:?}") };
        pair.b.endpoint.end(pair.now, *session, None).expect("up");
        pair.quiet();
    }
}

#[test]
fn a_lost_answer_is_not_waited_for() {
    for rings in [false, true] {
        let (mut pair, a) = overtaken(rings);
        pair.run(Duration::from_secs(5));
        let events = pair.events(Side::A);
        let [Event::Failed { session, status: 480, response: None }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(*session, a);
        assert_eq!(pair.a.endpoint.cancel(pair.now, a, None), Err(Gone), "the owner is done with it");
        pair.run(Duration::from_secs(120));
        assert!(pair.events(Side::A).is_empty(), "told once");
        pair.quiet();
    }
}

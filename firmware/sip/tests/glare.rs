//! Both sides change the session at once: 491 and random waits (RFC 3261 §14.1).
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

#[test]
fn both_offers_arrive_in_the_end() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    let start = pair.now;
    pair.a.endpoint.reoffer(pair.now, a, sdp("from a")).expect("up");
    pair.b.endpoint.reoffer(pair.now, b, sdp("from b")).expect("up");
    pair.settle();
    assert_eq!(pair.count("A 491 INVITE"), 1);
    assert_eq!(pair.count("B 491 INVITE"), 1);
    let mut answered = Vec::new();
    while pair.now < start + Duration::from_secs(6) {
        pair.run(Duration::from_millis(50));
        for (side, session) in [(Side::A, a), (Side::B, b)] {
            for event in pair.events(side) {
                match event {
                    Event::Offer { .. } => {
                        let now = pair.now;
                        pair.node(side).endpoint.accept_offer(now, session, sdp("yes")).expect("an offer");
                    }
                    Event::OfferAnswered { .. } => answered.push((side, pair.now - start)),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert_eq!(answered.len(), 2, "{answered:?}");
    let of = |side| answered.iter().find(|(who, _)| *who == side).expect("answered").1;
    assert!(of(Side::A) >= Duration::from_millis(2100), "the caller waits longer");
    assert!(of(Side::B) <= Duration::from_millis(2300));
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn a_second_offer_before_the_answer_gets_500() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.a.endpoint.reoffer(pair.now, a, sdp("one")).expect("up");
    pair.settle();
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Offer { .. }]));
    let first = pair.last("A INVITE");
    let text = String::from_utf8(first.as_bytes().to_vec()).expect("text");
    let second = text.replace("CSeq: 2 INVITE", "CSeq: 3 INVITE").replace("branch=z9hG4bK", "branch=z9hG4bKtwo");
    pair.inject(Side::B, "192.0.2.1:5060", &second);
    let refusal = pair.last("B 500 INVITE");
    let retry: u32 = header(&refusal, "Retry-After").parse().expect("a number");
    assert!(retry <= 10);
    pair.b.endpoint.accept_offer(pair.now, b, sdp("yes")).expect("an offer");
    pair.settle();
    // The forged request used up a number of A's: B ends the call.
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.quiet();
}

//! Offers that come late (RFC 3261 §13.2.1): in the 2xx, answered in the ACK.
mod common;

use common::*;
use offhook_sip::endpoint::*;

#[test]
fn invite_without_offer() {
    let mut pair = Pair::new();
    let invite = Invite { body: None, ..pair.invite_to_b() };
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("offer of b")).expect("ringing");
    pair.settle();
    let events = pair.events(Side::A);
    let [Event::Answered { response, offer: true, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(response.body(), b"offer of b");
    assert_eq!(pair.count("A ACK"), 0);
    pair.a.endpoint.accept_offer(pair.now, a, sdp("answer of a")).expect("an offer");
    pair.run(std::time::Duration::from_secs(1));
    let events = pair.events(Side::B);
    let [Event::Confirmed { body, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(text(body), "answer of a");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn reinvite_without_offer() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.a.endpoint.reoffer(pair.now, a, None).expect("up");
    pair.settle();
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Offer { body: None, .. }]));
    pair.b.endpoint.accept_offer(pair.now, b, sdp("offer of b")).expect("asked");
    pair.settle();
    let events = pair.events(Side::A);
    let [Event::Offer { body, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(text(body), "offer of b");
    // Meanwhile a new offer of the peer has to wait.
    pair.b.endpoint.reoffer(pair.now, b, sdp("too soon")).expect("up");
    pair.a.endpoint.accept_offer(pair.now, a, sdp("answer of a")).expect("an offer");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::OfferAnswered { body, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(text(body), "answer of a");
    let events = pair.events(Side::A);
    assert!(matches!(events.as_slice(), [Event::Offer { .. }]), "{events:?}");
    pair.a.endpoint.accept_offer(pair.now, a, sdp("yes")).expect("an offer");
    pair.settle();
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn the_owner_hangs_up_with_an_offer_open() {
    let mut pair = Pair::new();
    let invite = Invite { body: None, ..pair.invite_to_b() };
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("offer of b")).expect("ringing");
    pair.settle();
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.settle();
    assert_eq!(pair.count("A ACK"), 1);
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Confirmed { .. }, Event::Ended { by_peer: true, .. }]));
    pair.quiet();
}

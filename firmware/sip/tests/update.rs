//! UPDATE (RFC 3311) in early dialogs and re-INVITE in confirmed ones (RFC 3261 §14).
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

#[test]
fn hold_and_resume_by_reinvite() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.b.endpoint.reoffer(pair.now, b, sdp("hold")).expect("up");
    pair.settle();
    let events = pair.events(Side::A);
    let [Event::Offer { session, body }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((*session, text(body)), (a, "hold"));
    pair.a.endpoint.accept_offer(pair.now, a, sdp("held")).expect("an offer");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::OfferAnswered { body, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(text(body), "held");
    assert!(pair.events(Side::A).is_empty());
    pair.a.endpoint.reoffer(pair.now, a, sdp("odd")).expect("up");
    pair.settle();
    pair.events(Side::B);
    pair.b.endpoint.reject_offer(pair.now, b, 488).expect("an offer");
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::OfferRejected { status: 488, .. }]));
    assert_eq!(pair.b.endpoint.reject_offer(pair.now, b, 488), Err(Gone));
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn changes_wait_for_each_other() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.a.endpoint.reoffer(pair.now, a, sdp("one")).expect("up");
    pair.a.endpoint.reoffer(pair.now, a, sdp("two")).expect("up");
    pair.settle();
    for _ in 0..2 {
        pair.b.endpoint.accept_offer(pair.now, b, sdp("yes")).expect("an offer");
        pair.settle();
    }
    let offers: Vec<String> = pair
        .events(Side::B)
        .iter()
        .map(|event| match event {
            Event::Offer { body, .. } => text(body).to_owned(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(offers, ["one", "two"]);
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn an_early_dialog_changes_by_update() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.reoffer(pair.now, b, sdp("other")).expect("waits");
    pair.settle();
    assert_eq!(pair.count("B UPDATE"), 0, "no offer before the answer");
    pair.b.endpoint.progress(pair.now, b, 183, &[], sdp("early"), true).expect("ringing");
    pair.settle();
    assert_eq!(pair.count("B UPDATE"), 1);
    let events = pair.events(Side::A);
    let [Event::Progress { .. }, Event::Offer { body, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(text(body), "other");
    pair.a.endpoint.accept_offer(pair.now, a, sdp("fine")).expect("an offer");
    pair.settle();
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::OfferAnswered { .. }]));
    pair.b.endpoint.answer(pair.now, b, &[], None).expect("ringing");
    pair.settle();
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.quiet();
}

#[test]
fn a_peer_that_forgot_the_call_ends_it() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.filter = Some(Box::new(|side, _| side == Side::B));
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.run(Duration::from_secs(40));
    pair.filter = None;
    pair.events(Side::A);
    pair.a.endpoint.reoffer(pair.now, a, sdp("hold")).expect("up");
    pair.settle();
    let events = pair.events(Side::A);
    assert!(matches!(events.as_slice(), [Event::Ended { by_peer: false, .. }]), "{events:?}");
    pair.quiet();
}

#[test]
fn requests_out_of_order_get_500() {
    let mut pair = Pair::new();
    let (a, _) = pair.call();
    pair.a.endpoint.request_in(pair.now, a, offhook_sip::message::Method::Info, &[], None).expect("up");
    pair.settle();
    let info = pair.last("A INFO");
    let late = String::from_utf8(info.as_bytes().to_vec())
        .expect("text")
        .replace("CSeq: 2 INFO", "CSeq: 1 INFO")
        .replace("branch=z9hG4bK", "branch=z9hG4bKlate");
    pair.inject(Side::B, "192.0.2.1:5060", &late);
    assert_eq!(pair.count("B 500 INFO"), 1);
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

//! Calls written down and read back by a new endpoint.
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

#[test]
fn a_call_survives_a_restart() {
    let timed = EndpointConfig { session_expires: Some(Duration::from_secs(1800)), ..config() };
    let mut pair = Pair::with(timed.clone(), timed.clone(), Weather::default(), 1);
    let (a, b) = pair.call();
    let saved = pair.a.endpoint.save_session(a).expect("up");
    let text = serde_json::to_string(&saved).expect("plain data");
    pair.a.endpoint = Endpoint::new(timed, [9; 32]);
    assert_eq!(pair.a.endpoint.save_session(a), None);
    let read: SavedSession = serde_json::from_str(&text).expect("what we wrote");
    assert_eq!(read, saved);
    let a = pair.a.endpoint.restore_session(pair.now, read);
    // A refresh tells whether the peer is still there.
    pair.run(Duration::from_secs(2));
    assert_eq!(pair.count("A UPDATE"), 1);
    assert_eq!(pair.count("B 200 UPDATE"), 1);
    pair.a.endpoint.reoffer(pair.now, a, sdp("moved")).expect("up");
    pair.settle();
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Offer { .. }]));
    pair.b.endpoint.accept_offer(pair.now, b, sdp("yes")).expect("an offer");
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::OfferAnswered { .. }]));
    pair.b.endpoint.reoffer(pair.now, b, sdp("hold")).expect("up");
    pair.settle();
    pair.a.endpoint.accept_offer(pair.now, a, sdp("held")).expect("an offer");
    pair.settle();
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.settle();
    let events = pair.events(Side::B);
    assert!(matches!(events.last(), Some(Event::Ended { by_peer: true, .. })), "{events:?}");
    pair.quiet();
}

#[test]
fn only_calls_that_are_up_are_written_down() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    assert_eq!(pair.a.endpoint.save_session(a), None);
    assert_eq!(pair.b.endpoint.save_session(b), None);
    pair.a.endpoint.cancel(pair.now, a, None).expect("ringing");
    pair.quiet();
}

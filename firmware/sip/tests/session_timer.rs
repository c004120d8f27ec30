//! Session timers (RFC 4028), both roles.
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

fn timed(seconds: u64) -> EndpointConfig {
    EndpointConfig { session_expires: Some(Duration::from_secs(seconds)), ..EndpointConfig::default() }
}

#[test]
fn the_caller_refreshes_at_half_time() {
    let mut pair = Pair::with(timed(1800), timed(1800), Weather::default(), 1);
    let (a, _) = pair.call();
    let answer = pair.last("B 200 INVITE");
    assert_eq!(header(&answer, "Session-Expires"), "1800;refresher=uac");
    assert_eq!(header(&answer, "Require"), "timer");
    pair.run(Duration::from_secs(901));
    assert_eq!(pair.count("A UPDATE"), 1);
    assert_eq!(header(&pair.last("A UPDATE"), "Session-Expires"), "1800;refresher=uac");
    pair.run(Duration::from_secs(3600));
    assert_eq!(pair.count("A UPDATE"), 5);
    assert!(pair.events(Side::A).is_empty());
    assert!(pair.events(Side::B).is_empty());
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn the_callee_refreshes_for_a_caller_without_timers() {
    let mut pair = Pair::with(config(), timed(90), Weather::default(), 1);
    let (a, _) = pair.call();
    assert_eq!(header(&pair.last("B 200 INVITE"), "Session-Expires"), "90;refresher=uas");
    pair.run(Duration::from_secs(46));
    assert_eq!(pair.count("B UPDATE"), 1);
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn without_refresh_the_call_ends_on_both_sides() {
    let mut pair = Pair::with(timed(300), timed(300), Weather::default(), 1);
    pair.call();
    pair.filter = Some(Box::new(|_, message| message.method().as_str() == "UPDATE"));
    pair.run(Duration::from_secs(310));
    let a = pair.events(Side::A);
    assert!(matches!(a.as_slice(), [Event::Ended { by_peer: false, expired: true, .. }]), "{a:?}");
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::Ended { .. }]));
    pair.quiet();
}

#[test]
fn a_silent_refresher_is_hung_up_before_the_end() {
    let mut pair = Pair::with(timed(300), timed(300), Weather::default(), 1);
    pair.call();
    let start = pair.now;
    pair.filter = Some(Box::new(|side, _| side == Side::A));
    pair.run(Duration::from_secs(300));
    let bye = pair.count("B BYE");
    assert!(bye > 0);
    let events = pair.events(Side::B);
    assert!(matches!(events.as_slice(), [Event::Ended { by_peer: false, expired: true, .. }]), "{events:?}");
    let _ = start;
    pair.filter = None;
    pair.quiet();
}

#[test]
fn a_short_interval_is_widened_after_422() {
    let long = EndpointConfig { min_se: Duration::from_secs(600), ..timed(1800) };
    let mut pair = Pair::with(timed(120), long, Weather::default(), 1);
    let invite = Invite { headers: vec![("X-Mine".into(), "kept".into())], ..pair.invite_to_b() };
    let (a, _) = pair.call_with(invite);
    assert_eq!(pair.count("B 422 INVITE"), 1);
    let second = pair.last("A INVITE");
    assert_eq!(header(&second, "Session-Expires"), "600");
    assert_eq!(header(&second, "Min-SE"), "600");
    assert_eq!(header(&second, "X-Mine"), "kept");
    assert_eq!(second.cseq().expect("a CSeq").number, 2);
    assert_eq!(second.call_id(), pair.trace[0].1.call_id());
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn a_peer_without_update_is_refreshed_by_reinvite() {
    let mut pair = Pair::with(timed(300), timed(300), Weather::default(), 1);
    let (a, b) = pair.call();
    // The answer to UPDATE tells A that B does not know it.
    pair.filter = Some(Box::new(|_, message| message.method().as_str() == "UPDATE"));
    pair.run(Duration::from_secs(151));
    let update = pair.last("A UPDATE");
    let text = format!(
        "SIP/2.0 501 Not Implemented\nVia: {}\nFrom: {}\nTo: {}\nCall-ID: {}\nCSeq: {}\nContent-Length: 0\n\n",
        header(&update, "Via"),
        header(&update, "From"),
        header(&update, "To"),
        update.call_id(),
        header(&update, "CSeq")
    );
    pair.inject(Side::A, "192.0.2.2:5060", &text);
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Offer { body, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(common::text(body), "offer", "the same description as before");
    pair.b.endpoint.accept_offer(pair.now, b, sdp("answer")).expect("an offer");
    pair.settle();
    assert!(pair.events(Side::A).is_empty(), "a refresh is no news");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

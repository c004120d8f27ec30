//! The Accepted states of RFC 6026: retransmitted INVITEs and 2xx after the answer.
mod common;

use std::time::Duration;

use common::*;

#[test]
fn an_invite_repeated_after_the_answer_is_absorbed() {
    let mut pair = Pair::new();
    let (a, _) = pair.call();
    let invite = String::from_utf8(pair.trace[0].1.as_bytes().to_vec()).expect("text");
    let before = pair.trace.len();
    pair.inject(Side::B, "192.0.2.1:5060", &invite);
    pair.run(Duration::from_secs(10));
    pair.inject(Side::B, "192.0.2.1:5060", &invite);
    assert_eq!(pair.trace.len(), before);
    assert!(pair.events(Side::B).is_empty());
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn a_2xx_repeated_after_bye_still_gets_its_ack() {
    let mut pair = Pair::new();
    let (a, _) = pair.call();
    let answer = String::from_utf8(pair.last("B 200 INVITE").as_bytes().to_vec()).expect("text");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.settle();
    pair.inject(Side::A, "192.0.2.2:5060", &answer);
    assert_eq!(pair.count("A ACK"), 2);
    pair.run(Duration::from_secs(40));
    // After Timer M it is a stray response (RFC 6026 §8.9): dropped.
    pair.inject(Side::A, "192.0.2.2:5060", &answer);
    assert_eq!(pair.count("A ACK"), 2);
    pair.quiet();
}

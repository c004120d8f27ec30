//! Non-INVITE transactions as RFC 4320 corrects them.
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;

fn options(pair: &mut Pair) -> ServerTransactionId {
    pair.inject(
        Side::B,
        "192.0.2.1:5060",
        "OPTIONS sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: <sip:bob@192.0.2.2>\nCall-ID: c\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n",
    );
    let events = pair.events(Side::B);
    let [Event::Request { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    *transaction
}

#[test]
fn no_provisional_but_a_late_100() {
    let mut pair = Pair::new();
    let transaction = options(&mut pair);
    pair.b.endpoint.respond(pair.now, transaction, 183, &[], None).expect("waiting");
    pair.run(Duration::from_millis(3400));
    assert!(pair.trace.is_empty());
    pair.run(Duration::from_millis(200));
    assert_eq!(pair.ladder(), ["B 100 OPTIONS"]);
    pair.b.endpoint.respond(pair.now, transaction, 200, &[], None).expect("waiting");
    assert_eq!(pair.count("B 200 OPTIONS"), 0, "not drained yet");
    pair.drain();
    assert_eq!(pair.count("B 200 OPTIONS"), 1);
    pair.quiet();
}

#[test]
fn no_408_and_no_answer_that_comes_too_late() {
    let mut pair = Pair::new();
    let transaction = options(&mut pair);
    pair.b.endpoint.respond(pair.now, transaction, 408, &[], None).expect("waiting");
    pair.drain();
    assert!(pair.trace.is_empty());
    pair.quiet();
    let mut pair = Pair::new();
    let transaction = options(&mut pair);
    pair.run(Duration::from_secs(33));
    assert_eq!(pair.b.endpoint.respond(pair.now, transaction, 200, &[], None), Err(Gone));
    pair.quiet();
}

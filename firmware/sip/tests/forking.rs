//! An INVITE that a proxy forks: several early dialogs, the first answer wins (RFC 3261 §13.2.2.4).
mod common;

use common::*;
use offhook_sip::endpoint::*;

fn fork(pair: &mut Pair, status: &str, tag: &str, more: &str) {
    let invite = pair.last("A INVITE");
    let via = header(&invite, "Via");
    let from = header(&invite, "From");
    let call_id = invite.call_id().to_owned();
    let text = format!(
        "SIP/2.0 {status}\nVia: {via}\nRecord-Route: <sip:192.0.2.7:5070;lr>, <sip:192.0.2.8;lr>\nFrom: {from}\nTo: <sip:bob@192.0.2.2>;tag={tag}\nCall-ID: {call_id}\nCSeq: 1 INVITE\nContact: <sip:{tag}@192.0.2.20:5080>\n{more}Content-Length: 0\n\n"
    );
    pair.inject(Side::A, "192.0.2.2:5060", &text);
}

#[test]
fn the_first_answer_wins_and_others_are_ended() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    fork(&mut pair, "180 Ringing", "one", "");
    fork(&mut pair, "183 Progress", "two", "");
    fork(&mut pair, "180 Ringing", "one", "");
    let dialogs: Vec<u32> = pair
        .events(Side::A)
        .iter()
        .map(|event| match event {
            Event::Progress { early_dialog, .. } => *early_dialog,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(dialogs, [0, 1, 0]);
    fork(&mut pair, "200 OK", "two", "");
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Answered { .. }]));
    let ack = pair.last("A ACK");
    assert_eq!(ack.request_uri(), "sip:two@192.0.2.20:5080");
    let routes: Vec<String> = ack.header_values("Route").map(|value| value.into_owned()).collect();
    assert_eq!(routes, ["<sip:192.0.2.8;lr>", "<sip:192.0.2.7:5070;lr>"]);
    // The retransmission gets the same ACK, the other fork its own and BYE.
    fork(&mut pair, "200 OK", "two", "");
    assert_eq!(pair.count("A ACK"), 2);
    assert_eq!(pair.last("A ACK").as_bytes(), ack.as_bytes());
    fork(&mut pair, "200 OK", "one", "");
    assert_eq!(pair.count("A ACK"), 3);
    assert_eq!(pair.last("A ACK").request_uri(), "sip:one@192.0.2.20:5080");
    assert_eq!(pair.last("A BYE").request_uri(), "sip:one@192.0.2.20:5080");
    assert!(pair.events(Side::A).is_empty());
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.drain();
    assert_eq!(pair.last("A BYE").request_uri(), "sip:two@192.0.2.20:5080");
    pair.quiet();
}

#[test]
fn an_answer_after_the_call_is_over_is_ended() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    fork(&mut pair, "200 OK", "one", "");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    fork(&mut pair, "200 OK", "two", "");
    assert_eq!(pair.count("A ACK"), 2);
    assert_eq!(pair.last("A BYE").request_uri(), "sip:two@192.0.2.20:5080");
    pair.quiet();
}

#[test]
fn strict_routers_get_their_way() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    let invite = pair.last("A INVITE");
    let (via, from) = (header(&invite, "Via"), header(&invite, "From"));
    let text = format!(
        "SIP/2.0 200 OK\nVia: {via}\nRecord-Route: <sip:192.0.2.7>\nFrom: {from}\nTo: <sip:bob@192.0.2.2>;tag=t\nCall-ID: {}\nCSeq: 1 INVITE\nContact: <sip:t@192.0.2.20:5080>\nContent-Length: 0\n\n",
        invite.call_id()
    );
    pair.inject(Side::A, "192.0.2.2:5060", &text);
    let ack = pair.last("A ACK");
    assert_eq!(ack.request_uri(), "sip:192.0.2.7");
    assert_eq!(header(&ack, "Route"), "<sip:t@192.0.2.20:5080>");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

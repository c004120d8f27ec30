//! Replaces (RFC 3891): in INVITE and in Refer-To.
mod common;

use common::*;
use offhook_sip::endpoint::*;
use offhook_sip::message::Method;

/// The `Replaces` value for a call of A, as seen by B: B's tag is the to-tag.
fn replaces(pair: &Pair) -> String {
    let answer = pair.last("B 200 INVITE");
    let from = answer.from().expect("From");
    let to = answer.to().expect("To");
    format!("{};to-tag={};from-tag={}", answer.call_id(), to.tag().expect("a tag"), from.tag().expect("a tag"))
}

fn invite_with(pair: &mut Pair, value: &str) {
    let invite = Invite { headers: vec![("Replaces".into(), value.into())], ..pair.invite_to_b() };
    pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
}

#[test]
fn an_invite_names_the_call_it_replaces() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    let value = replaces(&pair);
    invite_with(&mut pair, &value);
    let events = pair.events(Side::B);
    let [Event::Invited { session, replaces: Some(replaced), .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(*replaced, b);
    pair.b.endpoint.answer(pair.now, *session, &[], sdp("answer")).expect("ringing");
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.settle();
    let events = pair.events(Side::A);
    assert!(events.iter().any(|event| matches!(event, Event::Ended { session, .. } if *session == a)), "{events:?}");
    pair.b.endpoint.end(pair.now, *session, None).expect("up");
    pair.quiet();
}

#[test]
fn unknown_calls_and_early_only() {
    let mut pair = Pair::new();
    let (a, _) = pair.call();
    let value = replaces(&pair);
    invite_with(&mut pair, "nobody;to-tag=1;from-tag=2");
    assert_eq!(pair.count("B 481 INVITE"), 1);
    invite_with(&mut pair, &format!("{value};early-only"));
    assert_eq!(pair.count("B 486 INVITE"), 1);
    invite_with(&mut pair, &value.replace("from-tag=", "from-tag=x"));
    assert_eq!(pair.count("B 481 INVITE"), 2);
    assert!(pair.events(Side::B).is_empty());
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn an_attended_transfer_names_the_other_call() {
    let mut pair = Pair::new();
    let (first, _) = pair.call();
    let (second, other) = pair.call();
    let value = replaces(&pair).replace(';', "%3B").replace('=', "%3D").replace('@', "%40");
    let target = format!("<sip:bob@192.0.2.2?Replaces={value}>");
    pair.a.endpoint.request_in(pair.now, first, Method::Refer, &[("Refer-To", &target)], None).expect("up");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Referred { replaces: Some(named), transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(*named, other);
    pair.b.endpoint.respond(pair.now, *transaction, 202, &[], None).expect("waiting");
    for session in [first, second] {
        pair.a.endpoint.end(pair.now, session, None).expect("up");
    }
    pair.quiet();
}

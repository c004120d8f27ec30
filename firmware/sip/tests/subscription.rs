//! Subscriptions of watchers (RFC 6665).
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;
use offhook_sip::event::SubscriptionId;

fn subscribe(pair: &mut Pair, to_tag: &str, cseq: u32, expires: u32) {
    pair.inject(
        Side::B,
        "192.0.2.1:5060",
        &format!("SUBSCRIBE sip:1002@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{cseq}\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: <sip:1002@192.0.2.2>{to_tag}\nCall-ID: s\nCSeq: {cseq} SUBSCRIBE\nContact: <sip:a@192.0.2.1>\nEvent: dialog;id=7\nExpires: {expires}\nContent-Length: 0\n\n"),
    );
}

fn accepted(pair: &mut Pair, expires: u32) -> (SubscriptionId, String) {
    subscribe(pair, "", 1, expires);
    let events = pair.events(Side::B);
    let [Event::Request { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    let id = pair
        .b
        .endpoint
        .accept_subscription(pair.now, *transaction, Duration::from_secs(600), &[])
        .expect("a SUBSCRIBE");
    pair.drain();
    let to = pair.last("B 200 SUBSCRIBE").to().expect("To");
    (id, format!(";tag={}", to.tag().expect("a tag")))
}

fn answer_notify(pair: &mut Pair, status: &str) {
    pair.drain();
    let notify = pair.last("B NOTIFY");
    let text = format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {}\nCall-ID: {}\nCSeq: {}\nContent-Length: 0\n\n",
        header(&notify, "Via"),
        header(&notify, "From"),
        header(&notify, "To"),
        notify.call_id(),
        header(&notify, "CSeq")
    );
    pair.inject(Side::B, "192.0.2.1:5060", &text);
}

#[test]
fn a_subscription_from_begin_to_end() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let (id, tag) = accepted(&mut pair, 3600);
    assert_eq!(header(&pair.last("B 200 SUBSCRIBE"), "Expires"), "600");
    let body = Some(Body { content_type: "application/dialog-info+xml".into(), bytes: "<x/>".into() });
    pair.b.endpoint.notify(pair.now, id, &[], body).expect("subscribed");
    pair.drain();
    let notify = pair.last("B NOTIFY");
    assert_eq!(header(&notify, "Event"), "dialog;id=7");
    assert_eq!(header(&notify, "Subscription-State"), "active;expires=600");
    assert_eq!(notify.request_uri(), "sip:a@192.0.2.1");
    answer_notify(&mut pair, "200 OK");
    subscribe(&mut pair, &tag, 2, 60);
    assert!(
        matches!(pair.events(Side::B).as_slice(), [Event::SubscriptionRefreshed { subscription }] if *subscription == id)
    );
    subscribe(&mut pair, &tag, 3, 0);
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::SubscriptionEnded { .. }]));
    assert_eq!(header(&pair.last("B NOTIFY"), "Subscription-State"), "terminated;reason=timeout");
    assert_eq!(pair.b.endpoint.notify(pair.now, id, &[], None), Err(Gone));
    subscribe(&mut pair, &tag, 4, 60);
    assert_eq!(pair.count("B 481 SUBSCRIBE"), 1);
    pair.quiet();
}

#[test]
fn it_runs_out() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let (id, _) = accepted(&mut pair, 60);
    pair.b.endpoint.notify(pair.now, id, &[], None).expect("subscribed");
    answer_notify(&mut pair, "200 OK");
    pair.run(Duration::from_secs(61));
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::SubscriptionEnded { .. }]));
    assert_eq!(header(&pair.last("B NOTIFY"), "Subscription-State"), "terminated;reason=timeout");
    pair.quiet();
}

#[test]
fn a_watcher_that_is_gone_is_forgotten() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let (id, _) = accepted(&mut pair, 600);
    pair.b.endpoint.notify(pair.now, id, &[], None).expect("subscribed");
    pair.drain();
    answer_notify(&mut pair, "481 Gone");
    assert!(matches!(pair.events(Side::B).as_slice(), [Event::SubscriptionEnded { .. }]));
    assert_eq!(pair.b.endpoint.subscriptions(), 0);
    pair.quiet();
}

#[test]
fn the_owner_ends_it() {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let (id, _) = accepted(&mut pair, 600);
    pair.b.endpoint.end_subscription(pair.now, id, "deactivated").expect("subscribed");
    pair.drain();
    assert_eq!(header(&pair.last("B NOTIFY"), "Subscription-State"), "terminated;reason=deactivated");
    pair.quiet();
    assert!(pair.events(Side::B).is_empty());
}

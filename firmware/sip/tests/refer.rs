//! REFER (RFC 3515) and its progress; norefersub (RFC 4488).
mod common;

use common::*;
use offhook_sip::endpoint::*;
use offhook_sip::message::Method;

#[test]
fn a_transfer_and_its_progress() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.a
        .endpoint
        .request_in(
            pair.now,
            a,
            Method::Refer,
            &[("Refer-To", "<sip:1002@192.0.2.2>"), ("Referred-By", "<sip:alice@192.0.2.1>")],
            None,
        )
        .expect("up");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Referred { session, transaction, refer_to, replaces: None, referred_by }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(*session, b);
    assert_eq!(refer_to.uri.user.as_deref(), Some("1002"));
    assert_eq!(referred_by.as_deref(), Some("<sip:alice@192.0.2.1>"));
    pair.b.endpoint.accept_refer(pair.now, *transaction).expect("waiting");
    pair.settle();
    pair.b.endpoint.refer_progress(pair.now, b, 180).expect("subscribed");
    pair.b.endpoint.refer_progress(pair.now, b, 200).expect("subscribed");
    assert_eq!(pair.b.endpoint.refer_progress(pair.now, b, 200), Err(Gone));
    pair.settle();
    let mut fragments = Vec::new();
    for event in pair.events(Side::A) {
        match event {
            Event::InDialog { request, .. } => fragments.push((
                String::from_utf8(request.body().to_vec()).expect("text").trim().to_owned(),
                header(&request, "Subscription-State"),
                header(&request, "Event"),
            )),
            Event::Response { status: 202, .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let state = |text: &str, state: &str| (text.to_owned(), state.to_owned(), "refer".to_owned());
    assert_eq!(
        fragments,
        [
            state("SIP/2.0 100 Trying", "active;expires=300"),
            state("SIP/2.0 180 Ringing", "active;expires=300"),
            state("SIP/2.0 200 OK", "terminated;reason=noresource"),
        ]
    );
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.quiet();
}

#[test]
fn nobody_wants_to_know() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    let headers = [("Refer-To", "<sip:1002@192.0.2.2>"), ("Refer-Sub", "false"), ("Require", "norefersub")];
    pair.a.endpoint.request_in(pair.now, a, Method::Refer, &headers, None).expect("up");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Referred { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    pair.b.endpoint.accept_refer(pair.now, *transaction).expect("waiting");
    pair.settle();
    assert_eq!(header(&pair.last("B 202 REFER"), "Refer-Sub"), "false");
    assert_eq!(pair.count("B NOTIFY"), 0);
    assert_eq!(pair.b.endpoint.refer_progress(pair.now, b, 200), Err(Gone));
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn a_refused_refer_and_a_notify_for_nothing() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.a.endpoint.request_in(pair.now, a, Method::Refer, &[("Refer-To", "<sip:1002@192.0.2.2>")], None).expect("up");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Referred { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
    pair.b.endpoint.reject_refer(pair.now, *transaction, 603).expect("waiting");
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Response { status: 603, .. }]));
    let headers = [("Event", "refer"), ("Subscription-State", "active")];
    pair.a.endpoint.request_in(pair.now, a, Method::Notify, &headers, None).expect("up");
    pair.settle();
    assert_eq!(pair.count("B 481 NOTIFY"), 1);
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Response { status: 481, .. }]), "the call goes on");
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.quiet();
}

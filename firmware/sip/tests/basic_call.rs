//! A call from INVITE to BYE, either way it ends.
mod common;

use common::*;
use offhook_sip::endpoint::*;
use offhook_sip::message::{Method, Uri};

#[test]
fn a_call_goes_up_and_down() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Wss] {
        let mut pair = Pair::new();
        pair.transport = transport;
        let invite = pair.invite_to_b();
        let a = pair.a.endpoint.invite(pair.now, invite);
        pair.settle();
        let b = pair.invited();
        pair.b.endpoint.progress(pair.now, b, 180, &[], None, false).expect("ringing");
        pair.settle();
        let events = pair.events(Side::A);
        assert!(
            matches!(events.as_slice(), [Event::Progress { status: 180, body: None, early_dialog: 0, .. }]),
            "{events:?}"
        );
        pair.b.endpoint.answer(pair.now, b, &[("X-Answered", "yes")], sdp("answer")).expect("ringing");
        pair.settle();
        let events = pair.events(Side::A);
        let [Event::Answered { response, offer: false, .. }] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(response.body(), b"answer");
        assert_eq!(header(response, "X-Answered"), "yes");
        assert!(matches!(pair.events(Side::B).as_slice(), [Event::Confirmed { body: None, .. }]));
        pair.a.endpoint.end(pair.now, a, Some("Q.850;cause=16")).expect("up");
        pair.settle();
        let events = pair.events(Side::B);
        let [Event::Ended { by_peer: true, reason: Some(reason), expired: false, .. }] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!((reason.protocol.as_str(), reason.cause), ("Q.850", 16));
        assert_eq!(
            pair.ladder(),
            ["A INVITE", "B 100 INVITE", "B 180 INVITE", "B 200 INVITE", "A ACK", "A BYE", "B 200 BYE"]
        );
        assert!(pair.events(Side::A).is_empty());
        pair.quiet();
    }
}

#[test]
fn the_callee_hangs_up() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    pair.b.endpoint.end(pair.now, b, None).expect("up");
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Ended { session, by_peer: true, .. }] if *session == a));
    assert_eq!(pair.b.endpoint.end(pair.now, b, None), Err(Gone));
    pair.quiet();
}

#[test]
fn a_refusal_reaches_the_caller() {
    let mut pair = Pair::new();
    let invite = pair.invite_to_b();
    let a = pair.a.endpoint.invite(pair.now, invite);
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.reject(pair.now, b, 486, &[("Reason", "Q.850;cause=17")]).expect("ringing");
    pair.settle();
    let events = pair.events(Side::A);
    let [Event::Failed { session, status: 486, response: Some(response) }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(*session, a);
    assert_eq!(header(response, "Reason"), "Q.850;cause=17");
    assert_eq!(pair.last("A ACK").cseq().expect("a CSeq").number, 1);
    pair.quiet();
}

#[test]
fn requests_within_a_call() {
    let mut pair = Pair::new();
    let (a, b) = pair.call();
    let info = Body { content_type: "application/dtmf-relay".into(), bytes: "Signal=5".into() };
    pair.a.endpoint.request_in(pair.now, a, Method::Info, &[], Some(info)).expect("up");
    pair.a.endpoint.request_in(pair.now, a, Method::Options, &[], None).expect("up");
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::InDialog { session, request }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((*session, request.body()), (b, &b"Signal=5"[..]));
    let events = pair.events(Side::A);
    assert!(events.iter().all(|event| matches!(event, Event::Response { status: 200, .. })), "{events:?}");
    assert_eq!(events.len(), 2);
    let options = pair.last("B 200 OPTIONS");
    assert!(header(&options, "Allow").contains("INVITE"));
    assert!(header(&options, "Supported").contains("100rel"));
    assert_eq!(header(&options, "Accept"), "application/sdp");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn a_request_outside_calls_is_answered_by_the_owner() {
    let mut pair = Pair::new();
    let request = OutOfDialogRequest {
        method: Method::Register,
        request_uri: Uri::parse("sip:192.0.2.2").expect("a URI"),
        target: Target::Flow(pair.flow_to_b()),
        route: Vec::new(),
        from: "<sip:alice@192.0.2.2>".into(),
        to: "<sip:alice@192.0.2.2>".into(),
        headers: vec![("X-Note".into(), "60\r\nEvil: yes".into())],
        body: None,
        credentials: None,
    };
    let id = pair.a.endpoint.request(pair.now, request);
    pair.settle();
    let events = pair.events(Side::B);
    let [Event::Request { transaction, request, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(request.method(), Method::Register);
    assert_eq!(header(request, "Evil"), "", "a value cannot add a header");
    assert!(header(request, "Contact").starts_with("<sip:alice@192.0.2.1:5060"));
    pair.b
        .endpoint
        .respond(pair.now, *transaction, 200, &[("Contact", "<sip:alice@192.0.2.1>;expires=60")], None)
        .expect("waiting");
    assert_eq!(pair.b.endpoint.respond(pair.now, *transaction, 200, &[], None), Err(Gone));
    pair.settle();
    let events = pair.events(Side::A);
    assert!(
        matches!(events.as_slice(), [Event::Response { request, status: 200, .. }] if *request == id),
        "{events:?}"
    );
    pair.quiet();
}

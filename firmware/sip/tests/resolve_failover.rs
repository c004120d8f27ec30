//! Names, several targets, failures of transport (RFC 3263, RFC 3261 §18.1.1).
mod common;

use std::time::Duration;

use common::*;
use offhook_sip::endpoint::*;
use offhook_sip::message::Uri;

fn call_by_name(pair: &mut Pair, uri: &str, offer: &str) -> (SessionId, ResolveId) {
    let uri = Uri::parse(uri).expect("a URI");
    let invite = Invite { request_uri: uri.clone(), target: Target::Uri(uri), body: sdp(offer), ..pair.invite_to_b() };
    let id = pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    let Some(Output::Resolve { id: resolve, .. }) = pair.a.resolves.first() else { panic!("no question") };
    (id, *resolve)
}

fn targets(list: &[(Transport, &str)]) -> Vec<(Transport, std::net::SocketAddr)> {
    list.iter().map(|(transport, address)| (*transport, address.parse().expect("an address"))).collect()
}

#[test]
fn the_second_target_answers() {
    let mut pair = Pair::new();
    let (a, id) = call_by_name(&mut pair, "sip:bob@example.com", "offer");
    let Some(Output::Resolve { host, port: None, transport: None, secure: false, .. }) = pair.a.resolves.first() else {
        panic!("{:?}", pair.a.resolves)
    };
    assert_eq!(host, "example.com");
    let list = targets(&[(Transport::Udp, "192.0.2.99:5060"), (Transport::Udp, "192.0.2.2:5060")]);
    pair.a.endpoint.handle(pair.now, Input::Resolved { id, targets: list });
    pair.drain();
    assert_eq!(pair.elsewhere.len(), 1);
    let flow = pair.elsewhere[0].1;
    pair.a.endpoint.handle(pair.now, Input::SendFailed { flow });
    pair.settle();
    let b = pair.invited();
    pair.b.endpoint.answer(pair.now, b, &[], sdp("answer")).expect("ringing");
    pair.settle();
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Answered { .. }]));
    assert_ne!(header(&pair.trace[0].1, "Via"), header(&pair.trace[1].1, "Via"), "a new branch");
    pair.a.endpoint.end(pair.now, a, None).expect("up");
    pair.quiet();
}

#[test]
fn a_silent_target_is_left_after_timer_b_and_503_at_once() {
    let mut pair = Pair::new();
    let (_, id) = call_by_name(&mut pair, "sip:bob@example.com", "offer");
    let list = targets(&[(Transport::Udp, "192.0.2.99:5060"), (Transport::Udp, "192.0.2.98:5060")]);
    pair.a.endpoint.handle(pair.now, Input::Resolved { id, targets: list });
    pair.run(Duration::from_millis(32_100));
    let last = pair.elsewhere.last().expect("sent").1.remote;
    assert_eq!(last.to_string(), "192.0.2.98:5060");
    let invite = pair.last("A INVITE");
    let text = format!(
        "SIP/2.0 503 Busy\nVia: {}\nFrom: {}\nTo: {};tag=t\nCall-ID: {}\nCSeq: {}\nContent-Length: 0\n\n",
        header(&invite, "Via"),
        header(&invite, "From"),
        header(&invite, "To"),
        invite.call_id(),
        header(&invite, "CSeq")
    );
    pair.inject(Side::A, "192.0.2.98:5060", &text);
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 503, response: Some(_), .. }]));
    pair.quiet();
}

#[test]
fn no_target_and_no_answer_of_the_resolver() {
    let mut pair = Pair::new();
    let (_, id) = call_by_name(&mut pair, "sip:bob@example.com", "offer");
    pair.a.endpoint.handle(pair.now, Input::Resolved { id, targets: Vec::new() });
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 503, response: None, .. }]));
    pair.a.resolves.clear();
    call_by_name(&mut pair, "sip:bob@example.com", "offer");
    pair.run(Duration::from_secs(33));
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 503, .. }]));
    pair.a.resolves.clear();
    let (a, id) = call_by_name(&mut pair, "sip:bob@example.com", "offer");
    pair.a.endpoint.cancel(pair.now, a, None).expect("calling");
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 487, .. }]));
    pair.a.endpoint.handle(pair.now, Input::Resolved { id, targets: targets(&[(Transport::Udp, "192.0.2.2:5060")]) });
    pair.quiet();
}

#[test]
fn a_large_request_goes_over_tcp_and_falls_back() {
    let mut pair = Pair::new();
    let large = "x".repeat(1500);
    let (a, id) = call_by_name(&mut pair, "sip:bob@example.com", &large);
    pair.a.endpoint.handle(pair.now, Input::Resolved { id, targets: targets(&[(Transport::Udp, "192.0.2.99:5060")]) });
    pair.drain();
    let first = pair.elsewhere[0].1;
    assert_eq!(first.transport, Transport::Tcp);
    assert!(header(&pair.trace[0].1, "Via").starts_with("SIP/2.0/TCP "));
    pair.a.endpoint.handle(pair.now, Input::SendFailed { flow: first });
    pair.drain();
    assert_eq!(pair.elsewhere[1].1.transport, Transport::Udp);
    pair.a.endpoint.end(pair.now, a, None).expect("calling");
    pair.quiet();
    // A URI that names its transport, or an address, keeps it.
    let mut pair = Pair::new();
    let (_, id) = call_by_name(&mut pair, "sip:bob@example.com;transport=udp", &large);
    pair.a.endpoint.handle(pair.now, Input::Resolved { id, targets: targets(&[(Transport::Udp, "192.0.2.99:5060")]) });
    pair.drain();
    assert_eq!(pair.elsewhere[0].1.transport, Transport::Udp);
    pair.quiet();
}

#[test]
fn a_closed_connection_fails_what_was_on_it() {
    let mut pair = Pair::new();
    pair.transport = Transport::Tls;
    pair.filter = Some(Box::new(|_, _| true));
    let invite = pair.invite_to_b();
    pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    pair.a.endpoint.handle(pair.now, Input::ConnectionClosed(ConnectionId(1)));
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 503, .. }]));
    pair.quiet();
}

#[test]
fn responses_go_where_the_request_came_from() {
    let request = |via: &str| {
        format!(
            "OPTIONS sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP {via}\nMax-Forwards: 70\nFrom: <sip:a@b>;tag=1\nTo: <sip:bob@192.0.2.2>\nCall-ID: {via}\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n"
        )
    };
    let mut pair = Pair::new();
    for (via, expected, top) in [
        ("192.0.2.9:5070;branch=z9hG4bKa;rport", "192.0.2.9:40000", Some(";received=192.0.2.9;rport=40000")),
        ("192.0.2.9:5070;branch=z9hG4bKb", "192.0.2.9:5070", None),
        ("192.0.2.9;branch=z9hG4bKc", "192.0.2.9:5060", None),
        ("10.0.0.1:5070;branch=z9hG4bKd", "192.0.2.9:40000", Some(";received=192.0.2.9")),
    ] {
        pair.inject(Side::B, "192.0.2.9:40000", &request(via));
        let events = pair.events(Side::B);
        let [Event::Request { transaction, .. }] = events.as_slice() else { panic!("{events:?}") };
        pair.b.endpoint.respond(pair.now, *transaction, 200, &[], None).expect("waiting");
        pair.drain();
        let (_, flow, _) = pair.elsewhere.last().expect("sent");
        assert_eq!(flow.remote.to_string(), expected, "{via}");
        let answer = header(&pair.last("B 200 OPTIONS"), "Via");
        match top {
            Some(end) => assert!(answer.ends_with(end), "{answer}"),
            None => assert_eq!(answer, format!("SIP/2.0/UDP {via}")),
        }
    }
    pair.quiet();
}

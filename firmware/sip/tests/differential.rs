//! On everyday messages our parser and rsip, which knows nothing of ours, read the same.

use bytes::Bytes;
use offhook_sip::message::{HeaderName, Kind, Message, MessageBuilder, Method};
use proptest::prelude::*;
use rsip::prelude::*;

/// Compares what both read. Only what rsip can: one Via in a field, no folds, known methods.
fn compare(bytes: &Bytes) {
    let ours = Message::parse_datagram(bytes.clone()).expect("ours reads it");
    ours.validate().expect("and finds it valid");
    let theirs = rsip::SipMessage::try_from(&bytes[..]).expect("rsip reads it");
    match &theirs {
        rsip::SipMessage::Request(request) => {
            assert_eq!(ours.kind(), Kind::Request);
            assert_eq!(ours.method().as_str(), request.method().to_string());
            // rsip writes transports in its own letters.
            assert!(ours.request_uri().eq_ignore_ascii_case(&request.uri().to_string()));
        }
        rsip::SipMessage::Response(response) => {
            assert_eq!(ours.kind(), Kind::Response(response.status_code().code()));
        }
    }
    assert_eq!(ours.call_id(), theirs.call_id_header().expect("Call-ID").value());
    let cseq = theirs.cseq_header().expect("CSeq").typed().expect("CSeq");
    assert_eq!(ours.cseq().map(|cseq| cseq.number), Some(cseq.seq));
    assert_eq!(ours.cseq().map(|ours| ours.method.to_string()), Some(cseq.method.to_string()));

    let from = theirs.from_header().expect("From").typed().expect("From");
    let our_from = ours.from().expect("From");
    assert_eq!(our_from.tag(), from.tag().map(|tag| tag.value()));
    assert_eq!(our_from.uri.user.as_deref(), from.uri.user());
    assert_eq!(our_from.uri.host, from.uri.host().to_string());
    assert_eq!(our_from.uri.port, from.uri.port().map(|port| *port.value()));
    let to = theirs.to_header().expect("To").typed().expect("To");
    assert_eq!(ours.to().expect("To").tag(), to.tag().map(|tag| tag.value()));

    let via = theirs.via_header().expect("Via").typed().expect("Via");
    let our_via = ours.top_via().expect("Via");
    assert_eq!(our_via.branch(), via.branch().map(|branch| branch.value()));
    assert_eq!(our_via.transport, via.transport.to_string());
    assert_eq!(our_via.host, via.uri.host().to_string());

    let their_names = theirs.headers().iter().count();
    assert_eq!(ours.headers().count(), their_names);
    assert_eq!(ours.body(), theirs.body().as_slice());
}

#[test]
fn the_invite_of_a_desk_phone() {
    compare(&Bytes::from_static(include_bytes!("messages/invite.sip")));
}

#[test]
fn what_rsip_writes_we_read() {
    let request = rsip::Request {
        method: rsip::Method::Register,
        uri: rsip::Uri::try_from("sip:pbx.example").expect("a URI"),
        version: rsip::Version::V2,
        headers: vec![
            rsip::headers::Via::from("SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKr1;rport").into(),
            rsip::headers::From::from("\"Ten\" <sip:1010@pbx.example>;tag=r1").into(),
            rsip::headers::To::from("<sip:1010@pbx.example>").into(),
            rsip::headers::CallId::from("r1@192.0.2.9").into(),
            rsip::headers::CSeq::from("1 REGISTER").into(),
            rsip::headers::MaxForwards::from("70").into(),
            rsip::headers::Contact::from("<sip:1010@192.0.2.9:5062>;expires=60").into(),
            rsip::headers::ContentLength::from("0").into(),
        ]
        .into(),
        body: Vec::new(),
    };
    let bytes = Bytes::from(request.to_string());
    compare(&bytes);
    let ours = Message::parse_datagram(bytes).expect("ours reads it");
    assert_eq!(ours.contacts().first().and_then(|contact| contact.param("expires")), Some("60"));
}

proptest! {
    #[test]
    fn everyday_messages(
        method in prop::sample::select(vec![
            Method::Invite, Method::Ack, Method::Bye, Method::Cancel, Method::Options, Method::Register, Method::Info,
        ]),
        status in prop::option::of(prop::sample::select(vec![100u16, 180, 183, 200, 401, 404, 486, 487, 503, 603])),
        user in "[a-z0-9]{1,8}",
        display in prop::option::of("[A-Za-z]{1,8}"),
        host in prop::sample::select(vec!["pbx.example", "192.0.2.77"]),
        port in prop::option::of(1024u16..),
        tag in "[a-f0-9]{1,10}",
        number in 1u32..2_000_000_000,
        hops in 1u8..71,
        transport in prop::sample::select(vec!["UDP", "TCP", "TLS"]),
        body in "[ -~]{0,60}",
    ) {
        let uri = format!("sip:{user}@{host}{}", port.map_or(String::new(), |port| format!(":{port}")));
        let address = display.map_or(format!("<{uri}>"), |name| format!("\"{name}\" <{uri}>"));
        let start = match status {
            None => MessageBuilder::request(&method, &uri),
            Some(status) => MessageBuilder::response(status),
        };
        let bytes = start
            .header("Via", format_args!("SIP/2.0/{transport} {host}:5060;branch=z9hG4bK{tag}"))
            .header("Max-Forwards", hops)
            .header("From", format_args!("{address};tag={tag}"))
            .header("To", format_args!("<sip:{user}@{host}>"))
            .header("Call-ID", format_args!("{tag}@{host}"))
            .header("CSeq", format_args!("{number} {method}"))
            .header("Contact", format_args!("<{uri}>"))
            .header("Subject", "one, two")
            .body("text/plain", body.as_bytes());
        compare(&bytes);
        let ours = Message::parse_datagram(bytes).unwrap();
        prop_assert_eq!(ours.max_forwards(), Some(hops));
        prop_assert_eq!(ours.count(HeaderName::Subject), 1);
    }
}

//! Reading messages.

use super::*;

const INVITE: &str = "INVITE sip:1002@pbx.example SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1]:5062;branch=z9hG4bK2\r\n\
    v: SIP/2.0/TLS host.example;branch=z9hG4bK3\r\n\
    f: \"Doe, \\\"J\\\"\" <sip:1001@pbx.example>;tag=a1\r\n\
    To: <sip:1002@pbx.example>\r\n\
    i: abc@192.0.2.7\r\n\
    CSeq: 17 INVITE\r\n\
    Supported: timer,\r\n\
    \x20 100rel,\r\n\
    \treplaces\r\n\
    m: \"A, B\" <sip:1001@192.0.2.7;transport=tcp>;+sip.instance=\"<urn:uuid:0-1>\";expires=60, <sip:x@y>;q=0.1\r\n\
    X-Odd: one, two\r\n\
    X-Odd: three\r\n\
    l: 4\r\n\
    \r\n\
    bodytrailing";

fn parse(text: &str) -> Result<Message, ParseError> {
    Message::parse_datagram(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn the_parts_of_a_request() {
    let message = parse(INVITE).unwrap();
    assert_eq!(message.kind(), Kind::Request);
    assert_eq!(message.method(), Method::Invite);
    assert_eq!(message.request_uri(), "sip:1002@pbx.example");
    assert_eq!(message.call_id(), "abc@192.0.2.7");
    assert_eq!(
        message.cseq(),
        Some(CSeq {
            number: 17,
            method: Method::Invite
        })
    );
    assert_eq!(message.body(), b"body");
    assert!(message.as_bytes().ends_with(b"\r\n\r\nbody"));
    let from = message.from().unwrap();
    assert_eq!(from.display_name.as_deref(), Some("Doe, \"J\""));
    assert_eq!(from.tag(), Some("a1"));
    assert_eq!(message.to().unwrap().tag(), None);
}

#[test]
fn lists_are_split_and_folds_undone() {
    let message = parse(INVITE).unwrap();
    let values = |name: &str| {
        message
            .header_values(name)
            .map(Cow::into_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(values("supported"), ["timer", "100rel", "replaces"]);
    assert_eq!(values("VIA").len(), 3);
    assert_eq!(values("x-odd"), ["one, two", "three"]);
    assert_eq!(message.header("X-ODD").as_deref(), Some("one, two"));
    assert_eq!(message.header("Supported").as_deref(), Some("timer"));
    assert_eq!(message.header("Nothing"), None);
    let contacts = message.contacts();
    assert_eq!(contacts.len(), 2);
    assert_eq!(contacts[0].display_name.as_deref(), Some("A, B"));
    assert_eq!(contacts[0].param("+SIP.instance"), Some("<urn:uuid:0-1>"));
    assert_eq!(contacts[0].uri.param("transport"), Some("tcp"));
    assert_eq!(contacts[1].param("q"), Some("0.1"));
    assert!(message.lists(HeaderName::Supported, "100REL"));
}

#[test]
fn an_address_written_is_the_address_read() {
    for text in [
        "\"A \\\\ \\\"B\\\"\" <sip:a@b;lr>;tag=1;x;+sip.instance=\"<urn:uuid:1>\"",
        "<tel:+33123456789>",
        "*",
        "<sip:a%20b@[2001:db8::1]:5060>;expires=3",
    ] {
        assert_eq!(NameAddr::parse(text).unwrap().to_string(), text);
    }
    assert!(NameAddr::parse("*").unwrap().is_wildcard());
}

#[test]
fn the_parts_of_uris() {
    let uri = Uri::parse(
        "sip:a%3Bb;par=1:secret@[2001:DB8::1]:5070;transport=tcp;lr?Replaces=x%40y%3Bto-tag%3D1&b=",
    )
    .unwrap();
    assert_eq!(uri.user.as_deref(), Some("a;b"));
    assert_eq!(uri.host, "2001:DB8::1");
    assert_eq!(uri.port, Some(5070));
    assert_eq!(uri.param("LR"), Some(""));
    assert_eq!(uri.header("replaces"), Some("x@y;to-tag=1"));
    let tel = Uri::parse("tel:+1-201-555-0123;phone-context=example").unwrap();
    assert_eq!(tel.user.as_deref(), Some("+1-201-555-0123"));
    assert_eq!(
        Uri::sip(Some("a b"), "2001:db8::1", Some(5060)).to_string(),
        "sip:a%20b@[2001:db8::1]:5060"
    );
    for bad in [
        "",
        "sip:",
        "sip:@x",
        "sip:a@",
        "sip:a@b@c",
        "sip:a@b:99999",
        "nothing",
        "sip:a b@c",
        "sip:[::1",
        "tel:",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn debug_tells_nothing_of_the_people() {
    assert_eq!(format!("{:?}", parse(INVITE).unwrap()), "Message(INVITE)");
}

#[test]
fn what_is_refused_can_be_answered() {
    let bad = INVITE.replace("X-Odd: three", "X Odd three");
    assert_eq!(parse(&bad).unwrap_err().status, 400);
    let salvaged = Message::salvage(Bytes::from(bad)).unwrap();
    assert_eq!(salvaged.call_id(), "abc@192.0.2.7");
    assert_eq!(salvaged.values(HeaderName::Via).count(), 3);
}

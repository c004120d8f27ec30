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
    assert_eq!(message.cseq(), Some(CSeq { number: 17, method: Method::Invite }));
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
    let values = |name: &str| message.header_values(name).map(Cow::into_owned).collect::<Vec<_>>();
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
    let uri = Uri::parse("sip:a%3Bb;par=1:secret@[2001:DB8::1]:5070;transport=tcp;lr?Replaces=x%40y%3Bto-tag%3D1&b=")
        .unwrap();
    assert_eq!(uri.user.as_deref(), Some("a;b"));
    assert_eq!(uri.host, "2001:DB8::1");
    assert_eq!(uri.port, Some(5070));
    assert_eq!(uri.param("LR"), Some(""));
    assert_eq!(uri.header("replaces"), Some("x@y;to-tag=1"));
    let tel = Uri::parse("tel:+1-201-555-0123;phone-context=example").unwrap();
    assert_eq!(tel.user.as_deref(), Some("+1-201-555-0123"));
    assert_eq!(Uri::sip(Some("a b"), "2001:db8::1", Some(5060)).to_string(), "sip:a%20b@[2001:db8::1]:5060");
    for bad in
        ["", "sip:", "sip:@x", "sip:a@", "sip:a@b@c", "sip:a@b:99999", "nothing", "sip:a b@c", "sip:[::1", "tel:"]
    {
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

/// A message just within and just over each limit.
#[test]
fn every_limit_has_its_answer() {
    let limits = Limits { message: 600, body: 20, headers: 5, line: 200, request_uri: 30, list_values: 4, vias: 3 };
    let status = |uri: &str, headers: &str, body: &str| {
        let text = format!("OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n{headers}\r\n{body}");
        let options = ParseOptions { limits, ..ParseOptions::default() };
        Message::parse_datagram_with(Bytes::from(text), &options).map_or_else(|error| error.status, |_| 200)
    };
    let long = |length: usize| "x".repeat(length);
    assert_eq!(status("sip:a", "", &long(20)), 200);
    assert_eq!(status("sip:a", "", &long(21)), 413);
    assert_eq!(status("sip:a", "", &long(600)), 513);
    assert_eq!(status("sip:a", &"X: 1\r\n".repeat(4), ""), 200);
    assert_eq!(status("sip:a", &"X: 1\r\n".repeat(5), ""), 513);
    assert_eq!(status("sip:a", &format!("X: {}\r\n", long(197)), ""), 200);
    assert_eq!(status("sip:a", &format!("X: {}\r\n", long(198)), ""), 513);
    assert_eq!(status("sip:a", &format!("X: {}\r\n {}\r\n", long(99), long(99)), ""), 513);
    assert_eq!(status(&format!("sip:{}", long(26)), "", ""), 200);
    assert_eq!(status(&format!("sip:{}", long(27)), "", ""), 414);
    assert_eq!(status("sip:a", "Allow: A, B, C, D\r\n", ""), 200);
    assert_eq!(status("sip:a", "Allow: A, B, C, D, E\r\n", ""), 400);
    assert_eq!(status("sip:a", "v: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n", ""), 200);
    assert_eq!(status("sip:a", "v: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nVia: SIP/2.0/UDP c\r\n", ""), 400);
    let params = ";a".repeat(65);
    assert!(NameAddr::parse_with(&format!("<sip:a>{params}"), Mode::Lenient).is_err());
    assert!(Uri::parse(&format!("sip:a{params}")).is_err());
}

/// Bytes that two readers could take for different messages are refused (request smuggling).
#[test]
fn line_ends_have_one_meaning() {
    let head = "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n";
    for bad in ["X: 1\rY: 2\r\n\r\n", "X: 1\nY: 2\r\n\r\n", "X: 1\r\n\n", "X: 1\r\r\n\r\n", "X: 1\r\n", "X: 1"] {
        assert_eq!(parse(&format!("{head}{bad}")).unwrap_err().status, 400, "{bad:?}");
    }
    let lenient = |text: String| Message::parse_datagram_with(Bytes::from(text), &ParseOptions::lenient());
    assert_eq!(lenient(format!("{head}X: 1\nY: 2\r\n\n")).unwrap().header("Y").as_deref(), Some("2"));
    assert!(lenient(format!("{head}X: 1\rY: 2\r\n\r\n")).is_err());
}

#[test]
fn what_validation_looks_at() {
    let request = |change: &dyn Fn(String) -> String| {
        let text = "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@pbx>;tag=1\r\n\
                    To: <sip:a@pbx>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: *\r\nExpires: 0\r\n\r\n";
        parse(&change(text.to_owned()))
            .and_then(|message| message.validate_request())
            .map_or_else(|e| e.status, |()| 200)
    };
    assert_eq!(request(&|text| text), 200);
    for header in ["Via", "From", "To", "Call-ID", "CSeq"] {
        assert_eq!(request(&|text| text.replace(&format!("\r\n{header}:"), "\r\nX-Was:")), 400, "without {header}");
    }
    let replaced = |from: &'static str, to: &'static str| request(&move |text: String| text.replace(from, to));
    assert_eq!(replaced("Max-Forwards: 70\r\n", ""), 200, "as RFC 2543 wrote");
    assert_eq!(replaced("Expires: 0", "Expires: 60"), 400, "a wildcard that removes nothing");
    assert_eq!(replaced("Contact: *", "Contact: *, <sip:a@h>"), 400, "a wildcard among others");
    assert_eq!(replaced("Contact: *", "Contact: nonsense"), 400);
    assert_eq!(replaced("Contact: *", "Contact: <sip:a@h>\r\nPath: nonsense"), 400);
    assert_eq!(replaced("Max-Forwards: 70", "Max-Forwards: 256"), 400);
    assert_eq!(replaced("CSeq: 1 R", "CSeq: 2147483648 R"), 400);
    assert_eq!(replaced("Call-ID: c", "Call-ID: c d"), 400);
    assert_eq!(replaced("sip:pbx SIP", "mailto:x SIP"), 416);
    assert_eq!(replaced("\r\n\r\n", "\r\n\r\nbody"), 400, "a body without type");
    assert_eq!(replaced("tag=1", "tag=1;tag=2"), 400);
    assert_eq!(replaced("Expires: 0", "Expires: 0\r\nSession-Expires: soon"), 400);
}

//! Properties of the message layer: no bytes panic, what is built is read back, lists are split as a naive reference splits them.

use bytes::Bytes;
use offhook_sip::message::framing::{Frame, StreamFramer};
use offhook_sip::message::{
    AuthValue, HeaderName, Limits, Message, MessageBuilder, Method, NameAddr, ParseOptions, Uri, Via, escape, quote,
    unescape,
};
use offhook_sip::message::{Params, UriPart};
use proptest::prelude::*;

/// Reads everything a message has; nothing of it may panic.
fn touch(message: &Message) {
    let _ = message.validate();
    let _ = (message.method(), message.call_id(), message.cseq(), message.from(), message.to(), message.contacts());
    let _ = (message.vias(), message.session_expires(), message.rack(), message.replaces(), message.refer_to());
    let _ = (message.reasons(), message.event(), message.retry_after(), message.credentials(HeaderName::Authorization));
    for (name, text, _) in message.headers() {
        assert!(message.header(&text).is_some());
        let _ = message.values(name).count();
    }
}

fn touch_bytes(bytes: &Bytes) {
    for options in [ParseOptions::default(), ParseOptions::lenient()] {
        if let Ok(message) = Message::parse_datagram_with(bytes.clone(), &options) {
            touch(&message);
        }
    }
    if let Some(message) = Message::salvage(bytes.clone()) {
        touch(&message);
        let _ = MessageBuilder::response_to(&message, 400, Some("x"), None).finish();
    }
}

/// Splits at commas outside quotes, angle brackets and comments, one character at a time.
fn naive_split(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut bracket, mut comment, mut escaped) = (false, false, 0usize, false);
    let mut before = ' ';
    for c in text.chars() {
        if escaped {
            escaped = false;
        } else if quoted {
            escaped = c == '\\';
            quoted = c != '"';
        } else if bracket {
            bracket = c != '>';
        } else if comment > 0 {
            match c {
                '\\' => escaped = true,
                '(' => comment += 1,
                ')' => comment -= 1,
                _ => {}
            }
        } else {
            match c {
                '"' => quoted = true,
                '<' => bracket = true,
                '(' if before == ' ' => comment = 1,
                ',' => {
                    parts.push(std::mem::take(&mut part));
                    // What follows a comma is the start of a value.
                    before = ' ';
                    continue;
                }
                _ => {}
            }
        }
        before = c;
        part.push(c);
    }
    parts.push(part);
    parts.iter().map(|part| part.trim_matches(' ').to_owned()).filter(|part| !part.is_empty()).collect()
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.!%*_+`'~-]{1,12}"
}

fn params() -> impl Strategy<Value = Params> {
    // Distinct names: a parameter given twice is refused.
    prop::collection::btree_map("[a-z][a-z0-9-]{0,7}", prop::option::of("[ -~é]{1,12}"), 0..4)
        .prop_map(|map| map.into_iter().collect())
}

fn uri() -> impl Strategy<Value = Uri> {
    let host =
        prop_oneof!["[a-z][a-z0-9-]{0,8}\\.example", Just("192.0.2.1".to_owned()), Just("2001:db8::1".to_owned())];
    let param = ("[a-z]{1,6}", prop::option::of("[a-z0-9.=;@]{1,6}"));
    (prop::option::of("[ -~é]{1,10}"), host, prop::option::of(1u16..), prop::option::of(param)).prop_map(
        |(user, host, port, param)| {
            let uri = Uri::sip(user.as_deref(), &host, port);
            match param {
                Some((name, value)) => uri.with_param(&name, value.as_deref()),
                None => uri,
            }
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        touch_bytes(&Bytes::from(bytes));
    }

    #[test]
    fn no_damage_to_a_message_panics(
        damage in prop::collection::vec((0usize..1400, prop_oneof![any::<u8>(), Just(b'\n'), Just(b','), Just(b'"'), Just(b'<')]), 1..8),
        cut in 0usize..1400,
    ) {
        let mut bytes = include_bytes!("messages/invite.sip").to_vec();
        for (at, byte) in damage {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        touch_bytes(&Bytes::from(bytes.clone()));
        bytes.truncate(cut);
        touch_bytes(&Bytes::from(bytes));
    }

    #[test]
    fn lists_split_as_a_naive_reference(text in "[a-c,\"<>() \\\\;]{0,40}") {
        let text = text.trim_matches(' ').to_owned();
        let bytes = MessageBuilder::response(200).header("Contact", &text).finish();
        let message = Message::parse_datagram(bytes).unwrap();
        let values: Vec<_> = message.header_values("Contact").collect();
        prop_assert_eq!(values, naive_split(&text));
    }

    #[test]
    fn folding_changes_nothing(words in prop::collection::vec("[a-z]{1,6}", 1..6), blanks in "[ \t]{1,3}") {
        let folded = words.join(&format!("\r\n{blanks}"));
        let text = format!("SIP/2.0 200 OK\r\nSubject:\r\n {folded}\r\nContact: {folded}\r\n\r\n");
        let message = Message::parse_datagram(Bytes::from(text)).unwrap();
        prop_assert_eq!(message.header("Subject").unwrap(), words.join(" "));
        prop_assert_eq!(message.header("Contact").unwrap(), words.join(" "));
    }

    #[test]
    fn what_is_built_is_read_back(
        method in token(),
        uri in uri(),
        headers in prop::collection::vec(("X-[a-z]{1,8}", "[!-~]([ -~é]{0,30}[!-~])?"), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let method = Method::from_name(&method);
        let mut builder = MessageBuilder::request(&method, &uri.text);
        for (name, value) in &headers {
            builder = builder.header(name, value);
        }
        let message = Message::parse_datagram(builder.body("x/y", &body)).unwrap();
        prop_assert_eq!(message.method(), method);
        prop_assert_eq!(message.request_uri(), &uri.text);
        prop_assert_eq!(message.body(), &body[..]);
        let read: Vec<_> = message.headers().map(|(_, name, value)| (name.into_owned(), value.into_owned())).collect();
        prop_assert_eq!(&read[..headers.len()], &headers[..]);
    }

    #[test]
    fn no_text_breaks_out_of_a_header(name in any::<String>(), value in any::<String>()) {
        let bytes = MessageBuilder::response(200).header(&name, &value).header("To", "x").finish();
        let message = Message::parse_datagram(bytes).unwrap();
        prop_assert!(message.headers().count() <= 3);
        prop_assert_eq!(message.body(), b"");
    }

    #[test]
    fn addresses_and_vias_round_trip(
        name in prop::option::of("[ -~é]{1,20}"),
        uri in uri(),
        params in params(),
        transport in token(),
        branch in token(),
    ) {
        let address = NameAddr { display_name: name, uri: uri.clone(), params: params.clone() };
        prop_assert_eq!(NameAddr::parse(&address.to_string()), Ok(address));
        prop_assert_eq!(Uri::parse(&uri.text), Ok(uri.clone()));
        prop_assert!(uri.is_equivalent(&uri));
        let via = Via::new(&transport, &uri.host, uri.port, &branch);
        prop_assert_eq!(Via::parse(&via.to_string()), Ok(via));
    }

    #[test]
    fn escapes_and_quotes_are_undone(text in "[ -~éあ]{0,20}") {
        for part in [UriPart::User, UriPart::Param, UriPart::Header] {
            let escaped = escape(&text, part);
            prop_assert_eq!(&unescape(&escaped), &text);
        }
        let auth = AuthValue::parse(&format!("Digest realm={}", quote(&text))).unwrap();
        prop_assert_eq!(auth.param("realm"), Some(text.as_str()));
    }

    #[test]
    fn a_stream_gives_the_same_messages_in_any_pieces(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..5),
        size in 1usize..90,
    ) {
        let messages: Vec<Bytes> = bodies.iter().map(|body| MessageBuilder::response(200).body("x/y", body)).collect();
        let mut framer = StreamFramer::new(Limits::default());
        let mut found = Vec::new();
        for piece in messages.concat().chunks(size) {
            framer.push(piece);
            while let Some(frame) = framer.next_frame().unwrap() {
                if let Frame::Message(bytes) = frame {
                    found.push(bytes);
                }
            }
        }
        prop_assert_eq!(found, messages);
    }
}

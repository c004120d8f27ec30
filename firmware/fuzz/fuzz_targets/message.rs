//! Any datagram: nothing panics, and what is read and written again means the same.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::message::{
    AuthValue, HeaderName, Message, MessageBuilder, NameAddr, ParseOptions, Replaces, Uri, Via,
};

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    for options in [ParseOptions::default(), ParseOptions::lenient()] {
        if let Ok(message) = Message::parse_datagram_with(bytes.clone(), &options) {
            read_everything(&message);
            let again = Message::parse_datagram_with(message.as_bytes().clone(), &options).expect("it was read before");
            assert_eq!(again.as_bytes(), message.as_bytes());
        }
    }
    if let Some(salvaged) = Message::salvage(bytes) {
        read_everything(&salvaged);
        let source = "192.0.2.1:5060".parse().ok();
        let answer = MessageBuilder::response_to(&salvaged, 400, Some("tag"), source).finish();
        let options = ParseOptions::lenient();
        if let Err(error) = Message::parse_datagram_with(answer, &options) {
            // Only its size may stand against an answer.
            assert_ne!(error.status, 400, "{error}");
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        round_trips(text);
    }
});

fn read_everything(message: &Message) {
    let _ = message.validate();
    let _ = (message.method(), message.cseq(), message.from(), message.to(), message.contacts(), message.vias());
    let _ = (message.replaces(), message.refer_to(), message.referred_by(), message.session_expires(), message.rack());
    let _ = (message.event(), message.subscription_state(), message.reasons(), message.retry_after());
    let _ = (message.call_id(), message.request_uri(), message.reason_phrase(), format!("{message:?}"));
    let _ = message.credentials(HeaderName::Authorization);
    for (name, text, _) in message.headers() {
        let first = message.header(&text);
        assert!(first.is_some());
        assert!(message.values(name).count() <= data_bound(message));
    }
}

fn data_bound(message: &Message) -> usize {
    message.as_bytes().len()
}

fn round_trips(text: &str) {
    if let Ok(uri) = Uri::parse(text) {
        assert_eq!(uri.to_string(), text);
        let mut rewritten = uri.clone();
        rewritten.rewrite();
        let _ = Uri::parse(&rewritten.text).map(|again| again.is_equivalent(&uri));
    }
    if let Ok(address) = NameAddr::parse(text) {
        let again = NameAddr::parse(&address.to_string());
        assert_eq!(again.as_ref().map(|again| &again.uri), Ok(&address.uri));
    }
    if let Ok(via) = Via::parse(text) {
        assert_eq!(Via::parse(&via.to_string()).as_ref().map(|again| &again.host), Ok(&via.host));
    }
    let _ = AuthValue::parse(text).map(|value| AuthValue::parse(&value.to_string()));
    let _ = Replaces::parse(text);
}

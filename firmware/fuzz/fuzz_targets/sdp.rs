//! Any session description, as an offer and as an answer: nothing panics, and our answers are descriptions themselves.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_sip::sdp::{self, Capabilities, Codec, Description, Direction};

fuzz_target!(|data: &[u8]| {
    let ours = capabilities();
    if let Ok(description) = Description::parse(data) {
        for stream in &description.streams {
            let _ = (description.remote(stream), description.remote_rtcp(stream), description.direction(stream));
            let _ = (stream.codecs(), stream.is_rtp(), stream.is_audio());
        }
    }
    if let Ok((answer, negotiated)) = sdp::answer(&ours, data) {
        let answer = Description::parse(&answer).expect("our answer is a description");
        let offer = Description::parse(data).expect("it was answered");
        assert_eq!(answer.streams.len(), offer.streams.len(), "as many streams as offered (RFC 3264 section 6)");
        assert!((10..=60).contains(&negotiated.ptime));
    }
    let _ = sdp::accept(&ours, data);
    let _ = sdp::accept_for(&ours, &sdp::offer(&ours), data);
    let again = sdp::reoffer(&ours, data);
    assert!(Description::parse(&again).is_ok(), "our new offer is a description");
    assert!(sdp::is_unchanged(&again, &again));
});

fn capabilities() -> Capabilities {
    let codec = |payload_type, name: &str| Codec { payload_type, name: name.into(), clock_rate: 8000, fmtp: None };
    Capabilities {
        local: ([192, 0, 2, 1], 30_000).into(),
        codecs: vec![codec(8, "PCMA"), codec(0, "PCMU"), codec(101, "telephone-event")],
        ptime: 20,
        direction: Direction::SendRecv,
        session_id: 1,
        session_version: 1,
        security: Default::default(),
    }
}

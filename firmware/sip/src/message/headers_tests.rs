use super::*;
use crate::message::MessageBuilder;

#[test]
fn numbers_have_their_bounds() {
    assert_eq!(CSeq::parse("0009   INVITE").unwrap().to_string(), "9 INVITE");
    assert_eq!(CSeq::parse("2147483647 ACK").unwrap().number, 2_147_483_647);
    for bad in ["", "1", "INVITE", "2147483648 ACK", "36893488147419103232 REGISTER", "-1 ACK", "1 A CK", "1 A,"] {
        assert!(CSeq::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(delta_seconds("99999999999999999999"), Some(u32::MAX));
    assert_eq!(delta_seconds("-1"), None);
    assert_eq!(RAck::parse("776656 1 INVITE").unwrap().to_string(), "776656 1 INVITE");
    assert!(RAck::parse("776656 INVITE").is_err());
}

#[test]
fn session_timers_and_dialogs_named() {
    let timer = SessionExpires::parse("1800 ; Refresher = UAS;other").unwrap();
    assert_eq!(timer, SessionExpires { seconds: 1800, refresher: Some(Refresher::Uas) });
    assert_eq!(timer.to_string(), "1800;refresher=uas");
    assert!(SessionExpires::parse("90;refresher=me").is_err());
    let text = "12345@192.0.2.1;to-tag=a;from-tag=b;early-only";
    assert_eq!(Replaces::parse(text).unwrap().to_string(), text);
    assert!(Replaces::parse("12345@192.0.2.1;to-tag=a").is_err());
    assert_eq!(Replaces::parse("x;local-tag=l;remote-tag=r").unwrap().to_tag, "r");
}

#[test]
fn words_with_parameters() {
    let state = Parametrised::parse("terminated;reason=timeout ; retry-after=5").unwrap();
    assert!(state.is("Terminated"));
    assert_eq!(state.param("Retry-After"), Some("5"));
    let bytes = MessageBuilder::request(&Method::Bye, "sip:a@b")
        .header("Reason", "Q.850;cause=16;text=\"Normal, clearing\", SIP;cause=200")
        .header("Retry-After", "18 (in a meeting);duration=3600")
        .header("r", "sip:c@d?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2")
        .header("Max-Forwards", "256")
        .finish();
    let message = Message::parse_datagram(bytes).unwrap();
    let reasons = message.reasons();
    assert_eq!(reasons.len(), 2);
    assert_eq!(reasons[0].cause(), Some(16));
    assert_eq!(reasons[0].param("text"), Some("Normal, clearing"));
    assert_eq!(message.retry_after(), Some(18));
    assert_eq!(message.max_forwards(), None);
    let replaces = Replaces::parse(message.refer_to().unwrap().uri.header("Replaces").unwrap()).unwrap();
    assert_eq!(replaces.from_tag, "2");
}

#[test]
fn dates_are_in_gmt() {
    assert!(is_sip_date("Sat, 15 Oct 2005 04:44:56 GMT"));
    for bad in ["Fri, 01 Jan 2010 16:00:00 EST", "", "Sat, 15 Oct 2005", "Sat, 15 Oct 2005 04:44:56 GMT x"] {
        assert!(!is_sip_date(bad), "{bad}");
    }
}

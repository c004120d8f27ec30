//! Calls between SIP phones: answered, refused, not answered, given up, several phones.

use crate::office::{Office, Script, Site, user};
use offhook_media::command::Codec;
use offhook_switch::record::{Direction, LegStatus};

fn two() -> Office {
    Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"])
}

#[test]
fn a_call_is_answered_and_ended() {
    let mut office = two();
    office.dial(0, "1002");
    assert_eq!(office.phones[0].progress, [(180, false)]);
    assert_eq!(office.phones[1].ringing.len(), 1);
    office.seconds(3);
    office.answer(1);
    assert_eq!(office.phones[0].up.len(), 1);
    assert_eq!(office.books.bridge().len(), 2);
    assert!(office.books.parameters.values().all(|p| p.codec == Codec::Pcma && p.send && p.receive));
    office.seconds(10);
    office.hang_up(1);
    assert_eq!(office.phones[0].up.len(), 0);
    let books = office.close();
    let call = books.call(0);
    assert_eq!((call.direction, call.caller.as_str(), call.called.as_str()), (Direction::Internal, "1001", "1002"));
    assert_eq!(call.caller_user, Some(user(1001)));
    assert_eq!(call.answered_by, Some(user(1002)));
    assert_eq!(call.answered.unwrap() - call.started, 3000);
    assert_eq!(call.ended.unwrap() - call.started, 13_000);
    assert_eq!(call.cause, Some(16));
    assert!(call.ended_by_callee);
    assert_eq!(books.statuses(user(1001)), [LegStatus::Out]);
    assert_eq!(books.statuses(user(1002)), [LegStatus::Answered]);
    assert_eq!(books.legs[1].interface.as_deref(), Some("Desk phone"));
}

#[test]
fn no_transcoding_when_the_caller_prefers_mu_law() {
    let mut office = two();
    office.phones[0].codec = "only PCMU";
    office.dial(0, "1002");
    office.answer(1);
    assert!(office.books.parameters.values().all(|p| p.codec == Codec::Pcmu));
    office.hang_up(0);
    assert!(!office.close().call(0).ended_by_callee);
}

/// The codecs both streams of a call run, by number of the phone.
fn agreed(office: &Office) -> Vec<Codec> {
    office.books.parameters.values().map(|p| p.codec).collect()
}

#[test]
fn wide_band_phones_speak_in_wide_band_and_others_as_the_narrower_one() {
    for (caller, callee, expected) in [
        ("wide", "wide", Codec::Opus),
        ("wide", "PCMA", Codec::Pcma),
        ("PCMA", "wide", Codec::Pcma),
        ("PCMU", "wide", Codec::Pcmu),
        ("only PCMU", "wide", Codec::Pcmu),
        ("wide", "only PCMU", Codec::Pcmu),
    ] {
        let mut office = two();
        office.phones[0].codec = caller;
        office.phones[1].codec = callee;
        office.dial(0, "1002");
        office.answer(1);
        assert_eq!(agreed(&office), [expected, expected], "{caller} calls {callee}");
        office.hang_up(0);
        office.close();
    }
}

#[test]
fn a_device_uses_the_codecs_of_its_list_only() {
    use offhook_switch::config::CodecName;
    for (list, expected) in
        [(vec![CodecName::G722, CodecName::Pcma], Codec::G722), (vec![CodecName::Pcmu], Codec::Pcmu)]
    {
        for restricted in [0, 1] {
            let mut site = Site::new().phones(&[1001, 1002]).0;
            let device = site.devices.values_mut().nth(restricted).unwrap();
            device.sound.codecs.clone_from(&list);
            let mut office = Office::open(site, &["1001", "1002"]);
            (office.phones[0].codec, office.phones[1].codec) = ("wide", "wide");
            office.dial(0, "1002");
            office.answer(1);
            assert_eq!(agreed(&office), [expected, expected], "{list:?} for phone {restricted}");
            office.hang_up(0);
            office.close();
        }
    }
}

#[test]
fn refusals_reach_the_caller_as_they_are() {
    for (status, seen, cause, leg) in [
        (486, 486, 17, LegStatus::Rejected),
        (603, 603, 21, LegStatus::Rejected),
        (480, 480, 18, LegStatus::NoAnswer),
        (500, 500, 41, LegStatus::SipPhoneError),
        (415, 501, 79, LegStatus::SipPhoneError),
    ] {
        let mut office = two();
        office.phones[1].script = Script::Reject(status);
        office.dial(0, "1002");
        assert_eq!(office.phones[0].failed, [seen], "{status}");
        let books = office.close();
        assert_eq!(books.call(0).cause, Some(cause));
        assert_eq!(books.call(0).answered, None);
        assert_eq!(books.statuses(user(1002)), [leg]);
        assert_eq!(books.statuses(user(1001)), [LegStatus::Out]);
    }
}

#[test]
fn an_unusable_description_is_a_phone_error() {
    let mut office = two();
    office.phones[1].script = Script::BadSdp;
    office.dial(0, "1002");
    assert_eq!(office.phones[0].failed, [488]);
    assert_eq!(office.phones[1].up.len(), 0, "the phone got a BYE");
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::SipPhoneError]);
}

#[test]
fn nobody_answers() {
    let mut office = two();
    office.dial(0, "1002");
    office.seconds(24);
    assert!(office.phones[0].failed.is_empty());
    office.seconds(2);
    assert_eq!(office.phones[0].failed, [480]);
    assert_eq!(office.phones[1].ringing.len(), 0);
    let books = office.close();
    assert_eq!(books.call(0).cause, Some(19));
    assert_eq!(books.statuses(user(1002)), [LegStatus::NoAnswer]);
    let leg = books.legs.iter().find(|leg| leg.user == Some(user(1002))).unwrap();
    assert_eq!(leg.ended - leg.started, 25_000);
}

#[test]
fn the_caller_gives_up() {
    let mut office = two();
    let session = office.dial(0, "1002");
    office.seconds(5);
    let now = office.now().instant;
    office.phones[0].cancel(now, session);
    office.run();
    assert_eq!(office.phones[1].ringing.len(), 0);
    assert_eq!(office.phones[0].failed, [487]);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::NoAnswer]);
}

#[test]
fn a_number_nobody_has() {
    let mut office = two();
    office.dial(0, "1999");
    assert_eq!(office.phones[0].failed, [404]);
    assert_eq!(office.close().call(0).cause, Some(1));
}

#[test]
fn a_phone_that_is_not_connected() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001"]);
    office.dial(0, "1002");
    assert_eq!(office.phones[0].failed, [480]);
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::NotConnected]);
}

#[test]
fn a_phone_that_is_gone_counts_as_not_connected() {
    let mut office = two();
    office.phones[1].dead = true;
    office.config.users.get_mut(&user(1002)).unwrap().ring_time = std::time::Duration::from_secs(60);
    let config = office.config.clone();
    office.input(offhook_switch::exchange::Input::Config(config.into()));
    office.dial(0, "1002");
    office.seconds(40);
    assert_eq!(office.phones[0].failed, [480]);
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::NotConnected]);
}

#[test]
fn several_phones_ring_and_one_wins() {
    let site = Site::new().phones(&[1001, 1002]).sip(1002, "1002b").sip(1002, "1002c");
    let mut office = Office::open(site.0, &["1001", "1002", "1002b", "1002c"]);
    office.dial(0, "1002");
    assert!(office.phones[1..].iter().all(|phone| phone.ringing.len() == 1));
    office.answer(2);
    for loser in [1, 3] {
        assert_eq!(office.phones[loser].ringing.len(), 0);
        let reason = office.phones[loser].cancelled[0].clone().unwrap();
        assert_eq!((reason.protocol.as_str(), reason.cause), ("SIP", 200));
    }
    assert_eq!(office.books.rtp.len(), 2);
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::Answered]);
}

#[test]
fn two_phones_answer_in_the_same_moment() {
    let site = Site::new().phones(&[1001, 1002]).sip(1002, "1002b");
    let mut office = Office::open(site.0, &["1001", "1002", "1002b"]);
    office.dial(0, "1002");
    let now = office.now().instant;
    office.phones[1].answer(now);
    office.phones[2].answer(now);
    office.run();
    assert_eq!(office.phones[1].up.len() + office.phones[2].up.len(), 1, "exactly one winner");
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::Answered]);
}

#[test]
fn an_answer_that_crosses_the_end_is_too_late() {
    let mut office = two();
    let session = office.dial(0, "1002");
    let now = office.now().instant;
    office.phones[0].cancel(now, session);
    office.phones[1].answer(now);
    office.run();
    assert!(office.phones[1].up.is_empty(), "the late answer is ended");
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::TooLate]);
}

#[test]
fn a_refusal_by_one_phone_leaves_the_others_ringing_but_decline_ends_all() {
    let site = Site::new().phones(&[1001, 1002]).sip(1002, "1002b");
    let mut office = Office::open(site.0, &["1001", "1002", "1002b"]);
    office.dial(0, "1002");
    office.reject(1, 486);
    assert!(office.phones[0].failed.is_empty());
    assert_eq!(office.phones[2].ringing.len(), 1);
    office.reject(2, 603);
    assert_eq!(office.phones[0].failed, [603]);
    office.dial(0, "1002");
    office.reject(1, 603);
    assert_eq!(office.phones[2].ringing.len(), 0);
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::Rejected, LegStatus::Rejected]);
}

#[test]
fn a_late_offer_is_answered_with_our_offer() {
    let mut office = two();
    let now = office.now().instant;
    office.phones[0].call_with(now, "1002", None, Vec::new());
    office.run();
    office.answer(1);
    assert_eq!(office.phones[0].up.len(), 1);
    assert_eq!(office.books.parameters.len(), 2, "both streams run");
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    office.close();
}

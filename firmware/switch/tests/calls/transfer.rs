//! Transfer by REFER, by REFER with Replaces, by INVITE with Replaces.

use crate::office::{Office, Phone, Script, Site, user};
use offhook_media::command::Source;
use offhook_sip::sdp::Direction;
use offhook_switch::record::LegStatus;

fn three() -> Office {
    Office::open(Site::new().phones(&[1001, 1002, 1003]).0, &["1001", "1002", "1003"])
}

fn refer(office: &mut Office, phone: usize, to: &str) {
    let now = office.now().instant;
    let session = *office.phones[phone].up.last().unwrap();
    office.phones[phone].refer(now, session, to);
    office.run();
}

#[test]
fn blind_transfer_to_a_phone_that_answers() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:1003@office.example>");
    assert_eq!(office.phones[1].last_response, Some(202));
    assert_eq!(office.phones[2].ringing.len(), 1);
    assert!(office.books.playing.values().any(|s| matches!(s, Source::Tone { .. })), "ringback to the first party");
    assert!(office.books.bridge().is_empty());
    office.answer(2);
    assert_eq!(office.books.bridge().len(), 2);
    assert!(office.books.playing.is_empty());
    assert!(office.phones[1].up.is_empty(), "the transferor is let go");
    assert!(office.phones[1].notified.iter().any(|n| n.contains("200")), "{:?}", office.phones[1].notified);
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.calls.len(), 1);
    assert_eq!(books.statuses(user(1002)), [LegStatus::Answered]);
    assert_eq!(books.statuses(user(1003)), [LegStatus::Answered]);
}

#[test]
fn blind_transfer_goes_on_when_the_transferor_hangs_up_at_once() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:1003@office.example>");
    office.hang_up(1);
    assert_eq!(office.phones[2].ringing.len(), 1);
    office.answer(2);
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(2);
    office.close();
}

#[test]
fn a_transfer_that_fails_comes_back() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:1003@office.example>");
    office.reject(2, 486);
    assert!(office.phones[1].notified.iter().any(|n| n.contains("486")));
    assert_eq!(office.books.bridge().len(), 2, "they speak again");
    assert!(office.books.playing.is_empty());
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.statuses(user(1003)), [LegStatus::Rejected]);
}

#[test]
fn a_transfer_that_fails_after_the_transferor_left_ends_the_call() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:1003@office.example>");
    office.hang_up(1);
    office.seconds(26);
    assert!(office.phones[0].up.is_empty());
    let books = office.close();
    assert_eq!(books.statuses(user(1003)), [LegStatus::NoAnswer]);
    assert_eq!(books.call(0).cause, Some(19));
}

#[test]
fn the_first_party_hangs_up_during_a_transfer() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:1003@office.example>");
    office.hang_up(0);
    assert!(office.phones[2].ringing.is_empty());
    assert!(office.phones[1].up.is_empty());
    let books = office.close();
    assert_eq!(books.statuses(user(1003)), [LegStatus::NoAnswer]);
}

#[test]
fn transfer_to_a_number_nobody_has() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:1999@office.example>");
    assert!(office.phones[1].notified.iter().any(|n| n.contains("404")));
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    office.close();
}

#[test]
fn attended_transfer_joins_two_calls() {
    let mut office = three();
    // 1001 calls 1002, who holds and calls 1003.
    office.dial(0, "1002");
    office.answer(1);
    let (first, now) = (office.phones[1].up[0], office.now().instant);
    office.phones[1].reoffer(now, first, Direction::SendOnly);
    office.run();
    let second = office.dial(1, "1003");
    office.answer(2);
    let replaces = office.phones[1].endpoint.call_id(second).unwrap().to_owned();
    let tags = office.phones[1].tags(second);
    let refer_to = format!(
        "<sip:1003@office.example?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}>",
        replaces.replace('@', "%40"),
        tags.1,
        tags.0
    );
    let now = office.now().instant;
    office.phones[1].refer(now, first, &refer_to);
    office.run();
    assert_eq!(office.phones[1].last_response, Some(202));
    assert!(office.phones[1].up.is_empty());
    assert_eq!(office.books.bridge().len(), 2);
    assert!(office.books.playing.is_empty());
    assert_eq!(office.exchange.calls().len(), 1);
    office.seconds(5);
    office.hang_up(2);
    assert!(office.phones[0].up.is_empty());
    let books = office.close();
    assert_eq!(books.calls.len(), 2);
    assert_eq!(books.statuses(user(1002)), [LegStatus::Answered, LegStatus::Out]);
    assert_eq!(books.statuses(user(1003)), [LegStatus::Answered]);
}

#[test]
fn a_trunk_may_not_transfer() {
    let site =
        Site::new().phones(&[1001]).sip_trunk(1, "198.51.100.1:5060", 10).route(&[1]).inbound(None, None, "1001");
    let mut office = Office::open(site.0, &["1001"]);
    office.phones.push(Phone::at("carrier", "198.51.100.1:5060".parse().unwrap()));
    office.phones[0].script = Script::Answer;
    office.dial(1, "1");
    refer(&mut office, 1, "<sip:0900123456@office.example>");
    assert_eq!(office.phones[1].last_response, Some(403));
    office.hang_up(1);
    office.close();
}

#[test]
fn invite_with_replaces_takes_the_place_of_a_party() {
    let mut office = three();
    let session = office.dial(0, "1002");
    office.answer(1);
    let call_id = office.phones[0].endpoint.call_id(session).unwrap().to_owned();
    let (local, remote) = office.phones[0].tags(session);
    let now = office.now().instant;
    let offer = offhook_sip::sdp::offer(&office.phones[2].capabilities(Direction::SendRecv));
    let replaces = format!("{call_id};to-tag={remote};from-tag={local}");
    office.phones[2].call_with(now, "1001", Some(offer), vec![("Replaces".into(), replaces)]);
    office.run();
    assert_eq!(office.phones[2].up.len(), 1);
    assert!(office.phones[0].up.is_empty(), "replaced");
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(1);
    assert!(office.phones[2].up.is_empty());
    office.close();
}

#[test]
fn invite_with_replaces_picks_up_a_ringing_call() {
    let mut office = three();
    office.dial(0, "1002");
    let invite = office.phones[1].invites[0].clone();
    let call_id = invite.call_id().to_owned();
    let ours = invite.from().unwrap().tag().unwrap().to_owned();
    let theirs = office.phones[1].local_tags[0].clone();
    let now = office.now().instant;
    let offer = offhook_sip::sdp::offer(&office.phones[2].capabilities(Direction::SendRecv));
    let replaces = format!("{call_id};to-tag={ours};from-tag={theirs}");
    office.phones[2].call_with(now, "1002", Some(offer), vec![("Replaces".into(), replaces)]);
    office.run();
    assert_eq!(office.phones[2].up.len(), 1);
    assert_eq!(office.phones[0].up.len(), 1);
    assert!(office.phones[1].ringing.is_empty());
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(2);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::CallAnswered]);
    assert_eq!(books.statuses(user(1003)), [LegStatus::Answered]);
    assert_eq!(books.call(0).answered_by, Some(user(1003)));
}

#[test]
fn a_second_call_that_still_rings_is_handed_over() {
    let mut office = three();
    office.dial(0, "1002");
    office.answer(1);
    let first = office.phones[1].up[0];
    let second = office.dial(1, "1003");
    let refer_to = office.phones[1].early_refer_to(second);
    let now = office.now().instant;
    office.phones[1].refer(now, first, &refer_to);
    office.run();
    assert_eq!(office.phones[1].last_response, Some(202));
    assert!(office.phones[1].up.is_empty());
    assert_eq!(office.books.playing.len(), 1, "ringback");
    office.answer(2);
    assert_eq!(office.books.bridge().len(), 2);
    assert!(office.books.playing.is_empty());
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.statuses(user(1003)), [LegStatus::Answered]);
}

#[test]
fn a_transfer_onto_an_announcement() {
    let mut site = Site::new().phones(&[1001, 1002]);
    site.0.announcements.push(crate::office::announcement("7000"));
    let mut office = Office::open(site.0, &["1001", "1002"]);
    office.dial(0, "1002");
    office.answer(1);
    refer(&mut office, 1, "<sip:7000@office.example>");
    assert!(office.phones[1].up.is_empty());
    assert!(office.books.playing.values().any(|source| matches!(source, Source::Chime { .. })));
    office.hang_up(0);
    office.close();
}

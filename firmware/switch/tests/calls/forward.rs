//! Do not disturb, forwards, loops, call waiting and limits of a user.

use crate::office::{Office, Script, Site, user};
use offhook_switch::record::LegStatus;

fn site() -> Site {
    Site::new().phones(&[1001, 1002, 1003])
}

fn open(site: Site) -> Office {
    Office::open(site.0, &["1001", "1002", "1003"])
}

#[test]
fn do_not_disturb() {
    let mut office = open(site().with(1002, |user| user.do_not_disturb = true));
    office.dial(0, "1002");
    assert_eq!(office.phones[0].failed, [486]);
    assert!(office.phones[1].invites.is_empty(), "no ring");
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::Snooze]);
}

#[test]
fn always() {
    let mut office = open(site().with(1002, |user| user.forward_always = Some("1003".into())));
    office.dial(0, "1002");
    assert!(office.phones[1].invites.is_empty());
    office.answer(2);
    office.hang_up(0);
    let books = office.close();
    assert!(books.statuses(user(1002)).is_empty());
    assert_eq!(books.statuses(user(1003)), [LegStatus::Answered]);
    assert_eq!(books.call(0).called, "1002");
    assert_eq!(books.call(0).answered_by, Some(user(1003)));
}

#[test]
fn when_busy_or_refused() {
    let mut office = open(site().with(1002, |user| {
        user.forward_busy = Some("1003".into());
        user.call_waiting = false;
    }));
    office.dial(0, "1002");
    office.reject(1, 486);
    office.answer(2);
    office.hang_up(0);
    office.phones[2].script = Script::Answer;
    office.dial(1, "1003");
    office.dial(0, "1002");
    assert_eq!(office.phones[0].up.len(), 1);
    office.hang_up(0);
    office.hang_up(1);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::Rejected, LegStatus::InCall, LegStatus::Out]);
}

#[test]
fn when_not_answered_and_the_first_missed_it_but_another_took_it() {
    let mut office = open(site().with(1002, |user| {
        user.forward_no_answer = Some("1003".into());
        user.ring_time = std::time::Duration::from_secs(15);
    }));
    office.dial(0, "1002");
    office.seconds(14);
    assert_eq!(office.phones[1].ringing.len(), 1);
    office.seconds(2);
    assert!(office.phones[1].ringing.is_empty());
    office.answer(2);
    office.hang_up(0);
    office.dial(0, "1002");
    office.seconds(60);
    assert_eq!(office.phones[0].failed, [480]);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::CallAnswered, LegStatus::NoAnswer]);
    assert_eq!(books.statuses(user(1003)), [LegStatus::Answered, LegStatus::NoAnswer]);
}

#[test]
fn when_not_connected() {
    let site = site().with(1002, |user| user.forward_no_answer = Some("1003".into()));
    let mut office = Office::open(site.0, &["1001", "1003"]);
    office.dial(0, "1002");
    office.answer(1);
    office.hang_up(0);
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::NotConnected]);
}

#[test]
fn the_same_user_misses_and_then_answers() {
    let mut office = open(
        site()
            .with(1002, |user| user.forward_no_answer = Some("1003".into()))
            .with(1003, |user| user.forward_no_answer = Some("1002".into())),
    );
    office.dial(0, "1002");
    office.seconds(51);
    assert_eq!(office.phones[1].ringing.len(), 1, "rings again");
    office.answer(1);
    office.hang_up(0);
    assert_eq!(office.close().statuses(user(1002)), [LegStatus::CallAnswered, LegStatus::Answered]);
}

#[test]
fn loops_end() {
    let mut office = open(
        site()
            .with(1002, |user| user.forward_always = Some("1003".into()))
            .with(1003, |user| user.forward_always = Some("1002".into())),
    );
    office.dial(0, "1002");
    assert_eq!(office.phones[0].failed, [483]);
    assert_eq!(office.close().call(0).cause, Some(25));
}

#[test]
fn a_phone_that_redirects() {
    let mut office = open(site());
    office.phones[1].script = Script::Reject(302);
    office.dial(0, "1002");
    // Without a Contact there is nowhere to go.
    assert_eq!(office.phones[0].failed.len(), 1);
    office.close();
}

#[test]
fn at_most_so_many_calls() {
    let mut office = open(site().with(1002, |user| user.max_calls = 1));
    office.dial(0, "1002");
    office.dial(2, "1002");
    assert_eq!(office.phones[2].failed, [486]);
    office.answer(1);
    office.hang_up(0);
    let books = office.close();
    assert_eq!(books.statuses(user(1002)), [LegStatus::InCall, LegStatus::Answered]);
}

#[test]
fn call_waiting_rings_a_second_time_and_off_is_busy() {
    for waiting in [true, false] {
        let mut office = open(site().with(1002, |user| user.call_waiting = waiting));
        office.dial(0, "1002");
        office.answer(1);
        office.dial(2, "1002");
        assert_eq!(office.phones[1].ringing.len(), usize::from(waiting));
        if waiting {
            office.reject(1, 486);
        }
        assert_eq!(office.phones[2].failed, [486]);
        office.hang_up(0);
        let status = if waiting { LegStatus::Rejected } else { LegStatus::InCall };
        assert_eq!(office.close().statuses(user(1002)), [status, LegStatus::Answered]);
    }
}

#[test]
fn who_sent_a_call_on_is_told_to_phones_and_trunks() {
    const CARRIER: &str = "198.51.100.1:5060";
    let site = site().sip_trunk(1, CARRIER, 10).route(&[1]).with(1002, |user| {
        user.forward_no_answer = Some("1003".into());
        user.ring_time = std::time::Duration::from_secs(15);
    });
    let mut office = open(site.with(1003, |user| user.forward_busy = Some("0012".into())));
    office.phones.push(crate::office::Phone::at("carrier", CARRIER.parse().unwrap()));
    office.dial(0, "1002");
    let diversions = |office: &Office, phone: usize| -> Vec<String> {
        office.phones[phone].invites[0].header_values("Diversion").map(|value| value.trim().to_owned()).collect()
    };
    assert!(diversions(&office, 1).is_empty());
    office.seconds(16);
    assert_eq!(diversions(&office, 2), ["\"User 1002\" <sip:1002@office.example>;reason=no-answer;counter=1"]);
    office.reject(2, 486);
    let told = diversions(&office, 3);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("<sip:1003@198.51.100.1>;reason=user-busy;counter=1"), "{told:?}");
    assert!(told[1].starts_with("<sip:1002@198.51.100.1>;reason=no-answer;counter=1"), "{told:?}");
    office.answer(3);
    office.hang_up(0);
    office.close();
}

//! Announcements and recordings.

use crate::office::{Office, Site, announcement, user};
use offhook_media::command::{Event, Source};
use offhook_switch::config::RecordingRule;
use offhook_switch::exchange::Input;
use offhook_switch::record::LegStatus;

fn office() -> Office {
    let mut site = Site::new().phones(&[1001, 1201]);
    site.0.announcements.push(announcement("7000"));
    site.0.recording.push(RecordingRule { caller: Some("12XX".into()), callee: None });
    Office::open(site.0, &["1001", "1201"])
}

#[test]
fn it_answers_plays_and_ends_at_its_digit() {
    let mut office = office();
    office.dial(0, "7000");
    assert_eq!(office.phones[0].up.len(), 1);
    let (stream, source) = office.books.playing.iter().next().map(|(a, b)| (*a, b.clone())).unwrap();
    assert_eq!(source, Source::Chime { repeat: None });
    office.seconds(10);
    office.media_event(Event::Digit { stream, digit: '5' });
    assert_eq!(office.phones[0].up.len(), 1);
    office.media_event(Event::Digit { stream, digit: '9' });
    assert_eq!(office.phones[0].up.len(), 0, "BYE");
    let books = office.close();
    assert_eq!(books.call(0).ended.unwrap() - books.call(0).answered.unwrap(), 10_000);
    assert_eq!(books.statuses(user(1001)), [LegStatus::Out]);
    assert!(books.recorded.is_empty());
}

#[test]
fn digits_by_info() {
    for (content_type, body) in [("application/dtmf-relay", "Signal=9\r\nDuration=160\r\n"), ("application/dtmf", "9")]
    {
        let mut office = office();
        let session = office.dial(0, "7000");
        let now = office.now().instant;
        office.phones[0].info(now, session, content_type, body);
        office.seconds(1);
        assert!(office.phones[0].up.is_empty(), "{content_type}");
        office.close();
    }
}

#[test]
fn info_digits_reach_the_other_phone_as_events() {
    let mut office = office();
    let session = office.dial(0, "1201");
    office.answer(1);
    let now = office.now().instant;
    office.phones[0].info(now, session, "application/dtmf-relay", "Signal=*\r\nDuration=100\r\n");
    office.seconds(1);
    assert_eq!(office.books.digits.iter().map(|(_, digit)| *digit).collect::<String>(), "*");
    office.hang_up(0);
    office.close();
}

#[test]
fn calls_of_12xx_are_recorded() {
    let mut office = office();
    office.dial(1, "1001");
    assert!(office.books.recordings.is_empty());
    office.answer(0);
    assert_eq!(office.books.recordings.len(), 1);
    assert!(office.exchange.calls()[0].recording);
    office.hang_up(0);
    office.dial(0, "1201");
    office.answer(1);
    office.hang_up(0);
    office.dial(1, "7000");
    office.hang_up(1);
    let books = office.close();
    let name = books.call(0).recording.clone().unwrap();
    assert_eq!(name, format!("{}.wav", books.order[0]));
    assert_eq!(books.recorded[0], std::path::Path::new("/data/recordings").join(name));
    assert_eq!(books.call(1).recording, None);
    assert!(books.call(2).recording.is_some());
}

#[test]
fn a_file_stays_in_its_directory() {
    for (file, inside) in [("welcome.wav", true), ("../secret.wav", false), ("/etc/passwd", false)] {
        let mut site = Site::new().phones(&[1001]);
        let mut welcome = announcement("7000");
        welcome.file = Some(file.into());
        site.0.announcements.push(welcome);
        let mut office = Office::open(site.0, &["1001"]);
        office.dial(0, "7000");
        let source = office.books.playing.values().next().unwrap().clone();
        match source {
            Source::File { path, .. } => {
                assert!(inside && path == std::path::Path::new("/data/sounds/welcome.wav"))
            }
            _ => assert!(!inside),
        }
        office.hang_up(0);
        office.close();
    }
}

#[test]
fn the_administrator_ends_a_call() {
    let mut office = office();
    office.dial(0, "7000");
    let call = office.exchange.calls()[0].id;
    office.input(Input::Command(offhook_switch::exchange::Command::HangUp(call)));
    assert!(office.phones[0].up.is_empty());
    office.close();
}

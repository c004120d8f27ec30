//! Parties that are gone without a BYE, and ports that cannot be had.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use offhook_media::command::{Event, StreamId};
use offhook_sip::sdp::Direction;
use offhook_switch::exchange::{Input, PortOpening};
use offhook_switch::record::LegStatus;

use crate::office::{Office, Site, announcement, user};

/// A call from the first phone to the second that is up; the streams of both.
fn call(office: &mut Office) -> Vec<StreamId> {
    office.dial(0, "1002");
    office.answer(1);
    office.books.parameters.keys().copied().collect()
}

fn office() -> Office {
    let mut site = Site::new().phones(&[1001, 1002]).0;
    site.announcements.push(announcement("7000"));
    Office::open(site, &["1001", "1002"])
}

#[test]
fn a_party_that_is_not_heard_for_the_time_out_is_gone() {
    for lost in [0, 1] {
        let mut office = office();
        let streams = call(&mut office);
        office.seconds(100);
        office.media_event(Event::MediaLost { stream: streams[lost] });
        assert!(office.phones[0].up.is_empty() && office.phones[1].up.is_empty(), "both got a BYE");
        for phone in &office.phones {
            let reason = phone.ended[0].as_ref().expect("a reason");
            assert_eq!((reason.protocol.as_str(), reason.cause), ("Q.850", 38));
        }
        let books = office.close();
        assert_eq!((books.call(0).cause, books.call(0).interrupted), (Some(38), false));
        assert_eq!(books.call(0).ended.unwrap() - books.call(0).answered.unwrap(), 100_000);
        assert_eq!(books.statuses(user(1002)), [LegStatus::Answered]);
    }
}

#[test]
fn silence_on_hold_ends_nothing() {
    for direction in [Direction::SendOnly, Direction::Inactive] {
        let mut office = office();
        let streams = call(&mut office);
        let session = office.phones[0].up[0];
        let now = office.now().instant;
        office.phones[0].reoffer(now, session, direction);
        office.run();
        for stream in &streams {
            office.media_event(Event::MediaLost { stream: *stream });
        }
        assert_eq!(office.phones[1].up.len(), 1, "{direction:?}");
        // Back, and the engine tells again.
        let now = office.now().instant;
        office.phones[0].reoffer(now, session, Direction::SendRecv);
        office.run();
        office.media_event(Event::MediaLost { stream: streams[0] });
        assert!(office.phones[1].up.is_empty());
        office.close();
    }
}

#[test]
fn silence_before_the_answer_ends_nothing() {
    let mut office = office();
    office.dial(0, "1002");
    let ringing: Vec<StreamId> = office.books.rtp.keys().copied().collect();
    for stream in ringing {
        office.media_event(Event::MediaLost { stream });
    }
    office.answer(1);
    assert_eq!((office.phones[0].up.len(), office.phones[1].up.len()), (1, 1));
    office.hang_up(0);
    office.close();
}

#[test]
fn a_listener_to_an_announcement_can_be_lost() {
    let mut office = office();
    office.dial(0, "7000");
    let stream = *office.books.playing.keys().next().unwrap();
    office.media_event(Event::MediaLost { stream });
    assert!(office.phones[0].up.is_empty());
    assert_eq!(office.close().call(0).cause, Some(38));
}

#[test]
fn the_time_out_can_be_off() {
    let mut config = office().config;
    config.sip.rtp_timeout = None;
    let mut office = Office::open(config, &["1001", "1002"]);
    for stream in call(&mut office) {
        office.media_event(Event::MediaLost { stream });
    }
    assert_eq!(office.phones[1].up.len(), 1);
    office.hang_up(1);
    office.close();
}

/// An office where the pairs of ports of `taken` are another program's; the pairs asked for.
fn office_without(taken: impl Fn(u16) -> PortOpening + Send + 'static) -> (Office, Arc<Mutex<Vec<u16>>>) {
    let mut office = office();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&asked);
    office.exchange.set_port_opener(Box::new(move |local| {
        notes.lock().unwrap().push(local.port());
        taken(local.port())
    }));
    (office, asked)
}

#[test]
fn the_next_pair_of_ports_is_tried() {
    let (mut office, asked) = office_without(|port| match port {
        30000..=30009 => PortOpening::Taken,
        _ => PortOpening::Opened,
    });
    call(&mut office);
    let ports: Vec<u16> = office.books.rtp.values().map(std::net::SocketAddr::port).collect();
    assert_eq!(ports, [30010, 30012]);
    assert_eq!(office.exchange.counters().rtp_ports, 2);
    let offered = office.phones[0].negotiated.clone().unwrap().remote.unwrap().port();
    assert!(ports.contains(&offered), "the phone was told a port that is ours");
    office.hang_up(0);
    // Those of the other program rest, then are tried again.
    asked.lock().unwrap().clear();
    call(&mut office);
    assert_eq!(asked.lock().unwrap().len(), 2);
    office.hang_up(0);
    office.seconds(61);
    let mut narrow = office.config.clone();
    narrow.network.rtp_last = 30_039;
    office.input(Input::Config(narrow.into()));
    call(&mut office);
    office.hang_up(0);
    assert!(asked.lock().unwrap().contains(&30000));
    office.close();
}

#[test]
fn without_a_port_the_call_is_refused_in_bounded_time() {
    for (answer, tries) in [(PortOpening::Taken, 8), (PortOpening::Impossible, 1)] {
        let (mut office, asked) = office_without(move |_| answer);
        office.dial(0, "7000");
        assert_eq!(office.phones[0].failed, [503]);
        assert_eq!(asked.lock().unwrap().len(), tries, "{answer:?}");
        office.pass(Duration::from_secs(1));
        office.close();
    }
}

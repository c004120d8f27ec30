//! Hold and resume by re-INVITE, old and new style, and what the other side hears.

use crate::office::{Office, Site};
use offhook_media::command::Source;
use offhook_sip::sdp::Direction;
use offhook_switch::exchange::LegState;

#[test]
fn hold_and_resume() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    office.dial(0, "1002");
    office.answer(1);
    for direction in [Direction::SendOnly, Direction::Inactive] {
        let (session, now) = (office.phones[0].up[0], office.now().instant);
        office.phones[0].reoffer(now, session, direction);
        office.run();
        let ours = office.phones[0].negotiated.clone().unwrap().direction;
        assert_eq!(ours, direction, "{direction:?} stays for the holder");
        assert!(office.books.bridge().is_empty());
        assert_eq!(office.books.playing.len(), 1);
        assert!(office.books.playing.values().all(|source| matches!(source, Source::Tone { .. })));
        let calls = office.exchange.calls();
        assert!(calls[0].legs.iter().all(|leg| leg.state == LegState::Held));
        let now = office.now().instant;
        office.phones[0].reoffer(now, session, Direction::SendRecv);
        office.run();
        assert_eq!(office.books.bridge().len(), 2);
        assert!(office.books.playing.is_empty());
        assert!(office.books.parameters.values().all(|p| p.send && p.receive));
    }
    office.hang_up(0);
    office.close();
}

#[test]
fn both_hold_and_one_resumes() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    office.dial(0, "1002");
    office.answer(1);
    for phone in [0, 1] {
        let (session, now) = (office.phones[phone].up[0], office.now().instant);
        office.phones[phone].reoffer(now, session, Direction::SendOnly);
        office.run();
    }
    assert!(office.books.playing.is_empty(), "nobody listens");
    let (session, now) = (office.phones[0].up[0], office.now().instant);
    office.phones[0].reoffer(now, session, Direction::SendRecv);
    office.run();
    assert_eq!(office.books.playing.len(), 1);
    assert!(office.books.bridge().is_empty());
    office.hang_up(1);
    office.close();
}

#[test]
fn a_call_on_hold_that_ends_leaves_nothing() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    office.dial(0, "1002");
    office.answer(1);
    let (session, now) = (office.phones[0].up[0], office.now().instant);
    office.phones[0].reoffer(now, session, Direction::SendOnly);
    office.run();
    office.hang_up(1);
    assert!(office.phones[0].up.is_empty());
    office.close();
}

//! Hold and resume by re-INVITE, old and new style, and what the other side hears.

use crate::office::{Office, Site};
use offhook_media::command::Source;
use offhook_sip::sdp::{Description, Direction};
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

#[test]
fn our_later_offer_keeps_the_places_of_streams_and_the_payload_types() {
    let offer = "v=0\r\no=- 7 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
        m=video 30000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
        m=audio 40000 RTP/AVP 100 106\r\na=rtpmap:100 PCMA/8000\r\na=rtpmap:106 telephone-event/8000\r\n\
        m=application 30002 UDP/BFCP *\r\n";
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    let now = office.now().instant;
    let session = office.phones[0].call_with(now, "1002", Some(offer.into()), Vec::new());
    office.run();
    office.answer(1);
    let now = office.now().instant;
    office.phones[0].ask_for_offer(now, session);
    office.run();
    let offer = Description::parse(office.phones[0].offers.last().expect("an offer of ours")).unwrap();
    let streams: Vec<(&str, bool)> = offer.streams.iter().map(|s| (s.kind.as_str(), s.port != 0)).collect();
    assert_eq!(streams, [("video", false), ("audio", true), ("application", false)]);
    let codecs = offer.streams[1].codecs();
    let number = |name: &str| codecs.iter().find(|codec| codec.name == name).map(|codec| codec.payload_type);
    assert_eq!((number("PCMA"), number("PCMU"), number("telephone-event")), (Some(100), Some(0), Some(106)));
    let parameters: Vec<_> = office.books.parameters.values().collect();
    assert!(
        parameters.iter().any(|p| (p.receive_payload_type, p.receive_telephone_event) == (100, Some(106))),
        "{parameters:?}"
    );
    assert_eq!(office.books.bridge().len(), 2);
    office.hang_up(0);
    office.close();
}

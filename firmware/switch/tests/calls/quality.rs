//! How the sound of each leg was: told once, for the telephone that answered and the one that called.

use offhook_media::command::{Event, PeerStatistics, StreamId, StreamStatistics};
use offhook_switch::record::{LegStatus, PeerQuality};

use crate::office::{Office, Site, user};

fn closed(stream: StreamId, received: u64) -> Event {
    let peer = PeerStatistics { reported: received == 500, lost: 3, mos_tenths: Some(41), ..PeerStatistics::default() };
    let statistics = StreamStatistics { received, rating_tenths: Some(870), peer, ..StreamStatistics::default() };
    Event::Closed { stream, statistics }
}

/// The stream that sends to a phone.
fn stream(office: &Office, phone: usize) -> StreamId {
    let address = office.phones[phone].address.ip();
    let to = |remote: Option<std::net::SocketAddr>| remote.is_some_and(|remote| remote.ip() == address);
    *office.books.parameters.iter().find(|(_, parameters)| to(parameters.remote)).expect("a stream").0
}

#[test]
fn both_legs_of_a_call_get_the_figures_of_their_own_stream() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    office.dial(0, "1002");
    office.answer(1);
    let (caller, callee) = (stream(&office, 0), stream(&office, 1));
    office.hang_up(0);
    assert!(office.books.qualities.is_empty(), "nothing is known before the engine tells");
    office.media_event(closed(caller, 400));
    office.media_event(closed(callee, 500));
    // The engine does not tell twice; were it to, nothing comes of it.
    office.media_event(closed(callee, 600));
    let books = office.close();
    let of = |number| {
        let leg = books.legs.iter().find(|leg| leg.user == Some(user(number))).expect("a record");
        &books.qualities[&leg.id]
    };
    assert_eq!((of(1001).received, of(1001).peer), (400, None));
    let heard = PeerQuality { lost: 3, jitter_us: 0, rating: None, mos_tenths: Some(41), delay_ms: None };
    assert_eq!((of(1002).received, of(1002).peer, of(1002).rating_tenths), (500, Some(heard), Some(870)));
    assert!((of(1002).mean_opinion().expect("rated") - 4.26).abs() < 0.01);
}

#[test]
fn the_telephone_that_answered_counts_not_those_that_rang() {
    let site = Site::new().phones(&[1001, 1002]).sip(1002, "1002b").sip(1002, "1002c");
    let mut office = Office::open(site.0, &["1001", "1002", "1002b", "1002c"]);
    office.dial(0, "1002");
    let ringing: Vec<StreamId> = office.books.rtp.keys().copied().collect();
    office.answer(2);
    let (caller, winner) = (stream(&office, 0), stream(&office, 2));
    let losers: Vec<StreamId> = ringing.into_iter().filter(|stream| ![caller, winner].contains(stream)).collect();
    assert_eq!(losers.len(), 2);
    for loser in losers {
        office.media_event(closed(loser, 50));
    }
    assert!(office.books.qualities.is_empty(), "they only rang");
    office.hang_up(2);
    office.media_event(closed(winner, 700));
    // Of the caller no packet came: nothing to tell.
    office.media_event(closed(caller, 0));
    let books = office.close();
    let leg = books.legs.iter().find(|leg| leg.status == LegStatus::Answered).expect("answered");
    let told: Vec<_> = books.qualities.values().map(|quality| (quality.leg, quality.received)).collect();
    assert_eq!(told, [(leg.id, 700)]);
}

//! What the engine says of a call's sound, and what it hears of it from the party.

mod support;

use offhook_media::command::{BridgeId, Codec, Command, Event, RecordingId, StreamId};
use offhook_media::engine::EngineConfig;
use offhook_media::rtp::rtcp::{self, Item, ReportBlock};
use offhook_media::rtp::statistics::ReportFigures;
use offhook_media::rtp::xr::VoipMetrics;
use support::start;

#[test]
fn loss_and_the_partys_own_reports_are_in_the_figures() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    support::until_bridged(&mut a, &mut c);
    for n in 0..200 {
        if n % 20 == 10 {
            // Lost on the way: number and time go on.
            a.sequence = a.sequence.wrapping_add(1);
            a.timestamp = a.timestamp.wrapping_add(160);
        }
        a.say(440.0);
        c.hear();
    }
    // The party reports on what it hears from us, and what it thinks of it.
    c.say(880.0);
    let ours = a.hear().header.ssrc;
    let figures = ReportFigures { ssrc: ours, cumulative_lost: 7, jitter: 40, ..ReportFigures::default() };
    let block = ReportBlock { figures, ..ReportBlock::default() };
    let metrics = VoipMetrics { ssrc: ours, rating: Some(81), mos_tenths: Some(40), ..VoipMetrics::default() };
    let mut out = [0; 200];
    let length = rtcp::write(a.ssrc, None, Some(&block), "a", Some(&metrics), true, &mut out).expect("room");
    a.socket.send_to(&out[..length], a.remote).expect("sent");
    // Once a packet sent later was passed on, the report was read.
    a.say(440.0);
    c.hear();
    b.command(Command::Close { stream: a.stream });
    let statistics = b.wait(|e| match e {
        Event::Closed { stream: StreamId(1), statistics } => Some(*statistics),
        _ => None,
    });
    assert_eq!(statistics.lost, 10);
    assert_eq!(statistics.burst_ratio_permille, 1000, "single losses are random");
    let rating = f64::from(statistics.rating_tenths.expect("rated")) / 10.0;
    // Ten of some 210 packets: Ie,eff = 95 × 4.7 / (4.7 + 25.1) = 15, and some delay.
    assert!((70.0..82.0).contains(&rating), "{rating}");
    assert!((3.6..4.2).contains(&statistics.mean_opinion().expect("rated")));
    let peer = statistics.peer;
    assert!(peer.reported);
    assert_eq!((peer.lost, peer.jitter_us, peer.rating, peer.mos_tenths), (7, 5000, Some(81), Some(40)));
    // The last report goes out with the metrics and the goodbye.
    let (mut said, mut goodbye) = (None, false);
    let mut buffer = [0; 1600];
    while !goodbye {
        let (length, _) = a.socket.recv_from(&mut buffer).expect("a goodbye");
        if offhook_media::rtp::is_rtcp(&buffer[..length]) {
            rtcp::parse(&buffer[..length], |item| match item {
                Item::Metrics { metrics, .. } => said = Some(metrics),
                Item::Bye { .. } => goodbye = true,
                Item::Sender { .. } | Item::Report { .. } => {}
            });
        }
    }
    let said = said.expect("metrics");
    assert_eq!((said.ssrc, said.rating), (a.ssrc, Some(rating as u8)));
    assert!((8..=13).contains(&said.loss_rate), "{said:?}");
}

#[test]
fn the_delay_of_the_buffer_is_told_where_sound_is_played() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    support::until_bridged(&mut a, &mut c);
    let path = std::env::temp_dir().join(format!("offhook-quality-{}.wav", std::process::id()));
    b.command(Command::Record { recording: RecordingId(1), stream: a.stream, path: path.clone() });
    // The engine's own clock paces the party.
    let d = b.metronome(3);
    for _ in 0..60 {
        d.hear();
        a.say(440.0);
    }
    b.command(Command::Close { stream: a.stream });
    let statistics = b.wait(|e| match e {
        Event::Closed { stream: StreamId(1), statistics } => Some(*statistics),
        _ => None,
    });
    assert!((1000..500_000).contains(&statistics.mean_delay_us), "{statistics:?}");
    assert!(statistics.max_delay_us >= statistics.mean_delay_us);
    b.wait(|e| matches!(e, Event::Recorded { .. }).then_some(()));
    std::fs::remove_file(path).expect("the recording");
}

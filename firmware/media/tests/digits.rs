//! Digits: told once, passed to the other party, sent when asked.

mod support;

use std::time::Duration;

use offhook_media::command::{BridgeId, Codec, Command, Event, StreamId};
use offhook_media::engine::EngineConfig;
use offhook_media::rtp::telephone_event::{EventSender, Payload};
use offhook_media::tone::detector::DtmfDetector;
use offhook_media::tone::dtmf;
use support::{Got, Party, Running, start, start_stepped};

/// Sends a digit's packets at once; digits have no need of real time.
fn press(party: &mut Party, digit: char) {
    let mut sender = EventSender::new(digit, 800, party.timestamp).expect("a digit");
    while let Some(packet) = sender.next(160) {
        party.send(101, packet.timestamp, packet.marker, &packet.payload.to_bytes());
    }
    party.timestamp = party.timestamp.wrapping_add(1600);
}

fn digits(b: &Running, stream: u64, count: usize) -> String {
    let digit = |e: &Event| match e {
        Event::Digit { stream: s, digit } if *s == StreamId(stream) => Some(*digit),
        _ => None,
    };
    (0..count).map(|_| b.wait(digit)).collect()
}

#[test]
fn each_key_is_told_once_and_reaches_the_other_phone_in_its_own_payload_type() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    let mut parameters = c.parameters();
    parameters.telephone_event = Some(96);
    b.command(Command::SetRtp { stream: c.stream, parameters });
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    support::until_bridged(&mut a, &mut c);
    for digit in "15#".chars() {
        press(&mut a, digit);
        let events: Vec<Payload> = std::iter::from_fn(|| {
            let got = c.hear();
            assert_eq!(got.header.payload_type, 96);
            Payload::parse(&got.payload)
        })
        .take(7)
        .collect();
        assert_eq!(events.iter().filter(|p| p.end).count(), 3);
        assert!(events.iter().all(|p| offhook_media::rtp::telephone_event::digit(p.event) == Some(digit)));
    }
    assert_eq!(digits(&b, 1, 3), "15#");
}

#[test]
fn a_party_without_events_hears_the_digit_as_tones() {
    let b = start_stepped();
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcmu));
    let mut parameters = c.parameters();
    (parameters.telephone_event, parameters.receive_telephone_event) = (None, None);
    b.command(Command::SetRtp { stream: c.stream, parameters });
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    b.step(1);
    press(&mut a, '7');
    let mut detector = DtmfDetector::default();
    let (mut heard, mut found) = (Vec::new(), String::new());
    for _ in 0..20 {
        b.step(1);
        c.hear_waiting(&mut heard);
    }
    heard.iter().for_each(|got| found.extend(detector.samples(&support::decode(got))));
    assert_eq!(found, "7");
    // And the other way: its tones are found in its sound.
    let mut generator = dtmf::DigitTone::new('4', Duration::from_millis(100)).expect("a digit");
    let mut frame = [0; 160];
    for _ in 0..20 {
        let codes: Vec<u8> = if generator.frame(&mut frame) { frame } else { [0; 160] }
            .iter()
            .map(|s| offhook_media::codec::g711::ulaw_encode(*s))
            .collect();
        c.send(0, c.timestamp, false, &codes);
        c.timestamp = c.timestamp.wrapping_add(160);
        b.step(1);
    }
    assert_eq!(digits(&b, 2, 1), "4");
}

#[test]
fn digits_asked_for_are_sent_as_events_one_after_the_other() {
    let b = start(EngineConfig::default());
    let party = b.party(1, Codec::Pcma);
    for digit in ['9', '9', 'D'] {
        b.command(Command::SendDigit { stream: party.stream, digit, duration: Duration::from_millis(80) });
    }
    let got: Vec<Got> = (0..18).map(|_| party.hear()).collect();
    for (n, (event, code)) in got.chunks(6).zip([9, 9, 15]).enumerate() {
        let payloads: Vec<Payload> = event.iter().filter_map(|g| Payload::parse(&g.payload)).collect();
        assert!(payloads.iter().all(|p| p.event == code));
        assert_eq!(payloads.iter().map(|p| p.duration).collect::<Vec<_>>(), [160, 320, 480, 640, 640, 640]);
        assert_eq!(payloads.iter().map(|p| p.end).collect::<Vec<_>>(), [false, false, false, true, true, true]);
        assert!(event[0].header.marker && event[1..].iter().all(|g| !g.header.marker));
        assert!(event.iter().all(|g| g.header.timestamp == event[0].header.timestamp));
        if n > 0 {
            let before = &got[n * 6 - 6].header;
            assert!(event[0].header.timestamp.wrapping_sub(before.timestamp) >= 640);
        }
    }
    assert!(got.windows(2).all(|w| w[1].header.sequence == w[0].header.sequence.wrapping_add(1)));
}

//! Two and three parties hear each other.

mod support;

use std::time::Duration;

use offhook_media::codec::Decoder;
use offhook_media::command::{BridgeId, Codec, Command, Event, StreamId};
use offhook_media::engine::EngineConfig;
use support::{assert_tone, start, tone_level};

/// Every party says its tone, a packet of each in turn, for `packets` packets; speed does not matter while forwarding.
fn all_say(parties: &mut [&mut support::Party], tones: &[f64]) {
    for (party, hz) in parties.iter_mut().zip(tones) {
        party.say(*hz);
    }
}

#[test]
fn two_parties_hear_each_other_as_packets_come() {
    for (left, right) in [(Codec::Pcma, Codec::Pcma), (Codec::Pcma, Codec::Pcmu)] {
        let b = start(EngineConfig::default());
        let (mut a, mut c) = (b.party(1, left), b.party(2, right));
        b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
        // The first packets latch; packets of a bridge that does not stand yet are lost, so talk until both are heard.
        let (mut heard_a, mut heard_c) = (Vec::new(), Vec::new());
        let mut packets = 0;
        a.socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        c.socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        while (heard_a.len() < 8000 || heard_c.len() < 8000) && packets < 2000 {
            packets += 1;
            all_say(&mut [&mut a, &mut c], &[440.0, 880.0]);
            let mut buffer = [0; 600];
            for (party, heard) in [(&a, &mut heard_a), (&c, &mut heard_c)] {
                if let Ok((length, _)) = party.socket.recv_from(&mut buffer)
                    && let Ok(packet) = offhook_media::rtp::packet::Packet::parse(&buffer[..length])
                {
                    assert_eq!(packet.header.payload_type, party.codec.static_payload_type().unwrap());
                    let mut out = vec![0; packet.payload.len()];
                    Decoder::new(party.codec).decode(party.codec, packet.payload, &mut out);
                    heard.extend(out);
                }
            }
        }
        assert_tone(&heard_a[..8000], 880.0);
        assert_tone(&heard_c[..8000], 440.0);
        b.command(Command::Close { stream: a.stream });
        let statistics = b.wait(|e| match e {
            Event::Closed { stream: StreamId(1), statistics } => Some(*statistics),
            _ => None,
        });
        // The very last packet may cross the order to close.
        assert!((packets - 1..=packets).contains(&statistics.received), "{} of {packets}", statistics.received);
        assert_eq!(statistics.lost, 0);
        assert!(statistics.sent >= 50);
    }
}

#[test]
fn three_parties_hear_the_other_two() {
    let b = start(EngineConfig { threads: 2, ..EngineConfig::default() });
    let mut parties = [b.party(1, Codec::Pcma), b.party(2, Codec::Pcmu), b.party(3, Codec::Pcma)];
    let tones = [440.0, 880.0, 1320.0];
    b.command(Command::Bridge { bridge: BridgeId(1), members: parties.iter().map(|p| p.stream).collect() });
    // Paced by what the engine sends: one packet each per packet heard, until each has heard a second well.
    let mut heard: [Vec<i16>; 3] = Default::default();
    for round in 0.. {
        assert!(round < 1500, "they do not hear each other well");
        for (n, party) in parties.iter_mut().enumerate() {
            party.say(tones[n]);
            heard[n].extend(support::decode(&party.hear()));
        }
        if round % 50 == 49 && heard.iter().enumerate().all(|(n, samples)| hears_the_others(samples, n, &tones)) {
            break;
        }
    }
}

/// Somewhere there is a second in which party `n` hears the other two at their level, and not itself.
fn hears_the_others(samples: &[i16], n: usize, tones: &[f64]) -> bool {
    samples.windows(8000).step_by(400).any(|second| {
        tones.iter().enumerate().all(|(m, hz)| {
            let level = tone_level(second, *hz);
            if n == m { level < -45.0 } else { (level + 10.0).abs() < 1.0 }
        })
    })
}

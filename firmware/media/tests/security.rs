//! Who is heard and who is not: latching, hijack, hold.

mod support;

use std::net::UdpSocket;

use offhook_media::command::{BridgeId, Codec, Command, Event, StreamId};
use offhook_media::engine::EngineConfig;
use support::{is_tone, start};

#[test]
fn sound_comes_from_where_the_phone_really_is_and_from_nowhere_else() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    // Behind NAT the phone sends from another port than it signalled; the answer goes there.
    let nat = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    nat.set_read_timeout(Some(support::PATIENCE)).expect("a time-out");
    let signalled = std::mem::replace(&mut a.socket, nat);
    support::until_bridged(&mut a, &mut c);
    b.wait(|e| (*e == Event::MediaStarted { stream: StreamId(1) }).then_some(()));
    // A third address, and even the signalled one, is too late.
    let thief = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let real = std::mem::replace(&mut a.socket, thief);
    let ssrc = std::mem::replace(&mut a.ssrc, 0xbad);
    for _ in 0..20 {
        a.say(1000.0);
    }
    a.socket = signalled;
    for _ in 0..20 {
        a.say(1000.0);
    }
    a.socket = real;
    a.ssrc = ssrc;
    for n in 0..20 {
        a.say(440.0);
        let samples = support::decode(&c.hear());
        assert!(is_tone(&samples, 440.0), "packet {n} is not the phone's");
        c.say(880.0);
        assert!(is_tone(&support::decode(&a.hear()), 880.0));
    }
    // A new answer with another address unlatches.
    let moved = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    moved.set_read_timeout(Some(support::PATIENCE)).expect("a time-out");
    let old = std::mem::replace(&mut a.socket, moved);
    b.command(Command::SetRtp { stream: a.stream, parameters: a.parameters() });
    support::until_bridged(&mut a, &mut c);
    // Neither who was right before the new answer nor a third address is heard after it.
    let thief = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for stranger in [old, thief] {
        let real = std::mem::replace(&mut a.socket, stranger);
        let ssrc = std::mem::replace(&mut a.ssrc, 0xbad);
        for _ in 0..20 {
            a.say(1000.0);
        }
        (a.socket, a.ssrc) = (real, ssrc);
        for n in 0..10 {
            a.say(440.0);
            assert!(is_tone(&support::decode(&c.hear()), 440.0), "packet {n} is not the phone's");
        }
    }
}

#[test]
fn garbage_harms_nobody() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    support::until_bridged(&mut a, &mut c);
    let mut state = 1u32;
    for length in 0..600usize {
        let bytes: Vec<u8> = (0..length)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if n == 0 && length % 2 == 0 { 0x80 | (state >> 28) as u8 } else { (state >> 24) as u8 }
            })
            .collect();
        // From the party itself, but never a payload type that was agreed.
        if bytes.get(1).is_none_or(|b| ![0, 8, 13, 101].contains(&(b & 0x7f))) {
            a.socket.send_to(&bytes, a.remote).expect("sent");
        }
    }
    // The system drops what does not fit into the socket's buffer: the party speaks until it is heard.
    support::until_bridged(&mut a, &mut c);
    a.say(440.0);
    assert!(is_tone(&support::decode(&c.hear()), 440.0));
}

#[test]
fn a_held_party_neither_hears_nor_is_heard() {
    let b = start(EngineConfig::default());
    let (mut a, mut c) = (b.party(1, Codec::Pcma), b.party(2, Codec::Pcma));
    b.command(Command::Bridge { bridge: BridgeId(1), members: vec![a.stream, c.stream] });
    support::until_bridged(&mut a, &mut c);
    let mut held = a.parameters();
    held.send = false;
    held.receive = false;
    b.command(Command::SetRtp { stream: a.stream, parameters: held });
    // Bring a third party in and out: once it was heard, the orders before were obeyed.
    let d = b.metronome(3);
    for _ in 0..3 {
        d.hear();
    }
    for _ in 0..10 {
        a.say(440.0);
        c.say(880.0);
    }
    for _ in 0..5 {
        d.hear();
    }
    let (mut heard_a, mut heard_c) = (Vec::new(), Vec::new());
    a.hear_waiting(&mut heard_a);
    c.hear_waiting(&mut heard_c);
    assert!(heard_a.is_empty() && heard_c.is_empty());
    b.command(Command::SetRtp { stream: a.stream, parameters: a.parameters() });
    support::until_bridged(&mut a, &mut c);
}

#[test]
fn a_port_in_use_is_told() {
    let b = start(EngineConfig::default());
    let party = b.party(1, Codec::Pcma);
    b.command(Command::OpenRtp { stream: StreamId(2), local: party.remote });
    b.wait(|e| matches!(e, Event::Failed { stream: StreamId(2), .. }).then_some(()));
    // Closed, the port serves the next call from the pool.
    b.command(Command::Close { stream: party.stream });
    b.wait(|e| matches!(e, Event::Closed { stream: StreamId(1), .. }).then_some(()));
    b.command(Command::OpenRtp { stream: StreamId(3), local: party.remote });
    b.command(Command::Close { stream: StreamId(3) });
    b.wait(|e| matches!(e, Event::Closed { stream: StreamId(3), .. }).then_some(()));
}

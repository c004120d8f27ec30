//! Protected legs on real sockets: SRTP between a phone and the engine, what is refused, DTLS handshakes, checks of ICE.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_media::command::{BridgeId, Codec, Command, Event, Fingerprint, Keys, Protection, StreamStatistics};
use offhook_media::engine::{EngineConfig, Identity};
use offhook_media::ice::Credentials;
use offhook_media::rtp::packet::Header;
use offhook_media::srtp::{MAX_GROWTH, MasterKey, Profile, Receiver, Sender};
use support::{PATIENCE, Party, Running, start};

/// A phone's side of the protection.
struct Phone {
    party: Party,
    sender: Sender,
    receiver: Receiver,
}

fn key(profile: Profile, fill: u8) -> MasterKey {
    MasterKey::new(profile, &vec![fill; profile.key_length() + profile.salt_length()]).unwrap()
}

fn header(party: &mut Party) -> Header {
    let (sequence, timestamp) = (party.sequence, party.timestamp);
    party.sequence = party.sequence.wrapping_add(1);
    party.timestamp = party.timestamp.wrapping_add(160);
    Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: party.ssrc }
}

/// A packet of 20 ms whose every byte is `fill`.
fn packet(party: &mut Party, fill: u8) -> Vec<u8> {
    let mut out = vec![0; 172 + MAX_GROWTH];
    header(party).write(&[fill; 160], &mut out).unwrap();
    out
}

impl Phone {
    fn sealed(&mut self, fill: u8) -> Vec<u8> {
        let mut out = packet(&mut self.party, fill);
        let length = self.sender.seal_rtp(&mut out, 172).unwrap();
        out.truncate(length);
        out
    }

    fn send(&self, bytes: &[u8]) {
        self.party.socket.send_to(bytes, self.party.remote).unwrap();
    }

    /// The next RTP packet, which must be protected: its payload.
    fn hear(&mut self) -> Vec<u8> {
        let mut buffer = [0; 1600];
        loop {
            let (length, from) = self.party.socket.recv_from(&mut buffer).expect("no packet came");
            assert_eq!(from, self.party.remote);
            let bytes = &mut buffer[..length];
            if offhook_media::rtp::is_rtcp(bytes) {
                self.receiver.open_rtcp(bytes).expect("RTCP is protected too");
                continue;
            }
            let length = self.receiver.open_rtp(bytes).expect("protected with the key agreed");
            return bytes[12..length].to_vec();
        }
    }
}

fn protect(running: &Running, party: &Party, keys: Keys) {
    let protection = Box::new(Protection { keys, ice: None });
    running.command(Command::Protect { stream: party.stream, protection });
}

fn sdes_phone(running: &Running, stream: u64, profile: Profile) -> Phone {
    let party = running.party(stream, Codec::Pcma);
    let (ours, theirs) = (key(profile, 0x11), key(profile, 0x22 + stream as u8));
    protect(running, &party, Keys::Sdes { send: ours.clone(), receive: theirs.clone() });
    Phone { party, sender: Sender::new(&theirs).unwrap(), receiver: Receiver::new(&ours).unwrap() }
}

fn bridge(running: &Running, parties: &[&Party]) {
    running.command(Command::Bridge { bridge: BridgeId(1), members: parties.iter().map(|p| p.stream).collect() });
}

/// Says until the other hears.
fn until_heard(mut say: impl FnMut(), other: &UdpSocket) {
    let deadline = Instant::now() + PATIENCE;
    other.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    loop {
        say();
        if other.recv_from(&mut [0; 1600]).is_ok() {
            break;
        }
        assert!(Instant::now() < deadline, "never heard");
    }
    while other.recv_from(&mut [0; 1600]).is_ok() {}
    other.set_read_timeout(Some(PATIENCE)).unwrap();
}

fn close(running: &Running, party: &Party) -> StreamStatistics {
    running.command(Command::Close { stream: party.stream });
    running.wait(|event| match event {
        Event::Closed { stream, statistics } if *stream == party.stream => Some(*statistics),
        _ => None,
    })
}

#[test]
fn packets_pass_between_legs_that_are_protected_differently() {
    let running = start(EngineConfig::default());
    for profile in Profile::ALL {
        let mut protected = sdes_phone(&running, 1, profile);
        let mut plain = running.party(2, Codec::Pcma);
        bridge(&running, &[&protected.party, &plain]);
        let plain_socket = plain.socket.try_clone().unwrap();
        until_heard(
            || {
                let bytes = protected.sealed(1);
                protected.send(&bytes);
            },
            &plain_socket,
        );
        let bytes = protected.sealed(0x77);
        protected.send(&bytes);
        let heard = plain.hear();
        assert_eq!(heard.payload, [0x77; 160], "{profile:?}: not decoded, not changed");
        let mut bytes = packet(&mut plain, 0x66);
        bytes.truncate(172);
        plain.socket.send_to(&bytes, plain.remote).unwrap();
        assert_eq!(protected.hear(), [0x66; 160], "{profile:?}");
        close(&running, &plain);
        close(&running, &protected.party);
    }
}

#[test]
fn plain_foreign_and_replayed_packets_are_refused_and_counted() {
    let running = start(EngineConfig::default());
    let mut phone = sdes_phone(&running, 1, Profile::AesCm128Sha1Tag80);
    let plain = running.party(2, Codec::Pcma);
    bridge(&running, &[&phone.party, &plain]);
    until_heard(
        || {
            let bytes = phone.sealed(1);
            phone.send(&bytes);
        },
        &plain.socket,
    );
    // From the phone's own address: without protection, with another key, changed, again.
    let mut unprotected = packet(&mut phone.party, 2);
    unprotected.truncate(172);
    phone.send(&unprotected);
    let mut other = Sender::new(&key(Profile::AesCm128Sha1Tag80, 0x99)).unwrap();
    let mut wrong = packet(&mut phone.party, 3);
    let length = other.seal_rtp(&mut wrong, 172).unwrap();
    phone.send(&wrong[..length]);
    let mut changed = phone.sealed(4);
    changed[100] ^= 1;
    phone.send(&changed);
    let good = phone.sealed(5);
    phone.send(&good);
    phone.send(&good);
    // From elsewhere: a recorded packet, before the real one comes ("RTP bleed").
    let thief = UdpSocket::bind("127.0.0.1:0").unwrap();
    let next = phone.sealed(6);
    thief.send_to(&good, phone.party.remote).unwrap();
    phone.send(&next);
    assert_eq!(plain.hear().payload, [5; 160]);
    assert_eq!(plain.hear().payload, [6; 160]);
    let figures = close(&running, &phone.party);
    assert_eq!((figures.unauthentic, figures.replayed), (3, 2));
}

#[test]
fn keys_that_stay_go_on_and_new_keys_begin_anew() {
    let running = start(EngineConfig::default());
    let mut phone = sdes_phone(&running, 1, Profile::AeadAes128Gcm);
    let plain = running.party(2, Codec::Pcma);
    bridge(&running, &[&phone.party, &plain]);
    let mut old = Vec::new();
    until_heard(
        || {
            old = phone.sealed(1);
            phone.send(&old);
        },
        &plain.socket,
    );
    // A re-INVITE that changes nothing: the replay list is still there.
    let (ours, theirs) = (phone.receiver.master().clone(), phone.sender.master().clone());
    protect(&running, &phone.party, Keys::Sdes { send: ours.clone(), receive: theirs });
    phone.send(&old);
    let fresh = phone.sealed(7);
    phone.send(&fresh);
    assert_eq!(plain.hear().payload, [7; 160]);
    // A new key of the phone.
    let theirs = key(Profile::AeadAes128Gcm, 0x55);
    phone.sender = Sender::new(&theirs).unwrap();
    protect(&running, &phone.party, Keys::Sdes { send: ours, receive: theirs });
    until_heard(
        || {
            let bytes = phone.sealed(8);
            phone.send(&bytes);
        },
        &plain.socket,
    );
    let figures = close(&running, &phone.party);
    assert_eq!(figures.replayed, 1);
}

fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(vec!["test".to_owned()]).unwrap();
    Identity { certificate: made.cert.der().to_vec(), private_key: made.signing_key.serialize_der() }
}

fn fingerprint(identity: &Identity) -> Fingerprint {
    let text = identity.fingerprint();
    let digits = text.strip_prefix("sha-256 ").unwrap().split(':');
    Fingerprint { hash: "sha-256".into(), bytes: digits.map(|d| u8::from_str_radix(d, 16).unwrap()).collect() }
}

/// A phone's DTLS on its media socket, until it has keys or `ended` says that it will not get any.
fn shake_hands(
    party: &Party,
    mut dtls: dimpl::Dtls,
    ended: impl Fn() -> bool,
) -> Option<(Vec<u8>, dimpl::SrtpProfile, Vec<u8>)> {
    party.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let (mut buffer, mut certificate) = (vec![0; 4096], Vec::new());
    let mut keys = None;
    while keys.is_none() && !ended() {
        assert!(Instant::now() < deadline, "the handshake never ended");
        dtls.handle_timeout(Instant::now()).unwrap();
        loop {
            match dtls.poll_output(&mut buffer) {
                dimpl::Output::Packet(packet) => _ = party.socket.send_to(packet, party.remote).unwrap(),
                dimpl::Output::PeerCert(der) => certificate = der.to_vec(),
                dimpl::Output::KeyingMaterial(material, profile) => keys = Some((material.to_vec(), profile)),
                dimpl::Output::Timeout(_) => break,
                _ => {}
            }
        }
        let mut packet = [0; 2000];
        if let Ok((length, _)) = party.socket.recv_from(&mut packet)
            && matches!(packet[0], 20..=63)
        {
            dtls.handle_packet(&packet[..length]).unwrap();
        }
    }
    party.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    keys.map(|(material, profile)| (material, profile, certificate))
}

fn dtls_phone(active: bool) {
    let ours = identity();
    let running = start(EngineConfig { identity: Some(ours.clone()), ..EngineConfig::default() });
    let theirs = identity();
    let party = running.party(1, Codec::Pcma);
    let plain = running.party(2, Codec::Pcma);
    bridge(&running, &[&party, &plain]);
    protect(&running, &party, Keys::Dtls { active: !active, fingerprint: fingerprint(&theirs) });
    running.command(Command::SetRtp { stream: party.stream, parameters: party.parameters() });
    let certificate =
        dimpl::DtlsCertificate { certificate: theirs.certificate.clone(), private_key: theirs.private_key.clone() };
    let config = Arc::new(dimpl::Config::builder().build().unwrap());
    let mut dtls = dimpl::Dtls::new_12(config, certificate, Instant::now());
    dtls.set_active(active);
    let (material, profile, certificate) = shake_hands(&party, dtls, || false).unwrap();
    assert!(fingerprint(&ours).is_of(&certificate), "the engine proves itself with the certificate described");
    assert_eq!(profile, dimpl::SrtpProfile::AEAD_AES_256_GCM);
    let part = |n: usize| {
        let joined = [&material[n * 32..(n + 1) * 32], &material[64 + n * 12..64 + (n + 1) * 12]].concat();
        MasterKey::new(Profile::AeadAes256Gcm, &joined).unwrap()
    };
    let (own, peer) = if active { (part(0), part(1)) } else { (part(1), part(0)) };
    let mut phone = Phone { party, sender: Sender::new(&own).unwrap(), receiver: Receiver::new(&peer).unwrap() };
    until_heard(
        || {
            let bytes = phone.sealed(1);
            phone.send(&bytes);
        },
        &plain.socket,
    );
    let bytes = phone.sealed(9);
    phone.send(&bytes);
    assert_eq!(plain.hear().payload, [9; 160]);
    let mut plain = plain;
    let mut bytes = packet(&mut plain, 0x44);
    bytes.truncate(172);
    plain.socket.send_to(&bytes, plain.remote).unwrap();
    let heard = std::iter::from_fn(|| Some(phone.hear())).find(|payload| payload == &[0x44; 160]);
    assert!(heard.is_some());
}

#[test]
fn a_phone_that_is_the_dtls_client_is_keyed() {
    dtls_phone(true);
}

#[test]
fn a_phone_that_is_the_dtls_server_is_keyed() {
    dtls_phone(false);
}

#[test]
fn a_certificate_that_was_not_described_is_refused() {
    let running = start(EngineConfig { identity: Some(identity()), ..EngineConfig::default() });
    let party = running.party(1, Codec::Pcma);
    protect(&running, &party, Keys::Dtls { active: false, fingerprint: fingerprint(&identity()) });
    let another = identity();
    let certificate = dimpl::DtlsCertificate { certificate: another.certificate, private_key: another.private_key };
    let config = Arc::new(dimpl::Config::builder().build().unwrap());
    let mut dtls = dimpl::Dtls::new_12(config, certificate, Instant::now());
    dtls.set_active(true);
    let failed = std::cell::Cell::new(false);
    shake_hands(&party, dtls, || {
        failed.set(failed.get() || running.events.try_iter().any(|event| matches!(event, Event::Failed { .. })));
        failed.get()
    });
    assert!(failed.get());
}

/// A binding request as a controlling agent sends it.
fn check(credentials: &Credentials, nominate: bool) -> Vec<u8> {
    use ring::hmac;
    let name = format!("{}:{}", credentials.local_ufrag, credentials.remote_ufrag);
    let mut out = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    out.extend([0, 6, 0, name.len() as u8]);
    out.extend(name.as_bytes());
    out.resize(out.len().next_multiple_of(4), 0);
    if nominate {
        out.extend([0, 0x25, 0, 0]);
    }
    out[3] = (out.len() + 24 - 20) as u8;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, credentials.local_password.as_bytes());
    let signature = hmac::sign(&key, &out);
    out.extend([0, 8, 0, 20]);
    out.extend(signature.as_ref());
    out
}

#[test]
fn media_goes_where_the_peer_nominates_and_to_nobody_who_cannot_sign() {
    let running = start(EngineConfig::default());
    let credentials = Credentials {
        local_ufrag: "local".into(),
        local_password: "0123456789012345678901".into(),
        remote_ufrag: "remote".into(),
    };
    let party = running.metronome(1);
    let protection = Protection { keys: Keys::Plain, ice: Some(credentials.clone()) };
    running.command(Command::Protect { stream: party.stream, protection: Box::new(protection) });
    let send = |from: &UdpSocket, credentials: &Credentials, nominate| {
        from.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "no answer to a check");
            from.send_to(&check(credentials, nominate), party.remote).unwrap();
            let mut buffer = [0; 500];
            while let Ok((length, _)) = from.recv_from(&mut buffer) {
                if buffer[0] == 1 && length > 20 {
                    return buffer[1];
                }
            }
        }
    };
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let wrong = Credentials { local_password: "guessed".into(), ..credentials.clone() };
    assert_eq!(send(&stranger, &wrong, true), 0x11, "an error response");
    let moved = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(send(&moved, &credentials, false), 0x01);
    assert_eq!(send(&moved, &credentials, true), 0x01);
    moved.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 500];
    let from: SocketAddr = loop {
        let (length, from) = moved.recv_from(&mut buffer).expect("the tone goes where the peer is");
        if length == 172 {
            break from;
        }
    };
    assert_eq!(from, party.remote);
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv_from(&mut buffer).is_err(), "a stranger hears nothing");
}

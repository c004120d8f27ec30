//! Keys and paths on the control side: DTLS handshakes (RFC 5764) and answers to the checks of ICE. Packets come from the real-time
//! threads, answers leave by the same sockets; keys and nominated addresses go to the legs as orders.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

use dimpl::{Dtls, DtlsCertificate, Output, SrtpProfile};
use ring::digest;
use tracing::{debug, info};

use super::guard::Keyed;
use crate::command::{Fingerprint, Keys, Protection, StreamId};
use crate::ice::{self, Credentials};
use crate::srtp::{MasterKey, Profile, Receiver, Sender};

/// Outputs of one DTLS step at most: no input makes more.
const MAX_OUTPUTS: usize = 64;

/// A certificate with its private key, both DER (PKCS#8).
#[derive(Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// Its ECDSA P-256 key.
    pub private_key: Vec<u8>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Identity {
    /// The certificate's fingerprint as SDP writes it (RFC 8122): `sha-256 AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, &self.certificate);
        let bytes: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        format!("sha-256 {}", bytes.join(":"))
    }
}

/// What a leg is to be told.
#[derive(Debug)]
pub(super) enum Action {
    /// Run by these keys.
    Keys(Box<Keyed>),
    /// The peer is there.
    Remote(SocketAddr),
    /// It cannot be.
    Failed(&'static str),
}

/// One leg's.
struct Peer {
    socket: Arc<UdpSocket>,
    ice: Option<Credentials>,
    nominated: Option<SocketAddr>,
    signalled: Option<SocketAddr>,
    association: Option<Association>,
}

/// A DTLS association.
struct Association {
    dtls: Dtls,
    active: bool,
    fingerprint: Fingerprint,
    /// Where its packets go: where the peer's come from.
    remote: Option<SocketAddr>,
    /// The peer's certificate is the one described.
    trusted: bool,
    keys: Option<(MasterKey, MasterKey)>,
    /// The keys were handed over.
    done: bool,
    deadline: Option<Instant>,
}

/// All legs'.
pub(super) struct Keying {
    certificate: Option<DtlsCertificate>,
    config: Option<Arc<dimpl::Config>>,
    peers: BTreeMap<StreamId, Peer>,
}

impl Keying {
    pub(super) fn new(identity: Option<&Identity>) -> Self {
        let certificate = identity.map(|identity| DtlsCertificate {
            certificate: identity.certificate.clone(),
            private_key: identity.private_key.clone(),
        });
        let config = dimpl::Config::builder().build().map(Arc::new);
        if let Err(error) = &config {
            info!(%error, "no DTLS");
        }
        Keying { certificate, config: config.ok(), peers: BTreeMap::new() }
    }

    /// Protects a leg as agreed. An association that fits what is agreed goes on.
    pub(super) fn protect(
        &mut self,
        id: StreamId,
        socket: &Arc<UdpSocket>,
        protection: Protection,
        now: Instant,
    ) -> Vec<Action> {
        let Protection { keys, ice } = protection;
        let mut keyed = Box::new(Keyed { ice: ice.is_some(), control: ice.is_some(), ..Keyed::default() });
        let before = self.peers.remove(&id);
        let mut peer = Peer { socket: Arc::clone(socket), ice, nominated: None, signalled: None, association: None };
        let mut kept = None;
        if let Some(before) = before {
            (peer.nominated, peer.signalled, kept) = (before.nominated, before.signalled, before.association);
        }
        match keys {
            Keys::Plain => {}
            Keys::Sdes { send, receive } => {
                keyed.protected = true;
                (keyed.sender, keyed.receiver) = (Sender::new(&send), Receiver::new(&receive));
            }
            Keys::Dtls { active, fingerprint } => {
                (keyed.protected, keyed.control) = (true, true);
                kept = kept.filter(|a| a.fingerprint == fingerprint && a.active == active);
                if kept.is_none() {
                    let Some((certificate, config)) = self.certificate.clone().zip(self.config.clone()) else {
                        return vec![Action::Failed("no certificate for DTLS")];
                    };
                    let mut dtls = if active {
                        Dtls::new_12(config, certificate, now)
                    } else {
                        Dtls::new_auto(config, certificate, now)
                    };
                    dtls.set_active(active);
                    kept = Some(Association {
                        dtls,
                        active,
                        fingerprint,
                        remote: None,
                        trusted: false,
                        keys: None,
                        done: false,
                        deadline: None,
                    });
                }
                if let Some((send, receive)) = kept.as_ref().filter(|a| a.done).and_then(|a| a.keys.as_ref()) {
                    (keyed.sender, keyed.receiver) = (Sender::new(send), Receiver::new(receive));
                }
                peer.association = kept;
            }
        }
        if keyed.control {
            self.peers.insert(id, peer);
        }
        vec![Action::Keys(keyed)]
    }

    /// Where the peer said it is: a client begins its handshake.
    pub(super) fn signalled(&mut self, id: StreamId, remote: Option<SocketAddr>, now: Instant) -> Vec<Action> {
        let Some(peer) = self.peers.get_mut(&id) else { return Vec::new() };
        peer.signalled = remote;
        peer.step(id, None, now)
    }

    /// A leg is gone.
    pub(super) fn remove(&mut self, id: StreamId) {
        self.peers.remove(&id);
    }

    /// Takes a packet of a leg.
    pub(super) fn packet(&mut self, id: StreamId, from: SocketAddr, bytes: &[u8], now: Instant) -> Vec<Action> {
        let Some(peer) = self.peers.get_mut(&id) else { return Vec::new() };
        if !ice::is_stun(bytes) {
            return peer.step(id, Some((from, bytes)), now);
        }
        let Some(answer) = peer.ice.as_ref().and_then(|credentials| ice::answer(credentials, bytes, from)) else {
            return Vec::new();
        };
        let _lost = peer.socket.send_to(&answer.bytes, from);
        if !answer.nominated || peer.nominated == Some(from) {
            return Vec::new();
        }
        peer.nominated = Some(from);
        let mut actions = vec![Action::Remote(from)];
        actions.extend(peer.step(id, None, now));
        actions
    }

    /// When [`Keying::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.peers.values().filter_map(|peer| peer.association.as_ref()?.deadline).min()
    }

    /// Sends again what was not answered.
    pub(super) fn timeout(&mut self, now: Instant) -> Vec<(StreamId, Action)> {
        let mut actions = Vec::new();
        for (id, peer) in &mut self.peers {
            if peer.association.as_ref().and_then(|a| a.deadline).is_some_and(|deadline| deadline <= now) {
                actions.extend(peer.step(*id, None, now).into_iter().map(|action| (*id, action)));
            }
        }
        actions
    }
}

impl Peer {
    /// One step of the handshake, with a packet or because of time.
    fn step(&mut self, id: StreamId, packet: Option<(SocketAddr, &[u8])>, now: Instant) -> Vec<Action> {
        let nominated = self.nominated;
        let path = nominated.or(self.signalled).filter(|_| self.ice.is_none() || nominated.is_some());
        let Some(association) = &mut self.association else { return Vec::new() };
        if let Some((from, _)) = packet {
            association.remote = Some(nominated.unwrap_or(from));
        } else if association.remote.is_none() {
            association.remote = path;
        }
        if association.active && association.remote.is_none() {
            return Vec::new();
        }
        let fed = association
            .dtls
            .handle_timeout(now)
            .and_then(|()| packet.map_or(Ok(()), |(_, bytes)| association.dtls.handle_packet(bytes)));
        if let Err(error) = fed {
            debug!(stream = id.0, %error, "DTLS ended");
            association.deadline = None;
            let failed = !association.done;
            self.association = None;
            return if failed { vec![Action::Failed("the DTLS handshake failed")] } else { Vec::new() };
        }
        association.drain(&self.socket, self.ice.is_some())
    }
}

impl Association {
    /// Sends what is to be sent, takes what was learned.
    fn drain(&mut self, socket: &UdpSocket, ice: bool) -> Vec<Action> {
        let mut buffer = vec![0; 2048];
        for _ in 0..MAX_OUTPUTS {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => {
                    if let Some(remote) = self.remote {
                        let _lost = socket.send_to(packet, remote);
                    }
                }
                Output::BufferTooSmall { needed } => buffer.resize(needed.min(1 << 16), 0),
                Output::Timeout(at) => {
                    self.deadline = Some(at).filter(|_| !self.done);
                    break;
                }
                Output::PeerCert(certificate) => {
                    self.trusted = self.fingerprint.is_of(certificate);
                    if !self.trusted {
                        self.deadline = None;
                        return vec![Action::Failed("the certificate is not the one described")];
                    }
                }
                Output::KeyingMaterial(material, profile) => self.keys = split(&material, profile, self.active),
                _ => {}
            }
        }
        if self.done || !self.trusted {
            return Vec::new();
        }
        let Some((send, receive)) = &self.keys else { return Vec::new() };
        let keyed =
            Keyed { protected: true, sender: Sender::new(send), receiver: Receiver::new(receive), control: true, ice };
        self.done = true;
        // A finished handshake is repeated only when the peer asks for it.
        self.deadline = None;
        vec![Action::Keys(Box::new(keyed))]
    }
}

/// Our key and the peer's, out of what both sides have computed (RFC 5764 §4.2).
fn split(material: &[u8], profile: SrtpProfile, active: bool) -> Option<(MasterKey, MasterKey)> {
    let profile = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Profile::AesCm128Sha1Tag80,
        SrtpProfile::AEAD_AES_128_GCM => Profile::AeadAes128Gcm,
        SrtpProfile::AEAD_AES_256_GCM => Profile::AeadAes256Gcm,
        _ => return None,
    };
    let (key, salt) = (profile.key_length(), profile.salt_length());
    let part = |key_at: usize, salt_at: usize| {
        let joined = [material.get(key_at..key_at + key)?, material.get(salt_at..salt_at + salt)?].concat();
        MasterKey::new(profile, &joined)
    };
    let client = part(0, 2 * key)?;
    let server = part(key, 2 * key + salt)?;
    Some(if active { (client, server) } else { (server, client) })
}

impl Fingerprint {
    /// Whether it is that of a certificate (DER).
    pub fn is_of(&self, certificate: &[u8]) -> bool {
        let algorithm = match self.hash.as_str() {
            "sha-256" => &digest::SHA256,
            "sha-384" => &digest::SHA384,
            "sha-512" => &digest::SHA512,
            _ => return false,
        };
        digest::digest(algorithm, certificate).as_ref() == self.bytes
    }
}

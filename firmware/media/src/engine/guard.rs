//! The edge of an RTP leg: what comes is told apart (RFC 7983), checked and opened; what goes is protected. On the real-time side:
//! no allocation, no lock. Keys come from the control side ([`super::keying`]).

use std::net::{SocketAddr, UdpSocket};

use crate::command::StreamId;
use crate::rtp::is_rtcp;
use crate::rtp::packet::MAX_PACKET;
use crate::srtp::{MAX_GROWTH, Receiver, Sender};

/// How a leg is protected.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    /// Nothing passes unprotected. Without keys nothing passes.
    pub(super) protected: bool,
    pub(super) sender: Option<Sender>,
    pub(super) receiver: Option<Receiver>,
    /// STUN and DTLS are for the control side.
    pub(super) control: bool,
    /// The peer nominates its address by ICE.
    pub(super) ice: bool,
}

/// A packet for the control side, of fixed size so that nothing is allocated.
pub(super) struct Datagram {
    pub(super) stream: StreamId,
    pub(super) from: SocketAddr,
    bytes: [u8; MAX_PACKET],
    length: usize,
}

impl Datagram {
    pub(super) fn new(stream: StreamId, from: SocketAddr, packet: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_PACKET];
        bytes.get_mut(..packet.len())?.copy_from_slice(packet);
        Some(Datagram { stream, from, bytes, length: packet.len() })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// What a packet turned out to be.
#[derive(Debug)]
pub(super) enum Opened<'a> {
    /// RTP or RTCP, plain now.
    Media(&'a [u8]),
    /// STUN or DTLS.
    Control(&'a [u8]),
    /// Nothing to be heard; counted.
    Refused,
}

/// The edge.
#[derive(Debug, Default)]
pub(super) struct Guard {
    keyed: Option<Box<Keyed>>,
    nominated: Option<SocketAddr>,
    unauthentic: u64,
    replayed: u64,
}

impl Guard {
    /// Runs by these keys from now on. Keys that stay go on with their counters; what is not needed is given back.
    pub(super) fn set(&mut self, mut keyed: Box<Keyed>) -> Option<Box<Keyed>> {
        if let Some(before) = &mut self.keyed {
            let same = before.sender.as_ref().map(Sender::master) == keyed.sender.as_ref().map(Sender::master);
            if same {
                std::mem::swap(&mut before.sender, &mut keyed.sender);
            }
            let same = before.receiver.as_ref().map(Receiver::master) == keyed.receiver.as_ref().map(Receiver::master);
            if same {
                std::mem::swap(&mut before.receiver, &mut keyed.receiver);
            } else if let Some(receiver) = &before.receiver {
                self.unauthentic += receiver.unauthentic();
                self.replayed += receiver.replayed();
            }
        }
        self.keyed.replace(keyed)
    }

    /// The peer nominated this path.
    pub(super) fn nominate(&mut self, remote: SocketAddr) {
        self.nominated = Some(remote);
    }

    /// Where the peer is: what it nominated, else what it signalled.
    pub(super) fn remote(&self, signalled: Option<SocketAddr>) -> Option<SocketAddr> {
        if self.keyed.as_ref().is_some_and(|keyed| keyed.ice) { self.nominated.or(signalled) } else { signalled }
    }

    /// Packets refused: not authentic, replayed.
    pub(super) fn refused(&self) -> (u64, u64) {
        let receiver = self.keyed.as_ref().and_then(|keyed| keyed.receiver.as_ref());
        let now = receiver.map_or((0, 0), |receiver| (receiver.unauthentic(), receiver.replayed()));
        (self.unauthentic + now.0, self.replayed + now.1)
    }

    /// Tells a packet apart and opens it in place.
    pub(super) fn open<'a>(&mut self, packet: &'a mut [u8]) -> Opened<'a> {
        let Some(keyed) = &mut self.keyed else {
            return Opened::Media(packet);
        };
        if matches!(packet, [0..=3 | 20..=63, ..]) {
            return if keyed.control { Opened::Control(packet) } else { Opened::Refused };
        }
        if !keyed.protected {
            return Opened::Media(packet);
        }
        let Some(receiver) = &mut keyed.receiver else {
            return Opened::Refused;
        };
        let opened = if is_rtcp(packet) { receiver.open_rtcp(packet) } else { receiver.open_rtp(packet) };
        match opened.ok().and_then(|length| packet.get(..length)) {
            Some(plain) => Opened::Media(plain),
            None => Opened::Refused,
        }
    }

    /// Sends an RTP or RTCP packet; false when it did not go.
    pub(super) fn send(&mut self, socket: &UdpSocket, packet: &[u8], to: SocketAddr) -> bool {
        let Some(keyed) = self.keyed.as_mut().filter(|keyed| keyed.protected) else {
            return socket.send_to(packet, to).is_ok();
        };
        let Some(sender) = &mut keyed.sender else { return false };
        let mut buffer = [0; MAX_PACKET + MAX_GROWTH];
        let Some(place) = buffer.get_mut(..packet.len()).filter(|place| place.len() <= MAX_PACKET) else {
            return false;
        };
        place.copy_from_slice(packet);
        let length = packet.len();
        let sealed =
            if is_rtcp(packet) { sender.seal_rtcp(&mut buffer, length) } else { sender.seal_rtp(&mut buffer, length) };
        sealed.and_then(|length| buffer.get(..length)).is_some_and(|packet| socket.send_to(packet, to).is_ok())
    }
}

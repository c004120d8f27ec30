//! Media of a SIP leg: its RTP port, offers and answers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use offhook_media::command as media;
use offhook_sip::endpoint::{Body, Flow};
use offhook_sip::sdp::security::{Protection, Security};
use offhook_sip::sdp::{self, Capabilities, Direction, Negotiated, Unusable};

use super::{SipLeg, codecs};
use crate::config::CodecName;
use crate::exchange::{Exchange, Now};
use crate::id::{DeviceId, LegId, TrunkId};
use crate::ports::{MOST_TRIES, PortOpening};

impl Exchange {
    /// The address our media is reached at by the peer of this flow, and the address to bind.
    pub(crate) fn media_address(&self, flow: Option<&Flow>) -> (IpAddr, IpAddr) {
        let unspecified = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let local = flow.map_or(unspecified, |flow| flow.local.ip());
        if !local.is_unspecified() {
            return (local, local);
        }
        let remote_is_loopback = flow.is_some_and(|flow| flow.remote.ip().is_loopback());
        let address = if remote_is_loopback {
            flow.map(|flow| flow.remote.ip())
        } else {
            self.config.network.advertised.or_else(|| self.host.parse().ok())
        };
        (address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), local)
    }

    /// Opens the leg's RTP port if it has none. `false`: none is left.
    pub(crate) fn open_rtp(&mut self, now: Now, leg: LegId) -> bool {
        let Some(found) = self.legs.get(&leg) else {
            return false;
        };
        let emergency = self.calls.get(&found.call).is_some_and(|call| call.emergency);
        let Some(sip) = found.sip() else { return true };
        if sip.stream.is_some() {
            return true;
        }
        let bind = sip.bind;
        let Some(port) = self.free_port(now, bind, emergency) else {
            self.totals.overload_refusals += 1;
            return false;
        };
        let stream = media::StreamId(self.new_media_id());
        if let Some(sip) = self.legs.get_mut(&leg).and_then(super::Leg::sip_mut) {
            sip.port = Some(port);
            sip.stream = Some(stream);
        }
        self.streams.insert(stream, leg);
        self.media(media::Command::OpenRtp { stream, local: SocketAddr::new(bind, port) });
        true
    }

    /// A pair of ports that is ours. One that another program has is set aside, and the next is tried.
    fn free_port(&mut self, now: Now, bind: IpAddr, emergency: bool) -> Option<u16> {
        for _ in 0..MOST_TRIES {
            let port = self.ports.take(now.instant, emergency)?;
            match (self.open_port)(SocketAddr::new(bind, port)) {
                PortOpening::Opened => return Some(port),
                PortOpening::Taken => self.ports.set_aside(now.instant, port),
                PortOpening::Impossible => {
                    self.ports.give_back(now.instant, port);
                    return None;
                }
            }
        }
        None
    }

    /// Makes our offer for a leg, with the codecs named `first` in front. In a session that has descriptions already, streams keep
    /// their places and codecs their payload types (RFC 3264 §8). `None`: no RTP port is left.
    pub(crate) fn make_offer(&mut self, now: Now, leg: LegId, first: &[String]) -> Option<Body> {
        if !self.open_rtp(now, leg) {
            return None;
        }
        let codecs = self.formats(self.legs.get(&leg), first);
        let fax = self.carries_fax(leg);
        let sip = self.legs.get_mut(&leg)?.sip_mut()?;
        sip.fax = fax;
        sip.codecs = codecs;
        let mut description = next_offer(sip);
        if grows(sip, &description) {
            description = next_offer(sip);
        }
        Some(describe(sip, description))
    }

    /// Reads the answer to our offer and starts the stream.
    pub(crate) fn take_answer(&mut self, leg: LegId, answer: &[u8]) -> Result<(), Unusable> {
        let Some(sip) = self.legs.get_mut(&leg).and_then(super::Leg::sip_mut) else {
            return Ok(());
        };
        let negotiated = sdp::accept_for(&capabilities(sip), &sip.description, answer)?;
        self.set_rtp(leg, negotiated);
        Ok(())
    }

    /// Answers an offer of the peer and runs the stream by it. The first of the codecs named `first` that the peer has and its policy
    /// allows is taken, so that nothing needs transcoding.
    pub(crate) fn make_answer(
        &mut self,
        now: Now,
        leg: LegId,
        offer: &[u8],
        first: &[String],
    ) -> Result<Body, Unusable> {
        if !self.open_rtp(now, leg) {
            return Err(Unusable { status: 503, reason: "no RTP port left" });
        }
        let formats = self.formats(self.legs.get(&leg), &[]);
        let fax = self.carries_fax(leg);
        let Some(sip) = self.legs.get_mut(&leg).and_then(super::Leg::sip_mut) else {
            return Err(Unusable { status: 488, reason: "no RTP leg" });
        };
        sip.fax = fax;
        // The offerer's order would win otherwise (RFC 3264 §6.1): try with one codec at a time first.
        let mut answered = None;
        for name in first {
            sip.codecs = codecs::only(&formats, name);
            answered = sdp::answer(&capabilities(sip), offer).ok();
            if answered.is_some() {
                break;
            }
        }
        let (mut description, negotiated) = match answered {
            Some(answered) => answered,
            None => {
                sip.codecs = formats;
                sdp::answer(&capabilities(sip), offer)?
            }
        };
        if grows(sip, &description) {
            (description, _) = sdp::answer(&capabilities(sip), offer)?;
        }
        let body = describe(sip, description);
        self.set_rtp(leg, negotiated);
        Ok(body)
    }

    /// The offer of a device (or of a trunk) can be answered by us.
    pub(crate) fn check_offer(
        &mut self,
        device: Option<DeviceId>,
        trunk: Option<TrunkId>,
        flow: &Flow,
        offer: &[u8],
    ) -> Result<(), Unusable> {
        let security = self.new_security(device, trunk, Some(flow));
        sdp::answer(&self.plain_capabilities(IpAddr::V4(Ipv4Addr::LOCALHOST), security), offer).map(drop)
    }

    fn plain_capabilities(&self, address: IpAddr, security: Security) -> Capabilities {
        Capabilities {
            local: SocketAddr::new(address, 9),
            codecs: codecs::formats(&CodecName::ALL),
            ptime: 20,
            direction: Direction::SendRecv,
            session_id: 1,
            session_version: 1,
            security,
            fax: false,
        }
    }

    fn set_rtp(&mut self, leg: LegId, negotiated: Negotiated) {
        let Some(found) = self.legs.get_mut(&leg) else {
            return;
        };
        let call = found.call;
        // With ICE the address comes by its checks.
        let nowhere = negotiated.remote.is_none() && negotiated.protection.ice.is_none();
        let connected_hold = matches!(negotiated.direction, Direction::RecvOnly | Direction::Inactive) || nowhere;
        found.holding = connected_hold;
        let Some(sip) = found.sip_mut() else { return };
        let changed = sip.negotiated.as_ref() != Some(&negotiated);
        let unprotected = Protection::default();
        let before = sip.security.agreed.as_ref().unwrap_or(&unprotected);
        let protection =
            (*before != negotiated.protection).then(|| super::security::protection(&negotiated.protection));
        sip.security.agreed = Some(negotiated.protection.clone());
        sip.negotiated = Some(negotiated);
        let stream = sip.stream;
        self.dirty.insert(call);
        if let (Some(stream), Some(protection)) = (stream, protection) {
            self.media(media::Command::Protect { stream, protection: Box::new(protection) });
        }
        if changed {
            self.send_parameters(leg);
        }
    }

    /// Tells the engine how a leg's stream is to run.
    pub(crate) fn send_parameters(&mut self, leg: LegId) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let digit_tones = self.digit_tones(found);
        let Some((stream, negotiated)) = found.sip().and_then(|sip| sip.stream.zip(sip.negotiated.as_ref())) else {
            return;
        };
        let parameters = media::RtpParameters { digit_tones, ..parameters(negotiated) };
        self.media(media::Command::SetRtp { stream, parameters });
    }
}

/// How the engine is to run a stream.
fn parameters(negotiated: &Negotiated) -> media::RtpParameters {
    media::RtpParameters {
        remote: negotiated.remote,
        remote_rtcp: negotiated.remote_rtcp,
        codec: codecs::engine_codec(&negotiated.codec),
        opus: codecs::opus_settings(&negotiated.codec),
        payload_type: negotiated.codec.payload_type,
        receive_payload_type: negotiated.receive_payload_type,
        telephone_event: negotiated.telephone_event,
        receive_telephone_event: negotiated.receive_telephone_event,
        telephone_event_clock: negotiated.telephone_event_clock,
        digit_tones: true,
        ptime: Duration::from_millis(u64::from(negotiated.ptime)),
        send: matches!(negotiated.direction, Direction::SendRecv | Direction::SendOnly),
        receive: matches!(negotiated.direction, Direction::SendRecv | Direction::RecvOnly),
        rtcp_mux: negotiated.rtcp_mux,
        rtcp_xr: negotiated.rtcp_xr,
    }
}

fn capabilities(sip: &SipLeg) -> Capabilities {
    Capabilities {
        local: SocketAddr::new(sip.address, sip.port.unwrap_or(9)),
        codecs: sip.codecs.clone(),
        ptime: 20,
        direction: Direction::SendRecv,
        session_id: sip.session_id,
        session_version: sip.session_version,
        security: sip.security.clone(),
        fax: sip.fax,
    }
}

fn next_offer(sip: &SipLeg) -> Vec<u8> {
    if sip.description.is_empty() {
        sdp::offer(&capabilities(sip))
    } else {
        sdp::reoffer(&capabilities(sip), &sip.description)
    }
}

/// The description differs from our last one: the version grows with it (RFC 3264 §8). Then it has to be written again.
fn grows(sip: &mut SipLeg, description: &[u8]) -> bool {
    let changed = !sip.description.is_empty() && sip.description != description;
    if changed {
        sip.session_version += 1;
    }
    changed
}

/// Keeps our description.
fn describe(sip: &mut SipLeg, description: Vec<u8>) -> Body {
    sip.description.clone_from(&description);
    Body { content_type: "application/sdp".into(), bytes: Bytes::from(description) }
}

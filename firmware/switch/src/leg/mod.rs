//! A leg: one party of a call.

pub(crate) mod codecs;
pub(crate) mod release;
pub(crate) mod sdp;
pub(crate) mod security;

use std::net::IpAddr;

use offhook_media::command::StreamId;
use offhook_sip::endpoint::SessionId;
use offhook_sip::sdp::security::Security;
use offhook_sip::sdp::{Codec, Negotiated};

use crate::bridge::Playing;
use crate::digits;
use crate::exchange::Exchange;
use crate::id::{CallId, DeviceId, LegId, LineId, TrunkId, UserId};

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The caller's leg, not answered yet.
    Calling,
    /// Asked, nothing heard yet.
    Offered,
    /// Rings.
    Alerting,
    /// In conversation (or on hold).
    Connected,
    /// Cancelled by us; its end is awaited. No longer part of a call.
    Ending,
}

/// One party.
#[derive(derive_more::Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) call: CallId,
    /// Its leg record, shared by the devices of a user that ring together.
    pub(crate) entry: Option<LegId>,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    /// It made the call.
    pub(crate) caller: bool,
    pub(crate) user: Option<UserId>,
    pub(crate) device: Option<DeviceId>,
    pub(crate) trunk: Option<TrunkId>,
    #[debug("…")]
    pub(crate) number: String,
    #[debug("…")]
    pub(crate) name: Option<String>,
    pub(crate) interface: Option<String>,
    /// This party has put the others on hold.
    pub(crate) holding: bool,
    /// This party has handed the others over and waits for the outcome.
    pub(crate) transferring: bool,
    /// Media flows before the answer (ringback or announcement of a trunk).
    pub(crate) early_media: bool,
}

/// What carries it.
#[derive(Debug)]
pub(crate) enum Kind {
    Sip(Box<SipLeg>),
    Fxs(LineId),
    Fxo(LineId),
}

/// A leg carried by SIP and RTP.
#[derive(derive_more::Debug)]
pub(crate) struct SipLeg {
    pub(crate) session: SessionId,
    /// The address written into SDP.
    #[debug("…")]
    pub(crate) address: IpAddr,
    /// The address our RTP socket is bound to.
    #[debug("…")]
    pub(crate) bind: IpAddr,
    pub(crate) port: Option<u16>,
    pub(crate) stream: Option<StreamId>,
    pub(crate) playing: Playing,
    /// `o=` of ours.
    pub(crate) session_id: u64,
    pub(crate) session_version: u64,
    /// Codecs of our last offer or answer.
    pub(crate) codecs: Vec<Codec>,
    /// Our last description: the next offer follows it, an answer is read by it.
    #[debug("…")]
    pub(crate) description: Vec<u8>,
    pub(crate) negotiated: Option<Negotiated>,
    /// How its media may be protected, its keys, and what is agreed.
    pub(crate) security: Security,
    /// The caller's offer, until it is answered. `None`: a late offer, or done.
    #[debug("…")]
    pub(crate) remote_offer: Option<Vec<u8>>,
    /// Our answer went out in a provisional response already.
    pub(crate) answered_early: bool,
    /// Our offer is out and its answer comes in the ACK.
    pub(crate) awaiting_answer: bool,
    /// Our last description says that a fax runs.
    pub(crate) fax: bool,
    /// Digits it sends.
    pub(crate) heard: digits::Heard,
    /// Digits sent to it by SIP INFO.
    pub(crate) info: digits::InfoQueue,
}

impl Leg {
    /// The SIP part.
    pub(crate) fn sip(&self) -> Option<&SipLeg> {
        match &self.kind {
            Kind::Sip(sip) => Some(sip),
            Kind::Fxs(_) | Kind::Fxo(_) => None,
        }
    }
    /// The SIP part.
    pub(crate) fn sip_mut(&mut self) -> Option<&mut SipLeg> {
        match &mut self.kind {
            Kind::Sip(sip) => Some(sip),
            Kind::Fxs(_) | Kind::Fxo(_) => None,
        }
    }
    /// The session, for a SIP leg.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.sip().map(|sip| sip.session)
    }
    /// The port, for an analog leg.
    pub(crate) fn line(&self) -> Option<LineId> {
        match self.kind {
            Kind::Fxs(line) | Kind::Fxo(line) => Some(line),
            Kind::Sip(_) => None,
        }
    }
}

impl Exchange {
    /// Puts a leg into the tables and into its call.
    pub(crate) fn add_leg(&mut self, leg: Leg) {
        if let Some(session) = leg.session() {
            self.sessions.insert(session, leg.id);
        }
        if let Some(user) = leg.user {
            self.user_legs.entry(user).or_default().insert(leg.id);
        }
        if let Some(state) = leg.trunk.and_then(|trunk| self.trunks.get_mut(&trunk)) {
            state.legs += 1;
        }
        if let Some(call) = self.calls.get_mut(&leg.call) {
            call.legs.push(leg.id);
            self.dirty.insert(leg.call);
        }
        self.legs.insert(leg.id, leg);
    }

    /// The stream of a leg. An analog port's stream belongs to the leg that is active on it.
    pub(crate) fn stream_of(&self, leg: &Leg) -> Option<StreamId> {
        match &leg.kind {
            Kind::Sip(sip) => sip.stream,
            Kind::Fxs(line) | Kind::Fxo(line) => {
                self.lines.get(line).filter(|port| port.active == Some(leg.id)).map(|port| port.stream)
            }
        }
    }
}

//! What is kept of a call: one call record (CDR) per call, one leg record per leg offered.

use serde::{Deserialize, Serialize};

use crate::id::{CallId, DeviceId, LegId, TrunkId, UserId};

/// Wall-clock time, UTC milliseconds since 1970.
pub type UnixMillis = i64;

/// Which way a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Internal,
    Inbound,
    Outbound,
}

/// The one status of an offered leg (FEATURES.md `stats.lb.*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LegStatus {
    /// Outbound call made by the user.
    Out,
    /// Answered by this user.
    Answered,
    /// Tried to answer, another was first.
    #[serde(rename = "TOOLATE")]
    TooLate,
    /// Missed, but another took the call (or the same user later).
    CallAnswered,
    /// Missed, nobody took it.
    NoAnswer,
    /// Refused.
    Rejected,
    /// Arrived while on a call.
    #[serde(rename = "INCALL")]
    InCall,
    /// Snooze (do not disturb) was on.
    Snooze,
    /// Outside the person's hours.
    Planning,
    /// No phone connected.
    #[serde(rename = "NOTCONNECTED")]
    NotConnected,
    /// Everything else: SIP phone error.
    #[serde(rename = "SIP_PHONE_ERROR")]
    SipPhoneError,
}

/// One record per call. Written when the call starts (`ended` none), again at answer, again at its end: the same id.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call.
    pub id: CallId,
    /// Which way.
    pub direction: Direction,
    /// The caller's number.
    #[debug("…")]
    pub caller: String,
    /// The caller's name.
    #[debug("…")]
    pub caller_name: Option<String>,
    /// The number dialled.
    #[debug("…")]
    pub called: String,
    /// The caller, when a user.
    pub caller_user: Option<UserId>,
    /// The user who answered.
    pub answered_by: Option<UserId>,
    /// The trunk used.
    pub trunk: Option<TrunkId>,
    /// When it began.
    pub started: UnixMillis,
    /// When it was answered.
    pub answered: Option<UnixMillis>,
    /// When it ended.
    pub ended: Option<UnixMillis>,
    /// Q.850 release cause.
    pub cause: Option<u8>,
    /// The outside party (or, inside, the callee) hung up.
    pub ended_by_callee: bool,
    /// Closed after a crash or power cut, at its last known moment.
    pub interrupted: bool,
    /// Recording, as a file name under the data directory's `recordings`.
    pub recording: Option<String>,
}

/// A leg that was offered and has not ended: what of its record is known. Kept so that a crash can be closed; the [`LegRecord`] with
/// the same id replaces it.
#[derive(Clone, derive_more::Debug, PartialEq)]
pub struct OpenLeg {
    /// The leg.
    pub id: LegId,
    /// Its call.
    pub call: CallId,
    /// The user it is offered to, or who makes the call.
    pub user: Option<UserId>,
    /// The device, when it is one.
    pub device: Option<DeviceId>,
    /// The trunk, for a leg outside.
    pub trunk: Option<TrunkId>,
    /// Number or extension.
    #[debug("…")]
    pub number: String,
    /// What the party uses, when known.
    pub interface: Option<String>,
    /// A call made by the user ([`LegStatus::Out`]), not one offered.
    pub outgoing: bool,
    /// When it was offered.
    pub started: UnixMillis,
    /// When it was answered.
    pub answered: Option<UnixMillis>,
}

/// One record per leg offered. Written when the leg ends.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
pub struct LegRecord {
    /// The leg.
    pub id: LegId,
    /// Its call.
    pub call: CallId,
    /// The user it was offered to (or who made the call, for OUT).
    pub user: Option<UserId>,
    /// The device.
    pub device: Option<DeviceId>,
    /// The trunk, for a leg outside.
    pub trunk: Option<TrunkId>,
    /// Number or extension.
    #[debug("…")]
    pub number: String,
    /// What the party uses: a phone's User-Agent, `FXS 1`, `FXO 2`.
    pub interface: Option<String>,
    /// The status.
    pub status: LegStatus,
    /// When it was offered.
    pub started: UnixMillis,
    /// When it was answered.
    pub answered: Option<UnixMillis>,
    /// When it ended.
    pub ended: UnixMillis,
    /// Q.850 release cause.
    pub cause: u8,
}

/// How the sound of a leg was: the figures of its RTP stream. At most one per leg record, written after its stream is closed, before or
/// after the [`LegRecord`] of the same id. A leg of which no packet came has none, nor has a leg on an analog port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegQuality {
    /// The leg.
    pub leg: LegId,
    /// RTP packets that came from the party.
    pub received: u64,
    /// Packets of the party that never came.
    pub lost: u64,
    /// RTP packets sent to the party.
    pub sent: u64,
    /// Packets of the party that came too late to be played, or were dropped because too much was in store.
    pub discarded: u64,
    /// Interarrival jitter of what the party sends, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// Round-trip time from RTCP, microseconds; `None` when the party sends no reports.
    pub round_trip_us: Option<u32>,
    /// Mean and longest delay in the jitter buffer, microseconds; 0 when the sound was only passed on.
    pub mean_delay_us: u32,
    /// See `mean_delay_us`.
    pub max_delay_us: u32,
    /// Share of the sound that was made up, in millionths; 0 when the sound was only passed on.
    pub concealed_ppm: u32,
    /// Burst ratio of the losses, in thousandths: 1000 is random (ITU-T G.107 §7.5).
    pub burst_ratio_permille: u32,
    /// E-model rating R of what the party sends, as it arrives, in tenths (ITU-T G.107).
    pub rating_tenths: Option<u16>,
    /// What the party's last report says of the sound it gets from us; `None` when it sent none.
    pub peer: Option<PeerQuality>,
}

/// How a party hears us, by its own reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerQuality {
    /// Our packets that never came there.
    pub lost: u32,
    /// Interarrival jitter, microseconds.
    pub jitter_us: u32,
    /// Its E-model rating R (RFC 3611 §4.7.5).
    pub rating: Option<u8>,
    /// Its mean opinion score for a conversation, in tenths.
    pub mos_tenths: Option<u8>,
    /// Delay of its jitter buffer, milliseconds.
    pub delay_ms: Option<u16>,
}

impl LegQuality {
    /// The mean opinion score that goes with the rating, 1–4.5 (ITU-T G.107 Annex B).
    pub fn mean_opinion(&self) -> Option<f64> {
        self.rating_tenths.map(|tenths| offhook_media::quality::mean_opinion(f64::from(tenths) / 10.0))
    }
}

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

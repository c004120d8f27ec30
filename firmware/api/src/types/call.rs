//! Calls that were, and calls that are.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which way a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Internal,
    Inbound,
    Outbound,
}

/// How a call ended, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// Somebody answered.
    Answered,
    /// Over, and nobody answered.
    Missed,
}

/// The one status of an offered leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LegStatus {
    /// Call made by the user.
    Out,
    /// Answered by this user.
    Answered,
    /// Tried to answer, another was first.
    #[serde(rename = "TOOLATE")]
    TooLate,
    /// Missed, but another took the call.
    CallAnswered,
    /// Missed, nobody took it.
    NoAnswer,
    /// Refused.
    Rejected,
    /// Arrived while on a call.
    #[serde(rename = "INCALL")]
    InCall,
    /// Do not disturb was on.
    Snooze,
    /// Outside the person's hours.
    Planning,
    /// No phone connected.
    #[serde(rename = "NOTCONNECTED")]
    NotConnected,
    /// Everything else.
    SipPhoneError,
}

/// A call in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Call {
    /// Identifier.
    pub id: Uuid,
    /// Which way.
    pub direction: Direction,
    /// The caller's number.
    pub caller: String,
    /// The caller's name.
    pub caller_name: Option<String>,
    /// The number dialled.
    pub called: String,
    /// The caller, when an extension (its identifier).
    pub caller_extension_id: Option<Uuid>,
    /// The extension that answered.
    pub answered_by: Option<Uuid>,
    /// The trunk used.
    pub trunk: Option<Uuid>,
    /// When it began, UTC milliseconds.
    pub started: i64,
    /// When it was answered.
    pub answered: Option<i64>,
    /// When it ended; `null`: going on.
    pub ended: Option<i64>,
    /// Milliseconds in conversation.
    pub talk_ms: i64,
    /// Q.850 release cause.
    pub cause: Option<u8>,
    /// The callee hung up.
    pub ended_by_callee: bool,
    /// Closed after a power cut or crash at its last known moment.
    pub interrupted: bool,
    /// A recording exists: `GET /calls/{id}/recording`.
    pub recording: bool,
    /// One per leg offered, in the order offered.
    pub legs: Vec<Leg>,
}

/// A leg of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Leg {
    /// Identifier.
    pub id: Uuid,
    /// The extension it was offered to, or that made the call.
    pub extension_id: Option<Uuid>,
    /// The telephone.
    pub device: Option<Uuid>,
    /// The trunk, for a leg outside.
    pub trunk: Option<Uuid>,
    /// Number or extension.
    pub number: String,
    /// What the party uses: a phone's User-Agent, `FXS 1`.
    pub interface: Option<String>,
    /// How it ended.
    pub status: LegStatus,
    /// When it was offered.
    pub started: i64,
    /// When it was answered.
    pub answered: Option<i64>,
    /// When it ended.
    pub ended: i64,
    /// Q.850 release cause.
    pub cause: u8,
    /// How its sound was; only with the details of one call. `null` for a leg of which no sound came by network (an analog line, a call
    /// nobody answered).
    pub quality: Option<LegQuality>,
}

/// How the sound of a leg was, over its whole length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegQuality {
    /// Mean opinion score of what the party sent, as it arrived: 1 (bad) to 4.5 (ITU-T G.107 Annex B).
    pub mos: Option<f64>,
    /// The same as the rating R of the E-model: 0 to 100 (ITU-T G.107).
    pub rating: Option<f64>,
    /// Packets that came from the party.
    pub received: u64,
    /// Packets of the party that never came.
    pub lost: u64,
    /// Packets of the party that came too late to be played.
    pub discarded: u64,
    /// Packets sent to the party.
    pub sent: u64,
    /// Jitter of what the party sent, milliseconds (RFC 3550 §6.4.1).
    pub jitter_ms: f64,
    /// Time to the party and back, milliseconds; `null` when its telephone sends no reports.
    pub round_trip_ms: Option<f64>,
    /// Mean delay in the jitter buffer, milliseconds; 0 when the sound was only passed on.
    pub mean_delay_ms: f64,
    /// Longest delay in the jitter buffer, milliseconds.
    pub max_delay_ms: f64,
    /// Share of the sound that was lost and made up, percent; 0 when the sound was only passed on.
    pub concealed_percent: f64,
    /// Burst ratio of the losses: 1 is random, more is in bursts (ITU-T G.107 §7.5).
    pub burst_ratio: f64,
    /// What the telephone reports of the sound it got from the box; `null` when it reports nothing.
    pub peer: Option<PeerQuality>,
}

/// How a telephone says it heard the box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PeerQuality {
    /// Its mean opinion score, 1 to 5; `null` when it tells none (RFC 3611 §4.7.5).
    pub mos: Option<f64>,
    /// Its rating R.
    pub rating: Option<u8>,
    /// Packets that never came to it.
    pub lost: u32,
    /// Jitter there, milliseconds.
    pub jitter_ms: f64,
    /// Delay of its jitter buffer, milliseconds.
    pub delay_ms: Option<u16>,
}

/// Filters and place of the list of calls.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallQuery {
    /// Begun at or after, UTC milliseconds.
    #[serde(default)]
    pub from: Option<i64>,
    /// Begun before, UTC milliseconds.
    #[serde(default)]
    pub to: Option<i64>,
    /// Which way.
    #[serde(default)]
    #[param(inline)]
    pub direction: Option<Direction>,
    /// An extension's identifier: calls it made or was offered.
    #[serde(default)]
    pub extension_id: Option<Uuid>,
    /// Answered or missed.
    #[serde(default)]
    #[param(inline)]
    pub result: Option<CallResult>,
    /// A part of the caller's or called number, or of the caller's name.
    #[serde(default)]
    pub search: Option<String>,
    /// 1–200, 50 when left out.
    #[serde(default)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
}

/// A page of calls, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallPage {
    /// The calls.
    pub calls: Vec<Call>,
    /// Hand it as `after` for the next page; `null` at the end.
    pub next: Option<String>,
}

/// How a ladder is to be drawn.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LadderQuery {
    /// Each message whole after its arrow.
    #[serde(default)]
    pub messages: bool,
    /// Names a file for saving.
    #[serde(default)]
    pub download: bool,
}

/// A SIP message of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceMessage {
    /// When, UTC milliseconds.
    pub time: i64,
    /// Address it came from.
    pub from: String,
    /// Address it went to.
    pub to: String,
    /// `received` or `sent`, as the box sees it.
    pub direction: TraceDirection,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub transport: String,
    /// Request line or status line.
    pub first_line: String,
    /// Call-ID.
    pub call_id: String,
    /// CSeq.
    pub cseq: String,
    /// The whole message, with passwords' digests and keys of the sound left out.
    pub text: String,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum TraceDirection {
    Received,
    Sent,
}

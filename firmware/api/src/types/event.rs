//! Calls that are up, and the live events.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::call::LegStatus;

/// State of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LegState {
    Dialling,
    Ringing,
    Talking,
    Held,
}

/// A leg of a call that is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveLeg {
    /// Identifier.
    pub id: Uuid,
    /// Its extension.
    pub extension_id: Option<Uuid>,
    /// Number or extension.
    pub number: String,
    /// Name to show.
    pub name: Option<String>,
    /// User-Agent, `FXS 1` …
    pub interface: Option<String>,
    /// State.
    pub state: LegState,
    /// The caller's leg.
    pub caller: bool,
}

/// A call that is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveCall {
    /// Identifier.
    pub id: Uuid,
    /// Since when, UTC milliseconds.
    pub started: i64,
    /// Answered when.
    pub answered: Option<i64>,
    /// The number dialled.
    pub called: String,
    /// Its legs.
    pub legs: Vec<LiveLeg>,
    /// It is being recorded.
    pub recording: bool,
}

/// The kinds of things an administrator changes, for `changed` events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Resource {
    Site,
    Extensions,
    Lines,
    Trunks,
    OutboundRoutes,
    InboundRoutes,
    Announcements,
    RecordingRules,
}

/// One live event: the `data` of each server-sent event, whose `event` is the same as `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum LiveEvent {
    /// First event of a stream, and again when events were missed: all calls that are up.
    Snapshot {
        /// Oldest first.
        calls: Vec<LiveCall>,
    },
    /// A call is new or has changed.
    Call {
        /// As it is now.
        call: LiveCall,
    },
    /// A call is over.
    CallEnded {
        /// Which.
        id: Uuid,
    },
    /// A leg ended.
    LegEnded {
        /// Its call.
        call: Uuid,
        /// Whose.
        extension_id: Option<Uuid>,
        /// How.
        status: LegStatus,
    },
    /// An extension's phones connected or not.
    Registered {
        /// Whose.
        extension_id: Uuid,
        /// How many registrations.
        registrations: u32,
    },
    /// An analog port changed.
    Line {
        /// Which.
        line: Uuid,
        /// See `Line.state`.
        state: String,
    },
    /// The configuration was changed (by anybody): fetch it again.
    Changed {
        /// What.
        resource: Resource,
    },
}

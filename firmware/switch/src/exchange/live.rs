//! What can be shown of the calls under way.

use crate::id::{CallId, LegId, LineId, UserId};
use crate::record::{LegStatus, UnixMillis};

/// State of a leg for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LegState {
    Dialling,
    Ringing,
    Talking,
    Held,
}

/// A leg for display.
#[derive(Clone, derive_more::Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LiveLeg {
    /// The leg.
    pub id: LegId,
    /// Its user.
    pub user: Option<UserId>,
    /// Number or extension.
    #[debug("…")]
    pub number: String,
    /// Name to show.
    #[debug("…")]
    pub name: Option<String>,
    /// User-Agent, `FXS 1` …
    pub interface: Option<String>,
    /// State.
    pub state: LegState,
    /// The caller's leg.
    pub caller: bool,
}

/// A call for display.
#[derive(Clone, derive_more::Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LiveCall {
    /// The call.
    pub id: CallId,
    /// Since when.
    pub started: UnixMillis,
    /// Answered when.
    pub answered: Option<UnixMillis>,
    /// The number dialled.
    #[debug("…")]
    pub called: String,
    /// Its legs.
    pub legs: Vec<LiveLeg>,
    /// It is being recorded.
    pub recording: bool,
}

/// Something to show.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Live {
    /// A call is new or has changed.
    Call {
        /// As it is now.
        call: LiveCall,
    },
    /// A call is over.
    CallEnded {
        /// Which.
        id: CallId,
    },
    /// A leg ended with this status.
    LegEnded {
        /// Its call.
        call: CallId,
        /// Whose.
        user: Option<UserId>,
        /// How.
        status: LegStatus,
    },
    /// A user's phones connected or not.
    Registered {
        /// Whose.
        user: UserId,
        /// How many bindings.
        bindings: u32,
    },
    /// An analog port changed.
    Line {
        /// Which.
        line: LineId,
        /// State name of the port (`on_hook`, `ringing`, `dialling`, `talking` …).
        state: String,
    },
}

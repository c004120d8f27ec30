//! The dial plan: routes, announcements, recording rules.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A rule for numbers outside; the first match in order of `position` wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OutboundRoute {
    /// Identifier.
    pub id: Uuid,
    /// Place in the order, from 0.
    pub position: u32,
    /// The number as dialled: digits, `X` any digit, `.` one or more of anything at the end.
    pub pattern: String,
    /// Digits taken off the front.
    pub strip: u32,
    /// Digits put in front.
    pub prepend: String,
    /// Trunks in the order to try.
    pub trunks: Vec<Uuid>,
}

/// A new outbound route, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboundRouteInput {
    /// Place in the order; left out: the last (new), or where it is.
    #[serde(default)]
    pub position: Option<u32>,
    /// See `OutboundRoute.pattern`, 1–32 characters.
    pub pattern: String,
    /// 0–16, not more than the pattern has.
    #[serde(default)]
    pub strip: u32,
    /// Digits, `+`, `*`, `#`, up to 16.
    #[serde(default)]
    pub prepend: String,
    /// 1–16 trunks.
    pub trunks: Vec<Uuid>,
}

/// Where a call from outside goes; the first match in order of `position` wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InboundRoute {
    /// Identifier.
    pub id: Uuid,
    /// Place in the order, from 0.
    pub position: u32,
    /// The trunk it comes from; `null` any.
    pub trunk: Option<Uuid>,
    /// The number called; `null` any.
    pub number: Option<String>,
    /// The extension or announcement it goes to.
    pub destination: String,
}

/// A new inbound route, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundRouteInput {
    /// Place in the order; left out: the last (new), or where it is.
    #[serde(default)]
    pub position: Option<u32>,
    /// The trunk it comes from.
    #[serde(default)]
    pub trunk: Option<Uuid>,
    /// The number called: digits and `+`, up to 32.
    #[serde(default)]
    pub number: Option<String>,
    /// An extension or an announcement that exists.
    pub destination: String,
}

/// A number answered with a fixed announcement, over and over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Announcement {
    /// Identifier.
    pub id: Uuid,
    /// The number that reaches it.
    pub number: String,
    /// Shown to the administrator.
    pub name: String,
    /// A WAV file of the box's `sounds`; `null` the built-in tone prompt.
    pub file: Option<String>,
    /// A digit that ends the call.
    pub hang_up_digit: Option<String>,
}

/// A new announcement, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncementInput {
    /// 2–8 digits, not used elsewhere.
    pub number: String,
    /// 1–80 characters.
    pub name: String,
    /// A file name without a path.
    #[serde(default)]
    pub file: Option<String>,
    /// One of `0`–`9`, `*`, `#`.
    #[serde(default)]
    pub hang_up_digit: Option<String>,
}

/// Which calls are recorded; any match records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordingRule {
    /// Identifier.
    pub id: Uuid,
    /// Pattern of the caller's extension (`12XX`); `null` any.
    pub caller: Option<String>,
    /// Pattern of the number called; `null` any.
    pub callee: Option<String>,
}

/// A new recording rule, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingRuleInput {
    /// Pattern of the caller's extension.
    #[serde(default)]
    pub caller: Option<String>,
    /// Pattern of the number called.
    #[serde(default)]
    pub callee: Option<String>,
}

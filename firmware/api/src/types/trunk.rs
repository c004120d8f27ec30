//! Trunks: ways out.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CodecName, DigitMode, MediaEncryption};

/// A way out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trunk {
    /// Identifier.
    pub id: Uuid,
    /// Shown to the administrator.
    pub name: String,
    /// Most calls at once.
    pub max_calls: u32,
    /// What it is.
    pub kind: TrunkKind,
}

/// What a trunk is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum TrunkKind {
    /// An FXO port.
    Line {
        /// The line.
        line: Uuid,
    },
    /// A SIP peer.
    Sip {
        /// SIP URI, e.g. `sip:carrier.example;transport=tcp`.
        uri: String,
        /// User name for its challenges.
        username: Option<String>,
        /// A password is kept. It is never shown.
        has_password: bool,
        /// Addresses its calls come from.
        #[schema(value_type = Vec<String>)]
        addresses: Vec<IpAddr>,
        /// Register with it.
        register: bool,
        /// Whether its media is encrypted.
        encryption: MediaEncryption,
        /// Codecs it may use, best first; empty: the usual ones, which are Opus, G.722, then G.711.
        codecs: Vec<CodecName>,
        /// How it is told digits.
        digits: DigitMode,
    },
}

/// A new trunk, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrunkInput {
    /// 1–80 characters.
    pub name: String,
    /// 1–1000, 30 when left out.
    #[serde(default = "max_calls")]
    pub max_calls: u32,
    /// What it is.
    pub kind: TrunkKindInput,
}

fn max_calls() -> u32 {
    30
}

/// What a new trunk is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum TrunkKindInput {
    /// An FXO port.
    Line {
        /// The line.
        line: Uuid,
    },
    /// A SIP peer.
    Sip {
        /// SIP URI.
        uri: String,
        /// User name for its challenges.
        #[serde(default)]
        username: Option<String>,
        /// Password. On a change: left out or `null` keeps the one there is, empty removes it.
        #[serde(default)]
        password: Option<String>,
        /// Addresses its calls come from, up to 32.
        #[serde(default)]
        #[schema(value_type = Vec<String>)]
        addresses: Vec<IpAddr>,
        /// Register with it.
        #[serde(default)]
        register: bool,
        /// Whether its media is encrypted; `auto` when left out.
        #[serde(default)]
        encryption: MediaEncryption,
        /// Codecs it may use, best first, each once; the usual ones when empty or left out.
        #[serde(default)]
        codecs: Vec<CodecName>,
        /// How it is told digits; `auto` when left out.
        #[serde(default)]
        digits: DigitMode,
    },
}

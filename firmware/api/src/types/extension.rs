//! Extensions: a person, an internal number, telephones.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CodecName, DigitMode, MediaEncryption};

/// A person with an internal number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Extension {
    /// Identifier.
    pub id: Uuid,
    /// Shown on the phones.
    pub name: String,
    /// The internal number, 2–8 digits.
    pub extension: String,
    /// How long to ring before the next step, milliseconds.
    pub ring_time_ms: u32,
    /// Calls are refused as busy.
    pub do_not_disturb: bool,
    /// Forward all calls there.
    pub forward_always: Option<String>,
    /// Forward when busy.
    pub forward_busy: Option<String>,
    /// Forward when not answered in time, or no phone is connected.
    pub forward_no_answer: Option<String>,
    /// A second call rings while in a call.
    pub call_waiting: bool,
    /// Most calls at once.
    pub max_calls: u32,
    /// May call outside numbers.
    pub outside_calls: bool,
    /// Telephones, which ring together.
    pub devices: Vec<Device>,
    /// Phones connected now (registrations).
    pub registrations: u32,
}

/// A new extension, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionInput {
    /// Shown on the phones, 1–80 characters.
    pub name: String,
    /// The internal number, 2–8 digits, not used elsewhere, not an emergency number.
    pub extension: String,
    /// 5 000–180 000 milliseconds, 25 000 when left out.
    #[serde(default = "ring_time")]
    pub ring_time_ms: u32,
    /// Calls are refused as busy.
    #[serde(default)]
    pub do_not_disturb: bool,
    /// Forward all calls there: digits, `+`, `*`, `#`, up to 32.
    #[serde(default)]
    pub forward_always: Option<String>,
    /// Forward when busy.
    #[serde(default)]
    pub forward_busy: Option<String>,
    /// Forward when not answered.
    #[serde(default)]
    pub forward_no_answer: Option<String>,
    /// A second call rings while in a call; `true` when left out.
    #[serde(default = "yes")]
    pub call_waiting: bool,
    /// 1–100, 4 when left out.
    #[serde(default = "max_calls")]
    pub max_calls: u32,
    /// May call outside numbers; `true` when left out.
    #[serde(default = "yes")]
    pub outside_calls: bool,
    /// Only when creating: telephones to create with it. Left out: one SIP telephone with a generated secret.
    #[serde(default)]
    pub devices: Option<Vec<DeviceInput>>,
}

fn ring_time() -> u32 {
    25_000
}
fn yes() -> bool {
    true
}
fn max_calls() -> u32 {
    4
}

/// A telephone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Identifier.
    pub id: Uuid,
    /// Whose.
    pub extension_id: Uuid,
    /// Shown to the administrator.
    pub label: String,
    /// What it is.
    pub kind: DeviceKind,
    /// Whether its media is encrypted (SIP only).
    pub encryption: MediaEncryption,
    /// Codecs it may use, best first; empty: the usual ones, which are Opus, G.722, then G.711 (SIP only).
    pub codecs: Vec<CodecName>,
    /// How it is told digits (SIP only).
    pub digits: DigitMode,
    /// Where it is connected from now; empty when not connected (SIP only).
    pub registrations: Vec<Registration>,
}

/// What a telephone is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeviceKind {
    /// A SIP account.
    Sip {
        /// User name.
        username: String,
    },
    /// The set on an FXS port.
    Analog {
        /// The line.
        line: Uuid,
    },
}

/// A registration of a SIP telephone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// Address and port of the phone.
    pub address: String,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub transport: String,
    /// Model and version as the phone says.
    pub user_agent: Option<String>,
    /// When it lapses, UTC milliseconds.
    pub expires: i64,
}

/// A new telephone, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceInput {
    /// Shown to the administrator, up to 80 characters.
    pub label: String,
    /// What it is. The kind of a telephone that exists does not change.
    pub kind: DeviceKindInput,
    /// Whether its media is encrypted (SIP only); `auto` when left out.
    #[serde(default)]
    pub encryption: MediaEncryption,
    /// Codecs it may use, best first, each once (SIP only); the usual ones when empty or left out.
    #[serde(default)]
    pub codecs: Vec<CodecName>,
    /// How it is told digits (SIP only); `auto` when left out.
    #[serde(default)]
    pub digits: DigitMode,
}

/// What a new telephone is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeviceKindInput {
    /// A SIP account. The secret is generated.
    Sip {
        /// User name: letters, digits, `-`, `_`, `.`, 1–40. Left out: the extension, then `1001-2`, `1001-3` …
        #[serde(default)]
        username: Option<String>,
    },
    /// The set on an FXS port nobody else has.
    Analog {
        /// The line.
        line: Uuid,
    },
}

/// What to type, or scan, into a SIP telephone.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password. `null` when the box knows only its digest (imported without its text): make a new one.
    pub password: Option<String>,
    /// SIP realm.
    pub realm: String,
    /// Address of the box as the phone should reach it: host and port.
    pub server: String,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`, the ones the box listens on.
    pub transports: Vec<String>,
    /// Name to show.
    pub display_name: String,
    /// The text to draw as a QR code; `null` without a password.
    pub qr: Option<String>,
}

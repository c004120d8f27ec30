//! How sound and digits go over the network, to a telephone or a trunk.

use serde::{Deserialize, Serialize};

/// How the sound and the digits of a SIP telephone or trunk go over the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SipSound {
    /// Whether it is encrypted.
    pub encryption: MediaEncryption,
    /// Codecs it may use, best first; empty: the usual ones (Opus, G.722, G.711 with the country's law first).
    pub codecs: Vec<CodecName>,
    /// How it is told digits.
    pub digits: DigitMode,
}

/// How a peer is told the digits pressed in a call (DTMF). Those it sends are taken in whatever way they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigitMode {
    /// As events (RFC 4733) when agreed; else by SIP INFO when the peer says that it reads digits there; else as tones.
    #[default]
    Auto,
    /// As events; as tones to a peer that agrees to none.
    Events,
    /// By SIP INFO with `application/dtmf-relay` (`Signal=5`, `Duration=160`). Events are not offered.
    InfoRelay,
    /// By SIP INFO with `application/dtmf`, the digit alone. Events are not offered.
    Info,
    /// As tones in the sound. Events are not offered.
    Tones,
}

impl DigitMode {
    /// All of them.
    pub const ALL: [DigitMode; 5] =
        [DigitMode::Auto, DigitMode::Events, DigitMode::InfoRelay, DigitMode::Info, DigitMode::Tones];

    /// As it is written in the database, the site file and the API.
    pub fn name(self) -> &'static str {
        match self {
            DigitMode::Auto => "auto",
            DigitMode::Events => "events",
            DigitMode::InfoRelay => "info_relay",
            DigitMode::Info => "info",
            DigitMode::Tones => "tones",
        }
    }

    /// The reverse of [`DigitMode::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        DigitMode::ALL.into_iter().find(|value| value.name() == name)
    }
}

/// Whether the media of a telephone or a trunk is encrypted (SRTP). What comes of each value is said in `leg/security.rs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaEncryption {
    /// Offered where the signalling is encrypted too (TLS), else used only when the peer insists.
    #[default]
    Auto,
    /// Never; a peer that insists is refused.
    Off,
    /// Offered, and taken when the peer can.
    Offered,
    /// A peer that cannot is refused.
    Required,
}

impl MediaEncryption {
    /// As it is written in the database, the site file and the API.
    pub fn name(self) -> &'static str {
        match self {
            MediaEncryption::Auto => "auto",
            MediaEncryption::Off => "off",
            MediaEncryption::Offered => "offered",
            MediaEncryption::Required => "required",
        }
    }

    /// The reverse of [`MediaEncryption::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        use MediaEncryption::{Auto, Off, Offered, Required};
        [Auto, Off, Offered, Required].into_iter().find(|value| value.name() == name)
    }
}

/// A codec, as a list names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodecName {
    /// Opus, narrow to full band.
    Opus,
    /// G.722, wide band.
    G722,
    /// G.711 A-law: Europe and most of the world.
    Pcma,
    /// G.711 µ-law: North America and Japan.
    Pcmu,
    /// Linear samples at 16 kHz: five times what others need, for tests and special apparatus.
    L16,
}

impl CodecName {
    /// All of them.
    pub const ALL: [CodecName; 5] =
        [CodecName::Opus, CodecName::G722, CodecName::Pcma, CodecName::Pcmu, CodecName::L16];

    /// As it is written in the database, the site file and the API.
    pub fn name(self) -> &'static str {
        match self {
            CodecName::Opus => "opus",
            CodecName::G722 => "g722",
            CodecName::Pcma => "pcma",
            CodecName::Pcmu => "pcmu",
            CodecName::L16 => "l16",
        }
    }

    /// The reverse of [`CodecName::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        CodecName::ALL.into_iter().find(|value| value.name() == name)
    }
}

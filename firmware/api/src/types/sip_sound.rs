//! How sound and digits go to a SIP telephone or trunk.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the media of a SIP telephone or trunk is encrypted (SRTP).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaEncryption {
    /// Offered where the signalling is encrypted too (TLS), else used only when the peer insists.
    #[default]
    Auto,
    /// Never: a peer that insists is refused.
    Off,
    /// Offered, and used when the peer can.
    Offered,
    /// A peer that cannot is refused.
    Required,
}

/// A codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CodecName {
    /// Opus (RFC 6716), narrow to full band.
    Opus,
    /// G.722, wide band.
    G722,
    /// G.711 A-law: Europe and most of the world.
    Pcma,
    /// G.711 µ-law: North America and Japan.
    Pcmu,
    /// Linear samples, 16 bit at 16 kHz: for special apparatus.
    L16,
}

/// How a SIP telephone or trunk is told the digits pressed in a call (DTMF). Those it sends are taken in whatever way they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigitMode {
    /// As events (RFC 4733) when agreed; else by SIP INFO when the peer says that it reads digits there; else as tones.
    #[default]
    Auto,
    /// As events; as tones to a peer that agrees to none.
    Events,
    /// By SIP INFO with `application/dtmf-relay`.
    InfoRelay,
    /// By SIP INFO with `application/dtmf`.
    Info,
    /// As tones in the sound.
    Tones,
}

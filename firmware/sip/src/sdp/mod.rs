//! SDP (RFC 8866) and offer/answer (RFC 3264): a parser that survives what phones send, and the negotiation of one audio stream
//! with the box's media engine.

mod description;
mod negotiate;
pub mod security;
#[cfg(test)]
mod security_tests;
#[cfg(test)]
mod tests;
mod write;

use std::net::{IpAddr, SocketAddr};

pub use description::{Connection, Description, MAX_ATTRIBUTES, MAX_FORMATS, MAX_LENGTH, MAX_STREAMS, Stream};
pub use negotiate::{accept, accept_for, answer, is_unchanged, offer, reoffer};

/// Direction of a media stream, from the writer's view (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the attributes")]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// A codec as SDP names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// RTP payload type.
    pub payload_type: u8,
    /// Encoding name as registered: `PCMU`, `PCMA`, `telephone-event`, `opus`, `G722` …
    pub name: String,
    /// Clock rate in Hz.
    pub clock_rate: u32,
    /// `fmtp` parameters, as written.
    pub fmtp: Option<String>,
}

/// What we can do on one audio stream, in order of preference.
#[derive(Clone, derive_more::Debug)]
pub struct Capabilities {
    /// Where our RTP socket is.
    #[debug("…")]
    pub local: SocketAddr,
    /// Codecs, best first (their payload types are used in our offers). `telephone-event` among them.
    pub codecs: Vec<Codec>,
    /// Our wish for packet time in milliseconds.
    pub ptime: u32,
    /// Our direction.
    pub direction: Direction,
    /// `o=` session id and version of ours; the version grows by one when the description changes.
    pub session_id: u64,
    /// See `session_id`.
    pub session_version: u64,
    /// Protection and ICE.
    pub security: security::Security,
    /// Silence must not be left out: a fax or a modem runs over the stream (`a=silenceSupp:off`, RFC 3108).
    pub fax: bool,
}

/// What was agreed on one audio stream.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where the peer wants RTP; `None` when its address is 0.0.0.0 or its port 0 in an old-style hold.
    #[debug("…")]
    pub remote: Option<SocketAddr>,
    /// Where the peer wants RTCP (RFC 3605, else the next port).
    #[debug("…")]
    pub remote_rtcp: Option<SocketAddr>,
    /// The codec to send, with the payload type the peer wants.
    pub codec: Codec,
    /// Payload type we expect to receive for that codec.
    pub receive_payload_type: u8,
    /// RFC 4733 payload type to send, if agreed.
    pub telephone_event: Option<u8>,
    /// RFC 4733 payload type we receive, if agreed.
    pub receive_telephone_event: Option<u8>,
    /// The clock of telephone events, Hz: that of the codec (RFC 4733 §2.1), or the only one the peer knows.
    pub telephone_event_clock: u32,
    /// Packet time in milliseconds to send (10–60).
    pub ptime: u32,
    /// Our direction after the negotiation (peer holds with sendonly: ours is RecvOnly).
    pub direction: Direction,
    /// RTP and RTCP on one port (RFC 5761).
    pub rtcp_mux: bool,
    /// How packets are protected, and the credentials of ICE.
    pub protection: security::Protection,
    /// The peer reads VoIP metrics in extended reports (RFC 3611 §5).
    pub rtcp_xr: bool,
}

/// Why a description cannot be used: answer 400 (syntax) or 488 (nothing in common).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// 400 or 488.
    pub status: u16,
    /// In words.
    pub reason: &'static str,
}

/// The unspecified address means hold (RFC 2543 style).
pub fn is_hold_address(address: IpAddr) -> bool {
    address.is_unspecified()
}

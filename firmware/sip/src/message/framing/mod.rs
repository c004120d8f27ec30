//! Cuts what a transport delivers into messages and keep-alives: datagrams, streams, WebSocket messages.

mod datagram;
mod stream;
mod websocket;

use bytes::Bytes;

use super::ParseError;

pub use datagram::{Datagram, classify_datagram};
pub use stream::StreamFramer;
pub use websocket::websocket_frame;

/// A piece of a connection.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of one whole message, for [`super::Message::parse_datagram`]. It may still be refused there; the connection
    /// goes on all the same.
    Message(#[debug("…")] Bytes),
    /// A double CRLF: the peer asks whether we are there, the answer is a single CRLF (RFC 5626 §3.5.1).
    Ping,
    /// A single CRLF: the answer to our double one.
    Pong,
}

/// Why a connection cannot go on: where the next message begins is not known any more. Answer, then close.
#[derive(Clone, derive_more::Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct FramingError {
    /// What is wrong and the status it deserves.
    pub error: ParseError,
    /// The head of the message, when it was read to its end: [`super::Message::salvage`] makes an answer of it.
    #[debug("…")]
    pub head: Option<Bytes>,
}

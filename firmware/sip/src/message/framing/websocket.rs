//! WebSocket: one SIP message in one WebSocket message, text or binary (RFC 7118 §5).

use bytes::Bytes;

use super::{Frame, FramingError};
use crate::message::index::index;
use crate::message::{Limits, ParseError, ParseOptions};

/// Takes the payload of one WebSocket message. `Content-Length` may be absent; with one, the message must end where it says,
/// because a WebSocket message holds exactly one SIP message.
///
/// # Errors
/// [`FramingError`]: the WebSocket connection itself can go on.
pub fn websocket_frame(payload: Bytes, limits: Limits) -> Result<Frame, FramingError> {
    match &*payload {
        b"\r\n\r\n" => return Ok(Frame::Ping),
        b"\r\n" => return Ok(Frame::Pong),
        _ => {}
    }
    let refused = |status, reason, head| Err(FramingError { error: ParseError { status, reason }, head });
    if payload.len() > limits.message {
        return refused(513, "Message Too Large", None);
    }
    let found = index(&payload, &ParseOptions { limits, ..ParseOptions::default() });
    let body = payload.len() - found.body_start.min(payload.len());
    if found.content_length.is_some_and(|length| length < body) {
        return refused(400, "More Than One Message", Some(payload.slice(..found.body_start)));
    }
    Ok(Frame::Message(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_each() {
        let frame = |text: &'static str| websocket_frame(Bytes::from_static(text.as_bytes()), Limits::default());
        assert_eq!(frame("\r\n\r\n").unwrap(), Frame::Ping);
        assert!(matches!(frame("SIP/2.0 200 OK\r\n\r\nbody").unwrap(), Frame::Message(_)));
        assert!(matches!(frame("SIP/2.0 200 OK\r\nl: 4\r\n\r\nbody").unwrap(), Frame::Message(_)));
        assert_eq!(frame("SIP/2.0 200 OK\r\nl: 3\r\n\r\nbody").unwrap_err().error.status, 400);
        let long = Bytes::from(vec![b'x'; 70_000]);
        assert_eq!(websocket_frame(long, Limits::default()).unwrap_err().error.status, 513);
    }
}

//! Streams (TCP, TLS): messages one after the other, each with its `Content-Length` (RFC 3261 §18.3, §20.14).

use bytes::{Buf as _, BytesMut};
use memchr::memmem;

use super::{Frame, FramingError};
use crate::message::index::index;
use crate::message::{Limits, Mode, ParseError, ParseOptions};

/// Collects the bytes of one connection and gives out whole messages. Holds at most one incomplete message, within
/// [`Limits::message`], plus what the last [`StreamFramer::push`] brought. It knows no time: the shell closes a connection whose
/// message stays incomplete for too long ([`StreamFramer::is_incomplete`]).
#[derive(derive_more::Debug)]
pub struct StreamFramer {
    #[debug("…")]
    buffer: BytesMut,
    options: ParseOptions,
    /// Bytes of the buffer in which the end of the head was looked for already.
    searched: usize,
    /// Length of head and whole message, once the head is there.
    length: Option<usize>,
    /// A single CRLF was reported; another one directly after it makes a ping of both.
    half_ping: bool,
    failed: Option<FramingError>,
}

impl StreamFramer {
    /// A framer for a new connection.
    pub fn new(limits: Limits) -> StreamFramer {
        StreamFramer {
            buffer: BytesMut::new(),
            options: ParseOptions { mode: Mode::Strict, limits },
            searched: 0,
            length: None,
            half_ping: false,
            failed: None,
        }
    }

    /// Adds what was read. Call [`StreamFramer::next_frame`] until it gives `None` before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole message or keep-alive; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`FramingError`] when the connection cannot go on; from then on always the same.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramingError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let frame = self.try_next();
        if let Err(error) = &frame {
            self.failed = Some(error.clone());
            self.buffer = BytesMut::new();
        }
        frame
    }

    /// Whether bytes of a message are waiting for the rest of it.
    pub fn is_incomplete(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    fn try_next(&mut self) -> Result<Option<Frame>, FramingError> {
        if self.length.is_none() {
            if let Some(keep_alive) = self.keep_alive() {
                return Ok(Some(keep_alive));
            }
            if matches!(&*self.buffer, [] | [b'\r']) {
                return Ok(None);
            }
            self.length = self.find_length()?;
        }
        let Some(length) = self.length else {
            return Ok(None);
        };
        if self.buffer.len() < length {
            return Ok(None);
        }
        self.length = None;
        self.searched = 0;
        self.half_ping = false;
        Ok(Some(Frame::Message(self.buffer.split_to(length).freeze())))
    }

    /// Takes a CRLF or two from between messages.
    fn keep_alive(&mut self) -> Option<Frame> {
        if self.searched > 0 {
            return None;
        }
        let (taken, frame) = match &*self.buffer {
            [b'\r', b'\n', ..] if self.half_ping => (2, Frame::Ping),
            [b'\r', b'\n', b'\r', b'\n', ..] => (4, Frame::Ping),
            [b'\r', b'\n', ..] => (2, Frame::Pong),
            _ => return None,
        };
        self.half_ping = taken == 2 && frame == Frame::Pong;
        self.buffer.advance(taken);
        Some(frame)
    }

    /// Looks for the end of the head and reads `Content-Length`: the length of the whole message.
    fn find_length(&mut self) -> Result<Option<usize>, FramingError> {
        let limits = self.options.limits;
        let from = self.searched.saturating_sub(3);
        let found = memmem::find(self.buffer.get(from..).unwrap_or_default(), b"\r\n\r\n");
        let Some(at) = found else {
            self.searched = self.buffer.len();
            if self.buffer.len() > limits.message {
                return Err(fatal(513, "Message Too Large"));
            }
            return Ok(None);
        };
        let head = from + at + 4;
        if head > limits.message {
            return Err(fatal(513, "Message Too Large"));
        }
        let found = index(self.buffer.get(..head).unwrap_or_default(), &self.options);
        let with_head = |status, reason, framer: &mut StreamFramer| FramingError {
            error: ParseError { status, reason },
            head: Some(framer.buffer.split_to(head).freeze()),
        };
        // The index must see the head end where we do: a bare line end can make two messages of one.
        if found.body_start != head {
            return Err(with_head(400, "Line Without CRLF", self));
        }
        let length = match found.content_length {
            Some(length) if !found.length_unclear => length,
            None if !found.length_unclear => {
                return Err(with_head(400, "Missing Content-Length", self));
            }
            _ => return Err(with_head(400, "Malformed Content-Length", self)),
        };
        if length > limits.body {
            return Err(with_head(413, "Request Entity Too Large", self));
        }
        if head + length > limits.message {
            return Err(with_head(513, "Message Too Large", self));
        }
        Ok(Some(head + length))
    }
}

fn fatal(status: u16, reason: &'static str) -> FramingError {
    FramingError { error: ParseError { status, reason }, head: None }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;

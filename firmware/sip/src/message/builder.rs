//! Builds messages into one growing buffer. What is written cannot break out of its line: CR, LF and NUL never get into a
//! start line or header value, whatever the caller passes on from a peer.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::reason::reason_phrase;
use super::{HeaderName, Message, Method, ParseError, Uri, Via, is_token};

/// A message being written: start line first, then headers in the order of the calls, then the body.
#[derive(Clone, derive_more::Debug)]
#[debug("MessageBuilder(…)")]
pub struct MessageBuilder {
    buffer: BytesMut,
}

impl MessageBuilder {
    /// A request with its request line. The method must be a token and the URI printable; characters that are not are left out.
    pub fn request(method: &Method, uri: &str) -> MessageBuilder {
        let mut builder = MessageBuilder { buffer: BytesMut::with_capacity(1024) };
        builder.buffer.extend(method.as_str().bytes().filter(|&c| is_token(&[c])));
        builder.buffer.put_u8(b' ');
        builder.buffer.extend(uri.bytes().filter(|&c| super::chars::is_uri_text(&[c])));
        builder.buffer.put_slice(b" SIP/2.0\r\n");
        builder
    }

    /// A request to a typed URI. URI headers are left out: a Request-URI must have none (RFC 3261 §19.1.1).
    pub fn request_to(method: &Method, uri: &Uri) -> MessageBuilder {
        match uri.text.split_once('?') {
            Some(_) if !uri.headers.is_empty() => MessageBuilder::request(method, &uri.clone().without_headers().text),
            _ => MessageBuilder::request(method, &uri.text),
        }
    }

    /// A response with the usual reason phrase.
    pub fn response(status: u16) -> MessageBuilder {
        MessageBuilder::response_with(status, reason_phrase(status))
    }

    /// A response with a reason phrase of its own.
    pub fn response_with(status: u16, reason: &str) -> MessageBuilder {
        let mut builder = MessageBuilder { buffer: BytesMut::with_capacity(1024) };
        // Writing to memory does not fail.
        let _ = write!(builder.buffer, "SIP/2.0 {:03} ", status.clamp(100, 699));
        put_safe(&mut builder.buffer, reason);
        builder.buffer.put_slice(b"\r\n");
        builder
    }

    /// The response to a request: Via (all), From, To, Call-ID and CSeq copied (RFC 3261 §8.2.6.2), `Timestamp` into a 100, and
    /// Record-Route where the response makes a dialog (§12.1.1: 101–299 to INVITE, SUBSCRIBE, REFER and NOTIFY).
    /// `source` is where the request came from: `received` and `rport` go into the topmost Via (RFC 3581 §4).
    /// `to_tag` is added to To when the request has none there; a 100 gets none.
    pub fn response_to(
        request: &Message,
        status: u16,
        to_tag: Option<&str>,
        source: Option<SocketAddr>,
    ) -> MessageBuilder {
        MessageBuilder::response(status).copying(request, status, to_tag, source)
    }

    /// [`MessageBuilder::response_to`] with a reason phrase of its own: the answer to a refused request says what was wrong.
    pub fn refusal_of(
        request: &Message,
        error: ParseError,
        to_tag: Option<&str>,
        source: Option<SocketAddr>,
    ) -> MessageBuilder {
        MessageBuilder::response_with(error.status, error.reason).copying(request, error.status, to_tag, source)
    }

    fn copying(self, request: &Message, status: u16, to_tag: Option<&str>, source: Option<SocketAddr>) -> Self {
        let mut builder = self;
        for (at, via) in request.values(HeaderName::Via).enumerate() {
            match (at, source, Via::parse_with(&via, super::Mode::Lenient)) {
                (0, Some(source), Ok(mut typed)) => {
                    typed.fill_source(source);
                    builder = builder.header("Via", typed);
                }
                _ => builder = builder.header("Via", &*via),
            }
        }
        if status > 100 && status < 300 && request.method().forms_dialog() {
            for route in request.values(HeaderName::RecordRoute) {
                builder = builder.header("Record-Route", &*route);
            }
        }
        if let Some(from) = request.get(HeaderName::From) {
            builder = builder.header("From", &*from);
        }
        if let Some(to) = request.get(HeaderName::To) {
            let has_tag = request.to().is_none_or(|to| to.tag().is_some());
            match to_tag.filter(|_| !has_tag && status > 100) {
                Some(tag) => builder = builder.header("To", format_args!("{to};tag={tag}")),
                None => builder = builder.header("To", &*to),
            }
        }
        if let Some(call_id) = request.get(HeaderName::CallId) {
            builder = builder.header("Call-ID", &*call_id);
        }
        if let Some(cseq) = request.get(HeaderName::CSeq) {
            builder = builder.header("CSeq", &*cseq);
        }
        if status == 100
            && let Some(timestamp) = request.get(HeaderName::Timestamp)
        {
            builder = builder.header("Timestamp", &*timestamp);
        }
        builder
    }

    /// Adds a header field. Line ends and NUL in the value become spaces. A field whose name is not a token is left out whole: part of
    /// a name could be another. `Content-Length` is written by [`MessageBuilder::body`] and [`MessageBuilder::finish`] alone and ignored here.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl fmt::Display) -> MessageBuilder {
        if !is_token(name.as_bytes()) || HeaderName::from_name(name.as_bytes()) == HeaderName::ContentLength {
            return self;
        }
        self.buffer.put_slice(name.as_bytes());
        self.buffer.put_slice(b": ");
        let _ = write!(Safe(&mut self.buffer), "{value}");
        self.buffer.put_slice(b"\r\n");
        self
    }

    /// [`MessageBuilder::header`] when there is a value.
    #[must_use]
    pub fn header_opt(self, name: &str, value: Option<impl fmt::Display>) -> MessageBuilder {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// [`MessageBuilder::header`] for each value, one field each.
    #[must_use]
    pub fn headers<T: fmt::Display>(self, name: &str, values: impl IntoIterator<Item = T>) -> MessageBuilder {
        values.into_iter().fold(self, |builder, value| builder.header(name, value))
    }

    /// Ends the message with a body.
    pub fn body(self, content_type: &str, body: &[u8]) -> Bytes {
        let mut builder = self.header("Content-Type", content_type);
        let _ = write!(builder.buffer, "Content-Length: {}\r\n\r\n", body.len());
        builder.buffer.put_slice(body);
        builder.buffer.freeze()
    }

    /// Ends the message without a body.
    pub fn finish(mut self) -> Bytes {
        self.buffer.put_slice(b"Content-Length: 0\r\n\r\n");
        self.buffer.freeze()
    }

    /// [`MessageBuilder::finish`], or [`MessageBuilder::body`] when there is one.
    pub fn finish_with(self, body: Option<(&str, &[u8])>) -> Bytes {
        match body {
            Some((content_type, body)) => self.body(content_type, body),
            None => self.finish(),
        }
    }
}

/// Lets nothing through that could end a line.
struct Safe<'a>(&'a mut BytesMut);

impl fmt::Write for Safe<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        put_safe(self.0, text);
        Ok(())
    }
}

fn put_safe(buffer: &mut BytesMut, text: &str) {
    let start = buffer.len();
    buffer.put_slice(text.as_bytes());
    if memchr::memchr3(b'\r', b'\n', 0, text.as_bytes()).is_some() {
        for c in buffer.iter_mut().skip(start) {
            if matches!(*c, b'\r' | b'\n' | 0) {
                *c = b' ';
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Message {
        let bytes = MessageBuilder::request(&Method::Invite, "sip:b@x")
            .header("Via", "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;rport")
            .header("Via", "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb")
            .header("Record-Route", "<sip:p1;lr>")
            .header("From", "<sip:a@x>;tag=1")
            .header("To", "<sip:b@x>")
            .header("Call-ID", "c1")
            .header("CSeq", "1 INVITE")
            .body("application/sdp", b"v=0\r\n");
        Message::parse_datagram(bytes).unwrap()
    }

    #[test]
    fn a_response_copies_what_it_must() {
        let source = "192.0.2.1:4000".parse().unwrap();
        let bytes = MessageBuilder::response_to(&request(), 180, Some("t9"), Some(source)).finish();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(
            text,
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;rport=4000;received=192.0.2.1\r\n\
             Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb\r\n\
             Record-Route: <sip:p1;lr>\r\n\
             From: <sip:a@x>;tag=1\r\n\
             To: <sip:b@x>;tag=t9\r\n\
             Call-ID: c1\r\n\
             CSeq: 1 INVITE\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let trying = MessageBuilder::response_to(&request(), 100, Some("t9"), None).finish();
        let trying = Message::parse_datagram(trying).unwrap();
        assert_eq!(trying.to().unwrap().tag(), None);
        assert!(!trying.has(HeaderName::RecordRoute));
    }

    #[test]
    fn nothing_breaks_out_of_its_line() {
        let bytes = MessageBuilder::request(&Method::Other("X\r\nEvil: 1".into()), "sip:a\r\nEvil: 1@b")
            .header("Sub\r\nject", "nothing")
            .header("Subject", "hello\r\nEvil: 1\r\n\r\nbody\0")
            .header("", "nothing")
            .header("Content-Length", "9")
            .header("l", "9")
            .finish();
        let message = Message::parse_datagram(bytes).unwrap();
        assert_eq!(message.header("Evil"), None);
        assert_eq!(message.header("Subject").as_deref(), Some("hello  Evil: 1    body"));
        assert_eq!(message.header("Content-Length").as_deref(), Some("0"));
        let response = MessageBuilder::response_with(200, "OK\r\nEvil: 1").finish();
        assert_eq!(Message::parse_datagram(response).unwrap().header("Evil"), None);
    }
}

//! The message layer: the received bytes and an index of spans into them. Lossless: what is not understood is still there.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

mod address;
mod auth;
mod builder;
mod chars;
pub mod framing;
mod headers;
mod index;
mod limits;
mod method;
mod name;
mod params;
mod reason;
mod uri;
mod uri_equality;
mod uri_parts;
mod validate;
mod values;
mod via;

pub use address::NameAddr;
pub use auth::{AuthParam, AuthValue, read_auth_params};
pub use builder::MessageBuilder;
pub use chars::{UriPart, escape, is_token, quote, unescape};
pub use headers::{CSeq, Parametrised, RAck, Refresher, Replaces, SessionExpires, delta_seconds};
pub use limits::{Limits, Mode, ParseOptions};
pub use method::Method;
pub use name::HeaderName;
pub use params::Params;
pub use reason::reason_phrase;
pub use uri::Uri;
pub use values::Values;
pub use via::{MAGIC_COOKIE, Via};

use index::{Field, Index, Span};

/// A SIP message, received or built: the bytes as they are on the wire and an index of spans into them.
/// Cloning is cheap (the bytes are shared).
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
    mode: Mode,
    kind: Kind,
    method: Span,
    target: Span,
    fields: Vec<Field>,
    body_start: usize,
}

/// Whether a message is a request or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request (RFC 3261 §7.1).
    Request,
    /// A response with its status code, 100–699 (RFC 3261 §7.2).
    Response(u16),
}

/// Why bytes are not a message we can work with. [`ParseError::status`] is the answer it deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {reason}")]
pub struct ParseError {
    /// The SIP status to answer with when the message was a request that can be answered (400, 413, 505, 513 …).
    pub status: u16,
    /// What is wrong, in words for a log or a `Reason-Phrase`. Never contains bytes of the peer.
    pub reason: &'static str,
}

impl ParseError {
    /// A 400 with its reason.
    pub const fn bad(reason: &'static str) -> ParseError {
        ParseError { status: 400, reason }
    }
}

impl Message {
    /// Parses one whole datagram (RFC 3261 §18.3: Content-Length absent means the rest), strictly, with the limits of the
    /// default.
    ///
    /// # Errors
    /// [`ParseError`] with the status the sender deserves.
    pub fn parse_datagram(bytes: Bytes) -> Result<Message, ParseError> {
        Message::parse_datagram_with(bytes, &ParseOptions::default())
    }

    /// Parses one whole datagram. Empty lines before the start line are skipped (RFC 3261 §7.5), bytes after the body that
    /// `Content-Length` announces are dropped (RFC 3261 §18.3). A message cut out of a stream by its framer is parsed by this too.
    ///
    /// # Errors
    /// [`ParseError`] with the status the sender deserves; [`Message::salvage`] gives what an answer needs.
    pub fn parse_datagram_with(bytes: Bytes, options: &ParseOptions) -> Result<Message, ParseError> {
        let mut bytes = skip_empty_lines(bytes);
        let index = index::index(&bytes, options);
        if let Some(defect) = index.defect {
            return Err(defect);
        }
        let rest = bytes.len() - index.body_start;
        let length = index.content_length.unwrap_or(rest);
        if length > rest {
            return Err(ParseError::bad("Content-Length Larger Than Message"));
        }
        if length > options.limits.body {
            return Err(ParseError { status: 413, reason: "Request Entity Too Large" });
        }
        bytes.truncate(index.body_start + length);
        Ok(Message::from_index(bytes, index, options.mode))
    }

    /// What can be understood of a request that [`Message::parse_datagram`] refused: enough to answer it with the status of its
    /// [`ParseError`]. `None` when there is nothing to answer: a response, an ACK, nobody to send the answer to, or
    /// more `Via` than an answer may repeat.
    /// The result has no body and must not be used for anything else.
    pub fn salvage(bytes: Bytes) -> Option<Message> {
        let bytes = skip_empty_lines(bytes);
        let limits = Limits { message: usize::MAX, ..Limits::default() };
        let head = bytes.slice(..bytes.len().min(Limits::default().message));
        let index = index::index(&head, &ParseOptions { mode: Mode::Lenient, limits });
        let few_vias = !index.too_many_vias;
        let message = Message::from_index(head.slice(..index.body_start), index, Mode::Lenient);
        let answerable = few_vias
            && message.kind == Kind::Request
            && message.method() != Method::Ack
            && message.has(HeaderName::Via)
            && message.has(HeaderName::CSeq);
        answerable.then_some(message)
    }

    fn from_index(bytes: Bytes, index: Index, mode: Mode) -> Message {
        let Index { kind, method, target, fields, body_start, .. } = index;
        Message { bytes, mode, kind, method, target, fields, body_start }
    }

    /// The bytes on the wire.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How strictly it was read; its typed accessors read the same way.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Request or response.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is a request.
    pub fn is_request(&self) -> bool {
        self.kind == Kind::Request
    }

    /// The method: of the request line, or for a response of `CSeq`.
    pub fn method(&self) -> Method {
        match self.kind {
            Kind::Request => Method::from_name(str_of(self.method.of(&self.bytes))),
            Kind::Response(_) => self.cseq().map_or(Method::Other("".into()), |cseq| cseq.method),
        }
    }

    /// The status code of a response, or 0 for a request.
    pub fn status(&self) -> u16 {
        match self.kind {
            Kind::Request => 0,
            Kind::Response(status) => status,
        }
    }

    /// The Request-URI as text; empty for a response.
    pub fn request_uri(&self) -> &str {
        if self.is_request() { str_of(self.target.of(&self.bytes)) } else { "" }
    }

    /// The reason phrase of a response; empty for a request.
    pub fn reason_phrase(&self) -> Cow<'_, str> {
        if self.is_request() { Cow::Borrowed("") } else { String::from_utf8_lossy(self.target.of(&self.bytes)) }
    }

    /// The first value of a header, unfolded. `name` is the long form, any case ("Contact"); compact forms match too.
    /// For a comma-joined list it is the first of the list; an empty header field gives an empty text.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        match HeaderName::from_name(name.as_bytes()) {
            HeaderName::Other => {
                let field = self.fields.iter().find(|field| self.is_named(field, name))?;
                Some(values::unfold(field.value.of(&self.bytes), field.folded))
            }
            id => self.get(id),
        }
    }

    /// All values of a header in order; comma-joined lists are split outside quotes and angle brackets where the header's
    /// grammar allows a list (RFC 3261 §7.3.1). Empty list elements are left out.
    pub fn header_values<'a>(&'a self, name: &str) -> Box<dyn Iterator<Item = Cow<'a, str>> + 'a> {
        match HeaderName::from_name(name.as_bytes()) {
            HeaderName::Other => {
                let name = name.to_owned();
                let fields = self.fields.iter().filter(move |field| self.is_named(field, &name));
                Box::new(fields.map(|field| values::unfold(field.value.of(&self.bytes), field.folded)))
            }
            id => Box::new(self.values(id)),
        }
    }

    /// [`Message::header`] for a header known by its id.
    pub fn get(&self, name: HeaderName) -> Option<Cow<'_, str>> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        if name.is_list()
            && let Some(first) = self.values(name).next()
        {
            return Some(first);
        }
        Some(values::unfold(field.value.of(&self.bytes), field.folded))
    }

    /// [`Message::header_values`] for a header known by its id, without the box.
    pub fn values(&self, name: HeaderName) -> Values<'_> {
        Values::new(&self.bytes, &self.fields, name)
    }

    /// Whether a header field is there, even an empty one.
    pub fn has(&self, name: HeaderName) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// How many fields of this name there are (a list in one field counts once).
    pub fn count(&self, name: HeaderName) -> usize {
        self.fields.iter().filter(|field| field.name == name).count()
    }

    /// Whether a header that lists tokens (`Supported`, `Require`, `Allow` …) has this one. Option tags and methods are compared
    /// without regard to case, as phones write them.
    pub fn lists(&self, name: HeaderName, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// Every header field in order: its name as written and its whole value, unfolded.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, Cow<'_, str>, Cow<'_, str>)> + '_ {
        self.fields.iter().map(|field| {
            let name = String::from_utf8_lossy(field.name_text(&self.bytes));
            (field.name, name, values::unfold(field.value.of(&self.bytes), field.folded))
        })
    }

    /// `Call-ID`.
    pub fn call_id(&self) -> &str {
        let field = self.fields.iter().find(|field| field.name == HeaderName::CallId);
        field.map_or("", |field| str_of(field.value.of(&self.bytes)))
    }

    /// `CSeq`.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(&self.get(HeaderName::CSeq)?).ok()
    }

    /// `From`, typed.
    pub fn from(&self) -> Option<NameAddr> {
        NameAddr::parse_with(&self.get(HeaderName::From)?, self.mode).ok()
    }

    /// `To`, typed.
    pub fn to(&self) -> Option<NameAddr> {
        NameAddr::parse_with(&self.get(HeaderName::To)?, self.mode).ok()
    }

    /// The topmost `Via`.
    pub fn top_via(&self) -> Option<Via> {
        Via::parse_with(&self.get(HeaderName::Via)?, self.mode).ok()
    }

    /// All `Via` values, topmost first.
    ///
    /// # Errors
    /// [`ParseError`] for the first that is not one.
    pub fn vias(&self) -> Result<Vec<Via>, ParseError> {
        self.values(HeaderName::Via).map(|value| Via::parse_with(&value, self.mode)).collect()
    }

    /// All `Contact` values, typed (`*` is a [`NameAddr`] whose URI is `*`). Values that are not addresses are left out:
    /// [`Message::addresses`] tells.
    pub fn contacts(&self) -> Vec<NameAddr> {
        self.values(HeaderName::Contact).filter_map(|value| NameAddr::parse_with(&value, self.mode).ok()).collect()
    }

    /// All values of a header of addresses (`Contact`, `Route`, `Record-Route`, `Path`, `P-Asserted-Identity`, `Refer-To` …).
    ///
    /// # Errors
    /// [`ParseError`] 400 for the first that is not one.
    pub fn addresses(&self, name: HeaderName) -> Result<Vec<NameAddr>, ParseError> {
        self.values(name).map(|value| NameAddr::parse_with(&value, self.mode)).collect()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.body_start..).unwrap_or_default()
    }

    /// The body, sharing the message's bytes.
    pub fn body_bytes(&self) -> Bytes {
        self.bytes.slice(self.body_start.min(self.bytes.len())..)
    }

    fn is_named(&self, field: &Field, name: &str) -> bool {
        field.name == HeaderName::Other && field.name_text(&self.bytes).eq_ignore_ascii_case(name.as_bytes())
    }
}

impl fmt::Debug for Message {
    /// Method or status only: never a number, name or address (DESIGN.md truth 5).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            // A name the peer made up is not printed either.
            Kind::Request => match self.method() {
                Method::Other(_) => f.write_str("Message(other request)"),
                method => write!(f, "Message({method})"),
            },
            Kind::Response(status) => write!(f, "Message({status})"),
        }
    }
}

/// Text where it is UTF-8, else nothing: for parts that were checked, or have no meaning when they are not text.
fn str_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn skip_empty_lines(mut bytes: Bytes) -> Bytes {
    let empty = bytes.iter().take_while(|&&c| matches!(c, b'\r' | b'\n')).count();
    if empty > 0 {
        bytes = bytes.slice(empty..);
    }
    bytes
}

#[cfg(test)]
mod tests;

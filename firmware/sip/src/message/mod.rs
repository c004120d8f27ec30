//! The message layer: the received bytes and an index of spans into them. Lossless: what is not understood is still there.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

/// A SIP message, received or built: the bytes as they are on the wire and an index of spans into them.
/// Cloning is cheap (the bytes are shared).
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
}

/// A request method (RFC 3261 §7.1). Unknown methods are kept as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the methods")]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Prack,
    Subscribe,
    Notify,
    Publish,
    Info,
    Refer,
    Message,
    Update,
    Other(Box<str>),
}

/// Whether a message is a request or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request (RFC 3261 §7.1).
    Request,
    /// A response with its status code, 100–699 (RFC 3261 §7.2).
    Response(u16),
}

/// `CSeq` (RFC 3261 §20.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Sequence number, below 2^31.
    pub number: u32,
    /// The method named.
    pub method: Method,
}

/// Why bytes are not a message we can work with. [`ParseError::status`] is the answer it deserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The SIP status to answer with when the message was a request that can be answered (400, 413, 505, 513 …).
    pub status: u16,
    /// What is wrong, in words for a log or a `Reason-Phrase`. Never contains bytes of the peer.
    pub reason: &'static str,
}

impl Message {
    /// Parses one whole datagram (RFC 3261 §18.3: Content-Length absent means the rest).
    ///
    /// # Errors
    /// [`ParseError`] with the status the sender deserves.
    pub fn parse_datagram(_bytes: Bytes) -> Result<Message, ParseError> {
        unimplemented!()
    }
    /// The bytes on the wire.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }
    /// Request or response.
    pub fn kind(&self) -> Kind {
        unimplemented!()
    }
    /// The method: of the request line, or for a response of `CSeq`.
    pub fn method(&self) -> Method {
        unimplemented!()
    }
    /// The status code of a response, or 0 for a request.
    pub fn status(&self) -> u16 {
        unimplemented!()
    }
    /// The Request-URI as text; empty for a response.
    pub fn request_uri(&self) -> &str {
        unimplemented!()
    }
    /// The first value of a header, unfolded. `name` is the long form, any case ("Contact"); compact forms match too.
    pub fn header(&self, _name: &str) -> Option<Cow<'_, str>> {
        unimplemented!()
    }
    /// All values of a header in order; comma-joined lists are split outside quotes and angle brackets where the header's
    /// grammar allows a list (RFC 3261 §7.3.1).
    pub fn header_values<'a>(&'a self, _name: &str) -> Box<dyn Iterator<Item = Cow<'a, str>> + 'a> {
        unimplemented!()
    }
    /// `Call-ID`.
    pub fn call_id(&self) -> &str {
        unimplemented!()
    }
    /// `CSeq`.
    pub fn cseq(&self) -> Option<CSeq> {
        unimplemented!()
    }
    /// `From`, typed.
    pub fn from(&self) -> Option<NameAddr> {
        unimplemented!()
    }
    /// `To`, typed.
    pub fn to(&self) -> Option<NameAddr> {
        unimplemented!()
    }
    /// All `Contact` values, typed (`*` is a [`NameAddr`] whose URI is `*`).
    pub fn contacts(&self) -> Vec<NameAddr> {
        unimplemented!()
    }
    /// The body.
    pub fn body(&self) -> &[u8] {
        unimplemented!()
    }
}

impl fmt::Debug for Message {
    /// Method or status only: never a number, name or address (DESIGN.md truth 5).
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unimplemented!()
    }
}

/// `name-addr` or `addr-spec` with header parameters (RFC 3261 §20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, unquoted.
    pub display_name: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Header parameters in order: `tag`, `expires`, `q`, `+sip.instance` … Values are unquoted.
    pub params: Vec<(String, Option<String>)>,
}

impl NameAddr {
    /// The value of a header parameter, by its name in any case.
    pub fn param(&self, _name: &str) -> Option<&str> {
        unimplemented!()
    }
    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.param("tag")
    }
}

/// Any URI; `sip:`/`sips:`/`tel:` are taken apart (RFC 3261 §19.1, RFC 3966). Displays as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// The whole URI as written.
    pub text: String,
    /// The scheme in lower case: `sip`, `sips`, `tel`, …
    pub scheme: String,
    /// The user part, unescaped (for `tel:` the number), without parameters of the user part.
    pub user: Option<String>,
    /// Host name or address without brackets (empty for `tel:`).
    pub host: String,
    /// The port, when written.
    pub port: Option<u16>,
    /// URI parameters in order, names as written.
    pub params: Vec<(String, Option<String>)>,
    /// URI headers (`?Replaces=…`) in order, unescaped.
    pub headers: Vec<(String, String)>,
}

impl Uri {
    /// Parses a URI.
    ///
    /// # Errors
    /// [`ParseError`] with status 400 or 416.
    pub fn parse(_text: &str) -> Result<Uri, ParseError> {
        unimplemented!()
    }
    /// The value of a URI parameter (`transport`, `lr`, `ob`, `gr` …), by its name in any case.
    pub fn param(&self, _name: &str) -> Option<&str> {
        unimplemented!()
    }
}

//! What a message must have before anything is done with it (RFC 3261 §8.1.1, §8.2, §20).

use super::chars;
use super::headers::is_sip_date;
use super::uri_parts::UriParts;
use super::{CSeq, HeaderName, Kind, Message, Method, Mode, NameAddr, ParseError, Via};

/// Headers that may be there once (RFC 3261 §7.3.1: those that are not lists), as bits of [`bit`].
const SINGLE: u128 = bit(HeaderName::From)
    | bit(HeaderName::To)
    | bit(HeaderName::CallId)
    | bit(HeaderName::CSeq)
    | bit(HeaderName::MaxForwards)
    | bit(HeaderName::ContentLength)
    | bit(HeaderName::ContentType)
    | bit(HeaderName::ContentDisposition)
    | bit(HeaderName::Expires)
    | bit(HeaderName::Date)
    | bit(HeaderName::RSeq)
    | bit(HeaderName::RAck)
    | bit(HeaderName::SessionExpires)
    | bit(HeaderName::MinSe);

const fn bit(name: HeaderName) -> u128 {
    const { assert!((HeaderName::Other as u8) < 128, "one bit for each name") };
    1 << (name as u8)
}

impl Message {
    /// Whether a received request can be worked with: the mandatory headers are there once and well formed, `CSeq` names the method
    /// of the request line, numbers are in their ranges, addresses are addresses. An absent `Max-Forwards` is taken as 70
    /// (RFC 3261 §16.3: elements of RFC 2543 send none), an absent From tag as RFC 2543 had it (§12.1.1).
    ///
    /// # Errors
    /// [`ParseError`] with the status to answer: 400; 416 for a Request-URI of another scheme than `sip:`, `sips:` and `tel:`.
    pub fn validate_request(&self) -> Result<(), ParseError> {
        if !self.is_request() {
            return Err(ParseError::bad("Not A Request"));
        }
        self.validate_common()?;
        let method = self.method();
        if self.cseq().is_some_and(|cseq| cseq.method != method) {
            return Err(ParseError::bad("CSeq Method Mismatch"));
        }
        self.validate_target(&method)?;
        self.validate_contacts(&method)?;
        for name in [HeaderName::Route, HeaderName::RecordRoute, HeaderName::Path] {
            for value in self.values(name) {
                NameAddr::check(&value, self.mode())?;
            }
        }
        self.number(HeaderName::MaxForwards, 255, "Malformed Max-Forwards")?;
        self.number(HeaderName::Expires, u64::from(u32::MAX), "Malformed Expires")?;
        self.number(HeaderName::RSeq, u64::from(u32::MAX), "Malformed RSeq")?;
        if self.has(HeaderName::SessionExpires) && self.session_expires().is_none() {
            return Err(ParseError::bad("Malformed Session-Expires"));
        }
        if self.has(HeaderName::MinSe) && self.min_se().is_none() {
            return Err(ParseError::bad("Malformed Min-SE"));
        }
        if method == Method::Prack && self.rack().is_none() {
            return Err(ParseError::bad("Missing RAck"));
        }
        if self.mode() == Mode::Strict && self.get(HeaderName::Date).is_some_and(|date| !is_sip_date(&date)) {
            return Err(ParseError::bad("Malformed Date"));
        }
        if !self.body().is_empty() && !self.has(HeaderName::ContentType) {
            return Err(ParseError::bad("Missing Content-Type"));
        }
        Ok(())
    }

    /// Whether a received response can be worked with. Otherwise it is dropped (RFC 3261 §18.1.2, RFC 4475 §3.1.2.5).
    ///
    /// # Errors
    /// [`ParseError`]; its status has no use.
    pub fn validate_response(&self) -> Result<(), ParseError> {
        match self.kind() {
            Kind::Request | Kind::Response(0) => return Err(ParseError::bad("Not A Response")),
            Kind::Response(_) => {}
        }
        self.validate_common()?;
        if self.mode() == Mode::Strict
            && let Some(value) = self.get(HeaderName::RetryAfter)
        {
            let seconds = value.split([';', '(']).next().unwrap_or_default();
            if chars::digits(chars::trim(seconds.as_bytes()), u64::from(u32::MAX)).is_none() {
                return Err(ParseError::bad("Malformed Retry-After"));
            }
        }
        Ok(())
    }

    /// [`Message::validate_request`] or [`Message::validate_response`].
    ///
    /// # Errors
    /// [`ParseError`] of either.
    pub fn validate(&self) -> Result<(), ParseError> {
        if self.is_request() { self.validate_request() } else { self.validate_response() }
    }

    /// What both need: Via, From, To, Call-ID, CSeq.
    fn validate_common(&self) -> Result<(), ParseError> {
        let mut seen = 0u128;
        for field in &self.fields {
            let bit = bit(field.name);
            if seen & SINGLE & bit != 0 {
                return Err(ParseError::bad("Repeated Header"));
            }
            seen |= bit;
        }
        let mut without_via = true;
        for via in self.values(HeaderName::Via) {
            Via::check(&via, self.mode())?;
            without_via = false;
        }
        if without_via {
            return Err(ParseError::bad("Missing Via"));
        }
        let need = |name, missing| self.get(name).ok_or(ParseError::bad(missing));
        let from = need(HeaderName::From, "Missing From")?;
        NameAddr::check(&from, self.mode()).map_err(|_| ParseError::bad("Malformed From"))?;
        let to = need(HeaderName::To, "Missing To")?;
        NameAddr::check(&to, self.mode()).map_err(|_| ParseError::bad("Malformed To"))?;
        need(HeaderName::CallId, "Missing Call-ID")?;
        let call_id = self.call_id();
        if call_id.is_empty() || call_id.bytes().any(|c| c <= b' ' || c == 0x7f) {
            return Err(ParseError::bad("Malformed Call-ID"));
        }
        CSeq::parse(&need(HeaderName::CSeq, "Missing CSeq")?)?;
        Ok(())
    }

    fn validate_target(&self, method: &Method) -> Result<(), ParseError> {
        let uri = UriParts::read(self.request_uri())?;
        uri.check()?;
        if !uri.is_sip() && !uri.is_tel() {
            return Err(ParseError { status: 416, reason: "Unsupported URI Scheme" });
        }
        // RFC 3261 §19.1.1: no headers in a Request-URI. What they would ask for is not done in either mode.
        if self.mode() == Mode::Strict && uri.has_headers() {
            return Err(ParseError::bad("Headers In Request-URI"));
        }
        // RFC 3261 §10.2: the Request-URI of a REGISTER names a domain. Phones that write a user there mean no harm.
        if *method == Method::Register && uri.is_tel() {
            return Err(ParseError { status: 416, reason: "Unsupported URI Scheme" });
        }
        Ok(())
    }

    fn validate_contacts(&self, method: &Method) -> Result<(), ParseError> {
        let mut count = 0usize;
        let mut wildcard = false;
        for value in self.values(HeaderName::Contact) {
            wildcard |= NameAddr::check(&value, self.mode())?;
            count += 1;
        }
        let wildcard_allowed = *method == Method::Register && count == 1 && self.expires() == Some(0);
        if wildcard && !wildcard_allowed {
            // RFC 3261 §10.2.2, §10.3 step 6.
            return Err(ParseError::bad("Invalid Contact Wildcard"));
        }
        // RFC 3261 §8.1.1.8: exactly one in a request that makes a dialog. Elements of RFC 2543 may leave it out.
        if count > 1 && matches!(method, Method::Invite | Method::Subscribe | Method::Refer | Method::Update) {
            return Err(ParseError::bad("Several Contacts"));
        }
        Ok(())
    }

    fn number(&self, name: HeaderName, max: u64, reason: &'static str) -> Result<(), ParseError> {
        match self.get(name) {
            Some(text) if chars::digits(text.as_bytes(), max).is_none() => Err(ParseError::bad(reason)),
            _ => Ok(()),
        }
    }
}

//! A URI taken apart in place: [`super::Uri`] is made from this, and a check needs no more.

use std::net::Ipv6Addr;

use super::ParseError;
use super::chars::{self, split_once, unescape};
use super::params::MAX_PARAMS;
use super::uri::is_visual_separator;

const BAD: ParseError = ParseError::bad("Malformed URI");

/// The parts as written, escapes and all. Parameters and headers are looked at when they are read.
pub(crate) struct UriParts<'a> {
    /// In any case.
    pub(crate) scheme: &'a str,
    /// Without password and parameters of the user part; the number of a `tel:`.
    pub(crate) user: Option<&'a str>,
    /// Without brackets; empty for `tel:` and schemes that are not taken apart.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    params: Option<&'a str>,
    headers: Option<&'a str>,
}

impl<'a> UriParts<'a> {
    pub(crate) fn read(text: &'a str) -> Result<UriParts<'a>, ParseError> {
        if !chars::is_uri_text(text.as_bytes()) {
            return Err(BAD);
        }
        let (scheme, rest) = split_once(text, b':').ok_or(BAD)?;
        let mut letters = scheme.bytes();
        let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
        if !first || !letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.')) {
            return Err(BAD);
        }
        let mut parts = UriParts { scheme, user: None, host: "", port: None, params: None, headers: None };
        if parts.is_sip() {
            parts.read_sip(rest)?;
        } else if parts.is_tel() {
            parts.read_tel(rest)?;
        } else if rest.is_empty() {
            return Err(BAD);
        }
        Ok(parts)
    }

    pub(crate) fn is_sip(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("sip") || self.scheme.eq_ignore_ascii_case("sips")
    }

    pub(crate) fn is_tel(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("tel")
    }

    pub(crate) fn has_headers(&self) -> bool {
        self.headers.is_some()
    }

    /// Looks at parameters and headers too.
    pub(crate) fn check(&self) -> Result<(), ParseError> {
        self.params().try_for_each(|param| param.map(|_| ()))?;
        self.headers().try_for_each(|header| header.map(|_| ()))
    }

    /// Reads `[userinfo "@"] host [":" port] *(";" param) ["?" headers]`.
    fn read_sip(&mut self, rest: &'a str) -> Result<(), ParseError> {
        // Neither parameters nor headers may hold an `@` as it is, so there is at most one, and it ends the user part.
        let host_part = if let Some((userinfo, host_part)) = split_once(rest, b'@') {
            let user = split_optional(userinfo, b':').0;
            let user = split_optional(user, b';').0;
            // Some phones leave the `@` of a Call-ID in `?Replaces=` unescaped: after the `?` it does no harm.
            let before_headers = split_optional(host_part, b'?').0;
            if user.is_empty() || memchr::memchr(b'@', before_headers.as_bytes()).is_some() {
                return Err(ParseError::bad("Malformed User Part"));
            }
            self.user = Some(user);
            host_part
        } else {
            rest
        };
        let (host_part, headers) = split_optional(host_part, b'?');
        let (host_port, params) = split_optional(host_part, b';');
        (self.host, self.port) = read_host_port(host_port)?;
        self.params = params;
        self.headers = headers;
        Ok(())
    }

    /// Reads `number *(";" param)` (RFC 3966 §3).
    fn read_tel(&mut self, rest: &'a str) -> Result<(), ParseError> {
        let (number, params) = split_optional(rest, b';');
        let plain = unescape(number);
        let digits = plain.strip_prefix('+').unwrap_or(&plain);
        let known = |c: u8| c.is_ascii_hexdigit() || matches!(c, b'*' | b'#' | b'-' | b'.' | b'(' | b')');
        if digits.is_empty() || !digits.bytes().all(known) || !digits.bytes().any(|c| !is_visual_separator(c)) {
            return Err(ParseError::bad("Malformed Telephone Number"));
        }
        self.user = Some(number);
        self.params = params;
        Ok(())
    }

    /// `name[=value]` of the URI parameters in order.
    pub(crate) fn params(&self) -> impl Iterator<Item = Result<(&'a str, Option<&'a str>), ParseError>> + use<'a> {
        let params =
            self.params.into_iter().flat_map(|params| params.split(';')).map(|param| split_optional(param, b'='));
        // A stray semicolon at the end is common and harmless.
        let params = params.filter(|(name, value)| !name.is_empty() || value.is_some());
        params.enumerate().map(|(at, param)| {
            let good = !param.0.is_empty() && at < MAX_PARAMS;
            if good { Ok(param) } else { Err(ParseError::bad("Malformed URI Parameters")) }
        })
    }

    /// `name=value` of the URI headers in order.
    pub(crate) fn headers(&self) -> impl Iterator<Item = Result<(&'a str, &'a str), ParseError>> + use<'a> {
        let headers = self.headers.into_iter().flat_map(|headers| headers.split('&'));
        headers.enumerate().map(|(at, header)| {
            let (name, value) = split_optional(header, b'=');
            let good = !name.is_empty() && at < MAX_PARAMS;
            if good { Ok((name, value.unwrap_or_default())) } else { Err(ParseError::bad("Malformed URI Headers")) }
        })
    }
}

/// What stands before a separator, and what follows when it is there.
fn split_optional(text: &str, separator: u8) -> (&str, Option<&str>) {
    split_once(text, separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Reads `host [":" port]`; an IPv6 address comes back without brackets.
pub(crate) fn read_host_port(text: &str) -> Result<(&str, Option<u16>), ParseError> {
    const BAD: ParseError = ParseError::bad("Malformed Host");
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = split_once(rest, b']').ok_or(BAD)?;
        host.parse::<Ipv6Addr>().map_err(|_| BAD)?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(BAD),
        }
    } else {
        let (host, port) = split_optional(text, b':');
        if !chars::is_host_name(host.as_bytes()) {
            return Err(BAD);
        }
        (host, port)
    };
    let port = match port {
        None => None,
        Some(port) => {
            let number =
                chars::digits(port.as_bytes(), u64::from(u16::MAX)).ok_or(ParseError::bad("Malformed Port"))?;
            Some(u16::try_from(number).map_err(|_| BAD)?)
        }
    };
    Ok((host, port))
}

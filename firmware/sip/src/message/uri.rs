//! URIs (RFC 3261 §19.1, RFC 3966).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::ParseError;
use super::chars::{self, MAX_PARAMS, Params, UriPart, escape, unescape};

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
    /// URI parameters in order, names as written, values unescaped.
    pub params: Params,
    /// URI headers (`?Replaces=…`) in order, unescaped.
    pub headers: Vec<(String, String)>,
}

impl Uri {
    /// Parses a URI.
    ///
    /// # Errors
    /// [`ParseError`] with status 400 or 416.
    pub fn parse(text: &str) -> Result<Uri, ParseError> {
        const BAD: ParseError = ParseError::bad("Malformed URI");
        if !chars::is_uri_text(text.as_bytes()) {
            return Err(BAD);
        }
        let (scheme, rest) = text.split_once(':').ok_or(BAD)?;
        let mut letters = scheme.bytes();
        let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
        if !first || !letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.')) {
            return Err(BAD);
        }
        let mut uri = Uri {
            text: text.to_owned(),
            scheme: scheme.to_ascii_lowercase(),
            user: None,
            host: String::new(),
            port: None,
            params: Params::new(),
            headers: Vec::new(),
        };
        match uri.scheme.as_str() {
            "sip" | "sips" => uri.read_sip(rest)?,
            "tel" => uri.read_tel(rest)?,
            _ if rest.is_empty() => return Err(BAD),
            _ => {}
        }
        Ok(uri)
    }

    /// A `sip:` URI of its parts. The user part is escaped; an IPv6 address gets its brackets.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Uri {
        let mut uri = Uri {
            text: String::new(),
            scheme: "sip".into(),
            user: user.map(str::to_owned),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            params: Params::new(),
            headers: Vec::new(),
        };
        uri.rewrite();
        uri
    }

    /// The `*` of `Contact: *` (RFC 3261 §10.2.2): not a URI, but stands where one does.
    pub(crate) fn wildcard() -> Uri {
        Uri {
            text: "*".into(),
            scheme: String::new(),
            user: None,
            host: String::new(),
            port: None,
            params: Params::new(),
            headers: Vec::new(),
        }
    }

    /// The value of a URI parameter (`transport`, `lr`, `ob`, `gr` …), by its name in any case. A parameter without value gives
    /// an empty text.
    pub fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(known, _)| unescape(known).eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_deref().unwrap_or(""))
    }

    /// The value of a URI header (`Replaces` in `Refer-To: <sip:…?Replaces=…>`), by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it is a `sip:` or `sips:` URI.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme.as_str(), "sip" | "sips")
    }

    /// The host as an address, when it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The user part with password and its own parameters as written, escapes and all; `None` without `@`.
    pub fn userinfo(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(':')?;
        if self.is_sip() { rest.split_once('@').map(|(user, _)| user) } else { None }
    }

    /// The password in the user part, unescaped. RFC 3261 §19.1.1 recommends against having one.
    pub fn password(&self) -> Option<String> {
        let (_, password) = self.userinfo()?.split_once(':')?;
        Some(unescape(password).into_owned())
    }

    /// The same with a URI parameter set or replaced; the text is written anew.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Uri {
        self.params.retain(|(known, _)| !unescape(known).eq_ignore_ascii_case(name));
        self.params.push((name.to_owned(), value.map(str::to_owned)));
        self.rewrite();
        self
    }

    /// The same without URI headers and without the parameters a Request-URI or a Contact must not have
    /// (RFC 3261 §19.1.1, table 1: `method`, `ttl`, `maddr` and the headers). The text is written anew.
    #[must_use]
    pub fn without_headers(mut self) -> Uri {
        if !self.headers.is_empty() {
            self.headers.clear();
            self.rewrite();
        }
        self
    }

    /// Writes [`Uri::text`] anew from the parts: call it after changing them. A password and parameters of the user part are
    /// lost. Does nothing for schemes that are not taken apart.
    pub fn rewrite(&mut self) {
        let mut text = String::with_capacity(self.text.len().max(32));
        text.push_str(&self.scheme);
        text.push(':');
        match self.scheme.as_str() {
            "sip" | "sips" => {
                if let Some(user) = &self.user {
                    text.push_str(&escape(user, UriPart::User));
                    text.push('@');
                }
                write_host(&mut text, &self.host);
                if let Some(port) = self.port {
                    text.push(':');
                    text.push_str(&port.to_string());
                }
            }
            "tel" => text.push_str(&escape(self.user.as_deref().unwrap_or_default(), UriPart::User)),
            _ => return,
        }
        for (name, value) in &self.params {
            text.push(';');
            text.push_str(&escape(&unescape(name), UriPart::Param));
            if let Some(value) = value {
                text.push('=');
                text.push_str(&escape(value, UriPart::Param));
            }
        }
        for (at, (name, value)) in self.headers.iter().enumerate() {
            text.push(if at == 0 { '?' } else { '&' });
            text.push_str(&escape(name, UriPart::Header));
            text.push('=');
            text.push_str(&escape(value, UriPart::Header));
        }
        self.text = text;
    }

    /// Reads `[userinfo "@"] host [":" port] *(";" param) ["?" headers]`.
    fn read_sip(&mut self, rest: &str) -> Result<(), ParseError> {
        // Neither parameters nor headers may hold an `@` as it is, so there is at most one, and it ends the user part.
        let host_part = if let Some((userinfo, host_part)) = rest.split_once('@') {
            let user = userinfo.split_once(':').map_or(userinfo, |(user, _)| user);
            let user = user.split_once(';').map_or(user, |(user, _)| user);
            // Some phones leave the `@` of a Call-ID in `?Replaces=` unescaped: after the `?` it does no harm.
            let before_headers = host_part.split_once('?').map_or(host_part, |(before, _)| before);
            if user.is_empty() || before_headers.contains('@') {
                return Err(ParseError::bad("Malformed User Part"));
            }
            self.user = Some(unescape(user).into_owned());
            host_part
        } else {
            rest
        };
        let (host_part, headers) = match host_part.split_once('?') {
            Some((before, headers)) => (before, Some(headers)),
            None => (host_part, None),
        };
        let (host_port, params) = match host_part.split_once(';') {
            Some((before, params)) => (before, Some(params)),
            None => (host_part, None),
        };
        let (host, port) = read_host_port(host_port)?;
        self.host = host.to_owned();
        self.port = port;
        if let Some(params) = params {
            self.params = read_uri_params(params)?;
        }
        if let Some(headers) = headers {
            for pair in headers.split('&') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                if name.is_empty() || self.headers.len() == MAX_PARAMS {
                    return Err(ParseError::bad("Malformed URI Headers"));
                }
                self.headers.push((unescape(name).into_owned(), unescape(value).into_owned()));
            }
        }
        Ok(())
    }

    /// Reads `number *(";" param)` (RFC 3966 §3).
    fn read_tel(&mut self, rest: &str) -> Result<(), ParseError> {
        let (number, params) = match rest.split_once(';') {
            Some((number, params)) => (number, Some(params)),
            None => (rest, None),
        };
        let number = unescape(number);
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let known = |c: u8| c.is_ascii_hexdigit() || matches!(c, b'*' | b'#' | b'-' | b'.' | b'(' | b')');
        if digits.is_empty() || !digits.bytes().all(known) || !digits.bytes().any(|c| !is_visual_separator(c)) {
            return Err(ParseError::bad("Malformed Telephone Number"));
        }
        self.user = Some(number.into_owned());
        if let Some(params) = params {
            self.params = read_uri_params(params)?;
        }
        Ok(())
    }
}

pub(crate) fn is_visual_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')')
}

/// Writes a host, an IPv6 address in brackets.
pub(crate) fn write_host(out: &mut String, host: &str) {
    if host.contains(':') {
        out.push('[');
        out.push_str(host);
        out.push(']');
    } else {
        out.push_str(host);
    }
}

/// Reads `host [":" port]`; an IPv6 address comes back without brackets.
pub(crate) fn read_host_port(text: &str) -> Result<(&str, Option<u16>), ParseError> {
    const BAD: ParseError = ParseError::bad("Malformed Host");
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(BAD)?;
        host.parse::<Ipv6Addr>().map_err(|_| BAD)?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(BAD),
        }
    } else {
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
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

fn read_uri_params(text: &str) -> Result<Params, ParseError> {
    let mut params = Params::new();
    for param in text.split(';') {
        let (name, value) = match param.split_once('=') {
            Some((name, value)) => (name, Some(unescape(value).into_owned())),
            None => (param, None),
        };
        // A stray semicolon at the end is common and harmless.
        if name.is_empty() && value.is_none() {
            continue;
        }
        if name.is_empty() || params.len() == MAX_PARAMS {
            return Err(ParseError::bad("Malformed URI Parameters"));
        }
        params.push((name.to_owned(), value));
    }
    Ok(params)
}

impl FromStr for Uri {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Uri, ParseError> {
        Uri::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

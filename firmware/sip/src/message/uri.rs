//! URIs (RFC 3261 §19.1, RFC 3966).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::ParseError;
use super::chars::{UriPart, escape, unescape};
use super::params::Params;
use super::uri_parts::UriParts;

/// Any URI; `sip:`/`sips:`/`tel:` are taken apart (RFC 3261 §19.1, RFC 3966). Displays as it was written.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Uri {
    /// The whole URI as written.
    #[debug("…")]
    pub text: String,
    /// The scheme in lower case: `sip`, `sips`, `tel`, …
    pub scheme: String,
    /// The user part, unescaped (for `tel:` the number), without parameters of the user part.
    #[debug("…")]
    pub user: Option<String>,
    /// Host name or address without brackets (empty for `tel:`).
    #[debug("…")]
    pub host: String,
    /// The port, when written.
    #[debug("…")]
    pub port: Option<u16>,
    /// URI parameters in order, names as written, values unescaped.
    #[debug("…")]
    pub params: Params,
    /// URI headers (`?Replaces=…`) in order, unescaped.
    #[debug("…")]
    pub headers: Vec<(String, String)>,
}

impl Uri {
    /// Parses a URI.
    ///
    /// # Errors
    /// [`ParseError`] with status 400 or 416.
    pub fn parse(text: &str) -> Result<Uri, ParseError> {
        let parts = UriParts::read(text)?;
        let own = |text: &str| unescape(text).into_owned();
        let mut uri = Uri {
            text: text.to_owned(),
            scheme: parts.scheme.to_ascii_lowercase(),
            user: parts.user.map(own),
            host: parts.host.to_owned(),
            port: parts.port,
            params: Params::new(),
            headers: Vec::new(),
        };
        for param in parts.params() {
            let (name, value) = param?;
            uri.params.push((name.to_owned(), value.map(own)));
        }
        for header in parts.headers() {
            let (name, value) = header?;
            uri.headers.push((own(name), own(value)));
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

//! `Via` (RFC 3261 §20.42, RFC 3581).

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::chars::{self, split_blank, split_once, split_params, trim_text};
use super::params::{ParamReader, Params, find_param, read_params, write_value};
use super::uri::write_host;
use super::uri_parts::read_host_port;
use super::{Mode, ParseError};

/// What every branch made by RFC 3261 begins with (§8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One `Via` value.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Via {
    /// The transport as written: `UDP`, `TCP`, `TLS`, `WS`, `WSS`, `SCTP` or any other token.
    pub transport: String,
    /// Host of sent-by, an IPv6 address without brackets.
    #[debug("…")]
    pub host: String,
    /// Port of sent-by, when written.
    #[debug("…")]
    pub port: Option<u16>,
    /// Parameters in order, values unquoted.
    #[debug("…")]
    pub params: Params,
}

impl Via {
    /// A value with a branch and an empty `rport` (RFC 3581 §3).
    pub fn new(transport: &str, host: &str, port: Option<u16>, branch: &str) -> Via {
        let params = vec![("branch".to_owned(), Some(branch.to_owned())), ("rport".to_owned(), None)];
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Via { transport: transport.to_owned(), host, port, params }
    }

    /// Parses one value (not a list) strictly.
    ///
    /// # Errors
    /// [`ParseError`] 400, or 505 for another protocol version.
    pub fn parse(text: &str) -> Result<Via, ParseError> {
        Via::parse_with(text, Mode::Strict)
    }

    /// Parses one value (not a list).
    ///
    /// # Errors
    /// [`ParseError`] 400, or 505 for another protocol version.
    pub fn parse_with(text: &str, mode: Mode) -> Result<Via, ParseError> {
        let parts = ViaParts::read(text)?;
        let (host, port) = read_host_port(&parts.sent_by)?;
        let params = read_params(parts.params, mode)?;
        let mut forms = ParamForms::default();
        params.iter().for_each(|(name, value)| forms.see(name, value.as_deref()));
        forms.outcome()?;
        Ok(Via { transport: parts.transport.to_owned(), host: host.to_owned(), port, params })
    }

    /// What [`Via::parse_with`] refuses, without making the value.
    pub(crate) fn check(text: &str, mode: Mode) -> Result<(), ParseError> {
        let parts = ViaParts::read(text)?;
        read_host_port(&parts.sent_by)?;
        let mut forms = ParamForms::default();
        for param in ParamReader::new(parts.params, mode) {
            let (name, value) = param?;
            forms.see(name, value.as_deref());
        }
        forms.outcome()
    }

    /// The value of a parameter, by its name in any case. A parameter without value gives an empty text.
    pub fn param(&self, name: &str) -> Option<&str> {
        find_param(&self.params, name)
    }

    /// Sets or adds a parameter, in place so that the order stays.
    pub fn set_param(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self.params.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, slot)) => *slot = value,
            None => self.params.push((name.to_owned(), value)),
        }
    }

    /// `branch`.
    pub fn branch(&self) -> Option<&str> {
        self.param("branch")
    }

    /// A branch that identifies a transaction: it begins with the magic cookie and has something after it
    /// (RFC 3261 §17.2.3, RFC 4475 §3.2.1). Otherwise the rules of RFC 2543 apply.
    pub fn rfc3261_branch(&self) -> Option<&str> {
        let branch = self.branch()?;
        let cookie = branch.get(..MAGIC_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && branch.len() > MAGIC_COOKIE.len()).then_some(branch)
    }

    /// `received`, an address (brackets around IPv6 are taken off).
    pub fn received(&self) -> Option<IpAddr> {
        self.param("received")?.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// Whether the client asks for the port it is seen with (RFC 3581): there is an `rport`, with or without value.
    pub fn has_rport(&self) -> bool {
        self.param("rport").is_some()
    }

    /// The port of `rport`, once filled in.
    pub fn rport(&self) -> Option<u16> {
        self.param("rport")?.parse().ok()
    }

    /// `ttl`.
    pub fn ttl(&self) -> Option<u8> {
        self.param("ttl")?.parse().ok()
    }

    /// `maddr`.
    pub fn maddr(&self) -> Option<&str> {
        self.param("maddr")
    }

    /// The default port of its transport (RFC 3261 §18.2.2, RFC 7118).
    pub fn default_port(&self) -> u16 {
        match self.transport.to_ascii_uppercase().as_str() {
            "TLS" => 5061,
            "WS" => 80,
            "WSS" => 443,
            _ => 5060,
        }
    }

    /// Whether sent-by is the same: hosts without regard to case, ports with the default filled in (RFC 3261 §17.2.3).
    pub fn same_sent_by(&self, other: &Via) -> bool {
        self.host.eq_ignore_ascii_case(&other.host)
            && self.port.unwrap_or(self.default_port()) == other.port.unwrap_or(other.default_port())
    }

    /// Fills in what the server saw: `received` when the address differs from sent-by or `rport` was asked for, and the value of
    /// `rport` (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn fill_source(&mut self, source: std::net::SocketAddr) {
        let address = source.ip().to_canonical();
        let same = self.host.parse::<IpAddr>().is_ok_and(|host| host.to_canonical() == address);
        if self.has_rport() {
            self.set_param("rport", Some(&source.port().to_string()));
            self.set_param("received", Some(&address.to_string()));
        } else if !same {
            self.set_param("received", Some(&address.to_string()));
        }
    }
}

const BAD: ParseError = ParseError::bad("Malformed Via");

/// A value taken apart in place.
struct ViaParts<'a> {
    transport: &'a str,
    /// Host and port, not yet looked at.
    sent_by: Cow<'a, str>,
    /// From the first semicolon on, not yet looked at.
    params: &'a str,
}

impl<'a> ViaParts<'a> {
    fn read(text: &'a str) -> Result<ViaParts<'a>, ParseError> {
        let (protocol, rest) = split_once(text, b'/').ok_or(BAD)?;
        let (version, rest) = split_once(rest, b'/').ok_or(BAD)?;
        if !trim_text(protocol).eq_ignore_ascii_case("SIP") {
            return Err(BAD);
        }
        if trim_text(version) != "2.0" {
            return Err(ParseError { status: 505, reason: "Version Not Supported" });
        }
        let rest = trim_text(rest);
        let (transport, rest) = split_blank(rest).ok_or(BAD)?;
        if !chars::is_token(transport.as_bytes()) {
            return Err(BAD);
        }
        let (sent_by, params) = split_params(rest);
        let sent_by = trim_text(sent_by);
        // White space may stand around the colon of the port.
        let sent_by = match split_blank(sent_by).and_then(|_| sent_by.rsplit_once(':')) {
            Some((host, port)) => Cow::Owned(format!("{}:{}", trim_text(host), trim_text(port))),
            None => Cow::Borrowed(sent_by),
        };
        Ok(ViaParts { transport, sent_by, params })
    }
}

/// Whether the parameters that have a form of their own have it (RFC 3261 §25.1 via-params). Of repeated ones the first counts.
#[derive(Default)]
struct ParamForms {
    seen: [bool; 3],
    malformed: bool,
}

impl ParamForms {
    fn see(&mut self, name: &str, value: Option<&str>) {
        let value = value.unwrap_or_default();
        let number = |max: u64| value.is_empty() || chars::digits(value.as_bytes(), max).is_some();
        let (which, good) = match name.len() {
            6 if name.eq_ignore_ascii_case("branch") => (0, chars::is_token(value.as_bytes())),
            5 if name.eq_ignore_ascii_case("rport") => (1, number(u64::from(u16::MAX))),
            3 if name.eq_ignore_ascii_case("ttl") => (2, number(255)),
            _ => return,
        };
        if let Some(seen) = self.seen.get_mut(which) {
            self.malformed |= !*seen && !good;
            *seen = true;
        }
    }

    fn outcome(self) -> Result<(), ParseError> {
        if self.malformed { Err(BAD) } else { Ok(()) }
    }
}

impl FromStr for Via {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Via, ParseError> {
        Via::parse(text)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::with_capacity(96);
        out.push_str("SIP/2.0/");
        out.push_str(&self.transport);
        out.push(' ');
        write_host(&mut out, &self.host);
        if let Some(port) = self.port {
            out.push(':');
            out.push_str(&port.to_string());
        }
        for (name, value) in &self.params {
            out.push(';');
            out.push_str(name);
            if let Some(value) = value {
                out.push('=');
                write_value(&mut out, value);
            }
        }
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_via() {
        let via =
            Via::parse("SIP / 2.0 / TCP   [2001:db8::9] : 5061 ; branch = z9hG4bKx;received=192.0.2.1;rport=7;ttl=1")
                .unwrap();
        assert_eq!(via.host, "2001:db8::9");
        assert_eq!(via.port, Some(5061));
        assert_eq!(via.branch(), Some("z9hG4bKx"));
        assert_eq!(via.received(), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(via.rport(), Some(7));
        assert_eq!(via.to_string(), "SIP/2.0/TCP [2001:db8::9]:5061;branch=z9hG4bKx;received=192.0.2.1;rport=7;ttl=1");
        assert_eq!(Via::parse("SIP/2.0/UDP a;branch=z9hG4bK").unwrap().rfc3261_branch(), None);
        assert_eq!(Via::parse("SIP/7.0/UDP a").unwrap_err().status, 505);
        for bad in ["", "SIP/2.0/UDP", "SIP/2.0 a", "SIP/2.0/UDP a;;", "SIP/2.0/UDP a b", "SIP/2.0/UDP a;ttl=256"] {
            assert!(Via::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_source_is_filled_in() {
        let source = "192.0.2.44:61000".parse().unwrap();
        let filled = |text: &str| {
            let mut via = Via::parse(text).unwrap();
            via.fill_source(source);
            via.to_string()
        };
        assert_eq!(filled("SIP/2.0/UDP 192.0.2.44;branch=z9hG4bKa"), "SIP/2.0/UDP 192.0.2.44;branch=z9hG4bKa");
        assert_eq!(
            filled("SIP/2.0/UDP phone.local;branch=z9hG4bKa"),
            "SIP/2.0/UDP phone.local;branch=z9hG4bKa;received=192.0.2.44"
        );
        assert_eq!(
            filled("SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKa"),
            "SIP/2.0/UDP 10.0.0.1;rport=61000;branch=z9hG4bKa;received=192.0.2.44"
        );
    }
}

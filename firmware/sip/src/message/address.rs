//! `name-addr` and `addr-spec` (RFC 3261 §20.10, §25.1).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::chars::{self, quote, read_quoted, split_once, split_params, trim_text};
use super::params::{Params, check_params, find_param, read_params, write_value};
use super::uri_parts::UriParts;
use super::{Mode, ParseError, Uri};

/// `name-addr` or `addr-spec` with header parameters (RFC 3261 §20.10).
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, unquoted.
    #[debug("…")]
    pub display_name: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Header parameters in order: `tag`, `expires`, `q`, `+sip.instance` … Values are unquoted.
    #[debug("…")]
    pub params: Params,
}

impl NameAddr {
    /// An address without display name and parameters.
    pub fn new(uri: Uri) -> NameAddr {
        NameAddr { display_name: None, uri, params: Params::new() }
    }

    /// Parses one value (not a list) strictly.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<NameAddr, ParseError> {
        NameAddr::parse_with(text, Mode::Strict)
    }

    /// Parses one value (not a list).
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse_with(text: &str, mode: Mode) -> Result<NameAddr, ParseError> {
        let parts = AddressParts::read(text, mode)?;
        let uri = parts.uri.map_or_else(|| Ok(Uri::wildcard()), Uri::parse)?;
        let display_name = parts.display_name.map(Cow::into_owned);
        Ok(NameAddr { display_name, uri, params: read_params(parts.params, mode)? })
    }

    /// What [`NameAddr::parse_with`] refuses, without making the address. Tells whether it is `*`.
    pub(crate) fn check(text: &str, mode: Mode) -> Result<bool, ParseError> {
        let parts = AddressParts::read(text, mode)?;
        if let Some(uri) = parts.uri {
            UriParts::read(uri)?.check()?;
        }
        check_params(parts.params, mode)?;
        Ok(parts.uri.is_none())
    }

    /// Whether it is `Contact: *` (RFC 3261 §10.2.2).
    pub fn is_wildcard(&self) -> bool {
        self.uri.text == "*"
    }

    /// The value of a header parameter, by its name in any case. A parameter without value gives an empty text.
    pub fn param(&self, name: &str) -> Option<&str> {
        find_param(&self.params, name)
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.param("tag")
    }

    /// The same with a parameter set or replaced.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> NameAddr {
        self.params.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.params.push((name.to_owned(), value.map(str::to_owned)));
        self
    }

    /// The same with a `tag`.
    #[must_use]
    pub fn with_tag(self, tag: &str) -> NameAddr {
        self.with_param("tag", Some(tag))
    }
}

/// An address taken apart in place.
struct AddressParts<'a> {
    /// Unquoted.
    display_name: Option<Cow<'a, str>>,
    /// Not yet looked at; `None` for the wildcard `*`, which is no URI.
    uri: Option<&'a str>,
    /// From the first semicolon on, not yet looked at.
    params: &'a str,
}

impl<'a> AddressParts<'a> {
    fn read(text: &'a str, mode: Mode) -> Result<AddressParts<'a>, ParseError> {
        let text = trim_text(text);
        if let Some(rest) = text.strip_prefix('*')
            && (rest.is_empty() || trim_text(rest).starts_with(';'))
        {
            return Ok(AddressParts { display_name: None, uri: None, params: rest });
        }
        let Some((display_name, rest)) = display_name(text, mode)? else {
            return addr_spec(text, mode);
        };
        let (uri, params) = split_once(rest, b'>').ok_or(ParseError::bad("Unterminated Angle Bracket"))?;
        let uri = if mode == Mode::Lenient { trim_text(uri) } else { uri };
        Ok(AddressParts { display_name, uri: Some(uri), params })
    }
}

/// A display name, when there is one, and what follows `<`.
type NameAndRest<'a> = (Option<Cow<'a, str>>, &'a str);

/// The display name and what follows `<`; `None` when the value is an `addr-spec`.
fn display_name(text: &str, mode: Mode) -> Result<Option<NameAndRest<'_>>, ParseError> {
    if text.starts_with('"') {
        if let Some((name, rest)) = read_quoted(text)
            && let Some(rest) = trim_text(rest).strip_prefix('<')
        {
            return Ok(Some((Some(name), rest)));
        }
        if mode == Mode::Strict {
            return Err(ParseError::bad("Malformed Display Name"));
        }
        // An unterminated quote: the name is what stands before the angle bracket.
        let (name, rest) = split_once(text, b'<').ok_or(ParseError::bad("Malformed Address"))?;
        return Ok(Some((Some(Cow::Borrowed(trim_text(name).trim_matches('"'))), rest)));
    }
    let Some(bracket) = memchr::memchr2(b'<', b'"', text.as_bytes()) else {
        return Ok(None);
    };
    let (name, rest) = text.split_at(bracket);
    let Some(rest) = rest.strip_prefix('<') else {
        return Ok(None);
    };
    let name = trim_text(name);
    let plain = name.split([' ', '\t']).all(|word| word.bytes().all(|c| c >= 0x80 || chars::is_token(&[c])));
    if !plain && mode == Mode::Strict {
        return Err(ParseError::bad("Malformed Display Name"));
    }
    Ok(Some(((!name.is_empty()).then_some(Cow::Borrowed(name)), rest)))
}

/// An `addr-spec`: what follows the first semicolon belongs to the header (RFC 3261 §20.10).
fn addr_spec(text: &str, mode: Mode) -> Result<AddressParts<'_>, ParseError> {
    let (uri, params) = split_params(text);
    let uri = trim_text(uri);
    if mode == Mode::Strict && memchr::memchr2(b'?', b',', uri.as_bytes()).is_some() {
        return Err(ParseError::bad("URI Needs Angle Brackets"));
    }
    Ok(AddressParts { display_name: None, uri: Some(uri), params })
}

impl FromStr for NameAddr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<NameAddr, ParseError> {
        NameAddr::parse(text)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::with_capacity(self.uri.text.len() + 32);
        if self.is_wildcard() {
            out.push('*');
        } else {
            if let Some(name) = &self.display_name {
                out.push_str(&quote(name));
                out.push(' ');
            }
            out.push('<');
            out.push_str(&self.uri.text);
            out.push('>');
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

//! Characters and small pieces of the SIP grammar (RFC 3261 §25.1): tokens, quoted strings, escapes, parameters.

use std::borrow::Cow;

use super::{Mode, ParseError};

/// `name[=value]` parameters in order of appearance.
pub type Params = Vec<(String, Option<String>)>;

/// Most parameters of one value or URI: beyond, the value is refused (bounds the search for doubles).
pub(crate) const MAX_PARAMS: usize = 64;

const TOKEN: u8 = 1;
const URI_UNSAFE: u8 = 2;
const HOST: u8 = 4;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut i = 0usize;
    while i < 256 {
        let c = i as u8;
        if c.is_ascii_alphanumeric() {
            table[i] |= TOKEN | HOST;
        }
        if matches!(c, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~') {
            table[i] |= TOKEN;
        }
        // `_` is not in the grammar of a host name, but in the names people give their machines.
        if matches!(c, b'-' | b'.' | b'_') {
            table[i] |= HOST;
        }
        if c <= b' ' || c == 0x7f || matches!(c, b'<' | b'>' | b'"') {
            table[i] |= URI_UNSAFE;
        }
        i += 1;
    }
    table
}

fn has_class(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// Whether the text is a `token`.
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&c| has_class(c, TOKEN))
}

/// How many bytes at the start are of a token.
pub(crate) fn token_length(text: &[u8]) -> usize {
    text.iter().position(|&c| !has_class(c, TOKEN)).unwrap_or(text.len())
}

/// Whether every byte may stand in a URI as we take it: no control character, space, angle bracket or quote.
pub(crate) fn is_uri_text(text: &[u8]) -> bool {
    !text.is_empty() && !text.iter().any(|&c| has_class(c, URI_UNSAFE))
}

/// Whether the text is a host name or IPv4 address by its characters.
pub(crate) fn is_host_name(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&c| has_class(c, HOST))
}

/// Linear white space inside a header value; a fold counts.
pub(crate) fn is_lws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Removes linear white space at both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [first, rest @ ..] = bytes
        && is_lws(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_lws(*last)
    {
        bytes = rest;
    }
    bytes
}

/// Removes linear white space at both ends of text.
pub(crate) fn trim_text(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
}

/// Decodes a number written in digits alone, at most `max`.
pub(crate) fn digits(text: &[u8], max: u64) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut number: u64 = 0;
    for &c in text {
        if !c.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(c - b'0'))?;
        if number > max {
            return None;
        }
    }
    Some(number)
}

/// Takes `%HH` escapes apart (RFC 3261 §19.1.2). Text whose escapes are not UTF-8 comes back as it was written.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', Some(byte)) = (*first, escape_value(tail)) {
            out.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The byte of an escape, from what follows its `%`.
pub(crate) fn escape_value(after_percent: &[u8]) -> Option<u8> {
    let [high, low, ..] = after_percent else {
        return None;
    };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

/// Where in a URI a text is to stand: decides which characters need no escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriPart {
    /// The user part.
    User,
    /// The name or value of a URI parameter.
    Param,
    /// The name or value of a URI header.
    Header,
}

/// Escapes a text for a part of a URI (RFC 3261 §19.1.2, §25.1).
pub fn escape(text: &str, part: UriPart) -> Cow<'_, str> {
    let plain = |c: u8| {
        c.is_ascii_alphanumeric()
            || matches!(c, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
            || match part {
                UriPart::User => matches!(c, b'&' | b'=' | b'+' | b'$' | b',' | b'?' | b'/'),
                UriPart::Param => matches!(c, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$'),
                UriPart::Header => matches!(c, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$'),
            }
    };
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.bytes() {
        if plain(c) {
            out.push(char::from(c));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(c >> 4)]));
            out.push(char::from(HEX[usize::from(c & 15)]));
        }
    }
    Cow::Owned(out)
}

/// Writes a text as a `quoted-string`. Control characters, which could end the header, become spaces.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\t' => out.push(c),
            c if c.is_ascii_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Reads a quoted string at the start of `text` (which begins with `"`): its content and what follows it.
pub(crate) fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.char_indices();
    if chars.next()?.1 != '"' {
        return None;
    }
    let mut out = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            '"' => return Some((out, text.get(at + 1..)?)),
            c => out.push(c),
        }
    }
    None
}

/// Writes a parameter value: as a token or host where its characters allow it, else quoted.
pub(crate) fn write_value(out: &mut String, value: &str) {
    let plain = |c: u8| has_class(c, TOKEN) || matches!(c, b'[' | b']' | b':');
    if !value.is_empty() && value.bytes().all(plain) {
        out.push_str(value);
    } else {
        out.push_str(&quote(value));
    }
}

/// Reads `*( SEMI name [ EQUAL value ] )` to the end of `text`.
pub(crate) fn read_params(text: &str, mode: Mode) -> Result<Params, ParseError> {
    let mut params = Params::new();
    let mut rest = trim_text(text);
    while !rest.is_empty() {
        let Some(after) = rest.strip_prefix(';') else {
            return Err(ParseError::bad("Malformed Parameters"));
        };
        let (name, value, tail) = read_param(trim_text(after), mode)?;
        rest = tail;
        if name.is_empty() {
            if mode == Mode::Strict {
                return Err(ParseError::bad("Empty Parameter"));
            }
            continue;
        }
        if params.len() == MAX_PARAMS {
            return Err(ParseError::bad("Too Many Parameters"));
        }
        if mode == Mode::Strict && params.iter().any(|(known, _): &(String, _)| known.eq_ignore_ascii_case(name)) {
            return Err(ParseError::bad("Repeated Parameter"));
        }
        params.push((name.to_owned(), value));
    }
    Ok(params)
}

/// One parameter at the start of `text`: name, value, and the rest from its `;` on.
fn read_param(text: &str, mode: Mode) -> Result<(&str, Option<String>, &str), ParseError> {
    let name_end = text.bytes().position(|c| matches!(c, b';' | b'=') || is_lws(c)).unwrap_or(text.len());
    let (name, tail) = text.split_at(name_end);
    if !name.is_empty() && !is_token(name.as_bytes()) {
        return Err(ParseError::bad("Malformed Parameter Name"));
    }
    let tail = trim_text(tail);
    let Some(tail) = tail.strip_prefix('=') else {
        return Ok((name, None, tail));
    };
    if name.is_empty() {
        return Err(ParseError::bad("Parameter Without Name"));
    }
    let tail = trim_text(tail);
    if tail.starts_with('"') {
        let (value, tail) = read_quoted(tail).ok_or(ParseError::bad("Unterminated Quoted String"))?;
        return Ok((name, Some(value), trim_text(tail)));
    }
    let value_end = tail.bytes().position(|c| c == b';' || is_lws(c)).unwrap_or(tail.len());
    let (value, tail) = tail.split_at(value_end);
    if value.is_empty() && mode == Mode::Strict || value.bytes().any(|c| matches!(c, b'"' | b'<' | b'>' | b',')) {
        return Err(ParseError::bad("Malformed Parameter Value"));
    }
    Ok((name, Some(value.to_owned()), trim_text(tail)))
}

/// The value of a parameter by its name in any case: `None` when absent, an empty text when it has no value.
pub(crate) fn find_param<'a>(params: &'a [(String, Option<String>)], name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_deref().unwrap_or(""))
}

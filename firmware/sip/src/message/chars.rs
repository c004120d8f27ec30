//! Characters and small pieces of the SIP grammar (RFC 3261 §25.1): tokens, quoted strings, escapes.

use std::borrow::Cow;

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
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|&c| !is_lws(c)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|&c| !is_lws(c)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// What stands before and after the first of an ASCII character. On the short texts of headers several times as fast as
/// `str::split_once`.
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(separator, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The text before the first semicolon, and the rest from it on.
pub(crate) fn split_params(text: &str) -> (&str, &str) {
    text.split_at(memchr::memchr(b';', text.as_bytes()).unwrap_or(text.len()))
}

/// What stands before and after the first blank.
pub(crate) fn split_blank(text: &str) -> Option<(&str, &str)> {
    let at = text.bytes().position(|c| matches!(c, b' ' | b'\t'))?;
    Some((text.get(..at)?, text.get(at + 1..)?))
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
pub(crate) fn read_quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let text = text.strip_prefix('"')?;
    let end = memchr::memchr2(b'"', b'\\', text.as_bytes())?;
    let (plain, tail) = text.split_at(end);
    if let Some(rest) = tail.strip_prefix('"') {
        return Some((Cow::Borrowed(plain), rest));
    }
    let mut out = plain.to_owned();
    let mut chars = tail.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            '"' => return Some((Cow::Owned(out), tail.get(at + 1..)?)),
            c => out.push(c),
        }
    }
    None
}

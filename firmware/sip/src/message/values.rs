//! Header values: unfolding, and splitting comma-joined lists.

use std::borrow::Cow;

use super::chars::{is_lws, trim};
use super::index::Field;
use super::name::HeaderName;

/// Text of a value. Each fold with the white space around it becomes one space (RFC 3261 §7.3.1).
pub(crate) fn unfold(value: &[u8], folded: bool) -> Cow<'_, str> {
    if !folded {
        return std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        if matches!(first, b'\r' | b'\n') {
            while let [kept @ .., b' ' | b'\t'] = out.as_slice() {
                let length = kept.len();
                out.truncate(length);
            }
            out.push(b' ');
            rest = tail;
            while let [c, tail @ ..] = rest
                && is_lws(*c)
            {
                rest = tail;
            }
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Where the first element of a list ends: at a comma outside quotes, angle brackets and comments, or at the end.
pub(crate) fn element_end(list: &[u8]) -> usize {
    // Most lists are of plain words: then there is nothing to step over.
    let Some(first) = list.iter().position(|c| matches!(c, b',' | b'"' | b'<' | b'(')) else {
        return list.len();
    };
    let mut at = first;
    while let Some(&c) = list.get(at) {
        at = match c {
            b',' => return at,
            b'"' => quoted_end(list, at + 1),
            b'<' => list.get(at..).and_then(|rest| memchr::memchr(b'>', rest)).map_or(list.len(), |end| at + end + 1),
            // A parenthesis inside a word belongs to the word: a user part may have one.
            b'(' if at == 0 || list.get(at - 1).is_some_and(|&c| is_lws(c)) => comment_end(list, at + 1),
            _ => at + 1,
        };
    }
    list.len()
}

/// The position after the closing quote of a string whose content starts at `at`.
fn quoted_end(list: &[u8], mut at: usize) -> usize {
    while let Some(&c) = list.get(at) {
        match c {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    list.len()
}

/// The position after the closing parenthesis of a comment whose content starts at `at`. Comments nest.
fn comment_end(list: &[u8], mut at: usize) -> usize {
    let mut depth = 1usize;
    while let Some(&c) = list.get(at) {
        match c {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    list.len()
}

/// The values of one header in a message, in order. See [`super::Message::values`].
#[derive(Clone, derive_more::Debug)]
#[debug("Values(…)")]
pub struct Values<'a> {
    bytes: &'a [u8],
    fields: std::slice::Iter<'a, Field>,
    name: HeaderName,
    /// What is left of the list being split.
    list: &'a [u8],
    folded: bool,
}

impl<'a> Values<'a> {
    pub(crate) fn new(bytes: &'a [u8], fields: &'a [Field], name: HeaderName) -> Values<'a> {
        Values { bytes, fields: fields.iter(), name, list: &[], folded: false }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        loop {
            while !self.list.is_empty() {
                let end = element_end(self.list);
                let element = trim(self.list.get(..end).unwrap_or_default());
                self.list = self.list.get(end + 1..).unwrap_or_default();
                if !element.is_empty() {
                    return Some(unfold(element, self.folded));
                }
            }
            let name = self.name;
            let field = self.fields.find(|field| field.name == name)?;
            let value = field.value.of(self.bytes);
            if !name.is_list() {
                return Some(unfold(value, field.folded));
            }
            self.list = value;
            self.folded = field.folded;
        }
    }
}

//! `;name=value` parameters of header values (RFC 3261 §25.1), read in place: checking a message makes no copies of them.

use std::borrow::Cow;

use super::chars::{is_lws, is_token, quote, read_quoted, trim_text};
use super::{Mode, ParseError, chars};

/// `name[=value]` parameters in order of appearance.
pub type Params = Vec<(String, Option<String>)>;

/// Most parameters of one value or URI: beyond, the value is refused (bounds the search for doubles).
pub(crate) const MAX_PARAMS: usize = 64;

/// A parameter's name, and its value unquoted.
pub(crate) type Param<'a> = (&'a str, Option<Cow<'a, str>>);

/// Reads `*( SEMI name [ EQUAL value ] )` to the end of a text, one by one. After an error there is nothing more.
pub(crate) struct ParamReader<'a> {
    rest: &'a str,
    mode: Mode,
    seen: Names<'a>,
}

impl<'a> ParamReader<'a> {
    pub(crate) fn new(text: &'a str, mode: Mode) -> ParamReader<'a> {
        ParamReader { rest: trim_text(text), mode, seen: Names::default() }
    }

    fn read(&mut self) -> Result<Option<Param<'a>>, ParseError> {
        while !self.rest.is_empty() {
            let Some(after) = self.rest.strip_prefix(';') else {
                return Err(ParseError::bad("Malformed Parameters"));
            };
            let (name, value, tail) = read_param(trim_text(after), self.mode)?;
            self.rest = tail;
            if name.is_empty() {
                if self.mode == Mode::Strict {
                    return Err(ParseError::bad("Empty Parameter"));
                }
                continue;
            }
            if self.seen.count == MAX_PARAMS {
                return Err(ParseError::bad("Too Many Parameters"));
            }
            if self.mode == Mode::Strict && self.seen.has(name) {
                return Err(ParseError::bad("Repeated Parameter"));
            }
            self.seen.push(name);
            return Ok(Some((name, value)));
        }
        Ok(None)
    }
}

impl<'a> Iterator for ParamReader<'a> {
    type Item = Result<Param<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.read().transpose();
        if matches!(item, Some(Err(_))) {
            self.rest = "";
        }
        item
    }
}

/// How many names are remembered in place. Values have two or three parameters.
const FEW: usize = 8;

/// The names read so far.
#[derive(Default)]
struct Names<'a> {
    count: usize,
    few: [&'a str; FEW],
    more: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn has(&self, name: &str) -> bool {
        let few = self.few.iter().take(self.count);
        few.chain(&self.more).any(|known| known.eq_ignore_ascii_case(name))
    }

    fn push(&mut self, name: &'a str) {
        match self.few.get_mut(self.count) {
            Some(slot) => *slot = name,
            None => self.more.push(name),
        }
        self.count += 1;
    }
}

/// One parameter at the start of `text`: name, value, and the rest from its `;` on.
fn read_param(text: &str, mode: Mode) -> Result<(&str, Option<Cow<'_, str>>, &str), ParseError> {
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
    Ok((name, Some(Cow::Borrowed(value)), trim_text(tail)))
}

/// A copy to keep.
pub(crate) fn own((name, value): Param<'_>) -> (String, Option<String>) {
    (name.to_owned(), value.map(Cow::into_owned))
}

/// Reads all parameters to the end of `text`.
pub(crate) fn read_params(text: &str, mode: Mode) -> Result<Params, ParseError> {
    ParamReader::new(text, mode).map(|param| param.map(own)).collect()
}

/// What [`read_params`] refuses, without making anything.
pub(crate) fn check_params(text: &str, mode: Mode) -> Result<(), ParseError> {
    ParamReader::new(text, mode).try_for_each(|param| param.map(|_| ()))
}

/// The value of a parameter by its name in any case: `None` when absent, an empty text when it has no value.
pub(crate) fn find_param<'a>(params: &'a [(String, Option<String>)], name: &str) -> Option<&'a str> {
    params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_deref().unwrap_or(""))
}

/// Writes a parameter value: as a token or host where its characters allow it, else quoted.
pub(crate) fn write_value(out: &mut String, value: &str) {
    let plain = |c: u8| chars::is_token(&[c]) || matches!(c, b'[' | b']' | b':');
    if !value.is_empty() && value.bytes().all(plain) {
        out.push_str(value);
    } else {
        out.push_str(&quote(value));
    }
}

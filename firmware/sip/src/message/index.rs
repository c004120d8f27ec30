//! One pass over the bytes: where the start line, the header fields and the body are.
//!
//! The first defect is noted and the pass goes on, so that even a refused request can be answered from what was understood
//! ([`super::Message::salvage`]).

use memchr::{memchr, memchr2};

use super::chars::{self, is_token, is_uri_text, trim};
use super::name::HeaderName;
use super::{Kind, Mode, ParseError, ParseOptions};

/// A piece of the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        // Messages are limited to far less than 4 GiB before they come here.
        Span { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
    }

    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// One header field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: HeaderName,
    /// Whether the value goes over continuation lines.
    pub(crate) folded: bool,
    name_length: u16,
    name_start: u32,
    /// The value without white space at its ends.
    pub(crate) value: Span,
}

impl Field {
    /// The name as written.
    pub(crate) fn name_text(self, bytes: &[u8]) -> &[u8] {
        let start = self.name_start as usize;
        bytes.get(start..start + usize::from(self.name_length)).unwrap_or_default()
    }
}

/// What the pass found.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) kind: Kind,
    /// Method of a request; empty for a response.
    pub(crate) method: Span,
    /// Request-URI, or the reason phrase of a response.
    pub(crate) target: Span,
    pub(crate) fields: Vec<Field>,
    pub(crate) body_start: usize,
    /// `Content-Length`, when there is one.
    pub(crate) content_length: Option<usize>,
    /// There are several, or one that is no number: on a stream nobody knows where the message ends.
    pub(crate) length_unclear: bool,
    /// More `Via` than we take: an answer would have to repeat them all.
    pub(crate) too_many_vias: bool,
    /// The first thing wrong.
    pub(crate) defect: Option<ParseError>,
}

impl Index {
    fn defect(&mut self, error: ParseError) {
        self.defect.get_or_insert(error);
    }
}

/// A physical line: its end, where the next begins, and whether it ended with CRLF.
struct Line {
    end: usize,
    next: usize,
    ending: Ending,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    CrLf,
    /// A bare line feed, or a bare carriage return somewhere in the line.
    Loose,
    /// The bytes ended first.
    Missing,
}

fn line(bytes: &[u8], start: usize) -> Line {
    let mut from = start;
    let mut loose = false;
    loop {
        let rest = bytes.get(from..).unwrap_or_default();
        let Some(offset) = memchr2(b'\n', b'\r', rest) else {
            return Line { end: bytes.len(), next: bytes.len(), ending: Ending::Missing };
        };
        let at = from + offset;
        let carriage_return = bytes.get(at) == Some(&b'\r');
        if carriage_return && bytes.get(at + 1) == Some(&b'\n') {
            let ending = if loose { Ending::Loose } else { Ending::CrLf };
            return Line { end: at, next: at + 2, ending };
        }
        if !carriage_return {
            return Line { end: at, next: at + 1, ending: Ending::Loose };
        }
        loose = true;
        from = at + 1;
    }
}

/// Indexes a message that begins at its start line.
pub(crate) fn index(bytes: &[u8], options: &ParseOptions) -> Index {
    let limits = &options.limits;
    let strict = options.mode == Mode::Strict;
    let mut index = Index {
        kind: Kind::Request,
        method: Span::default(),
        target: Span::default(),
        fields: Vec::with_capacity(24),
        body_start: bytes.len(),
        content_length: None,
        length_unclear: false,
        too_many_vias: false,
        defect: None,
    };
    if bytes.len() > limits.message.min(u32::MAX as usize) {
        index.defect(ParseError { status: 513, reason: "Message Too Large" });
    }
    let max_line = limits.line.min(usize::from(u16::MAX));

    let start = line(bytes, 0);
    if start.ending != Ending::CrLf && (strict || start.ending == Ending::Missing) {
        index.defect(ParseError::bad("Malformed Start Line"));
    }
    if start.end > max_line {
        index.defect(ParseError { status: 513, reason: "Start Line Too Long" });
    }
    start_line(bytes, start.end, options, &mut index);

    let mut position = start.next;
    let mut vias = 0usize;
    loop {
        let mut physical = line(bytes, position);
        if physical.end == position && physical.ending != Ending::Missing {
            if strict && physical.ending == Ending::Loose {
                index.defect(ParseError::bad("Line Without CRLF"));
            }
            index.body_start = physical.next;
            break;
        }
        let mut folded = false;
        let mut loose = physical.ending != Ending::CrLf;
        while physical.ending != Ending::Missing && matches!(bytes.get(physical.next), Some(b' ' | b'\t')) {
            folded = true;
            physical = line(bytes, physical.next);
            loose |= physical.ending != Ending::CrLf;
        }
        let line_start = position;
        let end = physical.end;
        position = physical.next;
        if physical.ending == Ending::Missing && end == line_start {
            // The bytes ended without the empty line after the headers.
            if strict {
                index.defect(ParseError::bad("Headers Not Ended"));
            }
            break;
        }
        let text = bytes.get(line_start..end).unwrap_or_default();
        if loose && (strict || memchr(b'\r', text).is_some_and(|at| !folded && text.get(at + 1) != Some(&b'\n'))) {
            index.defect(ParseError::bad("Line Without CRLF"));
        }
        if text.len() > max_line {
            index.defect(ParseError { status: 513, reason: "Header Line Too Long" });
            continue;
        }
        if index.fields.len() == limits.headers {
            index.defect(ParseError { status: 513, reason: "Too Many Header Fields" });
            break;
        }
        let Some(field) = field(bytes, line_start, end, folded) else {
            index.defect(ParseError::bad("Malformed Header Line"));
            continue;
        };
        let value = field.value.of(bytes);
        if field.name == HeaderName::ContentLength {
            content_length(value, &mut index);
        } else if field.name == HeaderName::Via || field.name.is_list() && value.len() > limits.list_values {
            // Commas inside quotes count too: nobody needs so many of them either.
            let values = memchr::memchr_iter(b',', value).count() + 1;
            if values > limits.list_values {
                index.defect(ParseError::bad("Too Many Values In Header"));
            }
            if field.name == HeaderName::Via {
                index.too_many_vias |= values > limits.list_values;
                vias += values;
            }
        }
        index.fields.push(field);
    }
    if vias > limits.vias {
        index.too_many_vias = true;
        index.defect(ParseError::bad("Too Many Via Values"));
    }
    index
}

/// Takes `name HCOLON value` apart. The line is `bytes[start..end]`.
fn field(bytes: &[u8], start: usize, end: usize, folded: bool) -> Option<Field> {
    let text = bytes.get(start..end)?;
    // A colon is not of a token, so one pass checks the name and finds its end.
    let name_length = chars::token_length(text);
    let name = text.get(..name_length).filter(|name| !name.is_empty())?;
    let blanks = text.get(name_length..)?.iter().take_while(|&&c| matches!(c, b' ' | b'\t')).count();
    let colon = name_length + blanks;
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let after = text.get(colon + 1..)?;
    let value = trim(after);
    let lead = after.iter().take_while(|&&c| chars::is_lws(c)).count().min(after.len() - value.len());
    let value_start = start + colon + 1 + lead;
    Some(Field {
        name: HeaderName::from_name(name),
        folded: folded && memchr(b'\n', value).is_some(),
        name_length: u16::try_from(name_length).ok()?,
        name_start: u32::try_from(start).ok()?,
        value: Span::new(value_start, value_start + value.len()),
    })
}

fn content_length(value: &[u8], index: &mut Index) {
    if index.content_length.is_some() {
        index.length_unclear = true;
        index.defect(ParseError::bad("Repeated Content-Length"));
        return;
    }
    match chars::digits(value, u64::from(u32::MAX)).and_then(|n| usize::try_from(n).ok()) {
        Some(length) => index.content_length = Some(length),
        None => {
            index.length_unclear = true;
            index.defect(ParseError::bad("Malformed Content-Length"));
        }
    }
}

/// Takes the start line `bytes[..end]` apart (RFC 3261 §7.1, §7.2).
fn start_line(bytes: &[u8], end: usize, options: &ParseOptions, index: &mut Index) {
    let text = bytes.get(..end).unwrap_or_default();
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/")) {
        status_line(text, index);
    } else {
        request_line(text, options, index);
    }
}

fn status_line(text: &[u8], index: &mut Index) {
    index.kind = Kind::Response(0);
    let Some(space) = memchr(b' ', text) else {
        return index.defect(ParseError::bad("Malformed Status Line"));
    };
    version(text.get(..space).unwrap_or_default(), index);
    let rest = text.get(space + 1..).unwrap_or_default();
    let code_end = memchr(b' ', rest).unwrap_or(rest.len());
    match chars::digits(rest.get(..code_end).unwrap_or_default(), 699) {
        Some(code) if code >= 100 && code_end == 3 => index.kind = Kind::Response(u16::try_from(code).unwrap_or(0)),
        _ => index.defect(ParseError::bad("Malformed Status Code")),
    }
    // The space after the code is required, but nobody is helped by refusing "SIP/2.0 200".
    index.target = Span::new((space + 1 + code_end + 1).min(text.len()), text.len());
}

fn request_line(text: &[u8], options: &ParseOptions, index: &mut Index) {
    let (method_end, uri_start, uri_end, version_start, version_end);
    if options.mode == Mode::Strict {
        let (Some(first), Some(last)) = (memchr(b' ', text), memchr::memrchr(b' ', text)) else {
            return index.defect(ParseError::bad("Malformed Request Line"));
        };
        if first == last {
            return index.defect(ParseError::bad("Malformed Request Line"));
        }
        (method_end, uri_start, uri_end, version_start, version_end) = (first, first + 1, last, last + 1, text.len());
    } else {
        let blank = |c: &u8| matches!(c, b' ' | b'\t');
        let solid = |c: &u8| !blank(c);
        let words = || -> Option<(usize, usize, usize, usize, usize)> {
            let first = text.iter().position(blank)?;
            let uri = first + text.get(first..)?.iter().position(solid)?;
            let end = text.iter().rposition(solid)? + 1;
            let version = text.get(..end)?.iter().rposition(blank)? + 1;
            let uri_end = text.get(..version)?.iter().rposition(solid)? + 1;
            (uri < uri_end).then_some((first, uri, uri_end, version, end))
        };
        let Some(found) = words() else {
            return index.defect(ParseError::bad("Malformed Request Line"));
        };
        (method_end, uri_start, uri_end, version_start, version_end) = found;
    }
    let method = text.get(..method_end).unwrap_or_default();
    if is_token(method) {
        index.method = Span::new(0, method_end);
    } else {
        index.defect(ParseError::bad("Malformed Method"));
    }
    version(text.get(version_start..version_end).unwrap_or_default(), index);
    let (mut uri_start, mut uri_end) = (uri_start, uri_end);
    if options.mode == Mode::Lenient
        && let Some([b'<', .., b'>']) = text.get(uri_start..uri_end)
    {
        uri_start += 1;
        uri_end -= 1;
    }
    let uri = text.get(uri_start..uri_end).unwrap_or_default();
    if uri.len() > options.limits.request_uri {
        index.defect(ParseError { status: 414, reason: "Request-URI Too Long" });
    }
    if is_uri_text(uri) && std::str::from_utf8(uri).is_ok() {
        index.target = Span::new(uri_start, uri_end);
    } else {
        index.defect(ParseError::bad("Malformed Request-URI"));
    }
}

fn version(text: &[u8], index: &mut Index) {
    if text.eq_ignore_ascii_case(b"SIP/2.0") {
        return;
    }
    let number = |part: &[u8]| chars::digits(part, u64::MAX).is_some();
    let other = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
        && memchr(b'.', text)
            .is_some_and(|dot| text.get(4..dot).is_some_and(number) && text.get(dot + 1..).is_some_and(number));
    index.defect(if other {
        ParseError { status: 505, reason: "Version Not Supported" }
    } else {
        ParseError::bad("Malformed Start Line")
    });
}

//! How much of a message we take, and how strictly we read it.

/// How strictly a message is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By the grammar of RFC 3261, except where every phone deviates without harm (underscores in host names, raw UTF-8 in
    /// display names). What RFC 4475 §3.1.2 calls invalid is refused.
    #[default]
    Strict,
    /// What has one obvious meaning is taken: bare line feeds, runs of spaces in the start line, `<>` around a Request-URI, spaces
    /// inside angle brackets, unterminated quotes and loose characters in display names, empty parameters, a wrong `Date`.
    Lenient,
}

/// The most we take of each thing. What is over a limit gets the answer named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole message, default 65 536. Over: 513 Message Too Large.
    pub message: usize,
    /// Bytes of a body, default 65 536. Over: 413 Request Entity Too Large.
    pub body: usize,
    /// Header fields, default 256. Over: 513.
    pub headers: usize,
    /// Bytes of a start line or of a header field with its continuation lines, default 8192, at most 65 535. Over: 513.
    pub line: usize,
    /// Bytes of a Request-URI, default 2048. Over: 414 Request-URI Too Long.
    pub request_uri: usize,
    /// Values of one comma-joined header field, default 128. Over: 400.
    pub list_values: usize,
    /// `Via` values of the whole message, default 100 (`Max-Forwards` starts at 70). Over: 400.
    pub vias: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message: 65_536,
            body: 65_536,
            headers: 256,
            line: 8_192,
            request_uri: 2_048,
            list_values: 128,
            vias: 100,
        }
    }
}

/// How to parse: [`Mode`] and [`Limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// Strict or lenient.
    pub mode: Mode,
    /// The bounds.
    pub limits: Limits,
}

impl ParseOptions {
    /// Lenient, with the limits of the default.
    pub fn lenient() -> ParseOptions {
        ParseOptions { mode: Mode::Lenient, ..ParseOptions::default() }
    }
}

//! Headers with a value of their own shape.

use super::chars::{self, is_lws, trim_text};
use super::{Method, ParseError};

/// `CSeq` (RFC 3261 §20.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Sequence number, below 2^31.
    pub number: u32,
    /// The method named.
    pub method: Method,
}

impl CSeq {
    /// Parses the value of the header.
    ///
    /// # Errors
    /// [`ParseError`] 400.
    pub fn parse(text: &str) -> Result<CSeq, ParseError> {
        const BAD: ParseError = ParseError::bad("Malformed CSeq");
        let text = trim_text(text);
        let (number, method) = text.split_once([' ', '\t']).ok_or(BAD)?;
        let number = chars::digits(number.as_bytes(), (1 << 31) - 1).ok_or(BAD)?;
        let method = trim_text(method);
        if !chars::is_token(method.as_bytes()) || method.bytes().any(is_lws) {
            return Err(BAD);
        }
        Ok(CSeq {
            number: u32::try_from(number).map_err(|_| BAD)?,
            method: Method::from_name(method),
        })
    }
}

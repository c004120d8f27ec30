//! Collects the number dialled.

/// Most digits of one number. ITU-T E.164 allows 15; prefixes and service codes with a parameter need more.
pub(super) const MOST_DIGITS: usize = 32;

/// The number so far.
///
/// `#` ends an ordinary number and is not part of it. A number that begins with `*` or `#` is a service code (ETSI
/// ETS 300 738: `*21*0123456789#`, `#21#`, `*#21#`): there `#` is part of the code, and ends it once a digit came before.
#[derive(Clone, derive_more::Debug, Default)]
pub(super) struct Digits {
    #[debug("…")]
    text: String,
}

impl Digits {
    /// Takes a digit; `true` when the number is complete.
    pub(super) fn push(&mut self, digit: char) -> bool {
        let service_code = self.text.starts_with(['*', '#']);
        if digit == '#' && !self.text.is_empty() && !service_code {
            return true;
        }
        if self.text.len() < MOST_DIGITS {
            self.text.push(digit);
        }
        let ended = digit == '#' && self.text.contains(|c: char| c.is_ascii_digit());
        ended || self.text.len() >= MOST_DIGITS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// A DTMF digit in its usual form; `None` when it is not one (ITU-T Q.23).
pub(crate) fn dtmf(digit: char) -> Option<char> {
    match digit.to_ascii_uppercase() {
        c @ ('0'..='9' | '*' | '#' | 'A'..='D') => Some(c),
        _ => None,
    }
}

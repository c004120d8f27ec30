//! Caller ID as DTMF digits, sent before the first ring or between rings.
//!
//! ETSI EN 300 659-1 Annex A lets networks choose; what is used:
//!
//! | form | a number | private | unavailable |
//! |---|---|---|---|
//! | [`Form::Abc`]: Sweden, Finland, the Netherlands, Brazil | `A` number `C` | `B10C` | `B00C` |
//! | [`Form::Hash`]: Denmark | `A` number `#` | `D1#` | `D3#` |
//! | [`Form::Dc`]: Taiwan and others | `D` number `C` | `B10C` | `B00C` |

use super::{Absence, Shown};

/// Longest number, digits.
const MOST_DIGITS: usize = 20;
/// Longest sequence taken: a number with one that it was forwarded from.
const MOST_KEYS: usize = 64;

/// How a network writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `A` … `C`.
    Abc,
    /// `A` … `#`.
    Hash,
    /// `D` … `C`.
    Dc,
}

/// The digits to send, 70 ms each with 70 ms between.
pub fn digits(number: &Shown<String>, form: Form) -> String {
    let (start, end) = match form {
        Form::Abc => ('A', 'C'),
        Form::Hash => ('A', '#'),
        Form::Dc => ('D', 'C'),
    };
    match (number, form) {
        (Shown::Known(number), _) => {
            let number: String = number.chars().filter(char::is_ascii_digit).take(MOST_DIGITS).collect();
            format!("{start}{number}{end}")
        }
        (Shown::Absent(Absence::Private), Form::Hash) => "D1#".to_owned(),
        (Shown::Absent(Absence::Unavailable), Form::Hash) => "D3#".to_owned(),
        (Shown::Absent(Absence::Private), _) => "B10C".to_owned(),
        (Shown::Absent(Absence::Unavailable), _) => "B00C".to_owned(),
    }
}

/// Collects the digits heard on a line on hook, of whatever form.
#[derive(Clone, Debug, Default)]
pub struct DtmfReceiver {
    keys: String,
}

impl DtmfReceiver {
    /// Takes a digit; returns the number, or why there is none, when the sequence is whole.
    pub fn digit(&mut self, digit: char) -> Option<Shown<String>> {
        if self.keys.is_empty() && !matches!(digit, 'A' | 'B' | 'D') || self.keys.len() >= MOST_KEYS {
            self.keys.clear();
            return None;
        }
        if !matches!(digit, 'C' | '#') {
            self.keys.push(digit);
            return None;
        }
        let keys = std::mem::take(&mut self.keys);
        let field = |start: char| {
            let from = keys.find(start)? + 1;
            let rest = keys.get(from..)?;
            let value = rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let denmark = digit == '#' && keys.starts_with('D');
        let (number, information) = (field('A').or_else(|| field('D').filter(|_| !denmark)), field('B'));
        Some(match (number, information.as_deref()) {
            (Some(number), _) if number.len() <= MOST_DIGITS => Shown::Known(number),
            (None, Some("10")) => Shown::Absent(Absence::Private),
            (None, None) if denmark && keys == "D1" => Shown::Absent(Absence::Private),
            _ => Shown::Absent(Absence::Unavailable),
        })
    }

    /// Nothing came for a second, or the call was answered: what there is of a sequence is forgotten.
    pub fn reset(&mut self) {
        self.keys.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive(keys: &str) -> Option<Shown<String>> {
        let mut receiver = DtmfReceiver::default();
        keys.chars().find_map(|key| receiver.digit(key))
    }

    #[test]
    fn each_form_is_written_and_read() {
        let number = Shown::Known("0701234567".to_owned());
        for (form, private, written) in [
            (Form::Abc, "B10C", "A0701234567C"),
            (Form::Hash, "D1#", "A0701234567#"),
            (Form::Dc, "B10C", "D0701234567C"),
        ] {
            assert_eq!(digits(&number, form), written);
            assert_eq!(receive(written), Some(number.clone()));
            assert_eq!(digits(&Shown::Absent(Absence::Private), form), private);
            for absence in [Absence::Private, Absence::Unavailable] {
                let absent = Shown::Absent(absence);
                assert_eq!(receive(&digits(&absent, form)), Some(absent), "{form:?}");
            }
        }
        // Forwarded: the first number is the caller's.
        assert_eq!(receive("A0701234567D0709999999C"), Some(number));
    }

    #[test]
    fn other_digits_are_no_caller() {
        assert_eq!(receive("0701234567#"), None);
        assert_eq!(receive("A070"), None);
        assert_eq!(receive(&"A1".repeat(100)), None);
        assert_eq!(receive("AC"), Some(Shown::Absent(Absence::Unavailable)));
    }
}

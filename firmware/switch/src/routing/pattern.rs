//! Number patterns: digits stand for themselves, `X` for any digit, `.` at the end for one or more of anything.

/// The whole number matches.
pub(crate) fn matches(pattern: &str, number: &str) -> bool {
    let mut number = number.chars();
    let mut pattern = pattern.chars().peekable();
    while let Some(symbol) = pattern.next() {
        if symbol == '.' && pattern.peek().is_none() {
            return number.next().is_some();
        }
        match number.next() {
            Some(digit) if one(symbol, digit) => {}
            _ => return false,
        }
    }
    number.next().is_none()
}

/// A number that begins with `digits` and is longer could match.
pub(crate) fn could_continue(pattern: &str, digits: &str) -> bool {
    let mut digits = digits.chars();
    let mut pattern = pattern.chars().peekable();
    while let Some(symbol) = pattern.next() {
        if symbol == '.' && pattern.peek().is_none() {
            return true;
        }
        match digits.next() {
            None => return true,
            Some(digit) if one(symbol, digit) => {}
            Some(_) => return false,
        }
    }
    false
}

fn one(symbol: char, digit: char) -> bool {
    match symbol {
        'X' | 'x' => digit.is_ascii_digit(),
        _ => symbol == digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, number, whole, more) in [
            ("0X.", "0", false, true),
            ("0X.", "01", false, true),
            ("0X.", "012", true, true),
            ("0X.", "1", false, false),
            ("12XX", "1234", true, false),
            ("12XX", "123", false, true),
            ("12XX", "12345", false, false),
            ("+33.", "+331", true, true),
            ("", "", true, false),
            (".", "*", true, true),
            ("X", "#", false, false),
        ] {
            assert_eq!(matches(pattern, number), whole, "{pattern} {number}");
            assert_eq!(could_continue(pattern, number), more, "{pattern} {number}");
        }
    }
}

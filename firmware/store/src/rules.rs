//! What values are acceptable, for the API and the site file alike.

use std::net::{IpAddr, SocketAddr};

/// Longest name or label, in characters.
pub const NAME_LENGTH: usize = 80;
/// Shortest SIP password, in characters, unless weak ones are allowed.
pub const SECRET_LENGTH: usize = 12;
/// Longest password of any kind, in characters.
pub const PASSWORD_LONGEST: usize = 200;

/// A name to show: not blank, no control characters, up to [`NAME_LENGTH`].
pub fn name(text: &str) -> bool {
    !text.trim().is_empty() && label(text)
}

/// A label: may be empty.
pub fn label(text: &str) -> bool {
    text.chars().count() <= NAME_LENGTH && !text.chars().any(char::is_control)
}

/// An extension or announcement: 2–8 digits.
pub fn extension(text: &str) -> bool {
    (2..=8).contains(&text.len()) && digits(text)
}

/// An emergency number: 2–6 digits.
pub fn emergency_number(text: &str) -> bool {
    (2..=6).contains(&text.len()) && digits(text)
}

/// A number to dial: digits, `*`, `#`, `+` in front, up to 32.
pub fn number(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    !rest.is_empty()
        && text.len() <= 32
        && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}

/// Digits put in front of a number: as [`number`], up to 16, may be empty, or `+` alone.
pub fn prefix(text: &str) -> bool {
    text.is_empty() || text == "+" || (text.len() <= 16 && number(text))
}

/// A pattern of numbers: digits, `*`, `#`, `X`, `+` in front, `.` at the end, up to 32.
pub fn pattern(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    let all = rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'X'));
    all && !text.is_empty() && text != "+" && text.len() <= 32
}

/// A SIP user name: letters, digits, `-`, `_`, `.`, 1–40.
pub fn username(text: &str) -> bool {
    let all = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (1..=40).contains(&text.len()) && all
}

/// A SIP password that a machine does not guess: at least [`SECRET_LENGTH`] characters, at least 6 different ones, not holding the
/// user name.
pub fn strong_secret(username: &str, password: &str) -> bool {
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    password.chars().count() >= SECRET_LENGTH
        && different.len() >= 6
        && !password.to_lowercase().contains(&username.to_lowercase())
}

/// A password as text: no control characters (they cannot be typed into a phone), up to [`PASSWORD_LONGEST`].
pub fn password(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= PASSWORD_LONGEST && !text.chars().any(char::is_control)
}

/// A digit of a telephone's keypad.
pub fn digit(digit: char) -> bool {
    digit.is_ascii_digit() || matches!(digit, '*' | '#')
}

/// An ISO 3166 code, by its form.
pub fn country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A language of the box.
pub fn language(text: &str) -> bool {
    matches!(text, "en" | "fr")
}

/// A name of the IANA time zone database (a copy is built in).
pub fn time_zone(text: &str) -> bool {
    text.len() <= 64 && jiff::tz::TimeZone::get(text).is_ok()
}

/// A SIP realm: a host name or word, 1–100.
pub fn realm(text: &str) -> bool {
    let all = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'[' | b']'));
    (1..=100).contains(&text.len()) && all
}

/// The URI of a SIP peer: `sip:` or `sips:`, an optional user, a host, an optional port and parameters, up to 200.
pub fn sip_uri(text: &str) -> bool {
    let rest = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:"));
    let Some(rest) = rest.filter(|_| text.len() <= 200) else {
        return false;
    };
    let plain =
        rest.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b',' | b'?' | b'\\'));
    let address = rest.split(';').next().unwrap_or_default();
    let host_port = address.rsplit('@').next().unwrap_or_default();
    plain && address.matches('@').count() <= 1 && host_and_port(host_port)
}

fn host_and_port(text: &str) -> bool {
    if text.parse::<SocketAddr>().is_ok() {
        return true;
    }
    if let Some(inner) = text.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|ip| ip.parse::<IpAddr>().is_ok());
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().is_ok_and(|port| port > 0)),
        None => (text, true),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    port && host.len() <= 253 && host.trim_end_matches('.').split('.').all(label)
}

/// A file of the `sounds` directory: a plain name ending in `.wav`, up to 100.
pub fn sound_file(text: &str) -> bool {
    let plain = text.chars().all(|character| !character.is_control() && !matches!(character, '/' | '\\'));
    plain && text.len() <= 100 && !text.starts_with('.') && text.to_ascii_lowercase().ends_with(".wav")
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_patterns() {
        assert!(
            extension("1001") && extension("10") && !extension("1") && !extension("123456789") && !extension("10a")
        );
        assert!(!extension("١٠٠١"), "only ASCII digits");
        assert!(number("+33123456789") && number("*21#") && !number("+") && !number("1+2") && !number(""));
        assert!(pattern("0X.") && pattern("12XX") && pattern("+33.") && pattern("."));
        assert!(!pattern("0.X") && !pattern("") && !pattern("+") && !pattern("abc"));
        assert!(prefix("") && prefix("+33") && prefix("+") && !prefix("x"));
    }

    #[test]
    fn addresses() {
        for good in [
            "sip:carrier.example",
            "sip:carrier.example:5080;transport=tcp",
            "sips:box@[2001:db8::1]:5061",
            "sip:[2001:db8::1]",
            "sip:192.0.2.1:5060",
        ] {
            assert!(sip_uri(good), "{good}");
        }
        for bad in ["", "sip:", "http://x", "sip:a b", "sip:a@b@c", "sip:x:0", "sip:x:99999", "sip:<x>", "sip:[::1"] {
            assert!(!sip_uri(bad), "{bad}");
        }
    }

    #[test]
    fn secrets_and_files() {
        assert!(strong_secret("1001", "correct horse battery"));
        assert!(!strong_secret("1001", "secret-1001-long"), "holds the user name");
        assert!(!strong_secret("1001", "aaaaaaaaaaaaaaaaaa") && !strong_secret("1001", "short"));
        assert!(sound_file("welcome.wav") && !sound_file("../x.wav") && !sound_file(".wav") && !sound_file("x.mp3"));
        assert!(time_zone("Europe/Paris") && !time_zone("Europe/Atlantis"));
    }
}

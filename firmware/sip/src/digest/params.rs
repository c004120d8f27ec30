//! The grammar of challenges and credentials: `Digest name=value, name="value", …` (RFC 7235 §2.1, RFC 3261 §25.1).

/// Longest header value looked at, in bytes.
const MAX_LENGTH: usize = 4096;
/// Most parameters of one value.
const MAX_PARAMS: usize = 32;

/// The parameters of one `Digest` challenge or credentials. Names are in lower case, values unquoted.
#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads one header value. `None` when the scheme is not Digest, a parameter is malformed or comes twice, or it is too
    /// long.
    pub(super) fn parse(value: &str) -> Option<Params> {
        let value = value.trim();
        if value.len() > MAX_LENGTH {
            return None;
        }
        let (scheme, mut rest) = value.split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case("Digest") || !rest.starts_with([' ', '\t', '\r', '\n']) {
            return None;
        }
        let mut params = Params::default();
        loop {
            // RFC 7230 §7: empty list elements are allowed.
            rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
            if rest.is_empty() {
                return Some(params);
            }
            let (name, after) = rest.split_once('=')?;
            let name = name.trim_end().to_ascii_lowercase();
            if name.is_empty() || !name.bytes().all(is_token) {
                return None;
            }
            let (text, after) = value_of(after.trim_start())?;
            let after = after.trim_start();
            if !(after.is_empty() || after.starts_with(',')) {
                return None;
            }
            if params.0.len() == MAX_PARAMS || params.get(&name).is_some() {
                return None;
            }
            params.0.push((name, text));
            rest = after;
        }
    }

    /// A parameter by its lower-case name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Splits a token or quoted string off `text`.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t', '\r', '\n']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return (!token.contains('"')).then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// Writes a quoted string, escaping what has to be escaped. Control characters are left out.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars().filter(|char| !char.is_control()) {
        if matches!(char, '"' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
    out.push('"');
    out
}

/// Decodes an extended value `UTF-8''percent-encoded` (RFC 5987 §3.2), as `username*` has it.
pub(super) fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    let mut out = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tokens_quoted_strings_and_escapes() {
        let params = Params::parse("digest\tUserName = \"a \\\"b\\\\\" ,, qop=auth,nc=00000001").expect("valid");
        assert_eq!(params.get("username"), Some("a \"b\\"));
        assert_eq!(params.get("qop"), Some("auth"));
        assert_eq!(params.get("nc"), Some("00000001"));
        assert_eq!(quote("a \"b\\"), "\"a \\\"b\\\\\"");
    }

    #[test]
    fn refuses_what_is_malformed() {
        for bad in [
            "",
            "Basic abc",
            "Digestx a=b",
            "Digest a",
            "Digest a=\"b",
            "Digest a=\"b\\",
            "Digest a=b a=c",
            "Digest a=1, A=2",
            "Digest =x",
            "Digest é=x",
        ] {
            assert!(Params::parse(bad).is_none(), "{bad}");
        }
        assert!(Params::parse(&format!("Digest a=\"{}\"", "x".repeat(5000))).is_none());
    }

    #[test]
    fn decodes_extended_values() {
        assert_eq!(extended("UTF-8''J%C3%A4s%C3%B8n%20Doe").as_deref(), Some("Jäsøn Doe"));
        assert_eq!(extended("latin1''a"), None);
        assert_eq!(extended("UTF-8''%C"), None);
    }
}

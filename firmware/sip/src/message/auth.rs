//! Credentials and challenges: a scheme and its parameters (RFC 3261 §25.1 `credentials`, `challenge`; RFC 7616).

use std::fmt;

use super::ParseError;
use super::chars::{self, is_token, quote, read_quoted, trim_text};
use super::params::MAX_PARAMS;

/// One value of `Authorization`, `Proxy-Authorization`, `WWW-Authenticate` or `Proxy-Authenticate`.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthValue {
    /// The scheme as written: `Digest`, or another.
    pub scheme: String,
    /// The parameters in order, values unquoted.
    pub params: Vec<AuthParam>,
}

/// One `auth-param`.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthParam {
    /// The name as written.
    pub name: String,
    /// The value, unquoted.
    pub value: String,
    /// Whether the value was, or is to be, quoted.
    pub quoted: bool,
}

impl AuthValue {
    /// A value without parameters yet.
    pub fn new(scheme: &str) -> AuthValue {
        AuthValue { scheme: scheme.to_owned(), params: Vec::new() }
    }

    /// Parses one value: `scheme name=value, name="value", …`. A comma at the end is common and harmless.
    ///
    /// # Errors
    /// [`ParseError`] 400; also for a parameter given twice, which could mean two things.
    pub fn parse(text: &str) -> Result<AuthValue, ParseError> {
        let text = trim_text(text);
        let (scheme, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
        if !is_token(scheme.as_bytes()) {
            return Err(ParseError::bad("Malformed Credentials"));
        }
        Ok(AuthValue { scheme: scheme.to_owned(), params: read_auth_params(rest)? })
    }

    /// Whether the scheme is this one, in any case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter, by its name in any case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|param| param.name.eq_ignore_ascii_case(name)).map(|param| param.value.as_str())
    }

    /// Adds a parameter whose value is quoted.
    #[must_use]
    pub fn quoted(mut self, name: &str, value: &str) -> AuthValue {
        self.params.push(AuthParam { name: name.to_owned(), value: value.to_owned(), quoted: true });
        self
    }

    /// Adds a parameter whose value is a token.
    #[must_use]
    pub fn token(mut self, name: &str, value: &str) -> AuthValue {
        self.params.push(AuthParam { name: name.to_owned(), value: value.to_owned(), quoted: false });
        self
    }
}

/// Reads `name=value *("," name=value)`: the parameters of credentials, or all of an `Authentication-Info`.
///
/// # Errors
/// [`ParseError`] 400.
pub fn read_auth_params(text: &str) -> Result<Vec<AuthParam>, ParseError> {
    const BAD: ParseError = ParseError::bad("Malformed Credentials");
    let mut params: Vec<AuthParam> = Vec::new();
    let mut rest = trim_text(text);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(',') {
            rest = trim_text(after);
            continue;
        }
        let (name, after) = rest.split_once('=').ok_or(BAD)?;
        let name = trim_text(name);
        let after = trim_text(after);
        if !is_token(name.as_bytes())
            || params.len() == MAX_PARAMS
            || params.iter().any(|param| param.name.eq_ignore_ascii_case(name))
        {
            return Err(BAD);
        }
        let (value, quoted, after) = if after.starts_with('"') {
            let (value, after) = read_quoted(after).ok_or(BAD)?;
            (value.into_owned(), true, after)
        } else {
            let end = after.bytes().position(|c| c == b',' || chars::is_lws(c)).unwrap_or(after.len());
            let (value, after) = after.split_at(end);
            if value.contains('"') {
                return Err(BAD);
            }
            (value.to_owned(), false, after)
        };
        params.push(AuthParam { name: name.to_owned(), value, quoted });
        rest = trim_text(after);
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(BAD);
        }
    }
    Ok(params)
}

impl fmt::Display for AuthValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        for (at, param) in self.params.iter().enumerate() {
            f.write_str(if at == 0 { " " } else { ", " })?;
            if param.quoted || !is_token(param.value.as_bytes()) {
                write!(f, "{}={}", param.name, quote(&param.value))?;
            } else {
                write!(f, "{}={}", param.name, param.value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for AuthValue {
    /// The scheme alone: names and responses are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthValue").field("params", &self.params.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for AuthParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthParam").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_and_written() {
        let text = "Digest username=\"a, \\\"b\\\"\", realm=\"x\", nc=00000001, qop=auth, response=\"0f\"";
        let value = AuthValue::parse(text).unwrap();
        assert!(value.is("digest"));
        assert_eq!(value.param("USERNAME"), Some("a, \"b\""));
        assert_eq!(value.to_string(), text);
        assert_eq!(AuthValue::parse("Basic").unwrap().params, []);
        assert_eq!(
            AuthValue::parse("NoOneKnowsThisScheme opaque-data=here").unwrap().param("opaque-data"),
            Some("here")
        );
        for bad in ["", "Digest x", "Digest a=\"b", "Digest a=1, A=2", "Digest a=\"b\" c=d", "Di,gest a=b"] {
            assert!(AuthValue::parse(bad).is_err(), "{bad}");
        }
    }
}

//! Small readers over header text, where a typed header would cost more than it gives.

use std::net::{IpAddr, SocketAddr};

/// The `;`-parameters of a header value after its address part.
fn params_of(value: &str) -> &str {
    // A quoted display name or an angle-bracketed URI may hold semicolons of its own.
    let mut quoted = false;
    let mut escaped = false;
    let mut angle = false;
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !angle => quoted = !quoted,
            b'<' if !quoted => angle = true,
            b'>' if !quoted => angle = false,
            b';' if !quoted && !angle => return value.get(at..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

/// A header parameter, by its name in any case; a parameter without value gives the empty string.
pub(crate) fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    params_of(value).split(';').find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// The value without its parameters.
pub(crate) fn without_params(value: &str) -> &str {
    value.strip_suffix(params_of(value)).unwrap_or(value).trim()
}

/// The URI inside `name-addr` or `addr-spec`.
pub(crate) fn uri_of(value: &str) -> &str {
    let head = without_params(value);
    match (head.rfind('<'), head.rfind('>')) {
        (Some(open), Some(close)) if open < close => head.get(open + 1..close).unwrap_or_default(),
        _ => head,
    }
}

/// The user part of a SIP URI, as written.
pub(crate) fn user_of(uri: &str) -> Option<&str> {
    let rest = uri.split_once(':')?.1;
    let user = rest.split_once('@')?.0;
    let user = user.split(':').next().unwrap_or(user);
    (!user.is_empty() && user.len() <= 128).then_some(user)
}

/// A topmost Via, taken apart.
pub(crate) struct Via<'a> {
    /// `host[:port]`, as written.
    pub(crate) sent_by: &'a str,
    /// The branch; empty when there is none.
    pub(crate) branch: &'a str,
    /// Whether `rport` is there (RFC 3581).
    pub(crate) rport: bool,
}

impl<'a> Via<'a> {
    /// Reads a Via value.
    pub(crate) fn parse(value: &'a str) -> Option<Via<'a>> {
        let params = params_of(value);
        let head = value.strip_suffix(params)?.trim();
        let mut parts = head.split_whitespace();
        parts.next()?;
        let mut sent_by = parts.next()?;
        // LWS is allowed around the slashes of the protocol ("SIP / 2.0 / UDP host").
        for part in parts {
            sent_by = part;
        }
        Some(Via {
            sent_by,
            branch: param(value, "branch").unwrap_or_default(),
            rport: param(value, "rport").is_some(),
        })
    }

    /// Host and port of sent-by, when the host is an address.
    pub(crate) fn address(&self) -> (Option<IpAddr>, Option<u16>) {
        let (host, port) = split_host_port(self.sent_by);
        (host.parse().ok(), port)
    }
}

/// Splits `host:port` with IPv6 brackets.
pub(crate) fn split_host_port(text: &str) -> (&str, Option<u16>) {
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, rest)) => (host, rest.strip_prefix(':').and_then(|port| port.parse().ok())),
            None => (rest, None),
        };
    }
    match text.split_once(':') {
        Some((host, port)) => (host, port.trim().parse().ok()),
        None => (text, None),
    }
}

/// Writes an address as a SIP host and port.
pub(crate) fn host_port(address: SocketAddr) -> String {
    address.to_string()
}

/// Whether a comma list header value names a token.
pub(crate) fn lists_token(value: &str, token: &str) -> bool {
    value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// `delta-seconds` at the start of a value (`1800;refresher=uac`).
pub(crate) fn delta_seconds(value: &str) -> Option<u32> {
    let digits = value.trim();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let digits = digits.get(..end)?;
    if digits.is_empty() {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_addresses() {
        let value = r#""A;tag=x \" <" <sip:a@b;lr;tag=y>;tag=z;other"#;
        assert_eq!(param(value, "TAG"), Some("z"));
        assert_eq!(param(value, "other"), Some(""));
        assert_eq!(param("sip:a@b;tag=q", "tag"), Some("q"));
        assert_eq!(uri_of(value), "sip:a@b;lr;tag=y");
        assert_eq!(uri_of("sip:a@b;tag=q"), "sip:a@b");
        assert_eq!(user_of("sip:a:pw@b"), Some("a"));
        assert_eq!(user_of("sip:b"), None);
    }

    #[test]
    fn via_with_blanks_and_v6() {
        let via = Via::parse("SIP / 2.0 / UDP [2001:db8::9]:5070 ; branch=z9hG4bKa;rport").expect("a Via");
        assert_eq!(via.sent_by, "[2001:db8::9]:5070");
        assert_eq!(via.branch, "z9hG4bKa");
        assert!(via.rport);
        assert_eq!(via.address(), ("2001:db8::9".parse().ok(), Some(5070)));
    }

    #[test]
    fn seconds() {
        assert_eq!(delta_seconds("1800;refresher=uac"), Some(1800));
        assert_eq!(delta_seconds("x"), None);
        assert_eq!(delta_seconds("99999999999"), Some(u32::MAX));
    }
}

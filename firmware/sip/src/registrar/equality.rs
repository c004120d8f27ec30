//! When two URIs are the same (RFC 3261 §19.1.4).

use crate::message::Uri;

/// Parameters that make a difference even when only one URI has them.
const SIGNIFICANT: [&str; 5] = ["transport", "user", "ttl", "method", "maddr"];

/// Whether two contact URIs are equivalent.
pub fn equivalent(one: &Uri, other: &Uri) -> bool {
    if one.text == other.text {
        return true;
    }
    let same = one.scheme.eq_ignore_ascii_case(&other.scheme)
        && one.user == other.user
        && one.host.eq_ignore_ascii_case(&other.host)
        && one.port == other.port;
    same && parameters_agree(one, other) && parameters_agree(other, one) && headers_agree(one, other)
}

/// A parameter that both have must be the same; some must not be in one only.
fn parameters_agree(one: &Uri, other: &Uri) -> bool {
    one.params.iter().all(|(name, value)| {
        match other.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => {
                let value = value.as_deref().unwrap_or_default();
                value.eq_ignore_ascii_case(known.as_deref().unwrap_or_default())
            }
            None => !SIGNIFICANT.iter().any(|known| name.eq_ignore_ascii_case(known)),
        }
    })
}

fn headers_agree(one: &Uri, other: &Uri) -> bool {
    let sorted = |uri: &Uri| {
        let mut headers: Vec<(String, String)> =
            uri.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        headers.sort();
        headers
    };
    sorted(one) == sorted(other)
}

//! When two URIs mean the same (RFC 3261 §19.1.4, RFC 3966 §4).

use std::net::IpAddr;

use super::Uri;
use super::chars::{escape_value, unescape};
use super::uri::is_visual_separator;

/// URI parameters that are never ignored when one side lacks them (RFC 3261 §19.1.4).
const DECISIVE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

impl Uri {
    /// Whether both mean the same resource by RFC 3261 §19.1.4 (`sip:`, `sips:`), RFC 3966 §4 (`tel:`), or by their text for other
    /// schemes. Not transitive, as the RFC has it.
    pub fn is_equivalent(&self, other: &Uri) -> bool {
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme.as_str() {
            "sip" | "sips" => {
                let user = |uri: &Uri| uri.userinfo().map(normalise);
                user(self) == user(other)
                    && same_host(&self.host, &other.host)
                    && self.port == other.port
                    && sip_params(self, other)
                    && sip_params(other, self)
                    && headers(self, other)
            }
            "tel" => {
                let number = |uri: &Uri| {
                    let digits = uri.user.as_deref().unwrap_or_default().bytes().filter(|&c| !is_visual_separator(c));
                    digits.map(|c| c.to_ascii_lowercase()).collect::<Vec<u8>>()
                };
                number(self) == number(other) && tel_params(self, other) && tel_params(other, self)
            }
            _ => self.text == other.text,
        }
    }
}

/// A user part with the escapes undone that mean nothing: an escaped reserved character stays escaped, because it is not the same
/// as the character itself.
fn normalise(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match escape_value(tail).filter(|_| *first == b'%') {
            Some(byte) => {
                if matches!(byte, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',' | b'%') {
                    out.push(b'%');
                    out.extend(tail.iter().take(2).map(u8::to_ascii_uppercase));
                } else {
                    out.push(byte);
                }
                rest = tail.get(2..).unwrap_or_default();
            }
            None => out.push(*first),
        }
    }
    out
}

fn same_host(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || matches!((one.parse::<IpAddr>(), other.parse::<IpAddr>()), (Ok(one), Ok(other)) if one == other)
}

/// Each parameter of `one` agrees with `other`, or may be ignored there.
fn sip_params(one: &Uri, other: &Uri) -> bool {
    one.params.iter().all(|(name, value)| {
        let name = unescape(name);
        match other.param(&name) {
            Some(theirs) => value.as_deref().unwrap_or("").eq_ignore_ascii_case(theirs),
            None => !DECISIVE.iter().any(|decisive| decisive.eq_ignore_ascii_case(&name)),
        }
    })
}

/// Header components are never ignored; their order does not matter.
fn headers(one: &Uri, other: &Uri) -> bool {
    let same = |a: &(String, String), b: &(String, String)| a.0.eq_ignore_ascii_case(&b.0) && a.1 == b.1;
    let count = |uri: &Uri, header: &(String, String)| uri.headers.iter().filter(|known| same(known, header)).count();
    one.headers.len() == other.headers.len() && one.headers.iter().all(|h| count(one, h) == count(other, h))
}

fn tel_params(one: &Uri, other: &Uri) -> bool {
    one.params.iter().all(|(name, value)| {
        other.param(name).is_some_and(|theirs| value.as_deref().unwrap_or("").eq_ignore_ascii_case(theirs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let (one, other) = (Uri::parse(one).unwrap(), Uri::parse(other).unwrap());
        assert_eq!(one.is_equivalent(&other), other.is_equivalent(&one));
        one.is_equivalent(&other)
    }

    #[test]
    fn the_same_as_rfc_3261_says() {
        for (one, other) in [
            ("sip:%61lice@atlanta.example;transport=TCP", "sip:alice@AtLanTa.Example;Transport=tcp"),
            ("sip:carol@chicago.example", "sip:carol@chicago.example;newparam=5"),
            ("sip:carol@chicago.example;security=on", "sip:carol@chicago.example;newparam=5"),
            (
                "sip:biloxi.example;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.example",
                "sip:biloxi.example;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.example",
            ),
            ("sip:a@b?subject=x&priority=urgent", "sip:a@b?priority=urgent&subject=x"),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
            ("tel:+1-201-555-0123", "tel:+1(201)5550123"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn different_as_rfc_3261_says() {
        for (one, other) in [
            ("sip:ALICE@atlanta.example", "sip:alice@atlanta.example"),
            ("sip:bob@biloxi.example", "sip:bob@biloxi.example:5060"),
            ("sip:bob@biloxi.example", "sip:bob@biloxi.example;transport=udp"),
            ("sip:bob@biloxi.example", "sip:bob@biloxi.example:6000;transport=tcp"),
            ("sip:carol@chicago.example", "sip:carol@chicago.example?Subject=next%20meeting"),
            ("sip:carol@chicago.example;security=on", "sip:carol@chicago.example;security=off"),
            ("sip:a%40b@x", "sip:a@x"),
            ("sip:a@b", "sips:a@b"),
            ("tel:+12015550123", "tel:12015550123;phone-context=x"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}

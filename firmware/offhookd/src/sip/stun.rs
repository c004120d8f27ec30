//! STUN binding requests on the SIP port: the keep-alive of RFC 5626 §4.4.2 (RFC 5389).

use std::net::{IpAddr, SocketAddr};

const MAGIC_COOKIE: u32 = 0x2112_A442;
const HEADER: usize = 20;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// Attributes below this must be understood (RFC 5389 §15).
const COMPREHENSION_OPTIONAL: u16 = 0x8000;
/// USERNAME and MESSAGE-INTEGRITY may be there and are not checked: the answer tells nothing that the sender may not know.
const IGNORED: [u16; 2] = [0x0006, 0x0008];

/// Whether a datagram is STUN and not SIP: its first two bits are zero and the magic cookie is in place (RFC 5389 §6).
pub(super) fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|byte| *byte < 2) && datagram.get(4..8) == Some(MAGIC_COOKIE.to_be_bytes().as_slice())
}

/// The answer to a binding request from `remote`; `None` when it is none (indications, responses, nonsense).
pub(super) fn answer(datagram: &[u8], remote: SocketAddr) -> Option<Vec<u8>> {
    let kind = number(datagram.get(0..2)?);
    let length = usize::from(number(datagram.get(2..4)?));
    let transaction = datagram.get(8..HEADER)?;
    let attributes = datagram.get(HEADER..)?;
    if kind != BINDING_REQUEST || length != attributes.len() || length % 4 != 0 {
        return None;
    }
    let unknown = unknown_attributes(attributes)?;
    let (kind, body) = if unknown.is_empty() {
        (BINDING_SUCCESS, mapped(remote, transaction))
    } else {
        (BINDING_ERROR, refusal(&unknown))
    };
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.extend(kind.to_be_bytes());
    out.extend(u16::try_from(body.len()).ok()?.to_be_bytes());
    out.extend(MAGIC_COOKIE.to_be_bytes());
    out.extend(transaction);
    out.extend(body);
    Some(out)
}

fn number(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte))
}

/// Attributes that must be understood and are not; `None` when they do not add up.
fn unknown_attributes(mut rest: &[u8]) -> Option<Vec<u16>> {
    let mut unknown = Vec::new();
    while !rest.is_empty() {
        let kind = number(rest.get(0..2)?);
        let length = usize::from(number(rest.get(2..4)?));
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
        if kind < COMPREHENSION_OPTIONAL && !IGNORED.contains(&kind) && unknown.len() < 8 {
            unknown.push(kind);
        }
    }
    Some(unknown)
}

/// XOR-MAPPED-ADDRESS (RFC 5389 §15.2).
fn mapped(remote: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let cookie = MAGIC_COOKIE.to_be_bytes();
    let port = remote.port() ^ 0x2112;
    let (family, address): (u8, Vec<u8>) = match remote.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let mask = cookie.iter().chain(transaction);
    let address = address.iter().zip(mask).map(|(byte, mask)| byte ^ mask);
    let mut value = vec![0, family];
    value.extend(port.to_be_bytes());
    value.extend(address);
    attribute(XOR_MAPPED_ADDRESS, &value)
}

/// 420 Unknown Attribute (RFC 5389 §7.3.1).
fn refusal(unknown: &[u16]) -> Vec<u8> {
    let mut out = attribute(ERROR_CODE, &[0, 0, 4, 20]);
    let listed: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    out.extend(attribute(UNKNOWN_ATTRIBUTES, &listed));
    out
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut out = kind.to_be_bytes().to_vec();
    // Values are built here and short.
    out.extend(u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 1, 0, u8::try_from(attributes.len()).expect("short"), 0x21, 0x12, 0xA4, 0x42];
        // The transaction of RFC 5769 §2.
        out.extend([0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]);
        out.extend(attributes);
        out
    }

    /// XOR-MAPPED-ADDRESS values of RFC 5769 §2.2 and §2.3.
    #[test]
    fn tells_the_address_as_rfc_5769_does() {
        let answered = answer(&request(&[]), "192.0.2.1:32853".parse().expect("address")).expect("answer");
        assert_eq!(&answered[..4], [1, 1, 0, 12]);
        assert_eq!(&answered[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let remote = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().expect("address");
        let answered = answer(&request(&[]), remote).expect("answer");
        assert_eq!(
            &answered[24..],
            [
                0, 2, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2,
                0xb9, 0xd9
            ]
        );
    }

    #[test]
    fn refuses_unknown_attributes_and_ignores_the_rest() {
        let remote = "192.0.2.1:1".parse().expect("address");
        let refused = answer(&request(&[0x7f, 0xff, 0, 1, 0, 0, 0, 0]), remote).expect("answer");
        assert_eq!(&refused[..2], [1, 0x11]);
        assert!(answer(&request(&[0x80, 0x22, 0, 2, b'x', b'y', 0, 0]), remote).is_some_and(|out| out[1] == 1));
        for bad in [&[0x80, 0x22, 0, 9, 0, 0, 0, 0][..], &[0, 0, 0, 0, 0][..]] {
            assert!(answer(&request(bad), remote).is_none());
        }
        let whole = request(&[]);
        for length in 0..whole.len() {
            assert!(answer(&whole[..length], remote).is_none());
        }
        assert!(is_stun(&whole));
        assert!(!is_stun(b"OPTIONS sip:a SIP/2.0"));
    }
}

//! An ICE agent that is lite (RFC 8445 §2.5): it answers the checks of the peer and takes the path the peer nominates. Pure.
//!
//! | of RFC 8445 and RFC 8489 | here |
//! |---|---|
//! | connectivity checks | answered, never sent: the peer, a full agent, is always controlling |
//! | authentication | short-term credentials: USERNAME and MESSAGE-INTEGRITY (SHA-1), without both no answer but an error |
//! | FINGERPRINT | checked when there, always written |
//! | consent (RFC 7675) | given by answering; ours is the peer's media |

use std::net::{IpAddr, SocketAddr};

use ring::hmac;
use subtle::ConstantTimeEq;

/// Longest answer, bytes.
pub const MAX_ANSWER: usize = 128;

const COOKIE: u32 = 0x2112_a442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
/// Attributes looked at in one message.
const MAX_ATTRIBUTES: usize = 32;

/// Our user name and password, and the peer's user name.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Ours.
    pub local_ufrag: String,
    /// Ours: checks of the peer are signed with it.
    pub local_password: String,
    /// The peer's.
    pub remote_ufrag: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("local_ufrag", &self.local_ufrag).finish_non_exhaustive()
    }
}

/// What to do about a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Bytes to send back.
    pub bytes: Vec<u8>,
    /// The check was the peer's.
    pub valid: bool,
    /// The peer nominates this path.
    pub nominated: bool,
}

/// A packet on a media port that is STUN (RFC 7983).
pub fn is_stun(packet: &[u8]) -> bool {
    matches!(packet, [0..=3, ..])
}

/// Answers a binding request. `None`: it is not one, or not worth an answer.
pub fn answer(credentials: &Credentials, packet: &[u8], from: SocketAddr) -> Option<Answer> {
    let (kind, length, cookie) = (half(packet, 0)?, usize::from(half(packet, 2)?), word(packet, 4)?);
    if kind != BINDING_REQUEST || cookie != COOKIE || length % 4 != 0 || packet.len() != 20 + length {
        return None;
    }
    let transaction: [u8; 12] = packet.get(8..20)?.try_into().ok()?;
    let (mut username, mut nominated, mut signed) = (None, false, None);
    let mut at = 20;
    for _ in 0..MAX_ATTRIBUTES {
        if at == packet.len() {
            break;
        }
        let (attribute, size) = (half(packet, at)?, usize::from(half(packet, at + 2)?));
        let value = packet.get(at + 4..at + 4 + size)?;
        match attribute {
            FINGERPRINT if word(value, 0)? != fingerprint(packet.get(..at)?) => return None,
            // What comes behind the signature is not signed (RFC 8489 §14.5).
            _ if signed.is_some() => {}
            USERNAME => username = Some(value),
            USE_CANDIDATE => nominated = true,
            MESSAGE_INTEGRITY => signed = Some(is_signed(credentials, packet, at, value)?),
            _ => {}
        }
        at += 4 + size.next_multiple_of(4);
    }
    let expected = format!("{}:{}", credentials.local_ufrag, credentials.remote_ufrag);
    let error = match (username, signed) {
        (None, _) | (_, None) => Some((400_u16, "Bad Request")),
        (Some(name), Some(true)) if name == expected.as_bytes() => None,
        _ => Some((401, "Unauthenticated")),
    };
    let mut out = Vec::with_capacity(MAX_ANSWER);
    let kind = if error.is_some() { BINDING_ERROR } else { BINDING_SUCCESS };
    out.extend(kind.to_be_bytes());
    out.extend([0, 0]);
    out.extend(COOKIE.to_be_bytes());
    out.extend(transaction);
    match error {
        Some((code, reason)) => {
            let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
            value.extend(reason.as_bytes());
            put(&mut out, ERROR_CODE, &value);
        }
        None => {
            put(&mut out, XOR_MAPPED_ADDRESS, &xor_address(from, &transaction));
            set_length(&mut out, 24);
            let signature = hmac::sign(&key(credentials), &out);
            put(&mut out, MESSAGE_INTEGRITY, signature.as_ref());
        }
    }
    set_length(&mut out, 8);
    let check = fingerprint(&out);
    put(&mut out, FINGERPRINT, &check.to_be_bytes());
    Some(Answer { bytes: out, valid: error.is_none(), nominated: nominated && error.is_none() })
}

fn key(credentials: &Credentials) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, credentials.local_password.as_bytes())
}

/// The signature over what comes before it, with the length as if the message ended behind it (RFC 8489 §14.5).
fn is_signed(credentials: &Credentials, packet: &[u8], at: usize, signature: &[u8]) -> Option<bool> {
    let mut context = hmac::Context::with_key(&key(credentials));
    context.update(packet.get(..2)?);
    context.update(&((at + 24 - 20) as u16).to_be_bytes());
    context.update(packet.get(4..at)?);
    Some(signature.len() == 20 && bool::from(context.sign().as_ref().ct_eq(signature)))
}

fn xor_address(from: SocketAddr, transaction: &[u8; 12]) -> Vec<u8> {
    let port = from.port() ^ (COOKIE >> 16) as u16;
    let mask = COOKIE.to_be_bytes().into_iter().chain(*transaction);
    let (family, bytes) = match from.ip().to_canonical() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let mut value = vec![0, family];
    value.extend(port.to_be_bytes());
    value.extend(bytes.into_iter().zip(mask).map(|(byte, mask)| byte ^ mask));
    value
}

fn put(out: &mut Vec<u8>, attribute: u16, value: &[u8]) {
    out.extend(attribute.to_be_bytes());
    out.extend((value.len() as u16).to_be_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
    set_length(out, 0);
}

/// Writes the length, with so many bytes that are still to come.
fn set_length(out: &mut [u8], more: usize) {
    let length = (out.len() + more - 20) as u16;
    if let Some(place) = out.get_mut(2..4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// CRC-32 of ISO/IEC 13239 with the mark of STUN (RFC 8489 §14.7).
fn fingerprint(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc ^ 0x5354_554e
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The request of RFC 5769 §2.1.
    const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
        80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn credentials() -> Credentials {
        Credentials {
            local_ufrag: "evtj".into(),
            local_password: "VOkJxbRl1RmTxUk/WvJxBt".into(),
            remote_ufrag: "h6vY".into(),
        }
    }

    /// A check as a controlling agent writes it.
    fn check(nominate: bool) -> Vec<u8> {
        let mut out = hex("000100002112a442b7e7a701bc34d686fa87dfae");
        put(&mut out, USERNAME, b"evtj:h6vY");
        if nominate {
            put(&mut out, USE_CANDIDATE, &[]);
        }
        set_length(&mut out, 24);
        let signature = hmac::sign(&key(&credentials()), &out);
        put(&mut out, MESSAGE_INTEGRITY, signature.as_ref());
        set_length(&mut out, 8);
        let sum = fingerprint(&out);
        put(&mut out, FINGERPRINT, &sum.to_be_bytes());
        out
    }

    #[test]
    fn the_request_of_rfc_5769_is_answered() {
        let from = "192.0.2.1:32853".parse().unwrap();
        let answered = answer(&credentials(), &hex(REQUEST), from).unwrap();
        assert!(answered.valid && !answered.nominated);
        // RFC 5769 §2.2 has the same mapped address: a147e112a643.
        assert!(answered.bytes.windows(12).any(|w| w == hex("002000080001a147e112a643")));
        assert_eq!(usize::from(half(&answered.bytes, 2).unwrap()) + 20, answered.bytes.len());
        let end = answered.bytes.len() - 8;
        assert_eq!(word(&answered.bytes, end + 4).unwrap(), fingerprint(&answered.bytes[..end]));
        assert_eq!(is_signed(&credentials(), &answered.bytes, end - 24, &answered.bytes[end - 20..end]), Some(true));
        assert!(answer(&credentials(), &check(true), "[2001:db8::1]:5".parse().unwrap()).unwrap().nominated);
    }

    #[test]
    fn what_is_not_signed_by_the_peer_nominates_nothing() {
        let from = "192.0.2.1:32853".parse().unwrap();
        let others = [
            Credentials { local_password: "another".into(), ..credentials() },
            Credentials { remote_ufrag: "other".into(), ..credentials() },
        ];
        for other in others {
            let refused = answer(&other, &check(true), from).unwrap();
            assert!(!refused.valid && !refused.nominated);
            assert!(refused.bytes.windows(4).any(|w| w == [0, 0, 4, 1]));
        }
        // The fingerprint behind the signature is checked when it is there, and may be missing.
        for at in 20..check(true).len() - 8 {
            let mut changed = check(true);
            changed[at] ^= 1;
            assert!(answer(&credentials(), &changed, from).is_none_or(|a| !a.valid), "byte {at}");
        }
        // Not signed at all, and no answers to answers.
        let mut bare = hex("000100002112a442b7e7a701bc34d686fa87dfae");
        put(&mut bare, USERNAME, b"evtj:h6vY");
        assert!(!answer(&credentials(), &bare, from).unwrap().valid);
        bare[0] = 1;
        assert_eq!(answer(&credentials(), &bare, from), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), framed: bool) {
            if framed && bytes.len() >= 20 {
                bytes.truncate(bytes.len() / 4 * 4);
                let length = (bytes.len() - 20) as u16;
                bytes[..2].copy_from_slice(&[0, 1]);
                bytes[2..4].copy_from_slice(&length.to_be_bytes());
                bytes[4..8].copy_from_slice(&COOKIE.to_be_bytes());
            }
            let answered = answer(&credentials(), &bytes, "192.0.2.1:1".parse().unwrap());
            prop_assert!(answered.is_none_or(|a| !a.valid && a.bytes.len() <= MAX_ANSWER));
        }
    }
}

//! The arithmetic of RFC 7616 §3.4 (and of RFC 2069 for peers without `qop`).

use std::fmt;

use md5::{Digest, Md5};
use sha2::Sha256;

/// A hash algorithm of RFC 8760, without `-sess`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the algorithms")]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    /// The name in challenges and credentials, without `-sess`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// Reads an `algorithm` parameter; the flag tells `-sess`. None named means MD5 (RFC 7616 §3.3).
    pub(super) fn parse(name: Option<&str>) -> Option<(Algorithm, bool)> {
        let name = name.unwrap_or("MD5");
        [
            ("MD5", Algorithm::Md5, false),
            ("MD5-sess", Algorithm::Md5, true),
            ("SHA-256", Algorithm::Sha256, false),
            ("SHA-256-sess", Algorithm::Sha256, true),
        ]
        .into_iter()
        .find(|(known, ..)| name.eq_ignore_ascii_case(known))
        .map(|(_, algorithm, session)| (algorithm, session))
    }

    /// `H(part:part:…)` in lower-case hexadecimal.
    pub(super) fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Algorithm::Md5 => joined::<Md5>(parts),
            Algorithm::Sha256 => joined::<Sha256>(parts),
        }
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> String {
    let mut hash = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `H(user:realm:password)` for one algorithm, in lower-case hexadecimal. What is stored instead of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1(pub String);

impl fmt::Debug for Ha1 {
    /// Whoever has this value can log in: it is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(…)")
    }
}

/// Secrets of one user, for [`super::Authenticator::verify`].
#[derive(Clone, Debug)]
pub struct Secret {
    /// HA1 with MD5.
    pub md5: Ha1,
    /// HA1 with SHA-256.
    pub sha256: Ha1,
}

impl Secret {
    /// Computes both HA1 values.
    pub fn from_password(username: &str, realm: &str, password: &str) -> Secret {
        let ha1 =
            |algorithm: Algorithm| Ha1(algorithm.hash(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()]));
        Secret { md5: ha1(Algorithm::Md5), sha256: ha1(Algorithm::Sha256) }
    }

    /// The HA1 of one algorithm.
    pub fn ha1(&self, algorithm: Algorithm) -> &Ha1 {
        match algorithm {
            Algorithm::Md5 => &self.md5,
            Algorithm::Sha256 => &self.sha256,
        }
    }
}

/// Quality of protection (RFC 7616 §3.4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qop<'a> {
    /// RFC 2069: no `qop`, no count, no cnonce in the response.
    None,
    /// The request's method and URI.
    Auth,
    /// Also its body.
    AuthInt(&'a [u8]),
}

/// Everything that goes into a `response`.
pub(super) struct Inputs<'a> {
    pub(super) algorithm: Algorithm,
    /// `-sess`.
    pub(super) session: bool,
    pub(super) ha1: &'a Ha1,
    pub(super) nonce: &'a str,
    /// Exactly as written: eight hexadecimal digits.
    pub(super) nonce_count: &'a str,
    pub(super) cnonce: &'a str,
    pub(super) qop: Qop<'a>,
    pub(super) method: &'a str,
    /// The `uri` parameter as written.
    pub(super) uri: &'a str,
}

impl Inputs<'_> {
    /// `response`, in lower-case hexadecimal.
    pub(super) fn response(&self) -> String {
        let hash = |parts: &[&[u8]]| self.algorithm.hash(parts);
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce.as_bytes());
        let ha1 = if self.session {
            // RFC 7616 §3.4.2: from the stored hash, so that the password is not needed.
            hash(&[self.ha1.0.as_bytes(), nonce, cnonce])
        } else {
            self.ha1.0.clone()
        };
        let (method, uri) = (self.method.as_bytes(), self.uri.as_bytes());
        let (ha2, qop): (String, &[u8]) = match self.qop {
            Qop::None => return hash(&[ha1.as_bytes(), nonce, hash(&[method, uri]).as_bytes()]),
            Qop::Auth => (hash(&[method, uri]), b"auth"),
            Qop::AuthInt(body) => (hash(&[method, uri, hash(&[body]).as_bytes()]), b"auth-int"),
        };
        hash(&[ha1.as_bytes(), nonce, self.nonce_count.as_bytes(), cnonce, qop, ha2.as_bytes()])
    }
}

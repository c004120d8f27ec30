//! Digest authentication, both ways (RFC 3261 §22, RFC 7616, RFC 8760).

use std::time::Instant;

use crate::message::Message;

/// A hash algorithm of RFC 8760, without `-sess`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the algorithms")]
pub enum Algorithm {
    Md5,
    Sha256,
}

/// `H(user:realm:password)` for one algorithm, in lower-case hexadecimal. What is stored instead of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1(pub String);

/// Secrets of one user, for [`Authenticator::verify`].
#[derive(Clone)]
pub struct Secret {
    /// HA1 with MD5.
    pub md5: Ha1,
    /// HA1 with SHA-256.
    pub sha256: Ha1,
}

impl Secret {
    /// Computes both HA1 values.
    pub fn from_password(_username: &str, _realm: &str, _password: &str) -> Secret {
        unimplemented!()
    }
}

/// The outcome of [`Authenticator::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The credentials are right; the user name they name.
    Accepted(String),
    /// No credentials for our realm: challenge.
    Missing,
    /// The nonce is old or its count ran out, the credentials are right: challenge with `stale=true`.
    Stale,
    /// Wrong password, unknown user, replayed nonce count, malformed: challenge again (or ban).
    Refused,
}

/// The server side: makes challenges and checks answers. Nonces are authenticated by a key of ours, so that a challenge costs no
/// memory; only nonces that were answered rightly are remembered (bounded) to refuse a replayed count.
pub struct Authenticator {}

#[allow(unused_variables, reason = "contract")]
impl Authenticator {
    /// For a realm; `seed` keys the nonces. `now` is the epoch of nonce ages.
    pub fn new(realm: &str, seed: [u8; 32], now: Instant) -> Self {
        unimplemented!()
    }
    /// Values for `WWW-Authenticate` headers (or `Proxy-Authenticate`), strongest first (SHA-256, then MD5; qop "auth,auth-int").
    pub fn challenges(&mut self, now: Instant, stale: bool) -> Vec<String> {
        unimplemented!()
    }
    /// Checks `Authorization` / `Proxy-Authorization` of a request. `lookup` gives the secrets of a user name.
    pub fn verify(
        &mut self,
        now: Instant,
        request: &Message,
        lookup: &dyn Fn(&str) -> Option<Secret>,
    ) -> Verdict {
        unimplemented!()
    }
}

//! Registrar and location service (RFC 3261 §10, RFC 3327, RFC 5626, RFC 5627) as plain data.

mod gruu;
mod location;
mod request;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use crate::endpoint::Flow;
use crate::message::Uri;

pub use location::Registrar;

/// One binding of an address of record.
#[derive(Clone, derive_more::Debug)]
pub struct Binding {
    /// The contact URI as registered.
    pub contact: Uri,
    /// The path to reach it: the flow the REGISTER came over (symmetric routing, RFC 3581; connection reuse, RFC 5626).
    pub flow: Flow,
    /// `Path` values to put into `Route` (RFC 3327).
    #[debug("…")]
    pub path: Vec<String>,
    /// `q`, 0–1000 (thousandths), default 1000.
    pub q: u16,
    /// `+sip.instance` (RFC 5626), unquoted: `<urn:uuid:…>`.
    #[debug("…")]
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// Call-ID of the registration.
    #[debug("…")]
    pub call_id: String,
    /// CSeq of the last REGISTER.
    pub cseq: u32,
    /// `User-Agent` of the phone.
    pub user_agent: Option<String>,
    /// When it lapses.
    pub expires: Instant,
}

/// Limits of a registrar.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// Shortest expiry; a shorter wish gets 423 with Min-Expires. Default 60 s.
    pub min_expires: Duration,
    /// Longest expiry granted. Default 3600 s.
    pub max_expires: Duration,
    /// Granted when the phone names none. Default 3600 s.
    pub default_expires: Duration,
    /// Most bindings per address of record. Default 10.
    pub max_bindings: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        RegistrarConfig {
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            default_expires: Duration::from_secs(3600),
            max_bindings: 10,
        }
    }
}

/// A REGISTER's answer and what it changed.
#[derive(Clone, derive_more::Debug)]
pub struct Outcome {
    /// Status to answer with: 200, 400, 403 (too many bindings), 423, 439, 500 (out of order).
    pub status: u16,
    /// Headers of the answer: every current Contact with its expires, Path, Supported, Require: outbound, Min-Expires …
    #[debug("…")]
    pub headers: Vec<(String, String)>,
    /// The address of record's bindings changed: write them down.
    pub changed: bool,
}

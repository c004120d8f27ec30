//! Registrar and location service (RFC 3261 §10, RFC 3327, RFC 5626, RFC 5627) as plain data.

use std::time::{Duration, Instant};

use crate::endpoint::{ConnectionId, Flow};
use crate::message::{Message, Uri};

/// One binding of an address of record.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The contact URI as registered.
    pub contact: Uri,
    /// The path to reach it: the flow the REGISTER came over (symmetric routing, RFC 3581; connection reuse, RFC 5626).
    pub flow: Flow,
    /// `Path` values to put into `Route` (RFC 3327).
    pub path: Vec<String>,
    /// `q`, 0–1000 (thousandths), default 1000.
    pub q: u16,
    /// `+sip.instance` (RFC 5626), unquoted.
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// Call-ID of the registration.
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

/// A REGISTER's answer and what it changed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Status to answer with: 200, 400, 423, 439, 500 (out of order), 503 …
    pub status: u16,
    /// Headers of the answer: every current Contact with its expires, Path, Supported, Require: outbound, Min-Expires …
    pub headers: Vec<(String, String)>,
    /// The address of record's bindings changed: write them down.
    pub changed: bool,
}

/// All bindings of the box.
pub struct Registrar {}

#[allow(unused_variables, reason = "contract")]
impl Registrar {
    /// An empty registrar.
    pub fn new(config: RegistrarConfig) -> Self {
        unimplemented!()
    }
    /// Applies an authenticated REGISTER for the address of record `aor` (the extension or device user name). All or nothing.
    pub fn register(&mut self, now: Instant, aor: &str, request: &Message, flow: Flow) -> Outcome {
        unimplemented!()
    }
    /// Current bindings, highest q first, newest first within one q.
    pub fn bindings(&self, aor: &str) -> &[Binding] {
        unimplemented!()
    }
    /// Puts back what was written down before a restart.
    pub fn restore(&mut self, aor: &str, bindings: Vec<Binding>) {
        unimplemented!()
    }
    /// A connection is gone: bindings over it are dropped (RFC 5626 §5.3). Returns the addresses of record concerned.
    pub fn connection_closed(&mut self, connection: ConnectionId) -> Vec<String> {
        unimplemented!()
    }
    /// Drops what lapsed; returns the addresses of record concerned.
    pub fn expire(&mut self, now: Instant) -> Vec<String> {
        unimplemented!()
    }
    /// The next expiry.
    pub fn next_expiry(&self) -> Option<Instant> {
        unimplemented!()
    }
}

//! State of the box.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// State of the box.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Version of the software.
    pub version: String,
    /// Time of the box, UTC milliseconds.
    pub time: i64,
    /// Milliseconds since the daemon started.
    pub uptime_ms: u64,
    /// Calls up.
    pub calls: u64,
    /// Legs up.
    pub legs: u64,
    /// Registrations.
    pub registrations: u64,
    /// SIP transactions.
    pub transactions: u64,
    /// Calls since start.
    pub calls_total: u64,
    /// Requests refused for overload since start.
    pub overload_refusals: u64,
    /// RTP ports taken.
    pub rtp_ports: u64,
    /// Call records not written because the database refused (disk full …) or its queue was full, since start.
    pub records_lost: u64,
    /// The database's last error, `null` when the last write went well.
    pub store_error: Option<String>,
    /// SIP addresses the box listens on, e.g. `udp 127.0.0.1:5060`.
    pub listening: Vec<String>,
}

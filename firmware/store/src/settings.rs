//! Settings that are not call control's: one row each.

use std::net::SocketAddr;

use rusqlite::{Connection, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::StoreError;
use crate::sql::{Json, row, run};

/// Where the box listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listen {
    /// SIP over UDP.
    pub udp: Vec<SocketAddr>,
    /// SIP over TCP.
    pub tcp: Vec<SocketAddr>,
    /// SIP over TLS.
    pub tls: Vec<SocketAddr>,
    /// SIP over WebSocket (RFC 7118).
    pub ws: Vec<SocketAddr>,
    /// SIP over secure WebSocket.
    pub wss: Vec<SocketAddr>,
    /// The web page and API.
    pub http: Vec<SocketAddr>,
}

impl Default for Listen {
    fn default() -> Self {
        let any = |port| SocketAddr::from(([0, 0, 0, 0], port));
        Listen {
            udp: vec![any(5060)],
            tcp: vec![any(5060)],
            tls: vec![any(5061)],
            ws: Vec::new(),
            wss: Vec::new(),
            http: vec![any(8080)],
        }
    }
}

pub(crate) fn get<T: DeserializeOwned>(connection: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    row(connection, "SELECT value FROM settings WHERE key = ?1", params![key], |row| Ok(row.get::<_, Json<T>>(0)?.0))
}

pub(crate) fn put(connection: &Connection, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
    run(connection, "INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)", params![key, Json(value)])?;
    Ok(())
}

pub(crate) const LISTEN: &str = "listen";
pub(crate) const SIP: &str = "sip";
pub(crate) const ALLOW_WEAK_SECRETS: &str = "allow_weak_secrets";

impl Store {
    /// Where the box listens; the defaults when never set.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn listen(&self) -> Result<Listen, StoreError> {
        self.read(|connection| Ok(get(connection, LISTEN)?.unwrap_or_default()))
    }

    /// Changes where the box listens, from its next start.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_listen(&self, listen: Listen) -> Result<(), StoreError> {
        self.edit(move |connection| put(connection, LISTEN, &listen))
    }
}

//! Sessions of the web page. Only a hash of each token is kept.

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Store;
use crate::administrators::{Administrator, read};
use crate::error::StoreError;
use crate::sql::{Id, row, run};

/// A session unused for this long ends, milliseconds: 12 hours.
const IDLE: i64 = 12 * 60 * 60 * 1000;
/// A session ends after this long in any case, milliseconds: 30 days.
const LONGEST: i64 = 30 * 24 * 60 * 60 * 1000;
/// The last use is written down at most this often, milliseconds.
const NOTED: i64 = 5 * 60 * 1000;
/// Most sessions at once; the least used ends first.
const MOST: u32 = 100;

/// A session and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose.
    pub administrator: Administrator,
    /// When it began, UTC milliseconds.
    pub created: i64,
    /// When it was last used (to five minutes).
    pub last_used: i64,
}

fn hash(token: &[u8; 32]) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

pub(crate) fn end_others(connection: &Connection, whose: Uuid, keep: Option<[u8; 32]>) -> Result<(), StoreError> {
    run(
        connection,
        "DELETE FROM sessions WHERE administrator = ?1 AND token_hash IS NOT ?2",
        params![Id(whose), keep.map(|token| hash(&token))],
    )?;
    Ok(())
}

impl Store {
    /// Begins a session and forgets those that are over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn begin_session(&self, token: [u8; 32], administrator: Uuid, now: i64) -> Result<(), StoreError> {
        self.edit(move |connection| {
            run(
                connection,
                "DELETE FROM sessions WHERE last_used < ?1 OR created < ?2 OR token_hash IN
                    (SELECT token_hash FROM sessions ORDER BY last_used DESC LIMIT -1 OFFSET ?3)",
                params![now - IDLE, now - LONGEST, MOST - 1],
            )?;
            run(
                connection,
                "INSERT INTO sessions (token_hash, administrator, created, last_used) VALUES (?1, ?2, ?3, ?3)",
                params![hash(&token), Id(administrator), now],
            )?;
            Ok(())
        })
    }

    /// The session of a token, if it is not over, and notes its use.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn session(&self, token: [u8; 32], now: i64) -> Result<Option<SessionRow>, StoreError> {
        let found = self.read(|connection| {
            row(
                connection,
                "SELECT administrators.id, name, password_hash, role, language, created, last_used
                 FROM sessions JOIN administrators ON administrators.id = administrator
                 WHERE token_hash = ?1 AND last_used >= ?2 AND created >= ?3",
                params![hash(&token), now - IDLE, now - LONGEST],
                |row| Ok(SessionRow { administrator: read(row)?, created: row.get(5)?, last_used: row.get(6)? }),
            )
        })?;
        if found.as_ref().is_some_and(|session| session.last_used < now - NOTED) {
            let noted = self.edit(move |connection| {
                let update = "UPDATE sessions SET last_used = ?2 WHERE token_hash = ?1";
                run(connection, update, params![hash(&token), now])
            });
            // A full disk must not lock the administrator out.
            if let Err(error) = noted {
                tracing::debug!(%error, "the use of a session was not noted");
            }
        }
        Ok(found)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn end_session(&self, token: [u8; 32]) -> Result<(), StoreError> {
        self.edit(move |connection| {
            run(connection, "DELETE FROM sessions WHERE token_hash = ?1", params![hash(&token)])?;
            Ok(())
        })
    }
}

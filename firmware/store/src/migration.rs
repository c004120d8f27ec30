//! Migrations, forward and backward.
//!
//! The box has two system slots and falls back to the older one by itself, so an older program must be able to open a newer
//! database. It cannot know the newer steps: each step therefore leaves its `backward.sql` in the database, and the older program
//! runs what it finds there.

use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::sql;

/// One step.
pub struct Step {
    /// Number and name, as the directory is named.
    pub name: &'static str,
    /// From the step before to this one.
    pub forward: &'static str,
    /// From this one to the step before.
    pub backward: &'static str,
}

macro_rules! steps {
    ($($name:literal),* $(,)?) => {
        /// All steps, in order. A step that was released never changes.
        pub const STEPS: &[Step] = &[$(Step {
            name: $name,
            forward: include_str!(concat!("../migrations/", $name, "/forward.sql")),
            backward: include_str!(concat!("../migrations/", $name, "/backward.sql")),
        }),*];
    };
}

steps![
    "0001_configuration",
    "0002_calls",
    "0003_access",
    "0004_open_legs",
    "0005_answer_supervision",
    "0006_media_encryption",
    "0007_line_sound",
    "0008_device_codecs",
    "0009_leg_quality",
    "0010_sip_sound",
];

/// The whole schema, as the steps build it.
pub const SCHEMA: &str = include_str!("../schema.sql");

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    backward TEXT NOT NULL
) STRICT";

/// Brings the database to exactly the given steps, forward or backward, each step in its own transaction.
///
/// # Errors
/// When a step fails (the database stays at the step before), or when the database went through other steps than these.
pub fn migrate(connection: &mut Connection, steps: &[Step]) -> Result<(), StoreError> {
    connection.execute_batch(TABLE)?;
    let done: Vec<(usize, String, String)> =
        sql::rows(connection, "SELECT number, name, backward FROM migrations ORDER BY number", (), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    for ((_, name, _), step) in done.iter().zip(steps) {
        if name != step.name {
            return Err(StoreError::Migration {
                name: name.clone(),
                reason: format!("this program expects {} here", step.name),
            });
        }
    }
    for (number, name, backward) in done.iter().skip(steps.len()).rev() {
        tracing::info!(step = %name, "database goes back one step");
        apply(connection, name, backward, |transaction| {
            sql::run(transaction, "DELETE FROM migrations WHERE number = ?1", params![number])?;
            Ok(())
        })?;
    }
    for (index, step) in steps.iter().enumerate().skip(done.len()) {
        tracing::info!(step = step.name, "database goes forward one step");
        apply(connection, step.name, step.forward, |transaction| {
            sql::run(
                transaction,
                "INSERT INTO migrations (number, name, backward) VALUES (?1, ?2, ?3)",
                params![index + 1, step.name, step.backward],
            )?;
            Ok(())
        })?;
    }
    Ok(())
}

fn apply(
    connection: &mut Connection,
    name: &str,
    script: &str,
    note: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    // Rebuilding a table that others refer to (SQLite's way of altering one) needs references off meanwhile.
    connection.pragma_update(None, "foreign_keys", false)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(script).map_err(|error| {
        let error = StoreError::from(error);
        if error.is_passing() {
            return error;
        }
        StoreError::Migration { name: name.to_owned(), reason: error.to_string() }
    })?;
    note(&transaction)?;
    transaction.commit()?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

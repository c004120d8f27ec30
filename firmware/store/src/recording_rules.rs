//! Recording rules: which calls are recorded.

use offhook_switch::config::RecordingRule;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::Store;
use crate::deleted::{self, Snapshot, Undo};
use crate::error::StoreError;
use crate::sql::{Id, rows, run};

pub(crate) fn list(connection: &Connection) -> Result<Vec<(Uuid, RecordingRule)>, StoreError> {
    rows(connection, "SELECT id, caller, callee FROM recording_rules ORDER BY id", (), |row| {
        let rule = RecordingRule { caller: row.get(1)?, callee: row.get(2)? };
        Ok((row.get::<_, Id>(0)?.0, rule))
    })
}

pub(crate) fn put(connection: &Connection, id: Uuid, rule: &RecordingRule) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT OR REPLACE INTO recording_rules (id, caller, callee) VALUES (?1, ?2, ?3)",
        params![Id(id), rule.caller, rule.callee],
    )?;
    Ok(())
}

impl Store {
    /// All recording rules, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recording_rules(&self) -> Result<Vec<(Uuid, RecordingRule)>, StoreError> {
        self.read(list)
    }

    /// Adds or changes a recording rule.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_recording_rule(&self, id: Uuid, rule: RecordingRule) -> Result<(), StoreError> {
        self.edit(move |connection| put(connection, id, &rule))
    }

    /// Deletes a recording rule.
    ///
    /// # Errors
    /// When there is no such rule, or the database cannot be written.
    pub fn delete_recording_rule(&self, id: Uuid, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let found = list(connection)?.into_iter().find(|(other, _)| *other == id);
            let (_, rule) = found.ok_or(StoreError::NotFound)?;
            run(connection, "DELETE FROM recording_rules WHERE id = ?1", params![Id(id)])?;
            let any = || "*".to_owned();
            let label =
                format!("{} → {}", rule.caller.clone().unwrap_or_else(any), rule.callee.clone().unwrap_or_else(any));
            deleted::keep(connection, now, id, label, &Snapshot::RecordingRule { id, rule })
        })
    }
}

//! Registrations: where each address of record is reached, to be put back after a restart.

use offhook_switch::exchange::StoredBinding;
use offhook_switch::record::UnixMillis;
use rusqlite::{Connection, params};

use crate::Store;
use crate::error::StoreError;
use crate::sql::{Json, row, rows, run};

pub(crate) fn put(connection: &Connection, aor: &str, bindings: &[StoredBinding]) -> Result<(), StoreError> {
    if bindings.is_empty() {
        run(connection, "DELETE FROM bindings WHERE aor = ?1", params![aor])?;
    } else {
        run(
            connection,
            "INSERT OR REPLACE INTO bindings (aor, bindings) VALUES (?1, ?2)",
            params![aor, Json(bindings)],
        )?;
    }
    Ok(())
}

fn alive(bindings: Vec<StoredBinding>, now: UnixMillis) -> Vec<StoredBinding> {
    bindings.into_iter().filter(|binding| binding.expires > now).collect()
}

impl Store {
    /// All addresses of record with the bindings that have not lapsed at `now`, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn bindings(&self, now: UnixMillis) -> Result<Vec<(String, Vec<StoredBinding>)>, StoreError> {
        self.read(|connection| {
            let all = rows(connection, "SELECT aor, bindings FROM bindings ORDER BY aor", (), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Json<Vec<StoredBinding>>>(1)?.0))
            })?;
            let alive = all.into_iter().map(|(aor, bindings)| (aor, alive(bindings, now)));
            Ok(alive.filter(|(_, bindings)| !bindings.is_empty()).collect())
        })
    }

    /// The bindings of one address of record that have not lapsed at `now`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn bindings_of(&self, aor: &str, now: UnixMillis) -> Result<Vec<StoredBinding>, StoreError> {
        self.read(|connection| {
            let found = row(connection, "SELECT bindings FROM bindings WHERE aor = ?1", params![aor], |row| {
                Ok(row.get::<_, Json<Vec<StoredBinding>>>(0)?.0)
            })?;
            Ok(alive(found.unwrap_or_default(), now))
        })
    }
}

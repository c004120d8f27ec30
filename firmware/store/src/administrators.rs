//! Administrators: who may change the box.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::error::{Conflict, StoreError};
use crate::sql::{Id, row, run};
use crate::{Store, site};

/// An account of the web page.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Administrator {
    /// Identifier.
    pub id: Uuid,
    /// Name to sign in with.
    #[debug("…")]
    pub name: String,
    /// Argon2 hash in PHC form.
    #[debug("…")]
    pub password_hash: String,
    /// `administrator`.
    pub role: String,
    /// `en` or `fr`.
    pub language: String,
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Administrator> {
    Ok(Administrator {
        id: row.get::<_, Id>(0)?.0,
        name: row.get(1)?,
        password_hash: row.get(2)?,
        role: row.get(3)?,
        language: row.get(4)?,
    })
}

pub(crate) fn any(connection: &Connection) -> Result<bool, StoreError> {
    let found = row(connection, "SELECT 1 FROM administrators LIMIT 1", (), |row| row.get::<_, i64>(0))?;
    Ok(found.is_some())
}

pub(crate) fn put(connection: &Connection, administrator: &Administrator) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT INTO administrators (id, name, password_hash, role, language) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = ?2, password_hash = ?3, role = ?4, language = ?5",
        params![
            Id(administrator.id),
            administrator.name,
            administrator.password_hash,
            administrator.role,
            administrator.language,
        ],
    )?;
    Ok(())
}

impl Store {
    /// Whether any administrator exists; if not, the box waits for its first run.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_administrator(&self) -> Result<bool, StoreError> {
        self.read(any)
    }

    /// An administrator by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn administrator(&self, name: &str) -> Result<Option<Administrator>, StoreError> {
        self.read(|connection| {
            row(
                connection,
                "SELECT id, name, password_hash, role, language FROM administrators WHERE name = ?1",
                params![name],
                read,
            )
        })
    }

    /// The first run: the site and the first administrator, together, once.
    ///
    /// # Errors
    /// When an administrator exists, or the database cannot be written.
    pub fn first_run(
        &self,
        first: Administrator,
        change: impl FnOnce(&mut offhook_switch::config::Site) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.edit(move |connection| {
            if any(connection)? {
                return Err(Conflict::NotEmpty.into());
            }
            let mut now = site::get(connection)?.unwrap_or_default();
            change(&mut now);
            site::put(connection, &now, &site::network(connection)?.unwrap_or_default())?;
            put(connection, &first)
        })
    }

    /// Changes an administrator; with a new password, all other sessions end.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_administrator(&self, changed: Administrator, keep_session: Option<[u8; 32]>) -> Result<(), StoreError> {
        self.edit(move |connection| {
            let before = row(
                connection,
                "SELECT password_hash FROM administrators WHERE id = ?1",
                params![Id(changed.id)],
                |row| row.get::<_, String>(0),
            )?;
            put(connection, &changed)?;
            if before.is_some_and(|before| before != changed.password_hash) {
                crate::sessions::end_others(connection, changed.id, keep_session)?;
            }
            Ok(())
        })
    }
}

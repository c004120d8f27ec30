//! Users: people with an extension.

use std::time::Duration;

use offhook_switch::config::User;
use offhook_switch::id::{DeviceId, UserId};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::deleted::{self, Snapshot, Undo};
use crate::devices::{self, NewDevice};
use crate::error::StoreError;
use crate::numbers;
use crate::sql::{Id, row, rows, run};

pub(crate) fn list(connection: &Connection) -> Result<Vec<(UserId, User)>, StoreError> {
    let query =
        "SELECT id, name, extension, ring_time_ms, do_not_disturb, forward_always, forward_busy, forward_no_answer,
        call_waiting, max_calls, outside_calls FROM users ORDER BY length(extension), extension";
    rows(connection, query, (), read)
}

pub(crate) fn get(connection: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let query =
        "SELECT id, name, extension, ring_time_ms, do_not_disturb, forward_always, forward_busy, forward_no_answer,
        call_waiting, max_calls, outside_calls FROM users WHERE id = ?1";
    Ok(row(connection, query, params![Id::from(id)], read)?.map(|(_, user)| user))
}

fn read(row: &Row<'_>) -> rusqlite::Result<(UserId, User)> {
    let user = User {
        name: row.get(1)?,
        extension: row.get(2)?,
        ring_time: Duration::from_millis(row.get::<_, u32>(3)?.into()),
        do_not_disturb: row.get(4)?,
        forward_always: row.get(5)?,
        forward_busy: row.get(6)?,
        forward_no_answer: row.get(7)?,
        call_waiting: row.get(8)?,
        max_calls: row.get(9)?,
        outside_calls: row.get(10)?,
    };
    Ok((row.get::<_, Id>(0)?.into(), user))
}

pub(crate) fn put(connection: &Connection, id: UserId, user: &User) -> Result<(), StoreError> {
    numbers::check_free(connection, &user.extension, id.0)?;
    run(
        connection,
        "INSERT INTO users (id, name, extension, ring_time_ms, do_not_disturb, forward_always, forward_busy, forward_no_answer,
            call_waiting, max_calls, outside_calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET name = ?2, extension = ?3, ring_time_ms = ?4, do_not_disturb = ?5, forward_always = ?6,
            forward_busy = ?7, forward_no_answer = ?8, call_waiting = ?9, max_calls = ?10, outside_calls = ?11",
        params![
            Id::from(id),
            user.name,
            user.extension,
            u32::try_from(user.ring_time.as_millis()).unwrap_or(u32::MAX),
            user.do_not_disturb,
            user.forward_always,
            user.forward_busy,
            user.forward_no_answer,
            user.call_waiting,
            user.max_calls,
            user.outside_calls,
        ],
    )?;
    Ok(())
}

impl Store {
    /// All users, by extension.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn users(&self) -> Result<Vec<(UserId, User)>, StoreError> {
        self.read(list)
    }

    /// A user.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(|connection| get(connection, id))
    }

    /// Adds a user with telephones, all or nothing.
    ///
    /// # Errors
    /// On a conflict, or when the database cannot be written.
    pub fn create_user(&self, id: UserId, user: User, new: Vec<(DeviceId, NewDevice)>) -> Result<(), StoreError> {
        let seal = self.seal().clone();
        self.edit(move |connection| {
            put(connection, id, &user)?;
            for (device, new) in new {
                devices::create(connection, &seal, device, id, new)?;
            }
            Ok(())
        })
    }

    /// Changes a user. An inbound route to the extension follows a change of its number.
    ///
    /// # Errors
    /// When there is no such user, on a conflict, or when the database cannot be written.
    pub fn put_user(&self, id: UserId, user: User) -> Result<(), StoreError> {
        self.edit(move |connection| {
            let before = get(connection, id)?.ok_or(StoreError::NotFound)?;
            put(connection, id, &user)?;
            if before.extension != user.extension {
                crate::routes::follow(connection, &before.extension, &user.extension)?;
            }
            Ok(())
        })
    }

    /// Deletes a user and the telephones.
    ///
    /// # Errors
    /// When there is no such user, an inbound route leads to the extension, or the database cannot be written.
    pub fn delete_user(&self, id: UserId, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let user = get(connection, id)?.ok_or(StoreError::NotFound)?;
            numbers::check_unused(connection, &user.extension)?;
            let devices = devices::of_user(connection, id)?;
            run(connection, "DELETE FROM users WHERE id = ?1", params![Id::from(id)])?;
            let label = format!("{} {}", user.extension, user.name);
            deleted::keep(connection, now, id.0, label, &Snapshot::User { id, user, devices })
        })
    }
}

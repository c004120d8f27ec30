//! The internal numbers share one space: extensions, announcements, emergency numbers.

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::error::{Conflict, StoreError};
use crate::sql::{Id, row};

/// Refuses a number that something other than `owner` has.
pub(crate) fn check_free(connection: &Connection, number: &str, owner: Uuid) -> Result<(), StoreError> {
    let site = crate::site::get(connection)?.unwrap_or_default();
    if site.emergency_numbers.iter().any(|emergency| emergency == number) {
        return Err(Conflict::NumberIsEmergency(number.to_owned()).into());
    }
    let taken = row(
        connection,
        "SELECT id FROM users WHERE extension = ?1 AND id <> ?2
         UNION ALL SELECT id FROM announcements WHERE number = ?1 AND id <> ?2 LIMIT 1",
        params![number, Id(owner)],
        |row| row.get::<_, Id>(0),
    )?;
    match taken {
        Some(_) => Err(Conflict::NumberTaken(number.to_owned()).into()),
        None => Ok(()),
    }
}

/// Refuses to take away a number that inbound routes lead to.
pub(crate) fn check_unused(connection: &Connection, number: &str) -> Result<(), StoreError> {
    let used = row(
        connection,
        "SELECT coalesce(number, '') FROM inbound_routes WHERE destination = ?1 LIMIT 1",
        params![number],
        |row| row.get::<_, String>(0),
    )?;
    match used {
        Some(number) if number.is_empty() => Err(Conflict::InUse("an inbound route".into()).into()),
        Some(number) => Err(Conflict::InUse(format!("the inbound route of {number}")).into()),
        None => Ok(()),
    }
}

/// Whether an extension or announcement has this number.
pub(crate) fn exists(connection: &Connection, number: &str) -> Result<bool, StoreError> {
    let found = row(
        connection,
        "SELECT 1 FROM users WHERE extension = ?1 UNION ALL SELECT 1 FROM announcements WHERE number = ?1 LIMIT 1",
        params![number],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

//! Announcements: numbers answered by the box.

use offhook_switch::config::Announcement;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::deleted::{self, Snapshot, Undo};
use crate::error::StoreError;
use crate::sql::{Id, rows, run};
use crate::{Store, numbers, routes};

pub(crate) fn list(connection: &Connection) -> Result<Vec<(Uuid, Announcement)>, StoreError> {
    rows(
        connection,
        "SELECT id, number, name, file, hang_up_digit FROM announcements ORDER BY length(number), number",
        (),
        |row| {
            let announcement = Announcement {
                number: row.get(1)?,
                name: row.get(2)?,
                file: row.get(3)?,
                hang_up_digit: row.get::<_, Option<String>>(4)?.and_then(|text| text.chars().next()),
            };
            Ok((row.get::<_, Id>(0)?.0, announcement))
        },
    )
}

fn get(connection: &Connection, id: Uuid) -> Result<Option<Announcement>, StoreError> {
    let found = list(connection)?.into_iter().find(|(other, _)| *other == id);
    Ok(found.map(|(_, announcement)| announcement))
}

pub(crate) fn put(connection: &Connection, id: Uuid, announcement: &Announcement) -> Result<(), StoreError> {
    numbers::check_free(connection, &announcement.number, id)?;
    if let Some(before) = get(connection, id)?.filter(|before| before.number != announcement.number) {
        routes::follow(connection, &before.number, &announcement.number)?;
    }
    run(
        connection,
        "INSERT OR REPLACE INTO announcements (id, number, name, file, hang_up_digit) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            Id(id),
            announcement.number,
            announcement.name,
            announcement.file,
            announcement.hang_up_digit.map(String::from),
        ],
    )?;
    Ok(())
}

impl Store {
    /// All announcements, by number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn announcements(&self) -> Result<Vec<(Uuid, Announcement)>, StoreError> {
        self.read(list)
    }

    /// Adds or changes an announcement.
    ///
    /// # Errors
    /// When the number is in use, or the database cannot be written.
    pub fn put_announcement(&self, id: Uuid, announcement: Announcement) -> Result<(), StoreError> {
        self.edit(move |connection| put(connection, id, &announcement))
    }

    /// Deletes an announcement.
    ///
    /// # Errors
    /// When there is no such announcement, an inbound route leads to it, or the database cannot be written.
    pub fn delete_announcement(&self, id: Uuid, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let announcement = get(connection, id)?.ok_or(StoreError::NotFound)?;
            numbers::check_unused(connection, &announcement.number)?;
            run(connection, "DELETE FROM announcements WHERE id = ?1", params![Id(id)])?;
            let label = format!("{} {}", announcement.number, announcement.name);
            deleted::keep(connection, now, id, label, &Snapshot::Announcement { id, announcement })
        })
    }
}

//! Lines: analog ports.

use offhook_switch::config::{AnswerSupervision, Line, LineKind, LineSound};
use offhook_switch::id::{DeviceId, LineId, UserId};
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::deleted::{self, Snapshot, Undo};
use crate::devices::{self, NewDevice};
use crate::error::{Conflict, StoreError};
use crate::secret::Seal;
use crate::sql::{Id, Name, row, rows, run};
use crate::users;

/// Whose set is on an FXS port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOwner {
    /// Nobody's: the telephone that was on it is gone.
    Nobody,
    /// This user's. The set keeps its identifier and label when it comes from another user; a set that is new gets `device`.
    User {
        /// Whose.
        user: UserId,
        /// Identifier of a set that is new.
        device: DeviceId,
    },
}

const COLUMNS: &str =
    "id, port, kind, label, answer_supervision, cancel_echo, from_line_db, to_line_db, automatic_level";

pub(crate) fn list(connection: &Connection) -> Result<Vec<(LineId, Line)>, StoreError> {
    rows(connection, &format!("SELECT {COLUMNS} FROM lines ORDER BY port"), (), read)
}

pub(crate) fn get(connection: &Connection, id: LineId) -> Result<Option<Line>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM lines WHERE id = ?1");
    Ok(row(connection, &query, params![Id::from(id)], read)?.map(|(_, line)| line))
}

fn read(row: &Row<'_>) -> rusqlite::Result<(LineId, Line)> {
    let line = Line {
        port: row.get(1)?,
        kind: row.get::<_, Name<LineKind>>(2)?.0,
        label: row.get(3)?,
        answer_supervision: row.get::<_, Name<AnswerSupervision>>(4)?.0,
        sound: LineSound {
            cancel_echo: row.get(5)?,
            from_line_db: row.get(6)?,
            to_line_db: row.get(7)?,
            automatic_level: row.get(8)?,
        },
    };
    Ok((row.get::<_, Id>(0)?.into(), line))
}

pub(crate) fn put(connection: &Connection, id: LineId, line: &Line) -> Result<(), StoreError> {
    let taken =
        row(connection, "SELECT 1 FROM lines WHERE port = ?1 AND id <> ?2", params![line.port, Id::from(id)], |row| {
            row.get::<_, i64>(0)
        })?;
    if taken.is_some() {
        return Err(Conflict::PortTaken(line.port).into());
    }
    let sound = line.sound;
    run(
        connection,
        &format!(
            "INSERT INTO lines ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET port = ?2, label = ?4, answer_supervision = ?5,
             cancel_echo = ?6, from_line_db = ?7, to_line_db = ?8, automatic_level = ?9"
        ),
        params![
            Id::from(id),
            line.port,
            Name(line.kind),
            line.label,
            Name(line.answer_supervision),
            sound.cancel_echo,
            sound.from_line_db,
            sound.to_line_db,
            sound.automatic_level
        ],
    )?;
    Ok(())
}

fn give(connection: &Connection, seal: &Seal, id: LineId, owner: LineOwner) -> Result<(), StoreError> {
    let line = get(connection, id)?.ok_or(StoreError::NotFound)?;
    let LineOwner::User { user, device } = owner else {
        return run(connection, "DELETE FROM devices WHERE line = ?1", params![Id::from(id)]).map(|_| ());
    };
    if line.kind != LineKind::Fxs {
        return Err(Conflict::LineKind.into());
    }
    users::get(connection, user)?.ok_or(Conflict::Missing("the extension"))?;
    let moved = run(connection, "UPDATE devices SET user = ?2 WHERE line = ?1", params![Id::from(id), Id::from(user)])?;
    if moved == 0 {
        devices::create(connection, seal, device, user, NewDevice::Analog { label: String::new(), line: id })?;
    }
    Ok(())
}

impl Store {
    /// All lines, by port.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn lines(&self) -> Result<Vec<(LineId, Line)>, StoreError> {
        self.read(list)
    }

    /// Adds a line, or changes one (not its kind).
    ///
    /// # Errors
    /// When the port is in use, the kind differs, or the database cannot be written.
    pub fn put_line(&self, id: LineId, line: Line) -> Result<(), StoreError> {
        self.put_line_and_owner(id, line, None)
    }

    /// Adds or changes a line and says whose set is on it, both or neither; without `owner` that stays as it is.
    ///
    /// # Errors
    /// As [`Store::put_line`], and when there is no such user or the line is not FXS.
    pub fn put_line_and_owner(&self, id: LineId, line: Line, owner: Option<LineOwner>) -> Result<(), StoreError> {
        let seal = self.seal().clone();
        self.edit(move |connection| {
            if get(connection, id)?.is_some_and(|before| before.kind != line.kind) {
                return Err(Conflict::LineKind.into());
            }
            put(connection, id, &line)?;
            owner.map_or(Ok(()), |owner| give(connection, &seal, id, owner))
        })
    }

    /// Deletes a line.
    ///
    /// # Errors
    /// When there is no such line, a telephone or trunk has it, or the database cannot be written.
    pub fn delete_line(&self, id: LineId, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let line = get(connection, id)?.ok_or(StoreError::NotFound)?;
            let user = row(
                connection,
                "SELECT users.extension FROM devices JOIN users ON users.id = devices.user WHERE devices.line = ?1
                 UNION ALL SELECT name FROM trunks WHERE line = ?1 LIMIT 1",
                params![Id::from(id)],
                |row| row.get::<_, String>(0),
            )?;
            if let Some(user) = user {
                return Err(Conflict::InUse(user).into());
            }
            run(connection, "DELETE FROM lines WHERE id = ?1", params![Id::from(id)])?;
            let label = line.label.clone();
            deleted::keep(connection, now, id.0, label, &Snapshot::Line { id, line })
        })
    }
}

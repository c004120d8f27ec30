//! Lines: analog ports.

use offhook_switch::config::{AnswerSupervision, Line, LineKind};
use offhook_switch::id::LineId;
use rusqlite::{Connection, Row, params};

use crate::Store;
use crate::deleted::{self, Snapshot, Undo};
use crate::error::{Conflict, StoreError};
use crate::sql::{Id, Name, row, rows, run};

pub(crate) fn list(connection: &Connection) -> Result<Vec<(LineId, Line)>, StoreError> {
    rows(connection, "SELECT id, port, kind, label, answer_supervision FROM lines ORDER BY port", (), read)
}

pub(crate) fn get(connection: &Connection, id: LineId) -> Result<Option<Line>, StoreError> {
    let query = "SELECT id, port, kind, label, answer_supervision FROM lines WHERE id = ?1";
    Ok(row(connection, query, params![Id::from(id)], read)?.map(|(_, line)| line))
}

fn read(row: &Row<'_>) -> rusqlite::Result<(LineId, Line)> {
    let line = Line {
        port: row.get(1)?,
        kind: row.get::<_, Name<LineKind>>(2)?.0,
        label: row.get(3)?,
        answer_supervision: row.get::<_, Name<AnswerSupervision>>(4)?.0,
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
    run(
        connection,
        "INSERT INTO lines (id, port, kind, label, answer_supervision) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET port = ?2, label = ?4, answer_supervision = ?5",
        params![Id::from(id), line.port, Name(line.kind), line.label, Name(line.answer_supervision)],
    )?;
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
        self.edit(move |connection| match get(connection, id)? {
            Some(before) if before.kind != line.kind => Err(Conflict::LineKind.into()),
            _ => put(connection, id, &line),
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

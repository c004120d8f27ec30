//! What was deleted lately, to be taken back.

use offhook_switch::config::{Announcement, InboundRoute, Line, OutboundRoute, RecordingRule, User};
use offhook_switch::id::{LineId, UserId};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::devices::{self, DeviceRow};
use crate::error::{Conflict, StoreError};
use crate::routes::{self, Placed};
use crate::sql::{Id, Json, row, run};
use crate::trunks::{self, TrunkRow};
use crate::{Store, announcements, lines, recording_rules, users};

/// How long a deletion can be taken back, milliseconds: one day.
pub const UNDO_TIME: i64 = 24 * 60 * 60 * 1000;
/// Most deletions remembered.
const MOST: u32 = 200;

/// The way to take a deletion back.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Undo {
    /// For [`Store::undo`].
    pub token: Uuid,
    /// Identifier of what was deleted.
    pub id: Uuid,
    /// A name to show.
    #[debug("…")]
    pub label: String,
    /// Until when, UTC milliseconds.
    pub until: i64,
}

/// What kind of thing came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Snapshot {
    User { id: UserId, user: User, devices: Vec<DeviceRow> },
    Device(DeviceRow),
    Line { id: LineId, line: Line },
    Trunk(TrunkRow),
    Outbound(Placed<OutboundRoute>),
    Inbound(Placed<InboundRoute>),
    Announcement { id: Uuid, announcement: Announcement },
    RecordingRule { id: Uuid, rule: RecordingRule },
}

pub(crate) fn keep(
    connection: &Connection,
    now: i64,
    id: Uuid,
    label: String,
    snapshot: &Snapshot,
) -> Result<Undo, StoreError> {
    let token = Uuid::from_bytes(crate::secret::token_bytes()?);
    run(
        connection,
        "DELETE FROM deleted WHERE at < ?1 OR token IN (SELECT token FROM deleted ORDER BY at DESC LIMIT -1 OFFSET ?2)",
        params![now - UNDO_TIME, MOST - 1],
    )?;
    run(
        connection,
        "INSERT INTO deleted (token, at, snapshot) VALUES (?1, ?2, ?3)",
        params![Id(token), now, Json(snapshot)],
    )?;
    Ok(Undo { token, id, label, until: now + UNDO_TIME })
}

fn restore(connection: &Connection, snapshot: &Snapshot) -> Result<&'static str, StoreError> {
    match snapshot {
        Snapshot::User { id, user, devices } => {
            users::put(connection, *id, user)?;
            for device in devices {
                devices::put(connection, device)?;
            }
            Ok("users")
        }
        Snapshot::Device(device) => {
            users::get(connection, device.device.user)?.ok_or(Conflict::Missing("the extension"))?;
            devices::put(connection, device)?;
            Ok("users")
        }
        Snapshot::Line { id, line } => {
            lines::put(connection, *id, line)?;
            Ok("lines")
        }
        Snapshot::Trunk(trunk) => {
            trunks::put(connection, trunk)?;
            Ok("trunks")
        }
        Snapshot::Outbound(route) => {
            routes::put_outbound(connection, route)?;
            Ok("outbound_routes")
        }
        Snapshot::Inbound(route) => {
            routes::put_inbound(connection, route)?;
            Ok("inbound_routes")
        }
        Snapshot::Announcement { id, announcement } => {
            announcements::put(connection, *id, announcement)?;
            Ok("announcements")
        }
        Snapshot::RecordingRule { id, rule } => {
            recording_rules::put(connection, *id, rule)?;
            Ok("recording_rules")
        }
    }
}

impl Store {
    /// Takes a deletion back, with the same identifiers. Gives the name of the table it concerns.
    ///
    /// # Errors
    /// When it is too late, what was deleted contradicts what is there now, or the database cannot be written.
    pub fn undo(&self, token: Uuid, now: i64) -> Result<&'static str, StoreError> {
        self.edit(move |connection| {
            let snapshot = row(
                connection,
                "SELECT snapshot FROM deleted WHERE token = ?1 AND at >= ?2",
                params![Id(token), now - UNDO_TIME],
                |row| Ok(row.get::<_, Json<Snapshot>>(0)?.0),
            )?;
            let table = restore(connection, &snapshot.ok_or(StoreError::NotFound)?)?;
            run(connection, "DELETE FROM deleted WHERE token = ?1", params![Id(token)])?;
            Ok(table)
        })
    }
}

//! Trunks: ways out.

use std::net::IpAddr;

use offhook_switch::config::{LineKind, SipSound, Trunk, TrunkKind};
use offhook_switch::id::{LineId, TrunkId};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::deleted::{self, Snapshot, Undo};
use crate::error::{Conflict, StoreError};
use crate::secret::Seal;
use crate::sql::{Id, Json, row, rows, run};
use crate::{Store, lines, sip_sound};

/// A trunk as kept: without its password, which is sealed.
#[derive(Clone, derive_more::Debug, Serialize, Deserialize)]
pub(crate) struct TrunkRow {
    pub(crate) id: TrunkId,
    pub(crate) trunk: Trunk,
    #[debug("…")]
    pub(crate) sealed: Option<Vec<u8>>,
}

impl TrunkRow {
    /// Takes the password out of the trunk and seals it.
    pub(crate) fn seal(seal: &Seal, id: TrunkId, mut trunk: Trunk) -> Result<Self, StoreError> {
        let password = match &mut trunk.kind {
            TrunkKind::Sip { password, .. } => password.take(),
            TrunkKind::Line { .. } => None,
        };
        let sealed = password.map(|password| seal.seal(id.0, &password)).transpose()?;
        Ok(TrunkRow { id, trunk, sealed })
    }

    /// The trunk with its password. One that cannot be opened is as if never given; said in the log.
    pub(crate) fn open(self, seal: &Seal) -> (TrunkId, Trunk) {
        let mut trunk = self.trunk;
        if let (TrunkKind::Sip { password, .. }, Some(sealed)) = (&mut trunk.kind, &self.sealed) {
            match seal.open_sealed(self.id.0, sealed) {
                Ok(text) => *password = Some(text),
                Err(error) => {
                    tracing::warn!(%error, trunk = %self.id, "the trunk's password must be entered again")
                }
            }
        }
        (self.id, trunk)
    }
}

const FIELDS: &str = "id, name, max_calls, kind, line, uri, username, secret, addresses, register";

fn select() -> String {
    format!("SELECT {FIELDS}, {} FROM trunks", sip_sound::COLUMNS)
}

fn read(row: &Row<'_>) -> rusqlite::Result<TrunkRow> {
    let kind = if row.get_ref(3)?.as_str()? == "sip" {
        TrunkKind::Sip {
            uri: row.get(5)?,
            username: row.get(6)?,
            password: None,
            addresses: row.get::<_, Json<Vec<IpAddr>>>(8)?.0,
            register: row.get(9)?,
            sound: sip_sound::read(row, 10)?,
        }
    } else {
        TrunkKind::Line { line: row.get::<_, Id>(4)?.into() }
    };
    Ok(TrunkRow {
        id: row.get::<_, Id>(0)?.into(),
        trunk: Trunk { name: row.get(1)?, kind, max_calls: row.get(2)? },
        sealed: row.get(7)?,
    })
}

pub(crate) fn list(connection: &Connection) -> Result<Vec<TrunkRow>, StoreError> {
    rows(connection, &format!("{} ORDER BY id", select()), (), read)
}

pub(crate) fn get(connection: &Connection, id: TrunkId) -> Result<Option<TrunkRow>, StoreError> {
    row(connection, &format!("{} WHERE id = ?1", select()), params![Id::from(id)], read)
}

fn check_line(connection: &Connection, line: LineId, owner: TrunkId) -> Result<(), StoreError> {
    let found = lines::get(connection, line)?.ok_or(Conflict::Missing("the line"))?;
    if found.kind != LineKind::Fxo {
        return Err(Conflict::LineKind.into());
    }
    let taken = row(
        connection,
        "SELECT 1 FROM trunks WHERE line = ?1 AND id <> ?2",
        params![Id::from(line), Id::from(owner)],
        |row| row.get::<_, i64>(0),
    )?;
    match taken {
        Some(_) => Err(Conflict::LineTaken.into()),
        None => Ok(()),
    }
}

pub(crate) fn put(connection: &Connection, row: &TrunkRow) -> Result<(), StoreError> {
    let none: &Vec<IpAddr> = &Vec::new();
    let silent = &SipSound::default();
    let (kind, line, uri, username, addresses, register, sound) = match &row.trunk.kind {
        TrunkKind::Line { line } => {
            check_line(connection, *line, row.id)?;
            ("line", Some(Id::from(*line)), None, None, none, false, silent)
        }
        TrunkKind::Sip { uri, username, addresses, register, sound, .. } => {
            ("sip", None, Some(uri), username.as_ref(), addresses, *register, sound)
        }
    };
    run(
        connection,
        "INSERT INTO trunks (id, name, max_calls, kind, line, uri, username, secret, addresses, register,
            encryption, codecs, digits)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET name = ?2, max_calls = ?3, kind = ?4, line = ?5, uri = ?6, username = ?7, secret = ?8,
            addresses = ?9, register = ?10, encryption = ?11, codecs = ?12, digits = ?13",
        params![
            Id::from(row.id),
            row.trunk.name,
            row.trunk.max_calls,
            kind,
            line,
            uri,
            username,
            row.sealed,
            Json(addresses),
            register,
            sound.encryption.name(),
            Json(&sound.codecs),
            sound.digits.name(),
        ],
    )?;
    Ok(())
}

impl Store {
    /// All trunks with their passwords, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn trunks(&self) -> Result<Vec<(TrunkId, Trunk)>, StoreError> {
        let found = self.read(list)?;
        Ok(found.into_iter().map(|row| row.open(self.seal())).collect())
    }

    /// A trunk with its password.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn trunk(&self, id: TrunkId) -> Result<Option<Trunk>, StoreError> {
        let found = self.read(|connection| get(connection, id))?;
        Ok(found.map(|row| row.open(self.seal()).1))
    }

    /// Adds or changes a trunk.
    ///
    /// # Errors
    /// On a conflict, or when the database cannot be written.
    pub fn put_trunk(&self, id: TrunkId, trunk: Trunk) -> Result<(), StoreError> {
        let row = TrunkRow::seal(self.seal(), id, trunk)?;
        self.edit(move |connection| put(connection, &row))
    }

    /// Deletes a trunk.
    ///
    /// # Errors
    /// When there is no such trunk, a route uses it, or the database cannot be written.
    pub fn delete_trunk(&self, id: TrunkId, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let found = get(connection, id)?.ok_or(StoreError::NotFound)?;
            let used = row(
                connection,
                "SELECT pattern FROM outbound_route_trunks JOIN outbound_routes ON id = route WHERE trunk = ?1
                 UNION ALL SELECT coalesce(number, destination) FROM inbound_routes WHERE trunk = ?1 LIMIT 1",
                params![Id::from(id)],
                |row| row.get::<_, String>(0),
            )?;
            if let Some(used) = used {
                return Err(Conflict::InUse(format!("the route of {used}")).into());
            }
            run(connection, "DELETE FROM trunks WHERE id = ?1", params![Id::from(id)])?;
            let label = found.trunk.name.clone();
            deleted::keep(connection, now, id.0, label, &Snapshot::Trunk(found))
        })
    }
}

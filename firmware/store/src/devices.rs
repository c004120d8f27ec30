//! Devices: telephones.

use offhook_switch::config::{Device, DeviceKind, LineKind, SipSound};
use offhook_switch::id::{DeviceId, LineId, UserId};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::deleted::{self, Snapshot, Undo};
use crate::error::{Conflict, StoreError};
use crate::secret::{Seal, ha1};
use crate::sql::{Id, Json, row, rows, run};
use crate::{Store, lines, sip_sound, site, users};

/// A telephone to add.
#[derive(Clone, derive_more::Debug)]
pub enum NewDevice {
    /// A SIP account.
    Sip {
        /// Shown to the administrator.
        #[debug("…")]
        label: String,
        /// User name; `None`: the extension, or the first free of `1001-2`, `1001-3` …
        #[debug("…")]
        username: Option<String>,
        /// Password.
        #[debug("…")]
        password: String,
        /// How its sound and digits go over the network; codecs each once.
        sound: SipSound,
    },
    /// The set on an FXS port.
    Analog {
        /// Shown to the administrator.
        #[debug("…")]
        label: String,
        /// The port.
        line: LineId,
    },
}

/// A telephone as kept: its password sealed.
#[derive(Clone, derive_more::Debug, Serialize, Deserialize)]
pub(crate) struct DeviceRow {
    pub(crate) id: DeviceId,
    pub(crate) device: Device,
    #[debug("…")]
    pub(crate) sealed: Option<Vec<u8>>,
}

const FIELDS: &str = "id, user, label, kind, username, ha1_md5, ha1_sha256, secret, line";

fn select() -> String {
    format!("SELECT {FIELDS}, {} FROM devices", sip_sound::COLUMNS)
}

fn read(row: &Row<'_>) -> rusqlite::Result<DeviceRow> {
    let kind = if row.get_ref(3)?.as_str()? == "sip" {
        DeviceKind::Sip { username: row.get(4)?, ha1_md5: row.get(5)?, ha1_sha256: row.get(6)? }
    } else {
        DeviceKind::Analog { line: row.get::<_, Id>(8)?.into() }
    };
    Ok(DeviceRow {
        id: row.get::<_, Id>(0)?.into(),
        device: Device { user: row.get::<_, Id>(1)?.into(), label: row.get(2)?, kind, sound: sip_sound::read(row, 9)? },
        sealed: row.get(7)?,
    })
}

pub(crate) fn list(connection: &Connection) -> Result<Vec<DeviceRow>, StoreError> {
    rows(connection, &format!("{} ORDER BY id", select()), (), read)
}

pub(crate) fn of_user(connection: &Connection, user: UserId) -> Result<Vec<DeviceRow>, StoreError> {
    let query = format!("{} WHERE user = ?1 ORDER BY id", select());
    rows(connection, &query, params![Id::from(user)], read)
}

pub(crate) fn get(connection: &Connection, id: DeviceId) -> Result<Option<DeviceRow>, StoreError> {
    row(connection, &format!("{} WHERE id = ?1", select()), params![Id::from(id)], read)
}

/// Whether any telephone's digests are bound to the realm.
pub(crate) fn any_sip(connection: &Connection) -> Result<bool, StoreError> {
    let found = row(connection, "SELECT 1 FROM devices WHERE kind = 'sip' LIMIT 1", (), |row| row.get::<_, i64>(0))?;
    Ok(found.is_some())
}

fn username_free(connection: &Connection, username: &str, owner: DeviceId) -> Result<bool, StoreError> {
    let found = row(
        connection,
        "SELECT 1 FROM devices WHERE username = ?1 AND id <> ?2",
        params![username, Id::from(owner)],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_none())
}

/// Refuses a line that is not FXS, or that another telephone has.
fn check_line(connection: &Connection, line: LineId, owner: DeviceId) -> Result<(), StoreError> {
    let found = lines::get(connection, line)?.ok_or(Conflict::Missing("the line"))?;
    if found.kind != LineKind::Fxs {
        return Err(Conflict::LineKind.into());
    }
    let taken = row(
        connection,
        "SELECT 1 FROM devices WHERE line = ?1 AND id <> ?2",
        params![Id::from(line), Id::from(owner)],
        |row| row.get::<_, i64>(0),
    )?;
    match taken {
        Some(_) => Err(Conflict::LineTaken.into()),
        None => Ok(()),
    }
}

pub(crate) fn put(connection: &Connection, row: &DeviceRow) -> Result<(), StoreError> {
    let (kind, username, md5, sha256, line) = match &row.device.kind {
        DeviceKind::Sip { username, ha1_md5, ha1_sha256 } => {
            if !username_free(connection, username, row.id)? {
                return Err(Conflict::UsernameTaken(username.clone()).into());
            }
            ("sip", Some(username), Some(ha1_md5), Some(ha1_sha256), None)
        }
        DeviceKind::Analog { line } => {
            check_line(connection, *line, row.id)?;
            ("analog", None, None, None, Some(Id::from(*line)))
        }
    };
    run(
        connection,
        "INSERT INTO devices (id, user, label, kind, username, ha1_md5, ha1_sha256, secret, line, encryption, codecs,
            digits)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET label = ?3, username = ?5, ha1_md5 = ?6, ha1_sha256 = ?7, secret = ?8, line = ?9,
             encryption = ?10, codecs = ?11, digits = ?12",
        params![
            Id::from(row.id),
            Id::from(row.device.user),
            row.device.label,
            kind,
            username,
            md5,
            sha256,
            row.sealed,
            line,
            row.device.sound.encryption.name(),
            Json(&row.device.sound.codecs),
            row.device.sound.digits.name(),
        ],
    )?;
    Ok(())
}

pub(crate) fn create(
    connection: &Connection,
    seal: &Seal,
    id: DeviceId,
    user: UserId,
    new: NewDevice,
) -> Result<DeviceRow, StoreError> {
    let owner = users::get(connection, user)?.ok_or(StoreError::NotFound)?;
    let row = match new {
        NewDevice::Sip { label, username, password, sound } => {
            let username = match username {
                Some(username) => username,
                None => first_free(connection, &owner.extension, id)?,
            };
            let (kind, sealed) = account(connection, seal, id, username, &password)?;
            DeviceRow { id, device: Device { user, label, kind, sound }, sealed: Some(sealed) }
        }
        NewDevice::Analog { label, line } => DeviceRow {
            id,
            device: Device { user, label, kind: DeviceKind::Analog { line }, sound: SipSound::default() },
            sealed: None,
        },
    };
    put(connection, &row)?;
    Ok(row)
}

fn account(
    connection: &Connection,
    seal: &Seal,
    id: DeviceId,
    username: String,
    password: &str,
) -> Result<(DeviceKind, Vec<u8>), StoreError> {
    let realm = site::get(connection)?.unwrap_or_default().realm;
    let (ha1_md5, ha1_sha256) = ha1(&username, &realm, password);
    let kind = DeviceKind::Sip { username, ha1_md5, ha1_sha256 };
    Ok((kind, seal.seal(id.0, password)?))
}

fn first_free(connection: &Connection, extension: &str, id: DeviceId) -> Result<String, StoreError> {
    if username_free(connection, extension, id)? {
        return Ok(extension.to_owned());
    }
    for number in 2..1000 {
        let candidate = format!("{extension}-{number}");
        if username_free(connection, &candidate, id)? {
            return Ok(candidate);
        }
    }
    Err(Conflict::UsernameTaken(extension.to_owned()).into())
}

impl Store {
    /// All telephones, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn devices(&self) -> Result<Vec<(DeviceId, Device)>, StoreError> {
        self.read(|connection| Ok(list(connection)?.into_iter().map(|row| (row.id, row.device)).collect()))
    }

    /// A telephone.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn device(&self, id: DeviceId) -> Result<Option<Device>, StoreError> {
        self.read(|connection| Ok(get(connection, id)?.map(|row| row.device)))
    }

    /// The password of a SIP telephone; `None` when it cannot be opened (the key file of the box is another one now).
    ///
    /// # Errors
    /// When there is no such SIP telephone, or the database cannot be read.
    pub fn device_password(&self, id: DeviceId) -> Result<Option<String>, StoreError> {
        let row = self.read(|connection| get(connection, id))?.ok_or(StoreError::NotFound)?;
        let opened = row.sealed.map(|sealed| self.seal().open_sealed(id.0, &sealed));
        Ok(opened.and_then(Result::ok))
    }

    /// Adds a telephone to a user.
    ///
    /// # Errors
    /// When there is no such user, on a conflict, or when the database cannot be written.
    pub fn create_device(&self, id: DeviceId, user: UserId, new: NewDevice) -> Result<Device, StoreError> {
        let seal = self.seal().clone();
        self.edit(move |connection| Ok(create(connection, &seal, id, user, new)?.device))
    }

    /// Changes a telephone's label, and its line (analog) or user name and sound (SIP; the password stays).
    ///
    /// # Errors
    /// When there is no such telephone, it is of another kind, on a conflict, or when the database cannot be written.
    pub fn put_device(
        &self,
        id: DeviceId,
        label: String,
        username: Option<String>,
        line: Option<LineId>,
        sound: SipSound,
    ) -> Result<Device, StoreError> {
        let seal = self.seal().clone();
        self.edit(move |connection| {
            let mut row = get(connection, id)?.ok_or(StoreError::NotFound)?;
            row.device.label = label;
            row.device.sound = sound;
            match &mut row.device.kind {
                DeviceKind::Analog { line: now } => *now = line.unwrap_or(*now),
                DeviceKind::Sip { username: now, .. } => {
                    // Digests hold the user name: a change needs the password.
                    if let Some(username) = username.filter(|username| username != now) {
                        let sealed = row.sealed.as_deref().ok_or(StoreError::NotFound)?;
                        let password = seal.open_sealed(id.0, sealed)?;
                        let (kind, sealed) = account(connection, &seal, id, username, &password)?;
                        row.device.kind = kind;
                        row.sealed = Some(sealed);
                    }
                }
            }
            put(connection, &row)?;
            Ok(row.device)
        })
    }

    /// Gives a SIP telephone a new password.
    ///
    /// # Errors
    /// When there is no such SIP telephone, or the database cannot be written.
    pub fn put_device_password(&self, id: DeviceId, password: String) -> Result<(), StoreError> {
        let seal = self.seal().clone();
        self.edit(move |connection| {
            let mut row = get(connection, id)?.ok_or(StoreError::NotFound)?;
            let DeviceKind::Sip { username, .. } = &row.device.kind else {
                return Err(StoreError::NotFound);
            };
            let (kind, sealed) = account(connection, &seal, id, username.clone(), &password)?;
            row.device.kind = kind;
            row.sealed = Some(sealed);
            put(connection, &row)
        })
    }

    /// Deletes a telephone.
    ///
    /// # Errors
    /// When there is no such telephone, or the database cannot be written.
    pub fn delete_device(&self, id: DeviceId, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let row = get(connection, id)?.ok_or(StoreError::NotFound)?;
            run(connection, "DELETE FROM devices WHERE id = ?1", params![Id::from(id)])?;
            let label = row.device.label.clone();
            deleted::keep(connection, now, id.0, label, &Snapshot::Device(row))
        })
    }
}

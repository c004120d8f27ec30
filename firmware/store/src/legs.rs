//! Leg records: one per leg offered. While a leg is open, what is known of it is kept in a table of its own.

use offhook_switch::id::CallId;
use offhook_switch::record::{LegRecord, LegStatus, OpenLeg};
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::sql::{Id, Name, maybe, rows, run};

pub(crate) fn put(connection: &Connection, record: &LegRecord) -> Result<(), StoreError> {
    insert(connection, "INSERT OR REPLACE", record)?;
    run(connection, "DELETE FROM open_legs WHERE id = ?1", params![Id::from(record.id)])?;
    Ok(())
}

pub(crate) fn put_open(connection: &Connection, leg: &OpenLeg) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT OR REPLACE INTO open_legs (id, call, user, device, trunk, number, interface, outgoing, started, answered)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            Id::from(leg.id),
            Id::from(leg.call),
            maybe(leg.user),
            maybe(leg.device),
            maybe(leg.trunk),
            leg.number,
            leg.interface,
            leg.outgoing,
            leg.started,
            leg.answered,
        ],
    )?;
    Ok(())
}

/// All open legs.
pub(crate) fn open(connection: &Connection) -> Result<Vec<OpenLeg>, StoreError> {
    rows(
        connection,
        "SELECT id, call, user, device, trunk, number, interface, outgoing, started, answered FROM open_legs",
        (),
        |row| {
            Ok(OpenLeg {
                id: row.get::<_, Id>(0)?.into(),
                call: row.get::<_, Id>(1)?.into(),
                user: row.get::<_, Option<Id>>(2)?.map(Into::into),
                device: row.get::<_, Option<Id>>(3)?.map(Into::into),
                trunk: row.get::<_, Option<Id>>(4)?.map(Into::into),
                number: row.get(5)?,
                interface: row.get(6)?,
                outgoing: row.get(7)?,
                started: row.get(8)?,
                answered: row.get(9)?,
            })
        },
    )
}

/// Empties the table of open legs.
pub(crate) fn forget_open(connection: &Connection) -> Result<(), StoreError> {
    run(connection, "DELETE FROM open_legs", ())?;
    Ok(())
}

/// Keeps the record that is there already.
pub(crate) fn put_if_absent(connection: &Connection, record: &LegRecord) -> Result<(), StoreError> {
    insert(connection, "INSERT OR IGNORE", record)
}

fn insert(connection: &Connection, verb: &str, record: &LegRecord) -> Result<(), StoreError> {
    let statement = format!(
        "{verb} INTO legs (id, call, user, device, trunk, number, interface, status, started, answered, ended, cause)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    );
    run(
        connection,
        &statement,
        params![
            Id::from(record.id),
            Id::from(record.call),
            maybe(record.user),
            maybe(record.device),
            maybe(record.trunk),
            record.number,
            record.interface,
            Name(record.status),
            record.started,
            record.answered,
            record.ended,
            record.cause,
        ],
    )?;
    Ok(())
}

pub(crate) fn of_call(connection: &Connection, call: CallId) -> Result<Vec<LegRecord>, StoreError> {
    rows(
        connection,
        "SELECT id, call, user, device, trunk, number, interface, status, started, answered, ended, cause
         FROM legs WHERE call = ?1 ORDER BY started, id",
        params![Id::from(call)],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<LegRecord> {
    Ok(LegRecord {
        id: row.get::<_, Id>(0)?.into(),
        call: row.get::<_, Id>(1)?.into(),
        user: row.get::<_, Option<Id>>(2)?.map(Into::into),
        device: row.get::<_, Option<Id>>(3)?.map(Into::into),
        trunk: row.get::<_, Option<Id>>(4)?.map(Into::into),
        number: row.get(5)?,
        interface: row.get(6)?,
        status: row.get::<_, Name<LegStatus>>(7)?.0,
        started: row.get(8)?,
        answered: row.get(9)?,
        ended: row.get(10)?,
        cause: row.get(11)?,
    })
}

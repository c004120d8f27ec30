//! Routes: out by pattern, in by number. Both are lists in order of `position`.

use offhook_switch::config::{InboundRoute, OutboundRoute};
use offhook_switch::id::TrunkId;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::deleted::{self, Snapshot, Undo};
use crate::error::{Conflict, StoreError};
use crate::sql::{Id, maybe, row, rows, run};
use crate::{Store, numbers, trunks};

/// A route with its identifier and place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed<T> {
    /// Identifier.
    pub id: Uuid,
    /// Place in the order.
    pub position: u32,
    /// The route.
    pub route: T,
}

pub(crate) fn outbound(connection: &Connection) -> Result<Vec<Placed<OutboundRoute>>, StoreError> {
    let mut found = rows(
        connection,
        "SELECT id, position, pattern, strip, prepend FROM outbound_routes ORDER BY position, id",
        (),
        |row| {
            Ok(Placed {
                id: row.get::<_, Id>(0)?.0,
                position: row.get(1)?,
                route: OutboundRoute {
                    pattern: row.get(2)?,
                    strip: row.get(3)?,
                    prepend: row.get(4)?,
                    trunks: Vec::new(),
                },
            })
        },
    )?;
    for placed in &mut found {
        placed.route.trunks = rows(
            connection,
            "SELECT trunk FROM outbound_route_trunks WHERE route = ?1 ORDER BY position",
            params![Id(placed.id)],
            |row| Ok(TrunkId::from(row.get::<_, Id>(0)?)),
        )?;
    }
    Ok(found)
}

pub(crate) fn put_outbound(connection: &Connection, placed: &Placed<OutboundRoute>) -> Result<(), StoreError> {
    let route = &placed.route;
    for trunk in &route.trunks {
        trunks::get(connection, *trunk)?.ok_or(Conflict::Missing("the trunk"))?;
    }
    run(
        connection,
        "INSERT INTO outbound_routes (id, position, pattern, strip, prepend) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET position = ?2, pattern = ?3, strip = ?4, prepend = ?5",
        params![Id(placed.id), placed.position, route.pattern, route.strip, route.prepend],
    )?;
    run(connection, "DELETE FROM outbound_route_trunks WHERE route = ?1", params![Id(placed.id)])?;
    for (position, trunk) in route.trunks.iter().enumerate() {
        run(
            connection,
            "INSERT INTO outbound_route_trunks (route, position, trunk) VALUES (?1, ?2, ?3)",
            params![Id(placed.id), position, Id::from(*trunk)],
        )?;
    }
    Ok(())
}

pub(crate) fn inbound(connection: &Connection) -> Result<Vec<Placed<InboundRoute>>, StoreError> {
    rows(
        connection,
        "SELECT id, position, trunk, number, destination FROM inbound_routes ORDER BY position, id",
        (),
        |row| {
            Ok(Placed {
                id: row.get::<_, Id>(0)?.0,
                position: row.get(1)?,
                route: InboundRoute {
                    trunk: row.get::<_, Option<Id>>(2)?.map(Into::into),
                    number: row.get(3)?,
                    destination: row.get(4)?,
                },
            })
        },
    )
}

pub(crate) fn put_inbound(connection: &Connection, placed: &Placed<InboundRoute>) -> Result<(), StoreError> {
    let route = &placed.route;
    if let Some(trunk) = route.trunk {
        trunks::get(connection, trunk)?.ok_or(Conflict::Missing("the trunk"))?;
    }
    if !numbers::exists(connection, &route.destination)? {
        return Err(Conflict::Missing("the destination").into());
    }
    run(
        connection,
        "INSERT INTO inbound_routes (id, position, trunk, number, destination) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET position = ?2, trunk = ?3, number = ?4, destination = ?5",
        params![Id(placed.id), placed.position, maybe(route.trunk), route.number, route.destination],
    )?;
    Ok(())
}

/// A number changed: inbound routes lead to the new one.
pub(crate) fn follow(connection: &Connection, from: &str, to: &str) -> Result<(), StoreError> {
    run(connection, "UPDATE inbound_routes SET destination = ?2 WHERE destination = ?1", params![from, to])?;
    Ok(())
}

/// The place asked for, or the one it has, or the end.
fn place(connection: &Connection, table: &str, id: Uuid, wanted: Option<u32>) -> Result<u32, StoreError> {
    if let Some(position) = wanted {
        // Everything from there on moves down by one.
        run(
            connection,
            &format!("UPDATE {table} SET position = position + 1 WHERE position >= ?1 AND id <> ?2"),
            params![position, Id(id)],
        )?;
        return Ok(position);
    }
    let query = format!(
        "SELECT coalesce((SELECT position FROM {table} WHERE id = ?1), (SELECT max(position) + 1 FROM {table}), 0)"
    );
    Ok(row(connection, &query, params![Id(id)], |row| row.get(0))?.unwrap_or_default())
}

/// Positions count from 0 without gaps.
fn tidy(connection: &Connection, table: &str) -> Result<(), StoreError> {
    run(
        connection,
        &format!(
            "UPDATE {table} SET position = ordered.place
             FROM (SELECT id AS which, row_number() OVER (ORDER BY position, id) - 1 AS place FROM {table}) AS ordered
             WHERE ordered.which = id"
        ),
        (),
    )?;
    Ok(())
}

fn find<T>(list: Vec<Placed<T>>, id: Uuid) -> Result<Placed<T>, StoreError> {
    list.into_iter().find(|placed| placed.id == id).ok_or(StoreError::NotFound)
}

const OUTBOUND: &str = "outbound_routes";
const INBOUND: &str = "inbound_routes";

impl Store {
    /// Outbound routes in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn outbound_routes(&self) -> Result<Vec<Placed<OutboundRoute>>, StoreError> {
        self.read(outbound)
    }

    /// Inbound routes in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn inbound_routes(&self) -> Result<Vec<Placed<InboundRoute>>, StoreError> {
        self.read(inbound)
    }

    /// Adds or changes an outbound route; `position` `None`: where it is, or last.
    ///
    /// # Errors
    /// When a trunk does not exist, or the database cannot be written.
    pub fn put_outbound_route(
        &self,
        id: Uuid,
        position: Option<u32>,
        route: OutboundRoute,
    ) -> Result<Placed<OutboundRoute>, StoreError> {
        self.edit(move |connection| {
            let position = place(connection, OUTBOUND, id, position)?;
            put_outbound(connection, &Placed { id, position, route })?;
            tidy(connection, OUTBOUND)?;
            find(outbound(connection)?, id)
        })
    }

    /// Adds or changes an inbound route; `position` `None`: where it is, or last.
    ///
    /// # Errors
    /// When the trunk or destination does not exist, or the database cannot be written.
    pub fn put_inbound_route(
        &self,
        id: Uuid,
        position: Option<u32>,
        route: InboundRoute,
    ) -> Result<Placed<InboundRoute>, StoreError> {
        self.edit(move |connection| {
            let position = place(connection, INBOUND, id, position)?;
            put_inbound(connection, &Placed { id, position, route })?;
            tidy(connection, INBOUND)?;
            find(inbound(connection)?, id)
        })
    }

    /// Deletes an outbound route.
    ///
    /// # Errors
    /// When there is no such route, or the database cannot be written.
    pub fn delete_outbound_route(&self, id: Uuid, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let placed = find(outbound(connection)?, id)?;
            run(connection, "DELETE FROM outbound_routes WHERE id = ?1", params![Id(id)])?;
            let label = placed.route.pattern.clone();
            deleted::keep(connection, now, id, label, &Snapshot::Outbound(placed))
        })
    }

    /// Deletes an inbound route.
    ///
    /// # Errors
    /// When there is no such route, or the database cannot be written.
    pub fn delete_inbound_route(&self, id: Uuid, now: i64) -> Result<Undo, StoreError> {
        self.edit(move |connection| {
            let placed = find(inbound(connection)?, id)?;
            run(connection, "DELETE FROM inbound_routes WHERE id = ?1", params![Id(id)])?;
            let label = placed.route.number.clone();
            let label = label.unwrap_or_else(|| placed.route.destination.clone());
            deleted::keep(connection, now, id, label, &Snapshot::Inbound(placed))
        })
    }
}

//! Call records: one per call.

use offhook_switch::id::{CallId, UserId};
use offhook_switch::record::{CallRecord, Direction, LegQuality, LegRecord, LegStatus, OpenLeg, UnixMillis};
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::error::StoreError;
use crate::sql::{Id, Name, maybe, row, rows, run};
use crate::{Store, leg_quality, legs};

/// Q.850 cause 41, temporary failure: of calls cut by a crash or power cut.
pub const CAUSE_INTERRUPTED: u8 = 41;

const COLUMNS: &str =
    "id, direction, caller, caller_name, called, caller_user, answered_by, trunk, started, answered, ended,
    cause, ended_by_callee, interrupted, recording";

/// Which calls to list.
#[derive(Clone, derive_more::Debug, Default)]
pub struct Filter {
    /// Begun at or after.
    pub from: Option<UnixMillis>,
    /// Begun before.
    pub to: Option<UnixMillis>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Made by, offered to or answered by this user.
    pub user: Option<UserId>,
    /// `true`: answered; `false`: over and not answered.
    pub answered: Option<bool>,
    /// A part of the caller's number or name, or of the number called.
    #[debug("…")]
    pub search: Option<String>,
    /// Only calls after this one in the list (older): start and identifier of the last one seen.
    pub after: Option<(UnixMillis, CallId)>,
}

/// A call with the records of its legs.
#[derive(Clone, Debug, PartialEq)]
pub struct CallWithLegs {
    /// The call.
    pub call: CallRecord,
    /// Its legs in the order offered.
    pub legs: Vec<LegRecord>,
    /// How the sound of its legs was, of those that have it, in no order. Empty in a list of calls.
    pub qualities: Vec<LegQuality>,
}

pub(crate) fn put(connection: &Connection, record: &CallRecord) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT OR REPLACE INTO calls (id, direction, caller, caller_name, called, caller_user, answered_by, trunk, started,
            answered, ended, cause, ended_by_callee, interrupted, recording)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            Id::from(record.id),
            Name(record.direction),
            record.caller,
            record.caller_name,
            record.called,
            maybe(record.caller_user),
            maybe(record.answered_by),
            maybe(record.trunk),
            record.started,
            record.answered,
            record.ended,
            record.cause,
            record.ended_by_callee,
            record.interrupted,
            record.recording,
        ],
    )?;
    Ok(())
}

pub(crate) fn put_last_seen(connection: &Connection, at: UnixMillis) -> Result<(), StoreError> {
    run(connection, "INSERT OR REPLACE INTO last_seen (id, at) VALUES (1, ?1)", params![at])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    Ok(CallRecord {
        id: row.get::<_, Id>(0)?.into(),
        direction: row.get::<_, Name<Direction>>(1)?.0,
        caller: row.get(2)?,
        caller_name: row.get(3)?,
        called: row.get(4)?,
        caller_user: row.get::<_, Option<Id>>(5)?.map(Into::into),
        answered_by: row.get::<_, Option<Id>>(6)?.map(Into::into),
        trunk: row.get::<_, Option<Id>>(7)?.map(Into::into),
        started: row.get(8)?,
        answered: row.get(9)?,
        ended: row.get(10)?,
        cause: row.get(11)?,
        ended_by_callee: row.get(12)?,
        interrupted: row.get(13)?,
        recording: row.get(14)?,
    })
}

fn get(connection: &Connection, id: CallId) -> Result<Option<CallRecord>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM calls WHERE id = ?1");
    row(connection, &query, params![Id::from(id)], read)
}

fn list(connection: &Connection, filter: &Filter, limit: usize) -> Result<Vec<CallRecord>, StoreError> {
    let mut conditions: Vec<&str> = Vec::new();
    let mut values: Vec<Box<dyn rusqlite::ToSql>> = Vec::new();
    let mut add = |condition: &'static str, bound: Vec<Box<dyn rusqlite::ToSql>>| {
        conditions.push(condition);
        values.extend(bound);
    };
    if let Some((started, id)) = filter.after {
        add("(started, id) < (?, ?)", vec![Box::new(started), Box::new(Id::from(id))]);
    }
    if let Some(from) = filter.from {
        add("started >= ?", vec![Box::new(from)]);
    }
    if let Some(to) = filter.to {
        add("started < ?", vec![Box::new(to)]);
    }
    if let Some(direction) = filter.direction {
        add("direction = ?", vec![Box::new(Name(direction))]);
    }
    if let Some(user) = filter.user {
        let user = || -> Box<dyn rusqlite::ToSql> { Box::new(Id::from(user)) };
        add(
            "(caller_user = ? OR answered_by = ? OR id IN (SELECT call FROM legs WHERE user = ?))",
            vec![user(), user(), user()],
        );
    }
    match filter.answered {
        Some(true) => add("answered IS NOT NULL", vec![]),
        Some(false) => add("answered IS NULL AND ended IS NOT NULL", vec![]),
        None => {}
    }
    if let Some(search) = &filter.search {
        let text = || -> Box<dyn rusqlite::ToSql> { Box::new(search.to_lowercase()) };
        add(
            "(instr(lower(caller), ?) OR instr(lower(called), ?) OR instr(lower(coalesce(caller_name, '')), ?))",
            vec![text(), text(), text()],
        );
    }
    let mut query = format!("SELECT {COLUMNS} FROM calls");
    if !conditions.is_empty() {
        query.push_str(" WHERE ");
        query.push_str(&conditions.join(" AND "));
    }
    query.push_str(" ORDER BY started DESC, id DESC LIMIT ?");
    values.push(Box::new(limit));
    rows(connection, &query, params_from_iter(values), read)
}

fn with_legs(connection: &Connection, call: CallRecord) -> Result<CallWithLegs, StoreError> {
    Ok(CallWithLegs { legs: legs::of_call(connection, call.id)?, call, qualities: Vec::new() })
}

impl Store {
    /// A call with its legs and how their sound was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn call(&self, id: CallId) -> Result<Option<CallWithLegs>, StoreError> {
        self.read(move |connection| match get(connection, id)? {
            Some(call) => {
                let qualities = leg_quality::of_call(connection, call.id)?;
                Ok(Some(CallWithLegs { qualities, ..with_legs(connection, call)? }))
            }
            None => Ok(None),
        })
    }

    /// At most `limit` calls with their legs, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn calls(&self, filter: &Filter, limit: usize) -> Result<Vec<CallWithLegs>, StoreError> {
        self.read(|connection| {
            let found = list(connection, filter, limit)?;
            found.into_iter().map(|call| with_legs(connection, call)).collect()
        })
    }

    /// Closes the calls that a crash or power cut left open, at their last known moment, and writes the leg records they lack.
    /// To be called once at start, before new calls. `now` bounds the moment (a clock that went back). Gives the number closed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn close_interrupted(&self, now: UnixMillis) -> Result<usize, StoreError> {
        self.edit(move |connection| close_interrupted(connection, now))
    }
}

fn close_interrupted(connection: &Connection, now: UnixMillis) -> Result<usize, StoreError> {
    let seen: Option<UnixMillis> = row(connection, "SELECT at FROM last_seen", (), |row| row.get(0))?;
    let query = format!("SELECT {COLUMNS} FROM calls WHERE ended IS NULL");
    let open = rows(connection, &query, (), read)?;
    let closed = open.len();
    for mut call in open {
        let known = [Some(call.started), call.answered, seen.filter(|seen| *seen <= now)];
        call.ended = known.into_iter().flatten().max();
        call.cause = Some(CAUSE_INTERRUPTED);
        call.interrupted = true;
        put(connection, &call)?;
    }
    // Legs of calls that were over are among them: one whose CANCEL was not through yet.
    for leg in legs::open(connection)? {
        if let Some(call) = get(connection, leg.call)? {
            legs::put_if_absent(connection, &interrupted(leg, &call))?;
        }
    }
    legs::forget_open(connection)?;
    Ok(closed)
}

/// The record of a leg that was open, from what is known of it.
fn interrupted(leg: OpenLeg, call: &CallRecord) -> LegRecord {
    let status = if leg.outgoing {
        LegStatus::Out
    } else if leg.answered.is_some() {
        LegStatus::Answered
    } else if call.answered.is_some_and(|answered| answered >= leg.started) {
        LegStatus::CallAnswered
    } else {
        LegStatus::NoAnswer
    };
    // Which way out was found is written with the call.
    let own = leg.outgoing && call.direction == Direction::Outbound && leg.user == call.caller_user;
    let ended = [Some(leg.started), leg.answered, call.ended].into_iter().flatten().max();
    LegRecord {
        id: leg.id,
        call: leg.call,
        user: leg.user,
        device: leg.device,
        trunk: leg.trunk.or(call.trunk.filter(|_| own)),
        number: leg.number,
        interface: leg.interface,
        status,
        started: leg.started,
        answered: leg.answered,
        ended: ended.unwrap_or(leg.started),
        cause: CAUSE_INTERRUPTED,
    }
}

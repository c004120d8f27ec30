//! The store as a model: what is written stays, and crashes leave marks.

use std::collections::{BTreeMap, BTreeSet};

use offhook_switch::exchange::StoredBinding;
use offhook_switch::id::{CallId, LegId};
use offhook_switch::record::{CallRecord, LegRecord, LegStatus, UnixMillis};

/// The records of the office.
#[derive(Debug, Default)]
pub struct Store {
    /// Call records by id.
    pub calls: BTreeMap<CallId, CallRecord>,
    /// Leg records by id.
    pub legs: BTreeMap<LegId, LegRecord>,
    /// Bindings by address of record.
    pub bindings: BTreeMap<String, Vec<StoredBinding>>,
    open: BTreeSet<CallId>,
    /// Legs offered that have no record yet, with their call.
    offered: BTreeMap<LegId, CallId>,
    /// Calls (by the leg's first call) of legs whose record the crash took.
    pub interrupted_legs: BTreeSet<CallId>,
    /// Legs whose sound was told.
    pub measured: BTreeSet<LegId>,
    /// All legs ever offered.
    pub offers: u64,
    faults: Vec<String>,
}

impl Store {
    /// Writes or replaces a call record.
    pub fn call(&mut self, record: CallRecord) {
        if let Some(known) = self.calls.get(&record.id) {
            if known.ended.is_some() {
                self.faults.push(format!("call {} written again after its end", record.id));
            }
            if known.started != record.started || known.direction != record.direction {
                self.faults.push(format!("call {} changed its start or direction", record.id));
            }
            if known.answered.is_some() && record.answered != known.answered {
                self.faults.push(format!("call {} was answered twice", record.id));
            }
        } else if record.ended.is_some() {
            self.faults.push(format!("call {} was first written at its end", record.id));
        }
        if record.ended.is_some_and(|ended| ended < record.answered.unwrap_or(record.started)) {
            self.faults.push(format!("call {} ended before it was answered", record.id));
        }
        if record.ended.is_some() && record.cause.is_none() {
            self.faults.push(format!("call {} ended without a cause", record.id));
        }
        match record.ended {
            Some(_) => self.open.remove(&record.id),
            None => self.open.insert(record.id),
        };
        self.calls.insert(record.id, record);
    }

    /// A leg was offered.
    pub fn leg_offered(&mut self, id: LegId, call: CallId) {
        self.offers += 1;
        if self.offered.insert(id, call).is_some() || self.legs.contains_key(&id) {
            self.faults.push(format!("leg {id} offered twice"));
        }
    }

    /// Writes a leg record.
    pub fn leg(&mut self, record: LegRecord) {
        if !self.calls.contains_key(&record.call) {
            self.faults.push(format!("leg {} of an unknown call", record.id));
        }
        if record.ended < record.started {
            self.faults.push(format!("leg {} ended before it began", record.id));
        }
        if record.status == LegStatus::Answered && record.answered.is_none() {
            self.faults.push(format!("leg {} answered without a time", record.id));
        }
        let id = record.id;
        match self.offered.remove(&id) {
            Some(call) if call == record.call => {}
            Some(call) => self.faults.push(format!("leg {id} moved from call {call} to {}", record.call)),
            None => self.faults.push(format!("leg {id} has a record but was not offered, or has two")),
        }
        self.legs.insert(id, record);
    }

    /// Writes how the sound of a leg was.
    pub fn leg_quality(&mut self, leg: LegId) {
        if !self.legs.contains_key(&leg) && !self.offered.contains_key(&leg) {
            self.faults.push(format!("the sound of leg {leg}, which was not offered"));
        }
        if !self.measured.insert(leg) {
            self.faults.push(format!("the sound of leg {leg} is told twice"));
        }
    }

    /// Calls without an end.
    pub fn open_calls(&self) -> usize {
        self.open.len()
    }

    /// Legs offered without a record.
    pub fn open_legs(&self) -> usize {
        self.offered.len()
    }

    /// The power went: what was open is closed and marked.
    pub fn interrupted(&mut self, now: UnixMillis) {
        for id in std::mem::take(&mut self.open) {
            if let Some(call) = self.calls.get_mut(&id) {
                call.ended = Some(now);
                call.interrupted = true;
            }
        }
        // The real store writes their records from what it knows of the offers.
        let offered = std::mem::take(&mut self.offered);
        self.offers -= offered.len() as u64;
        self.interrupted_legs.extend(offered.into_values());
    }

    /// What was written wrongly since the last call.
    pub fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }
}

//! Which streams hear each other: bridges are made, changed and ended here, and handed to the thread that carries them.

use std::collections::BTreeMap;

use tracing::warn;

use super::{Bridge, Control};
use crate::command::{BridgeId, Member, Role, StreamId};
use crate::conference::{Conference, MAX_PARTIES, Party, Plan};
use crate::engine::mixing::{Arrangement, Table};
use crate::engine::order::{Members, Order, Slot};

impl Control {
    pub(super) fn leave_bridge(&mut self, id: StreamId) {
        let Some(bridge) = self.streams.get_mut(&id).and_then(|e| e.bridge.take()) else {
            return;
        };
        if let Some(entry) = self.bridges.get_mut(&bridge) {
            entry.members.retain(|m| m.stream != id);
            self.publish(bridge);
        }
    }

    /// Tells the bridge's thread who its members are.
    pub(super) fn publish(&mut self, bridge: BridgeId) {
        let Some(entry) = self.bridges.get_mut(&bridge) else {
            return;
        };
        let mut members = Members::EMPTY;
        for slot in entry.members.iter().filter_map(|m| self.streams.get(&m.stream)).map(|e| e.slot) {
            members.push(slot);
        }
        let simple = entry.members.len() <= 2 && entry.members.iter().all(|m| *m == Member::from(m.stream));
        let mut arrangement = None;
        if !simple || (entry.mixed && !entry.members.is_empty()) {
            let wanted = if simple { 0 } else { entry.members.len().next_power_of_two().clamp(4, MAX_PARTIES) };
            let table = (wanted > entry.room)
                .then(|| Box::new(Table { bridge, conference: Conference::new(wanted), retires: None }));
            entry.room = if simple { 0 } else { entry.room.max(wanted) };
            entry.mixed = true;
            let slots: BTreeMap<StreamId, Slot> = self.streams.iter().map(|(id, stream)| (*id, stream.slot)).collect();
            arrangement = Some(Box::new(Arrangement { plan: plan(&entry.members, &slots), retire: simple, table }));
        } else {
            (entry.room, entry.mixed) = (0, false);
        }
        let (thread, bridge) = (entry.thread, entry.slot);
        self.send(thread, Order::Bridge { bridge, members, arrangement });
    }

    pub(super) fn bridge(&mut self, id: BridgeId, members: Vec<Member>) {
        let mut wanted: Vec<Member> = Vec::new();
        for member in members {
            if self.streams.contains_key(&member.stream) && !wanted.iter().any(|m| m.stream == member.stream) {
                wanted.push(member);
            }
        }
        if wanted.len() > MAX_PARTIES {
            warn!(bridge = id.0, members = wanted.len(), "a bridge holds 32 parties, the others do not hear it");
            wanted.truncate(MAX_PARTIES);
        }
        for member in wanted.iter().map(|m| m.stream) {
            if self.streams.get(&member).is_some_and(|e| e.bridge != Some(id)) {
                self.leave_bridge(member);
            }
        }
        let before = self.bridges.get(&id).map(|b| b.members.clone()).unwrap_or_default();
        for gone in before.iter().filter(|m| !wanted.iter().any(|w| w.stream == m.stream)) {
            if let Some(entry) = self.streams.get_mut(&gone.stream) {
                entry.bridge = None;
            }
        }
        let Some(first) = wanted.first() else {
            self.end_bridge(id);
            return;
        };
        if !self.bridges.contains_key(&id) {
            let Some(thread) = self.streams.get(&first.stream).map(|e| e.thread) else {
                return;
            };
            let Some(slot) = self.threads.get_mut(thread).and_then(|t| t.free_bridges.pop()) else {
                return;
            };
            self.bridges.insert(id, Bridge { thread, slot, members: Vec::new(), room: 0, mixed: false });
        }
        let Some(thread) = self.bridges.get(&id).map(|b| b.thread) else {
            return;
        };
        wanted.retain(|member| self.move_to(member.stream, thread));
        for member in &wanted {
            if let Some(entry) = self.streams.get_mut(&member.stream) {
                entry.bridge = Some(id);
            }
        }
        if let Some(entry) = self.bridges.get_mut(&id) {
            entry.members = wanted;
        }
        self.publish(id);
    }

    pub(super) fn end_bridge(&mut self, id: BridgeId) {
        if let Some(entry) = self.bridges.get_mut(&id) {
            entry.members.clear();
            self.publish(id);
        }
        if let Some(entry) = self.bridges.remove(&id)
            && let Some(thread) = self.threads.get_mut(entry.thread)
        {
            thread.free_bridges.push(entry.slot);
        }
    }

    /// Brings a stream to a thread; false when that has no room.
    pub(super) fn move_to(&mut self, id: StreamId, thread: usize) -> bool {
        if self.streams.get(&id).is_some_and(|e| e.thread == thread) {
            return true;
        }
        let Some(slot) = self.threads.get_mut(thread).and_then(|t| t.free.pop()) else {
            return false;
        };
        let Some(stream) = self.fetch(id) else {
            return false;
        };
        if let Some(entry) = self.streams.get_mut(&id) {
            entry.thread = thread;
            entry.slot = slot;
        }
        self.send(thread, Order::Add { slot, stream });
        true
    }
}

/// Who hears whom, by places.
fn plan(members: &[Member], slots: &BTreeMap<StreamId, Slot>) -> Plan {
    let factor = |db: f32| if db.is_finite() { 10f32.powf(db.clamp(-60.0, 20.0) / 20.0) } else { 1.0 };
    let slot = |stream: StreamId| slots.get(&stream).copied();
    let base = |m: &Member| if m.role == Role::Talk && !m.muted { factor(m.gain_db) } else { 0.0 };
    let mut parties = Vec::new();
    for listener in members {
        let mut hears = Vec::new();
        for speaker in members.iter().filter(|s| s.stream != listener.stream) {
            let whispers = speaker.role == Role::Whisper(listener.stream) && !speaker.muted;
            let common = if whispers { factor(speaker.gain_db) } else { base(speaker) };
            let own = listener.hears.iter().find(|h| h.from == speaker.stream);
            let gain = own.map_or(common, |own| own.gain_db.map_or(0.0, |db| common * factor(db)));
            if gain != base(speaker) {
                hears.extend(slot(speaker.stream).map(|slot| (slot, gain)));
            }
        }
        parties.extend(slot(listener.stream).map(|number| Party { number, gain: base(listener), hears }));
    }
    Plan { parties }
}

//! Leg records while they are open: one per leg offered, closed once, with one status.
//!
//! A *leg offered* is one attempt to reach one user: all devices of the user that ring together are one entry (the statuses are
//! counted per user: two telephones of one person must not count one call twice). The caller's own leg is an entry with status
//! OUT when the caller is a user. A leg to a trunk has no entry of its own (the OUT entry of who pays for it names the trunk).

use crate::cause::ReleaseCause;
use crate::exchange::{Exchange, Live, Now, Output};
use crate::id::{CallId, DeviceId, LegId, UserId};
use crate::record::{LegRecord, LegStatus, OpenLeg, UnixMillis};

/// An open leg record.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) leg: OpenLeg,
    /// When it stopped ringing, if its status is decided later.
    pub(crate) stopped: Option<UnixMillis>,
    /// INVITEs cancelled whose end has not come back yet: one may turn out to have been answered.
    pub(crate) cancelling: usize,
    /// A cancelled INVITE was answered.
    pub(crate) late: bool,
    pub(crate) verdict: Option<(LegStatus, ReleaseCause)>,
    /// The stream whose figures become its quality is known.
    pub(crate) measured: bool,
}

/// Whose leg record is opened.
#[derive(derive_more::Debug)]
pub(crate) struct Party {
    pub(crate) user: UserId,
    pub(crate) device: Option<DeviceId>,
    #[debug("…")]
    pub(crate) number: String,
    pub(crate) interface: Option<String>,
    /// It is a call this user makes (OUT), not one offered to the user.
    pub(crate) outgoing: bool,
}

impl Exchange {
    /// Opens a leg record.
    pub(crate) fn open_entry(&mut self, now: Now, call: CallId, party: Party) -> LegId {
        let id = LegId(self.new_uuid(now));
        let Party { user, device, number, interface, outgoing } = party;
        let leg = OpenLeg {
            id,
            call,
            user: Some(user),
            device,
            trunk: None,
            number,
            interface,
            outgoing,
            started: now.wall,
            answered: None,
        };
        self.outputs.push_back(Output::LegOffered(leg.clone()));
        let entry = Entry { leg, stopped: None, cancelling: 0, late: false, verdict: None, measured: false };
        self.entries.insert(id, entry);
        id
    }

    /// The leg is in conversation, on this device.
    pub(crate) fn entry_answered(&mut self, now: Now, id: LegId, device: Option<DeviceId>, interface: Option<String>) {
        if let Some(Entry { leg, .. }) = self.entries.get_mut(&id) {
            leg.answered = Some(now.wall);
            leg.device = leg.device.or(device);
            leg.interface = leg.interface.take().or(interface);
            self.outputs.push_back(Output::LegAnswered(leg.clone()));
        }
    }

    /// Says how the leg ended. The first word counts. Written when no cancelled INVITE of it is outstanding.
    pub(crate) fn decide_entry(&mut self, now: Now, id: LegId, status: LegStatus, cause: ReleaseCause) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.verdict.get_or_insert((status, cause));
            entry.stopped.get_or_insert(now.wall);
        }
        self.close_entry(id);
    }

    /// A cancelled INVITE of this entry has come to its end; `late`: it had been answered.
    pub(crate) fn entry_cancelled(&mut self, id: LegId, late: bool) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.cancelling = entry.cancelling.saturating_sub(1);
            entry.late |= late;
        }
        self.close_entry(id);
    }

    fn close_entry(&mut self, id: LegId) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let (Some((status, cause)), 0) = (entry.verdict, entry.cancelling) else {
            return;
        };
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        let missed = matches!(status, LegStatus::NoAnswer | LegStatus::CallAnswered);
        let status = if entry.late && missed { LegStatus::TooLate } else { status };
        let leg = entry.leg;
        self.outputs.push_back(Output::Live(Live::LegEnded { call: leg.call, user: leg.user, status }));
        self.outputs.push_back(Output::Leg(LegRecord {
            id,
            call: leg.call,
            user: leg.user,
            device: leg.device,
            trunk: leg.trunk,
            number: leg.number,
            interface: leg.interface,
            status,
            started: leg.started,
            answered: leg.answered,
            ended: entry.stopped.unwrap_or(leg.started),
            cause: cause.0,
        }));
    }
}

//! From a number to a stage.

use super::{Purpose, Stage};
use crate::cause::{Release, ReleaseCause};
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, UserId};
use crate::policy::{self, Refusal};
use crate::routing::{self, Destination};

impl Exchange {
    /// Sends the call to a number. `by`: whose permission counts for a number outside.
    pub(crate) fn route(&mut self, now: Now, call: CallId, number: &str, by: Option<UserId>, purpose: Purpose) {
        match routing::destination(&self.config, &self.index, number) {
            Destination::User(user) => self.offer_user(now, call, user, purpose),
            Destination::Announcement(position) => self.announce(now, call, position, purpose),
            Destination::Outside => match policy::permit(&self.config, by, number) {
                Ok(permit) => self.offer_outside(now, call, permit, number, purpose),
                Err(Refusal::Barred) => self.stage_failed(now, call, purpose, ReleaseCause::BARRED.into()),
                Err(Refusal::NoRoute) => self.no_route(now, call, purpose),
            },
            Destination::Unknown => self.no_route(now, call, purpose),
        }
    }

    /// A stage rings: the caller, or the party handed over, hears it.
    pub(crate) fn stage_alerts(&mut self, now: Now, call: CallId) {
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        let Some(stage) = &found.stage else { return };
        let purpose = stage.purpose;
        let first = !std::mem::replace(&mut found.alerted, true);
        self.dirty.insert(call);
        match purpose {
            Purpose::Setup if first => self.alert_caller(now, call),
            Purpose::Setup => {}
            Purpose::Transfer { by } => self.tell_transferor(now, by, 180),
        }
    }

    /// Nobody could be reached for `purpose`.
    pub(crate) fn stage_failed(&mut self, now: Now, call: CallId, purpose: Purpose, release: Release) {
        if let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.take()) {
            self.drop_stage(now, call, stage, None);
        }
        match purpose {
            Purpose::Setup => self.end_call(now, call, release, release.sip.is_some()),
            Purpose::Transfer { by } => self.transfer_failed(now, call, by, release),
        }
    }

    /// Stops everything a stage has going on. Its users have missed the call.
    pub(crate) fn drop_stage(&mut self, now: Now, call: CallId, stage: Stage, reason: Option<&str>) {
        self.timers.cancel(stage.timer);
        for leg in stage.legs() {
            self.cancel_leg(now, leg, reason);
        }
        match stage.kind {
            super::StageKind::User { entry, .. } => self.missed(now, call, entry),
            super::StageKind::Trunk { entry, .. } => {
                if let Some(entry) = entry {
                    self.decide_entry(now, entry, crate::record::LegStatus::Out, ReleaseCause::NORMAL);
                }
            }
        }
    }

    /// A user's phones stopped ringing: the status waits for what becomes of the call.
    pub(crate) fn missed(&mut self, now: Now, call: CallId, entry: crate::id::LegId) {
        if let Some(found) = self.entries.get_mut(&entry) {
            if found.verdict.is_some() {
                return;
            }
            found.stopped = Some(now.wall);
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.missed.push(entry);
        }
    }
}

//! The end of a call, and what is left when a party goes.

use offhook_media::command as media;

use super::Purpose;
use crate::cause::{Release, ReleaseCause};
use crate::exchange::{Exchange, Live, Now, Output};
use crate::id::{CallId, LegId};
use crate::leg::Phase;
use crate::record::{Direction, LegStatus};

impl Exchange {
    /// From the API.
    pub(crate) fn hang_up(&mut self, now: Now, call: CallId) {
        self.end_call(now, call, ReleaseCause::NORMAL.into(), false);
    }

    /// Ends a call: everything in it is released and its record closed. `by_callee`: as the record says it (the
    /// outside party, or inside the called one).
    pub(crate) fn end_call(&mut self, now: Now, call: CallId, release: Release, by_callee: bool) {
        if let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.take()) {
            self.drop_stage(now, call, stage, None);
        }
        self.stop_recording(call);
        let legs = self.calls.get(&call).map(|call| call.legs.clone()).unwrap_or_default();
        for leg in legs {
            self.release_leg(now, leg, release);
        }
        self.close_missed(now, call, LegStatus::NoAnswer, release.cause);
        let Some(found) = self.calls.remove(&call) else {
            return;
        };
        self.timers.cancel(found.longest);
        if let Some(bridge) = found.bridge {
            self.media(media::Command::Bridge { bridge, members: Vec::new() });
        }
        self.dirty.remove(&call);
        self.outputs.push_back(Output::Call(found.record(Some((now.wall, release.cause.0, by_callee)))));
        self.outputs.push_back(Output::Live(Live::CallEnded { id: call }));
    }

    /// The party of a leg has left: hung up, gave up, lost.
    pub(crate) fn leg_gone(&mut self, now: Now, leg: LegId, release: Release) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let (call, phase, caller, outside) = (found.call, found.phase, found.caller, found.trunk.is_some());
        match phase {
            Phase::Ending => return self.cancelled_leg_ended(leg, false),
            Phase::Offered | Phase::Alerting => {
                return if found.trunk.is_some() {
                    self.trunk_refused(now, leg, release)
                } else {
                    self.phone_refused(now, leg, release, None)
                };
            }
            Phase::Calling | Phase::Connected => {}
        }
        self.drop_leg(now, leg, release.cause);
        let internal = self.calls.get(&call).is_some_and(|call| call.direction == Direction::Internal);
        self.after_leave(now, call, release, if internal { !caller } else { outside });
    }

    /// A party has left the call: does it go on?
    pub(crate) fn after_leave(&mut self, now: Now, call: CallId, release: Release, by_callee: bool) {
        let Some(found) = self.calls.get(&call) else {
            return;
        };
        let present = |leg: &&LegId| {
            self.legs
                .get(*leg)
                .is_some_and(|leg| matches!(leg.phase, Phase::Calling | Phase::Connected) && !leg.transferring)
        };
        let parties = found.legs.iter().filter(present).count();
        let goes_on = match &found.stage {
            // Somebody is still there to be connected with whoever answers.
            Some(stage) => match stage.purpose {
                Purpose::Setup => self.caller_leg(call).is_some(),
                Purpose::Transfer { .. } => parties >= 1,
            },
            None => parties >= 2 || (parties == 1 && found.announcement.is_some()),
        };
        if goes_on {
            self.dirty.insert(call);
        } else {
            self.end_call(now, call, release, by_callee);
        }
    }
}

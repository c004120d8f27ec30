//! A call as it is shown.

use super::{Exchange, LegState, LiveCall, LiveLeg};
use crate::call::Call;
use crate::leg::{Leg, Phase};

impl Exchange {
    /// A call for display. Phones of one user that ring together are one leg.
    pub(super) fn live_call(&self, call: &Call) -> LiveCall {
        let mut legs: Vec<LiveLeg> = Vec::with_capacity(call.legs.len());
        for leg in call.legs.iter().filter_map(|leg| self.legs.get(leg)) {
            let id = leg.entry.unwrap_or(leg.id);
            if legs.iter().any(|shown| shown.id == id) {
                continue;
            }
            legs.push(LiveLeg {
                id,
                user: leg.user,
                number: leg.number.clone(),
                name: leg.name.clone(),
                interface: leg.interface.clone(),
                state: self.leg_state(call, leg),
                caller: leg.caller,
            });
        }
        LiveCall {
            id: call.id,
            started: call.started,
            answered: call.answered,
            called: call.called.0.clone(),
            legs,
            recording: call.recording.is_some(),
        }
    }

    fn leg_state(&self, call: &Call, leg: &Leg) -> LegState {
        match leg.phase {
            Phase::Calling | Phase::Offered => LegState::Dialling,
            Phase::Alerting => LegState::Ringing,
            Phase::Connected | Phase::Ending => {
                let held = call.legs.iter().filter(|other| **other != leg.id).any(|other| {
                    self.legs.get(other).is_some_and(|other| other.phase == Phase::Connected && other.holding)
                });
                if held && call.legs.len() == 2 || leg.holding || leg.transferring {
                    LegState::Held
                } else {
                    LegState::Talking
                }
            }
        }
    }
}

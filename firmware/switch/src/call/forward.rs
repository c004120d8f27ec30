//! Forwarding: always, when busy, when not answered. Loops end.

use super::{MOST_FORWARDS, Purpose};
use crate::cause::ReleaseCause;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, UserId};
use crate::routing;

impl Exchange {
    /// Sends the call on, on the account of the user who forwards.
    pub(crate) fn forward(&mut self, now: Now, call: CallId, by: UserId, number: &str, purpose: Purpose) {
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        found.forwards = found.forwards.saturating_add(1);
        if found.forwards > MOST_FORWARDS {
            return self.stage_failed(now, call, purpose, ReleaseCause::ROUTING_ERROR.into());
        }
        match routing::dialled(number) {
            Some(number) => self.route(now, call, &number, Some(by), purpose),
            None => self.stage_failed(now, call, purpose, ReleaseCause::INVALID_NUMBER.into()),
        }
    }
}

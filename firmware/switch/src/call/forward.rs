//! Forwarding: always, when busy, when not answered. Loops end.

use super::{MOST_FORWARDS, Purpose, name_addr};
use crate::cause::ReleaseCause;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, UserId};
use crate::routing;

/// Why a call is sent on (RFC 5806 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiversionReason {
    Unconditional,
    DoNotDisturb,
    UserBusy,
    NoAnswer,
    Unavailable,
    Deflection,
    Unknown,
}

impl DiversionReason {
    fn name(self) -> &'static str {
        match self {
            DiversionReason::Unconditional => "unconditional",
            DiversionReason::DoNotDisturb => "do-not-disturb",
            DiversionReason::UserBusy => "user-busy",
            DiversionReason::NoAnswer => "no-answer",
            DiversionReason::Unavailable => "unavailable",
            DiversionReason::Deflection => "deflection",
            DiversionReason::Unknown => "unknown",
        }
    }
}

impl Exchange {
    /// `Diversion` headers of an INVITE for this call (RFC 5806): who sent it on, last one first. The names of our
    /// users are for inside only.
    pub(crate) fn diversion(&self, call: CallId, host: &str, inside: bool) -> Vec<(String, String)> {
        let diversions = self.calls.get(&call).map(|call| call.diversions.as_slice()).unwrap_or_default();
        diversions
            .iter()
            .rev()
            .map(|(user, reason)| {
                let (number, name) = self.identity_of(*user);
                let by = name_addr(name.as_deref().filter(|_| inside), &number, host);
                ("Diversion".to_owned(), format!("{by};reason={};counter=1", reason.name()))
            })
            .collect()
    }

    /// Sends the call on, on the account of the user who forwards.
    pub(crate) fn forward(
        &mut self,
        now: Now,
        call: CallId,
        (by, reason): (UserId, DiversionReason),
        number: &str,
        purpose: Purpose,
    ) {
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        found.forwards = found.forwards.saturating_add(1);
        if found.forwards > MOST_FORWARDS {
            return self.stage_failed(now, call, purpose, ReleaseCause::ROUTING_ERROR.into());
        }
        found.diversions.push((by, reason));
        match routing::dialled(number) {
            Some(number) => self.route(now, call, &number, Some(by), purpose),
            None => self.stage_failed(now, call, purpose, ReleaseCause::INVALID_NUMBER.into()),
        }
    }
}

//! Named timers and the one ordered queue of deadlines.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use crate::endpoint::SessionId;
use crate::event::SubscriptionId;

/// Who a timer belongs to. When the owner goes, its timers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owner {
    /// A transaction, client or server, by its number.
    Transaction(u64),
    /// An INVITE session.
    Session(SessionId),
    /// A subscription.
    Subscription(SubscriptionId),
    /// An outgoing request, over all its attempts.
    Outgoing(u64),
}

/// Every timer of the endpoint, named as the standards name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// INVITE client: retransmit the request (RFC 3261 §17.1.1.2).
    A,
    /// INVITE client: give up, 64·T1.
    B,
    /// INVITE client: absorb retransmitted final responses, 32 s.
    D,
    /// Non-INVITE client: retransmit the request (§17.1.2.2).
    E,
    /// Non-INVITE client: give up, 64·T1.
    F,
    /// INVITE server: retransmit the final response (§17.2.1).
    G,
    /// INVITE server: no ACK, 64·T1.
    H,
    /// INVITE server: absorb ACKs, T4.
    I,
    /// Non-INVITE server: absorb retransmissions, 64·T1 (§17.2.2).
    J,
    /// Non-INVITE client: absorb responses, T4.
    K,
    /// INVITE server in Accepted: absorb retransmissions, 64·T1 (RFC 6026 §7.1).
    L,
    /// INVITE client in Accepted: take retransmitted 2xx, 64·T1 (RFC 6026 §7.2).
    M,
    /// Non-INVITE server: 100 Trying once the client's Timer E reached T2 (RFC 4320 §4.1).
    Trying,
    /// Non-INVITE server: nobody answered in 64·T1, an answer would come too late (RFC 4320 §4.2).
    Unanswered,
    /// The 2xx of an INVITE is repeated until its ACK (RFC 3261 §13.3.1.4).
    AnswerRetransmit,
    /// No ACK for a 2xx in 64·T1.
    AnswerTimeout,
    /// A reliable provisional response is repeated until its PRACK (RFC 3262 §3).
    ReliableRetransmit,
    /// No PRACK in 64·T1.
    ReliableTimeout,
    /// A provisional response is repeated every minute (RFC 3261 §13.3.1.1).
    ProvisionalRefresh,
    /// A BYE came before the 2xx of our INVITE, which does not come.
    AnswerOvertaken,
    /// `Expires` of an INVITE received ran out (RFC 3261 §13.3.1).
    InviteExpires,
    /// A cancelled INVITE got no final response in 64·T1 (RFC 3261 §9.1).
    CancelTimeout,
    /// We are the refresher and half the session interval passed (RFC 4028 §10).
    SessionRefresh,
    /// The session interval ran out (RFC 4028 §10).
    SessionExpires,
    /// Try again after 491 (RFC 3261 §14.1).
    Glare,
    /// The owner of the calls owes an answer to an offer for too long.
    OfferUnanswered,
    /// A subscription's time ran out (RFC 6665 §4.2.2).
    SubscriptionExpires,
    /// Name resolution did not answer.
    Resolve,
}

impl Timer {
    /// The name for [`crate::endpoint::Endpoint::poll_timeout`].
    pub(crate) fn name(self) -> &'static str {
        match self {
            Timer::A => "TimerA",
            Timer::B => "TimerB",
            Timer::D => "TimerD",
            Timer::E => "TimerE",
            Timer::F => "TimerF",
            Timer::G => "TimerG",
            Timer::H => "TimerH",
            Timer::I => "TimerI",
            Timer::J => "TimerJ",
            Timer::K => "TimerK",
            Timer::L => "TimerL",
            Timer::M => "TimerM",
            Timer::Trying => "Trying",
            Timer::Unanswered => "Unanswered",
            Timer::AnswerRetransmit => "AnswerRetransmit",
            Timer::AnswerTimeout => "AnswerTimeout",
            Timer::ReliableRetransmit => "ReliableRetransmit",
            Timer::ReliableTimeout => "ReliableTimeout",
            Timer::ProvisionalRefresh => "ProvisionalRefresh",
            Timer::AnswerOvertaken => "AnswerOvertaken",
            Timer::InviteExpires => "InviteExpires",
            Timer::CancelTimeout => "CancelTimeout",
            Timer::SessionRefresh => "SessionRefresh",
            Timer::SessionExpires => "SessionExpires",
            Timer::Glare => "Glare",
            Timer::OfferUnanswered => "OfferUnanswered",
            Timer::SubscriptionExpires => "SubscriptionExpires",
            Timer::Resolve => "Resolve",
        }
    }
}

/// When a timer is due; the number keeps timers of one moment in the order they were set.
type Key = (Instant, u64);

/// The deadlines of all timers in order. One deadline per owner and timer.
#[derive(Default)]
pub(crate) struct Deadlines {
    queue: BTreeMap<Key, (Owner, Timer)>,
    owners: HashMap<Owner, Vec<(Timer, Key)>>,
    sequence: u64,
}

impl Deadlines {
    /// Sets a timer, in place of the one of that name.
    pub(crate) fn set(&mut self, owner: Owner, timer: Timer, at: Instant) {
        self.sequence += 1;
        let key = (at, self.sequence);
        let timers = self.owners.entry(owner).or_default();
        match timers.iter_mut().find(|(name, _)| *name == timer) {
            Some((_, old)) => {
                self.queue.remove(old);
                *old = key;
            }
            None => timers.push((timer, key)),
        }
        self.queue.insert(key, (owner, timer));
    }

    /// Stops a timer.
    pub(crate) fn stop(&mut self, owner: Owner, timer: Timer) {
        if let Some(timers) = self.owners.get_mut(&owner)
            && let Some(at) = timers.iter().position(|(name, _)| *name == timer)
        {
            let (_, key) = timers.swap_remove(at);
            self.queue.remove(&key);
            if timers.is_empty() {
                self.owners.remove(&owner);
            }
        }
    }

    /// The owner is gone.
    pub(crate) fn forget(&mut self, owner: Owner) {
        for (_, key) in self.owners.remove(&owner).unwrap_or_default() {
            self.queue.remove(&key);
        }
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<(Instant, &'static str)> {
        let ((at, _), (_, timer)) = self.queue.first_key_value()?;
        Some((*at, timer.name()))
    }

    /// Takes the next timer that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Owner, Timer)> {
        let (&(at, _), &(owner, timer)) = self.queue.first_key_value()?;
        if at > now {
            return None;
        }
        self.stop(owner, timer);
        Some((owner, timer))
    }

    /// Whether a timer runs.
    pub(crate) fn is_set(&self, owner: Owner, timer: Timer) -> bool {
        self.owners.get(&owner).is_some_and(|timers| timers.iter().any(|(name, _)| *name == timer))
    }

    /// How many timers run.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an epoch for virtual time")]
    fn an_owner_takes_its_timers_along() {
        let now = Instant::now();
        let mut deadlines = Deadlines::default();
        deadlines.set(Owner::Transaction(1), Timer::A, now + Duration::from_secs(2));
        deadlines.set(Owner::Transaction(1), Timer::B, now + Duration::from_secs(3));
        deadlines.set(Owner::Transaction(2), Timer::E, now + Duration::from_secs(1));
        deadlines.set(Owner::Transaction(2), Timer::E, now + Duration::from_secs(4));
        assert_eq!(deadlines.next(), Some((now + Duration::from_secs(2), "TimerA")));
        deadlines.forget(Owner::Transaction(1));
        assert_eq!(deadlines.len(), 1);
        assert_eq!(deadlines.pop_due(now + Duration::from_secs(3)), None);
        assert_eq!(deadlines.pop_due(now + Duration::from_secs(4)), Some((Owner::Transaction(2), Timer::E)));
        assert_eq!(deadlines.len(), 0);
        assert!(!deadlines.is_set(Owner::Transaction(2), Timer::E));
    }
}

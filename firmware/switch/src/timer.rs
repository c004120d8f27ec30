//! One ordered queue of deadlines. A dead owner's timers are removed with it.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::id::{CallId, LegId, LineId, TrunkId};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A stage of a call has rung long enough.
    NoAnswer(CallId),
    /// A trunk gave no sign of life on an INVITE: try the next.
    TrunkSilent(CallId),
    /// A trunk's registration is to be refreshed or tried again.
    TrunkRegistration(TrunkId),
    /// The call waiting tone is to start or stop.
    CallWaitingTone(LineId),
    /// A call left on hold by a set that was put down has rung back long enough.
    RingBack(LineId, LegId),
    /// The longest life of a call that has one (announcements).
    LongestCall(CallId),
    /// Digits of SIP INFO have waited long enough for the events or tones they may be beside.
    HeldDigits(LegId),
}

impl Timer {
    fn name(self) -> &'static str {
        match self {
            Timer::NoAnswer(_) => "NoAnswer",
            Timer::TrunkSilent(_) => "TrunkSilent",
            Timer::TrunkRegistration(_) => "TrunkRegistration",
            Timer::CallWaitingTone(_) => "CallWaitingTone",
            Timer::RingBack(..) => "RingBack",
            Timer::LongestCall(_) => "LongestCall",
            Timer::HeldDigits(_) => "HeldDigits",
        }
    }
}

/// Names a timer that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey(Instant, u64);

impl TimerKey {
    /// When it is due.
    pub(crate) fn at(self) -> Instant {
        self.0
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeMap<TimerKey, Timer>,
    next: u64,
}

impl Timers {
    /// Sets a timer.
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) -> TimerKey {
        self.next += 1;
        let key = TimerKey(at, self.next);
        self.queue.insert(key, timer);
        key
    }

    /// Removes a timer that may have fired.
    pub(crate) fn cancel(&mut self, key: Option<TimerKey>) {
        if let Some(key) = key {
            self.queue.remove(&key);
        }
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<(Instant, &'static str)> {
        self.queue.first_key_value().map(|(key, timer)| (key.0, timer.name()))
    }

    /// Takes the next timer that is due.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Timer> {
        let entry = self.queue.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// Timers set.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}

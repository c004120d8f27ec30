//! The few timers of one port.

use std::time::Instant;

/// Deadlines by timer, at most one of each.
#[derive(Clone, Debug)]
pub(crate) struct Timers<T> {
    set: Vec<(T, Instant)>,
}

impl<T: Copy + Eq> Timers<T> {
    pub(crate) fn new() -> Self {
        Timers { set: Vec::new() }
    }

    /// Starts `timer`, or moves it.
    pub(crate) fn start(&mut self, timer: T, at: Instant) {
        self.stop(timer);
        self.set.push((timer, at));
    }

    pub(crate) fn stop(&mut self, timer: T) {
        self.set.retain(|(t, _)| *t != timer);
    }

    pub(crate) fn stop_all(&mut self) {
        self.set.clear();
    }

    pub(crate) fn runs(&self, timer: T) -> bool {
        self.set.iter().any(|(t, _)| *t == timer)
    }

    pub(crate) fn at(&self, timer: T) -> Option<Instant> {
        self.set.iter().find(|(t, _)| *t == timer).map(|(_, at)| *at)
    }

    /// The earliest; of two at one moment the one started first.
    pub(crate) fn next(&self) -> Option<(T, Instant)> {
        self.set.iter().copied().min_by_key(|(_, at)| *at)
    }

    /// Takes the earliest timer that is due, with the moment it was due at.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(T, Instant)> {
        let (timer, at) = self.next().filter(|(_, at)| *at <= now)?;
        self.stop(timer);
        Some((timer, at))
    }
}

//! What the service manager is told (`sd_notify(3)`): that the box is up, that it ends, and regularly that call control lives. Without a
//! service manager nothing happens.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The box takes calls.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// The box was told to end.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// Tells the service manager that its owner's loop goes round: should it stand still, the daemon is started anew.
#[derive(Debug)]
pub struct Watchdog {
    every: Option<Duration>,
    next: Instant,
}

impl Watchdog {
    /// As the service manager asks for by its environment (`WatchdogSec=`); told twice as often as asked for.
    pub fn from_environment(now: Instant) -> Watchdog {
        Watchdog { every: sd_notify::watchdog_enabled().map(|within| within / 2), next: now }
    }

    /// When [`Watchdog::alive`] is to be called next; `None` when nobody asks.
    pub fn due(&self) -> Option<Instant> {
        self.every.map(|_| self.next)
    }

    /// Tells it when it is due.
    pub fn alive(&mut self, now: Instant) {
        if let Some(every) = self.every
            && now >= self.next
        {
            self.next = now + every;
            tell(NotifyState::Watchdog);
        }
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

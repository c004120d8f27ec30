//! Tells a busy box from a quiet one: under load a millisecond's wait lets many messages share one wake-up, in quiet it would only be
//! a delay.

use std::time::{Duration, Instant};

/// The wait under load.
pub const COALESCE: Duration = Duration::from_millis(1);
/// Messages are counted over this long.
const WINDOW: Duration = Duration::from_millis(20);
/// As many in a window make it busy: 5000 a second, far more than an office.
const BUSY: usize = 100;

/// How many messages come.
#[derive(Debug)]
pub struct Pace {
    since: Instant,
    counted: usize,
    busy: bool,
}

impl Pace {
    /// Quiet.
    pub fn new(now: Instant) -> Pace {
        Pace { since: now, counted: 0, busy: false }
    }

    /// Counts messages; tells whether it is busy.
    pub fn busy(&mut self, now: Instant, messages: usize) -> bool {
        self.counted += messages;
        if now >= self.since + WINDOW {
            // A window that lasted longer was a quiet one at its end.
            self.busy = self.counted >= BUSY && now < self.since + WINDOW * 2;
            self.since = now;
            self.counted = 0;
        }
        self.busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_messages_make_it_busy_and_few_make_it_quiet_again() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let at = |ms| start + Duration::from_millis(ms);
        assert!((0..20).all(|ms| !pace.busy(at(ms), 5)), "not before a whole window");
        assert!(pace.busy(at(20), 5));
        assert!(pace.busy(at(39), 1));
        assert!(!pace.busy(at(40), 1), "two in a window are few");
        assert!(!pace.busy(at(5000), 100), "a burst after quiet");
    }
}

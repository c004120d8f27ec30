//! Non-INVITE client transaction (RFC 3261 §17.1.2).

use std::time::Duration;

/// The states, with what each has to know.
#[derive(Debug)]
pub(crate) enum NonInviteClient {
    /// Nothing came yet. `interval` is the running Timer E.
    Trying {
        /// Doubles up to T2.
        interval: Duration,
    },
    /// A provisional response came: retransmitted every T2.
    Proceeding,
    /// A final response came: others are absorbed until Timer K.
    Completed,
}

impl NonInviteClient {
    /// A response: true when it is for the user.
    pub(crate) fn on_response(&mut self, status: u16) -> bool {
        match (&*self, status) {
            (NonInviteClient::Completed, _) => false,
            (NonInviteClient::Trying { .. } | NonInviteClient::Proceeding, 100..=199) => {
                *self = NonInviteClient::Proceeding;
                true
            }
            (NonInviteClient::Trying { .. } | NonInviteClient::Proceeding, _) => {
                *self = NonInviteClient::Completed;
                true
            }
        }
    }

    /// Timer E: the next interval when the request has to be sent again.
    pub(crate) fn on_timer_e(&mut self, t2: Duration) -> Option<Duration> {
        match self {
            NonInviteClient::Trying { interval } => {
                *interval = (*interval * 2).min(t2);
                Some(*interval)
            }
            NonInviteClient::Proceeding => Some(t2),
            NonInviteClient::Completed => None,
        }
    }

    /// Whether no final response came yet.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self, NonInviteClient::Trying { .. } | NonInviteClient::Proceeding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timer_e_doubles_to_t2_and_stays_there_once_proceeding() {
        let t2 = Duration::from_secs(4);
        let mut machine = NonInviteClient::Trying { interval: Duration::from_millis(500) };
        let mut intervals = Vec::new();
        for _ in 0..4 {
            intervals.push(machine.on_timer_e(t2).expect("trying").as_millis());
        }
        assert_eq!(intervals, [1000, 2000, 4000, 4000]);
        let mut machine = NonInviteClient::Trying { interval: Duration::from_millis(500) };
        assert!(machine.on_response(100));
        assert_eq!(machine.on_timer_e(t2), Some(t2));
        assert!(machine.on_response(200));
        assert!(!machine.on_response(200));
        assert_eq!(machine.on_timer_e(t2), None);
    }
}

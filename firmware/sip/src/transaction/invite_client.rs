//! INVITE client transaction (RFC 3261 §17.1.1 with RFC 6026 §7.2).

use std::time::Duration;

use bytes::Bytes;

/// Most forks whose ACK is kept for retransmitted 2xx.
const MAX_FORKS: usize = 16;

/// The states, with what each has to know.
#[derive(Debug)]
pub(crate) enum InviteClient {
    /// Nothing came yet. `interval` is the running Timer A.
    Calling {
        /// Doubles at each retransmission.
        interval: Duration,
    },
    /// A provisional response came.
    Proceeding,
    /// 300–699 came: its retransmissions are answered with the same ACK.
    Completed {
        /// The ACK, as sent.
        ack: Bytes,
    },
    /// 2xx came. ACKs by To tag, as the dialog layer sent them.
    Accepted {
        /// To tag and ACK of each 2xx.
        acks: Vec<(Box<str>, Option<Bytes>)>,
    },
}

/// What the transaction wants done with a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InviteVerdict {
    /// 1xx for the user.
    Provisional,
    /// 300–699 for the user; the ACK has to be made and given to [`InviteClient::completed`].
    Refused,
    /// First 2xx, or one of another fork.
    Success,
    /// Send this again.
    Again(Bytes),
    /// Nothing to do.
    Absorbed,
}

impl InviteClient {
    /// A response with a status and a To tag.
    pub(crate) fn on_response(&mut self, status: u16, to_tag: &str) -> InviteVerdict {
        match (&mut *self, status) {
            (InviteClient::Calling { .. }, 100..=199) => {
                *self = InviteClient::Proceeding;
                InviteVerdict::Provisional
            }
            (InviteClient::Proceeding, 100..=199) => InviteVerdict::Provisional,
            (InviteClient::Calling { .. } | InviteClient::Proceeding, 200..=299) => {
                *self = InviteClient::Accepted { acks: vec![(to_tag.into(), None)] };
                InviteVerdict::Success
            }
            (InviteClient::Calling { .. } | InviteClient::Proceeding, _) => InviteVerdict::Refused,
            (InviteClient::Completed { ack }, 300..) => InviteVerdict::Again(ack.clone()),
            (InviteClient::Completed { .. }, _) => InviteVerdict::Absorbed,
            (InviteClient::Accepted { acks }, 200..=299) => match acks.iter().find(|(tag, _)| **tag == *to_tag) {
                Some((_, Some(ack))) => InviteVerdict::Again(ack.clone()),
                Some((_, None)) => InviteVerdict::Absorbed,
                None if acks.len() < MAX_FORKS => {
                    acks.push((to_tag.into(), None));
                    InviteVerdict::Success
                }
                None => InviteVerdict::Absorbed,
            },
            (InviteClient::Accepted { .. }, _) => InviteVerdict::Absorbed,
        }
    }

    /// The ACK for a 300–699 was sent.
    pub(crate) fn completed(&mut self, ack: Bytes) {
        *self = InviteClient::Completed { ack };
    }

    /// The dialog layer sent an ACK for a 2xx: it answers retransmissions from now on.
    pub(crate) fn acknowledged(&mut self, to_tag: &str, ack: Bytes) {
        if let InviteClient::Accepted { acks } = self
            && let Some((_, slot)) = acks.iter_mut().find(|(tag, _)| **tag == *to_tag)
        {
            *slot = Some(ack);
        }
    }

    /// Timer A: the next interval when the request has to be sent again.
    pub(crate) fn on_timer_a(&mut self) -> Option<Duration> {
        match self {
            InviteClient::Calling { interval } => {
                *interval *= 2;
                Some(*interval)
            }
            InviteClient::Proceeding | InviteClient::Completed { .. } | InviteClient::Accepted { .. } => None,
        }
    }

    /// Whether no final response came yet.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self, InviteClient::Calling { .. } | InviteClient::Proceeding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retransmitted_answers_get_the_ack_of_their_fork() {
        let mut machine = InviteClient::Calling { interval: Duration::from_millis(500) };
        assert_eq!(machine.on_timer_a(), Some(Duration::from_secs(1)));
        assert_eq!(machine.on_response(180, "a"), InviteVerdict::Provisional);
        assert_eq!(machine.on_timer_a(), None);
        assert_eq!(machine.on_response(200, "a"), InviteVerdict::Success);
        assert_eq!(machine.on_response(200, "a"), InviteVerdict::Absorbed);
        machine.acknowledged("a", Bytes::from_static(b"ack"));
        assert_eq!(machine.on_response(200, "a"), InviteVerdict::Again(Bytes::from_static(b"ack")));
        assert_eq!(machine.on_response(200, "b"), InviteVerdict::Success);
        assert_eq!(machine.on_response(486, "b"), InviteVerdict::Absorbed);
    }

    #[test]
    fn a_refusal_is_acknowledged_each_time() {
        let mut machine = InviteClient::Proceeding;
        assert_eq!(machine.on_response(486, "a"), InviteVerdict::Refused);
        machine.completed(Bytes::from_static(b"ack"));
        assert_eq!(machine.on_response(486, "a"), InviteVerdict::Again(Bytes::from_static(b"ack")));
        assert_eq!(machine.on_response(200, "a"), InviteVerdict::Absorbed);
    }
}

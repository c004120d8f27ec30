//! INVITE server transaction (RFC 3261 §17.2.1 with RFC 6026 §7.1).

use std::time::Duration;

use bytes::Bytes;

/// The states, with what each has to know.
#[derive(Debug)]
pub(crate) enum InviteServer {
    /// No final response yet; the last provisional is repeated for a retransmitted INVITE.
    Proceeding {
        /// The last provisional response.
        last: Option<Bytes>,
    },
    /// 300–699 was sent; Timer G repeats it until the ACK.
    Completed {
        /// The response.
        response: Bytes,
        /// The running Timer G.
        interval: Duration,
    },
    /// The ACK came: further ones are absorbed until Timer I.
    Confirmed,
    /// 2xx was sent: INVITEs are absorbed, the session repeats the 2xx (RFC 6026).
    Accepted,
}

impl InviteServer {
    /// A retransmitted INVITE: what to send again.
    pub(crate) fn on_retransmission(&self) -> Option<Bytes> {
        match self {
            InviteServer::Proceeding { last } => last.clone(),
            InviteServer::Completed { response, .. } => Some(response.clone()),
            InviteServer::Confirmed | InviteServer::Accepted => None,
        }
    }

    /// The user responds; false when a final response was sent before.
    pub(crate) fn respond(&mut self, status: u16, bytes: &Bytes, t1: Duration) -> bool {
        let InviteServer::Proceeding { last } = self else {
            return false;
        };
        match status {
            100..=199 => *last = Some(bytes.clone()),
            200..=299 => *self = InviteServer::Accepted,
            _ => *self = InviteServer::Completed { response: bytes.clone(), interval: t1 },
        }
        true
    }

    /// An ACK that matches: true when Timer I has to start.
    pub(crate) fn on_ack(&mut self) -> bool {
        match self {
            InviteServer::Completed { .. } => {
                *self = InviteServer::Confirmed;
                true
            }
            InviteServer::Proceeding { .. } | InviteServer::Confirmed | InviteServer::Accepted => false,
        }
    }

    /// Timer G: what to send again and the next interval (at most T2).
    pub(crate) fn on_timer_g(&mut self, t2: Duration) -> Option<(Bytes, Duration)> {
        match self {
            InviteServer::Completed { response, interval } => {
                *interval = (*interval * 2).min(t2);
                Some((response.clone(), *interval))
            }
            InviteServer::Proceeding { .. } | InviteServer::Confirmed | InviteServer::Accepted => None,
        }
    }

    /// Whether a final response may still be sent.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self, InviteServer::Proceeding { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: Duration = Duration::from_millis(500);
    const T2: Duration = Duration::from_secs(4);

    #[test]
    fn a_refusal_is_repeated_until_its_ack() {
        let mut machine = InviteServer::Proceeding { last: None };
        let bytes = Bytes::from_static(b"486");
        assert!(machine.respond(486, &bytes, T1));
        assert!(!machine.respond(200, &bytes, T1));
        assert_eq!(machine.on_timer_g(T2), Some((bytes.clone(), T1 * 2)));
        assert_eq!(machine.on_timer_g(T2), Some((bytes.clone(), T1 * 4)));
        assert_eq!(machine.on_timer_g(T2), Some((bytes.clone(), T2)));
        assert_eq!(machine.on_timer_g(T2), Some((bytes, T2)));
        assert!(machine.on_ack());
        assert!(!machine.on_ack());
        assert_eq!(machine.on_timer_g(T2), None);
        assert_eq!(machine.on_retransmission(), None);
    }
}

//! Non-INVITE server transaction (RFC 3261 §17.2.2 with RFC 4320).

use bytes::Bytes;

/// The states, with what each has to know.
#[derive(Debug)]
pub(crate) enum NonInviteServer {
    /// Nothing was sent: retransmissions are dropped.
    Trying,
    /// 100 was sent.
    Proceeding {
        /// The 100 Trying.
        last: Bytes,
    },
    /// The final response was sent: repeated for each retransmission until Timer J.
    Completed {
        /// The response.
        response: Bytes,
    },
}

/// What becomes of a response of the user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NonInviteVerdict {
    /// Send it.
    Send,
    /// RFC 4320 forbids it: nothing is sent.
    Forbidden,
    /// RFC 4320 §4.2: no 408; the transaction ends without a word.
    Silence,
    /// A final response was sent before.
    Late,
}

impl NonInviteServer {
    /// A retransmitted request: what to send again.
    pub(crate) fn on_retransmission(&self) -> Option<Bytes> {
        match self {
            NonInviteServer::Trying => None,
            NonInviteServer::Proceeding { last } => Some(last.clone()),
            NonInviteServer::Completed { response } => Some(response.clone()),
        }
    }

    /// The user responds. Provisional responses other than 100 are forbidden, and 408 is never sent (RFC 4320 §4).
    pub(crate) fn respond(&mut self, status: u16, bytes: &Bytes) -> NonInviteVerdict {
        match (&*self, status) {
            (NonInviteServer::Completed { .. }, _) => NonInviteVerdict::Late,
            (NonInviteServer::Trying | NonInviteServer::Proceeding { .. }, 100) => {
                *self = NonInviteServer::Proceeding { last: bytes.clone() };
                NonInviteVerdict::Send
            }
            (NonInviteServer::Trying | NonInviteServer::Proceeding { .. }, 101..=199) => NonInviteVerdict::Forbidden,
            (NonInviteServer::Trying | NonInviteServer::Proceeding { .. }, 408) => NonInviteVerdict::Silence,
            (NonInviteServer::Trying | NonInviteServer::Proceeding { .. }, _) => {
                *self = NonInviteServer::Completed { response: bytes.clone() };
                NonInviteVerdict::Send
            }
        }
    }

    /// Whether a final response may still be sent.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self, NonInviteServer::Trying | NonInviteServer::Proceeding { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_provisional_and_no_408() {
        let bytes = Bytes::from_static(b"r");
        let mut machine = NonInviteServer::Trying;
        assert_eq!(machine.respond(183, &bytes), NonInviteVerdict::Forbidden);
        assert_eq!(machine.respond(408, &bytes), NonInviteVerdict::Silence);
        assert_eq!(machine.respond(100, &bytes), NonInviteVerdict::Send);
        assert_eq!(machine.on_retransmission(), Some(bytes.clone()));
        assert_eq!(machine.respond(200, &bytes), NonInviteVerdict::Send);
        assert_eq!(machine.respond(200, &bytes), NonInviteVerdict::Late);
    }
}

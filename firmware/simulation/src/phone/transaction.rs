//! Client and server transactions over UDP (RFC 3261 §17).

use super::{DialogState, Phone};
use crate::wire::Wire;

pub(super) const T1: u64 = 500;
pub(super) const T2: u64 = 4000;
/// 64 × T1.
pub(super) const TIMEOUT: u64 = 32_000;

/// What a client transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Register,
    /// The first INVITE of a dialog.
    Invite(u64),
    ReInvite(u64),
    Bye(u64),
    Refer(u64),
    Cancel,
}

#[derive(Debug)]
pub(super) struct ClientTransaction {
    pub(super) request: Wire,
    pub(super) purpose: Purpose,
    /// Sent again at; `None` once a provisional (INVITE) or final response is there.
    next: Option<u64>,
    interval: u64,
    until: u64,
    /// A final response came; kept to acknowledge it again.
    pub(super) done: bool,
    /// Answered a challenge already.
    pub(super) authorized: bool,
    pub(super) ack: Option<Vec<u8>>,
}

impl ClientTransaction {
    pub(super) fn deadline(&self) -> u64 {
        self.next.map_or(self.until, |next| next.min(self.until))
    }

    /// A response stops the retransmission; for an INVITE in progress also the time-out (the phone waits as long as its user).
    pub(super) fn provisional(&mut self, now: u64) {
        if self.request.method() == "INVITE" {
            self.next = None;
            self.until = now + 300_000;
        }
    }

    pub(super) fn finished(&mut self, now: u64) {
        self.next = None;
        self.done = true;
        self.until = now + TIMEOUT;
    }
}

#[derive(Debug)]
pub(super) struct ServerTransaction {
    pub(super) response: Vec<u8>,
    /// Final response to INVITE other than 2xx, until ACK.
    again: Option<(u64, u64)>,
    until: u64,
}

impl ServerTransaction {
    pub(super) fn deadline(&self) -> u64 {
        self.again.map_or(self.until, |(next, _)| next.min(self.until))
    }
}

pub(super) fn server_key(request: &Wire) -> String {
    let method = if request.method() == "ACK" { "INVITE" } else { request.method() };
    format!("{} {method} {}", request.branch(), request.header("Call-ID").unwrap_or_default())
}

impl Phone {
    pub(super) fn start_client(&mut self, now: u64, branch: String, request: Wire, purpose: Purpose, authorized: bool) {
        self.send(request.to_bytes());
        let transaction = ClientTransaction {
            request,
            purpose,
            next: Some(now + T1),
            interval: T1,
            until: now + TIMEOUT,
            done: false,
            authorized,
            ack: None,
        };
        self.clients.insert(branch, transaction);
    }

    /// Answers a request and remembers the answer for retransmissions.
    pub(super) fn respond(&mut self, now: u64, request: &Wire, response: &Wire) {
        let bytes = response.to_bytes();
        let final_refusal =
            request.method() == "INVITE" && matches!(response.start, crate::wire::Start::Response(300..));
        let again = final_refusal.then_some((now + T1, T1));
        let transaction = ServerTransaction { response: bytes.clone(), again, until: now + TIMEOUT };
        self.servers.insert(server_key(request), transaction);
        self.send(bytes);
    }

    pub(super) fn acknowledged(&mut self, ack: &Wire) {
        if let Some(server) = self.servers.get_mut(&server_key(ack)) {
            server.again = None;
        }
    }

    pub(super) fn transactions_timeout(&mut self, now: u64) {
        let mut send = Vec::new();
        let mut lost = Vec::new();
        self.clients.retain(|_, client| {
            if client.until <= now {
                if !client.done {
                    lost.push(client.purpose);
                }
                return false;
            }
            if client.next.is_some_and(|at| at <= now) {
                send.push(client.request.to_bytes());
                client.interval *= 2;
                if client.request.method() != "INVITE" {
                    client.interval = client.interval.min(T2);
                }
                client.next = Some(now + client.interval);
            }
            true
        });
        self.servers.retain(|_, server| {
            if server.until <= now {
                return false;
            }
            if let Some((next, interval)) = &mut server.again
                && *next <= now
            {
                send.push(server.response.clone());
                *interval = (*interval * 2).min(T2);
                *next = now + *interval;
            }
            true
        });
        for bytes in send {
            self.send(bytes);
        }
        for purpose in lost {
            self.transaction_lost(now, purpose);
        }
    }

    fn transaction_lost(&mut self, now: u64, purpose: Purpose) {
        match purpose {
            Purpose::Register => {
                self.registered = false;
                self.register.again_at = Some(now + 30_000);
            }
            Purpose::Invite(id) => {
                if let Some(dialog) = self.dialogs.get_mut(&id)
                    && dialog.state == DialogState::Calling
                {
                    dialog.failed = Some(408);
                    dialog.over(now);
                }
            }
            Purpose::ReInvite(id) => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.reinvite = None;
                }
                self.bye(now, id);
            }
            Purpose::Refer(id) => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.refer = false;
                }
            }
            Purpose::Bye(_) | Purpose::Cancel => {}
        }
    }
}

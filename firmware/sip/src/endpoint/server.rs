//! Answering requests: the responses of server transactions and their timers (RFC 3261 §17.2, RFC 4320).

use std::time::Instant;

use bytes::Bytes;

use super::compose::{self, Response};
use super::{Body, Endpoint, Gone, ServerTransactionId, Transport};
use crate::transaction::{NonInviteVerdict, Owner, ServerMachine, ServerUser, Timer};

impl Endpoint {
    /// Answers a request outside a session. Provisional or final.
    ///
    /// To other requests than INVITE, 100 is the only provisional response and 408 is not sent (RFC 4320 §4).
    ///
    /// # Errors
    /// [`Gone`] when it was answered, or its sender does not wait any more.
    pub fn respond(
        &mut self,
        now: Instant,
        transaction: ServerTransactionId,
        status: u16,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<(), Gone> {
        let id = transaction.0;
        let server = self.transactions.server_ref(id).ok_or(Gone)?;
        if !matches!(server.user, ServerUser::Owner | ServerUser::Refer(_)) || !server.machine.is_pending() {
            return Err(Gone);
        }
        let mut lines = String::new();
        compose::lines(&mut lines, headers);
        let response = Response { status, lines: &lines, body: body.as_ref(), ..Response::default() };
        self.respond_with(now, id, &response).map(|_| ()).ok_or(Gone)
    }

    /// Answers with a status and header lines.
    pub(crate) fn reply(&mut self, now: Instant, id: u64, status: u16, lines: &str) {
        let response = Response { status, lines, ..Response::default() };
        self.respond_with(now, id, &response);
    }

    /// Writes a response, gives it to the machine and sends it. The To tag is the transaction's, none in a 100.
    pub(crate) fn respond_with(&mut self, now: Instant, id: u64, response: &Response<'_>) -> Option<Bytes> {
        let Endpoint { transactions, config, .. } = self;
        let transaction = transactions.server(id)?;
        let request = transaction.request.as_ref()?;
        let status = response.status;
        let to_tag = (status > 100).then_some(&*transaction.to_tag);
        let filled = Response {
            status,
            to_tag: response.to_tag.or(to_tag),
            contact: response
                .contact
                .as_ref()
                .map(|contact| compose::ResponseContact { flow: contact.flow, user: contact.user }),
            lines: response.lines,
            body: response.body,
        };
        let bytes = compose::response(config, request, &transaction.flow, &filled);
        let (flow, t1) = (transaction.flow, config.t1);
        let reliable = flow.transport != Transport::Udp;
        let owner = Owner::Transaction(id);
        match &mut transaction.machine {
            ServerMachine::Invite(machine) => {
                if !machine.respond(status, &bytes, t1) {
                    return None;
                }
                if status >= 200 {
                    transaction.request = None;
                }
                match status {
                    100..=199 => {}
                    200..=299 => self.deadlines.set(owner, Timer::L, now + t1 * 64),
                    _ => {
                        if !reliable {
                            self.deadlines.set(owner, Timer::G, now + t1);
                        }
                        self.deadlines.set(owner, Timer::H, now + t1 * 64);
                    }
                }
            }
            ServerMachine::NonInvite(machine) => match machine.respond(status, &bytes) {
                NonInviteVerdict::Late => return None,
                NonInviteVerdict::Forbidden => return Some(bytes),
                NonInviteVerdict::Silence => {
                    self.deadlines.forget(owner);
                    self.transactions.remove_server(id);
                    return Some(bytes);
                }
                NonInviteVerdict::Send if status >= 200 => {
                    transaction.request = None;
                    self.deadlines.forget(owner);
                    if reliable {
                        self.transactions.remove_server(id);
                    } else {
                        self.deadlines.set(owner, Timer::J, now + t1 * 64);
                    }
                }
                NonInviteVerdict::Send => {}
            },
        }
        self.send(flow, bytes.clone());
        Some(bytes)
    }

    /// A timer of a transaction, client or server.
    pub(crate) fn on_transaction_timer(&mut self, now: Instant, id: u64, timer: Timer) {
        let owner = Owner::Transaction(id);
        let t2 = self.config.t2;
        let Some(transaction) = self.transactions.server(id) else {
            self.on_client_timer(now, id, timer);
            return;
        };
        match timer {
            Timer::G => {
                if let ServerMachine::Invite(machine) = &mut transaction.machine
                    && let Some((bytes, interval)) = machine.on_timer_g(t2)
                {
                    let flow = transaction.flow;
                    self.deadlines.set(owner, Timer::G, now + interval);
                    self.send(flow, bytes);
                }
            }
            Timer::Trying => self.reply(now, id, 100, ""),
            _ => {
                self.deadlines.forget(owner);
                self.transactions.remove_server(id);
            }
        }
    }
}

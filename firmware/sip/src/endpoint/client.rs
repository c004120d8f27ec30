//! Client transactions: their beginning, responses and timers (RFC 3261 §17.1, RFC 6026).

use std::time::Instant;

use bytes::Bytes;

use super::{Endpoint, Flow, Transport, compose, text};
use crate::message::{Message, Method};
use crate::transaction::{
    ClientMachine, ClientTransaction, InviteClient, InviteVerdict, NonInviteClient, Owner, Timer,
};

impl Endpoint {
    /// Adds a client transaction, starts its timers and sends.
    #[expect(clippy::too_many_arguments, reason = "what a transaction is made of")]
    pub(crate) fn begin_client(
        &mut self,
        now: Instant,
        id: u64,
        is_invite: bool,
        branch: Box<str>,
        is_cancel: bool,
        flow: Flow,
        bytes: Bytes,
        outgoing: Option<u64>,
    ) {
        let t1 = self.config.t1;
        let owner = Owner::Transaction(id);
        let (machine, retransmit, timeout) = if is_invite {
            (ClientMachine::Invite(InviteClient::Calling { interval: t1 }), Timer::A, Timer::B)
        } else {
            (ClientMachine::NonInvite(NonInviteClient::Trying { interval: t1 }), Timer::E, Timer::F)
        };
        if flow.transport == Transport::Udp {
            self.deadlines.set(owner, retransmit, now + t1);
        }
        self.deadlines.set(owner, timeout, now + t1 * 64);
        let transaction = ClientTransaction { machine, branch, is_cancel, flow, request: bytes.clone(), outgoing };
        self.transactions.add_client(id, transaction);
        self.send(flow, bytes);
    }

    /// A response came (RFC 3261 §17.1.3). Strays are dropped.
    pub(crate) fn on_response(&mut self, now: Instant, flow: Flow, response: Message) {
        let Some((id, to_tag)) = self.match_response(&response) else {
            return;
        };
        if let Some(connection) = flow.connection {
            self.transactions.bind_connection(id, connection);
        }
        let status = response.status();
        let Some(transaction) = self.transactions.client(id) else {
            return;
        };
        let sent_flow = transaction.flow;
        let Some(outgoing) = transaction.outgoing else {
            // CANCEL: only its transaction cares.
            self.settle_non_invite(now, id, status);
            return;
        };
        match &mut transaction.machine {
            ClientMachine::NonInvite(_) => {
                if self.settle_non_invite(now, id, status) && status >= 200 {
                    self.on_final(now, outgoing, status, Some(response), flow);
                }
            }
            ClientMachine::Invite(machine) => match machine.on_response(status, &to_tag) {
                InviteVerdict::Absorbed => {}
                InviteVerdict::Again(bytes) => self.send(sent_flow, bytes),
                InviteVerdict::Provisional => {
                    transaction.request = Bytes::new();
                    self.deadlines.stop(Owner::Transaction(id), Timer::A);
                    self.deadlines.stop(Owner::Transaction(id), Timer::B);
                    self.on_provisional(now, outgoing, response, flow);
                }
                InviteVerdict::Success => {
                    transaction.request = Bytes::new();
                    let owner = Owner::Transaction(id);
                    if !self.deadlines.is_set(owner, Timer::M) {
                        self.deadlines.forget(owner);
                        self.deadlines.set(owner, Timer::M, now + self.config.t1 * 64);
                    }
                    self.on_final(now, outgoing, status, Some(response), flow);
                }
                InviteVerdict::Refused => {
                    self.complete_refused(now, id, outgoing, &response);
                    self.on_final(now, outgoing, status, Some(response), flow);
                }
            },
        }
    }

    /// The client transaction of a response and its To tag.
    fn match_response(&self, response: &Message) -> Option<(u64, String)> {
        let via = response.header_values("Via").next()?;
        let branch = text::Via::parse(&via)?.branch;
        let is_cancel = response.method() == Method::Cancel;
        let id = self.transactions.find_client(branch, is_cancel)?;
        let to = response.header("To").unwrap_or_default();
        Some((id, text::param(&to, "tag").unwrap_or_default().to_owned()))
    }

    /// Acknowledges 300–699 and starts Timer D (RFC 3261 §17.1.1.3).
    fn complete_refused(&mut self, now: Instant, id: u64, outgoing: u64, response: &Message) {
        let owner = Owner::Transaction(id);
        self.deadlines.forget(owner);
        let Some(transaction) = self.transactions.client(id) else {
            return;
        };
        let Some(invite) = self.outgoing.get(&outgoing) else {
            self.transactions.remove_client(id);
            return;
        };
        let to = response.header("To").unwrap_or_default();
        let ack = compose::ack_refusal(&self.config, &invite.head, &transaction.flow, &transaction.branch, &to);
        transaction.request = Bytes::new();
        if let ClientMachine::Invite(machine) = &mut transaction.machine {
            machine.completed(ack.clone());
        }
        let flow = transaction.flow;
        if flow.transport == Transport::Udp {
            self.deadlines.set(owner, Timer::D, now + self.config.t1 * 64);
        } else {
            self.transactions.remove_client(id);
        }
        self.send(flow, ack);
    }

    /// A non-INVITE transaction takes a response: true when it is new.
    fn settle_non_invite(&mut self, now: Instant, id: u64, status: u16) -> bool {
        let Some(transaction) = self.transactions.client(id) else {
            return false;
        };
        let ClientMachine::NonInvite(machine) = &mut transaction.machine else {
            return false;
        };
        let fresh = machine.on_response(status);
        if fresh && status >= 200 {
            let owner = Owner::Transaction(id);
            self.deadlines.forget(owner);
            transaction.request = Bytes::new();
            if transaction.flow.transport == Transport::Udp {
                self.deadlines.set(owner, Timer::K, now + self.config.t4);
            } else {
                self.transactions.remove_client(id);
            }
        }
        fresh
    }

    /// A timer of a client transaction; the server ones are in `server`.
    pub(crate) fn on_client_timer(&mut self, now: Instant, id: u64, timer: Timer) {
        let (t2, owner) = (self.config.t2, Owner::Transaction(id));
        let Some(transaction) = self.transactions.client(id) else {
            return;
        };
        match timer {
            Timer::A | Timer::E => {
                let interval = match &mut transaction.machine {
                    ClientMachine::Invite(machine) => machine.on_timer_a(),
                    ClientMachine::NonInvite(machine) => machine.on_timer_e(t2),
                };
                if let Some(interval) = interval {
                    let (flow, bytes) = (transaction.flow, transaction.request.clone());
                    self.deadlines.set(owner, timer, now + interval);
                    self.send(flow, bytes);
                }
            }
            Timer::B | Timer::F => self.attempt_died(now, id, 408),
            _ => {
                let outgoing = transaction.outgoing;
                self.deadlines.forget(owner);
                self.transactions.remove_client(id);
                self.drop_outgoing(outgoing, id);
            }
        }
    }

    /// The transaction of an INVITE is over: its request goes with it.
    fn drop_outgoing(&mut self, outgoing: Option<u64>, transaction: u64) {
        if let Some(outgoing) = outgoing
            && self.outgoing.get(&outgoing).is_some_and(|out| out.done && out.transaction == Some(transaction))
        {
            self.deadlines.forget(Owner::Outgoing(outgoing));
            self.outgoing.remove(&outgoing);
        }
    }
}

//! Reliable provisional responses (RFC 3262), both roles.

use std::time::Instant;

use rand_core::RngCore;

use super::super::compose;
use super::super::incoming::Incoming;
use super::super::outgoing::User;
use super::super::{Body, Endpoint, Event, Gone, SessionId, text};
use super::{OwedPrack, Reliable, State, body_of, has_option};
use crate::message::{Message, Method};
use crate::transaction::{Owner, Timer};

/// Most reliable provisional responses waiting for their turn.
const MAX_WAITING: usize = 8;

/// The RSeq of a response that wants PRACK.
pub(crate) fn rseq_of(response: &Message) -> Option<u32> {
    if !has_option(response, "Require", "100rel") {
        return None;
    }
    response.header("RSeq").and_then(|value| text::delta_seconds(&value)).filter(|rseq| *rseq > 0)
}

impl Endpoint {
    /// Queues a reliable provisional response: one at a time (RFC 3262 §3).
    pub(crate) fn progress_reliably(
        &mut self,
        now: Instant,
        id: SessionId,
        status: u16,
        lines: String,
        body: Option<Body>,
    ) -> Result<(), Gone> {
        let first = 1 + self.random.next_u32() % 0xffff;
        let t1 = self.config.t1;
        let session = self.sessions.get_mut(&id).ok_or(Gone)?;
        if session.reliable.len() >= MAX_WAITING {
            return Err(Gone);
        }
        session.local_rseq = if session.local_rseq == 0 { first } else { session.local_rseq.wrapping_add(1) };
        // One answer to the offer of the INVITE: later descriptions would be new offers (RFC 3262 §5).
        let body = if session.answered_early || session.reliable.iter().any(|waiting| waiting.body.is_some()) {
            None
        } else {
            body
        };
        if body.is_some() {
            session.local_body.clone_from(&body);
        }
        session.last_provisional = None;
        let rseq = session.local_rseq;
        session.reliable.push_back(Reliable { rseq, status, lines, body, sent: None, interval: t1 });
        self.deadlines.stop(Owner::Session(id), Timer::ProvisionalRefresh);
        self.send_next_reliable(now, id);
        Ok(())
    }

    /// Sends the first of the queue, when it was not.
    fn send_next_reliable(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let State::Ringing { transaction } = session.state else {
            return;
        };
        let Some(first) = session.reliable.front().filter(|first| first.sent.is_none()) else {
            return;
        };
        let (status, body) = (first.status, first.body.clone());
        let lines = format!("Require: 100rel\r\nRSeq: {}\r\n{}", first.rseq, first.lines);
        let bytes = self.respond_in_session(now, id, transaction, status, &lines, body.as_ref());
        let flow = self.transactions.server_ref(transaction).map(|server| server.flow);
        if let Some(first) = self.sessions.get_mut(&id).and_then(|session| session.reliable.front_mut()) {
            first.sent = bytes.zip(flow);
        }
        self.deadlines.set(Owner::Session(id), Timer::ReliableRetransmit, now + self.config.t1);
        self.deadlines.set(Owner::Session(id), Timer::ReliableTimeout, now + self.config.t1 * 64);
    }

    /// The reliable response again: the interval doubles without T2 (RFC 3262 §3).
    pub(crate) fn repeat_reliable(&mut self, now: Instant, id: SessionId) {
        let Some(first) = self.sessions.get_mut(&id).and_then(|session| session.reliable.front_mut()) else {
            return;
        };
        let Some((bytes, flow)) = first.sent.clone() else {
            return;
        };
        first.interval *= 2;
        let next = now + first.interval;
        self.deadlines.set(Owner::Session(id), Timer::ReliableRetransmit, next);
        self.send(flow, bytes);
    }

    /// No PRACK in 64·T1: the INVITE is refused (RFC 3262 §3).
    pub(crate) fn reliable_not_acknowledged(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let State::Ringing { transaction } = session.state else {
            return;
        };
        let quiet = session.quiet;
        self.refuse_invite(now, id, transaction, 504, "");
        if !quiet {
            self.emit(Event::Cancelled { session: id, reason: None });
        }
    }

    /// PRACK received (RFC 3262 §3).
    pub(crate) fn on_prack(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: &Incoming) {
        let rack = incoming.request.header("RAck").unwrap_or_default();
        let mut parts = rack.split_whitespace();
        let rseq = parts.next().and_then(|part| part.parse::<u32>().ok());
        let cseq = parts.next().and_then(|part| part.parse::<u32>().ok());
        let is_invite = parts.next() == Some("INVITE");
        let invite_cseq = self.sessions.get(&id).and_then(|session| match session.state {
            State::Ringing { transaction } => {
                self.transactions.server_ref(transaction)?.request.as_ref()?.cseq().map(|cseq| cseq.number)
            }
            State::Calling { .. } | State::Up => None,
        });
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let matches = is_invite
            && cseq.is_some()
            && cseq == invite_cseq
            && session.reliable.front().is_some_and(|first| first.sent.is_some() && Some(first.rseq) == rseq);
        if !matches {
            self.reply(now, transaction, 481, "");
            return;
        }
        let body = body_of(&incoming.request);
        let acknowledged = session.reliable.pop_front();
        let with_body = acknowledged.is_some_and(|reliable| reliable.body.is_some());
        let offered = with_body && !session.offer_in_invite;
        session.answered_early |= with_body;
        let waiting = session.queued_answer.is_some() && session.reliable.iter().all(|waiting| waiting.body.is_none());
        let quiet = session.quiet;
        self.deadlines.stop(Owner::Session(id), Timer::ReliableRetransmit);
        self.deadlines.stop(Owner::Session(id), Timer::ReliableTimeout);
        if body.is_some() && !offered {
            // A new offer in PRACK: the owner answers it in the 2xx of the PRACK.
            session.exchange = super::Exchange::Remote { transaction, invite: false, asked: false };
            super::claim(self, transaction, crate::transaction::ServerUser::Session(id));
            self.deadlines.set(Owner::Session(id), Timer::OfferUnanswered, now + self.config.t1 * 60);
            self.emit(Event::Offer { session: id, body });
        } else {
            self.reply(now, transaction, 200, "");
            if offered && !quiet {
                self.emit(Event::OfferAnswered { session: id, body });
            }
        }
        if waiting {
            let answer = self.sessions.get_mut(&id).and_then(|session| session.queued_answer.take());
            if let Some((lines, body)) = answer {
                self.answer_now(now, id, lines, body);
            }
        } else {
            self.send_next_reliable(now, id);
            self.run_queued(now, id);
        }
    }

    /// Acknowledges a reliable provisional response (RFC 3262 §4). False for one that was seen, or came out of order.
    pub(crate) fn acknowledge_provisional(
        &mut self,
        now: Instant,
        id: SessionId,
        dialog: usize,
        rseq: u32,
        response: &Message,
        body: Option<&Body>,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else {
            return false;
        };
        let Some(target) = session.dialogs.get_mut(dialog) else {
            return false;
        };
        if target.remote_rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
            return false;
        }
        target.remote_rseq = Some(rseq);
        let Some(cseq) = response.cseq() else {
            return false;
        };
        let rack = format!("{rseq} {} INVITE", cseq.number);
        if body.is_some() && !session.offer_in_invite && !session.answered_early {
            session.owed_prack = Some(OwedPrack { dialog, rack });
            if !session.quiet {
                self.emit(Event::Offer { session: id, body: body.cloned() });
            }
            return true;
        }
        if body.is_some() {
            session.answered_early = true;
        }
        self.send_prack(now, id, dialog, &rack, None);
        true
    }

    /// The owner answers the offer of a reliable provisional response.
    pub(crate) fn answer_in_prack(&mut self, now: Instant, id: SessionId, body: Option<Body>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(owed) = session.owed_prack.take() else {
            return;
        };
        session.answered_early = true;
        session.local_body.clone_from(&body);
        self.send_prack(now, id, owed.dialog, &owed.rack, body);
    }

    /// Sends PRACK.
    fn send_prack(&mut self, now: Instant, id: SessionId, dialog: usize, rack: &str, body: Option<Body>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let credentials = session.credentials.clone();
        let Some((mut head, hop)) = session.head(dialog, Method::Prack, None) else {
            return;
        };
        compose::line(&mut head.lines, "RAck", rack);
        head.body = body;
        self.start(now, User::Prack(id), head, hop, credentials);
    }

    /// The final response to PRACK: nothing but the end of waiting. A refusal does not undo the provisional response.
    pub(crate) fn on_prack_final(&mut self, now: Instant, id: SessionId, _status: u16, _response: Option<Message>) {
        self.run_queued(now, id);
    }
}

//! Changing a session: re-INVITE and UPDATE both ways, one offer at a time (RFC 3261 §14, RFC 3311, RFC 6337).

use std::time::{Duration, Instant};

use rand_core::RngCore;

use super::super::compose;
use super::super::incoming::Incoming;
use super::super::outgoing::User;
use super::super::{Body, Endpoint, Event, Flow, Gone, SessionId};
use super::{Exchange, OwedAck, Session, State, body_of, claim};
use crate::message::{Message, Method};
use crate::transaction::{Owner, ServerUser, Timer};

impl Endpoint {
    /// Offers a change of the session (hold, other codec, other address): re-INVITE, or UPDATE in an early dialog. Glare is
    /// handled by RFC 3261 §14. `None` asks the peer for an offer. While another change is under way, or an early dialog does not
    /// allow it yet, it waits; a later call takes its place.
    ///
    /// # Errors
    /// [`Gone`] when the session is over.
    pub fn reoffer(&mut self, now: Instant, session: SessionId, body: Option<Body>) -> Result<(), Gone> {
        let data = self.sessions.get_mut(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        data.queued = Some(body);
        self.run_queued(now, session);
        Ok(())
    }

    /// Starts the change that waits, when nothing else is under way.
    pub(crate) fn run_queued(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.quiet || !session.is_stable() || self.deadlines.is_set(Owner::Session(id), Timer::Glare) {
            return;
        }
        let early = session.state != State::Up;
        let Some(body) = session.queued.take() else {
            return;
        };
        if early && (!session.answered_early || !session.peer.update || body.is_none()) {
            session.queued = Some(body);
            return;
        }
        self.send_change(now, id, body, early, false);
    }

    /// Sends re-INVITE or UPDATE.
    pub(crate) fn send_change(&mut self, now: Instant, id: SessionId, body: Option<Body>, update: bool, refresh: bool) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let lines = session.change_lines();
        let offer = body.clone();
        let (method, user) =
            if update { (Method::Update, User::Update(id)) } else { (Method::Invite, User::Reinvite(id)) };
        // The number of the request is known before it starts: its end may come at once.
        let outgoing = self.next_id + 1;
        session.exchange = Exchange::Local { outgoing, offer, refresh };
        self.send_in_dialog(now, id, method, lines, body, user);
    }

    /// 2xx of our re-INVITE: acknowledged, unless it carries an offer we asked for.
    pub(crate) fn on_reinvite_success(
        &mut self,
        now: Instant,
        id: SessionId,
        outgoing: u64,
        response: Message,
        flow: Flow,
    ) {
        let Some(out) = self.outgoing.get(&outgoing) else {
            return;
        };
        let (cseq, transaction, auth) = (out.head.cseq, out.transaction, out.auth.clone());
        let Some(session) = self.sessions.get_mut(&id) else {
            self.end_other_fork(now, outgoing, &response, flow);
            return;
        };
        session.learn(&response);
        let current = session.current;
        if let Some(dialog) = session.dialogs.get_mut(current) {
            dialog.refresh_target(&response);
        }
        let Exchange::Local { outgoing: under_way, offer, refresh } = session.exchange.clone() else {
            return;
        };
        if under_way != outgoing {
            return;
        }
        session.exchange = Exchange::Idle;
        let body = body_of(&response);
        let asked = offer.is_none();
        if offer.is_some() {
            session.local_body = offer;
        }
        if asked && body.is_some() {
            session.owed_ack = Some(OwedAck { cseq, transaction, auth });
            self.start_interval_as_uac(now, id, &response);
            self.emit(Event::Offer { session: id, body });
            return;
        }
        self.with_session(id, |endpoint, session| endpoint.acknowledge(now, session, cseq, transaction, auth, None));
        self.start_interval_as_uac(now, id, &response);
        if !refresh {
            self.emit(Event::OfferAnswered { session: id, body });
        }
        self.run_queued(now, id);
    }

    /// 2xx of our UPDATE.
    pub(crate) fn on_update_success(&mut self, now: Instant, id: SessionId, outgoing: u64, response: &Message) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.learn(response);
        let current = session.current;
        if let Some(dialog) = session.dialogs.get_mut(current) {
            dialog.refresh_target(response);
        }
        let Exchange::Local { outgoing: under_way, offer, refresh } = session.exchange.clone() else {
            return;
        };
        if under_way != outgoing {
            return;
        }
        session.exchange = Exchange::Idle;
        let offered = offer.is_some();
        if offered {
            session.local_body = offer;
        }
        if session.state == State::Up {
            self.start_interval_as_uac(now, id, response);
        }
        if offered && !refresh {
            self.emit(Event::OfferAnswered { session: id, body: body_of(response) });
        }
        self.run_queued(now, id);
    }

    /// A final response other than 2xx to our re-INVITE or UPDATE.
    pub(crate) fn on_reoffer_failure(
        &mut self,
        now: Instant,
        id: SessionId,
        outgoing: u64,
        status: u16,
        response: Option<Message>,
    ) {
        if status == 422 && self.widen_interval(now, id, outgoing, response.as_ref()) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Exchange::Local { outgoing: under_way, offer, refresh } = session.exchange.clone() else {
            return;
        };
        if under_way != outgoing {
            return;
        }
        session.exchange = Exchange::Idle;
        match status {
            408 | 481 => self.session_lost(now, id, status),
            491 => {
                // RFC 3261 §14.1: who made the Call-ID waits 2.1–4 s, the other 0–2 s, in steps of 10 ms.
                let is_caller = session.is_caller;
                if refresh {
                    self.deadlines.set(Owner::Session(id), Timer::SessionRefresh, now + Duration::from_secs(4));
                    return;
                }
                if session.queued.is_none() {
                    session.queued = Some(offer);
                }
                let steps = u64::from(self.random.next_u32());
                let wait = if is_caller { 2_100 + steps % 191 * 10 } else { steps % 201 * 10 };
                self.deadlines.set(Owner::Session(id), Timer::Glare, now + Duration::from_millis(wait));
            }
            _ if refresh => {
                if matches!(status, 405 | 501) && session.peer.update {
                    session.peer.update = false;
                    self.refresh_session(now, id);
                }
            }
            _ => {
                self.emit(Event::OfferRejected { session: id, status });
                self.run_queued(now, id);
            }
        }
    }

    /// re-INVITE received.
    pub(crate) fn on_reinvite(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: &Incoming) {
        if let Some(lines) = self.interval_too_small(&incoming.request) {
            self.reply(now, transaction, 422, &lines);
            return;
        }
        let body = body_of(&incoming.request);
        let refusal = match self.sessions.get(&id) {
            // A second INVITE before our final response to the first (RFC 3261 §14.2).
            Some(session) if matches!(session.state, State::Ringing { .. }) => Some(500),
            Some(session) if matches!(session.state, State::Calling { .. }) => Some(491),
            Some(session) => session.refusal_of_offer(),
            None => Some(481),
        };
        if self.refuse_change(now, transaction, refusal) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.learn(&incoming.request);
        let current = session.current;
        if let Some(dialog) = session.dialogs.get_mut(current) {
            dialog.refresh_target(&incoming.request);
        }
        // The peer has our 2xx when it begins anew: its ACK was lost.
        let confirmed = session.unacked.take().is_some_and(|unacked| unacked.first) && !session.quiet;
        self.deadlines.stop(Owner::Session(id), Timer::AnswerRetransmit);
        self.deadlines.stop(Owner::Session(id), Timer::AnswerTimeout);
        if let Some(reason) = session.bye_wanted.take() {
            self.reply(now, transaction, 487, "");
            self.hang_up(now, id, reason.as_deref());
            return;
        }
        session.exchange = Exchange::Remote { transaction, invite: true, asked: body.is_none() };
        claim(self, transaction, ServerUser::Session(id));
        self.reply(now, transaction, 100, "");
        self.deadlines.set(Owner::Session(id), Timer::OfferUnanswered, now + self.config.t1 * 60);
        if confirmed {
            self.emit(Event::Confirmed { session: id, body: None });
        }
        self.emit(Event::Offer { session: id, body });
    }

    /// UPDATE received (RFC 3311 §5.2).
    pub(crate) fn on_update(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: &Incoming) {
        if let Some(lines) = self.interval_too_small(&incoming.request) {
            self.reply(now, transaction, 422, &lines);
            return;
        }
        let body = body_of(&incoming.request);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let refusal = if body.is_none() {
            // Without an offer it only refreshes; our own UPDATE may cross it.
            None
        } else {
            match session.state {
                // The peer's offer in INVITE is not answered yet.
                State::Ringing { .. } if !session.answered_early => Some(500),
                State::Calling { .. } if !session.answered_early => Some(491),
                State::Ringing { .. } | State::Calling { .. } | State::Up => session.refusal_of_offer(),
            }
        };
        if self.refuse_change(now, transaction, refusal) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.learn(&incoming.request);
        let at = session.dialog_of(&incoming.from_tag).unwrap_or(session.current);
        if let Some(dialog) = session.dialogs.get_mut(at) {
            dialog.refresh_target(&incoming.request);
        }
        if body.is_none() {
            let lines = self.change_answer_lines(now, id, &incoming.request);
            self.respond_in_session(now, id, transaction, 200, &lines, None);
            return;
        }
        session.exchange = Exchange::Remote { transaction, invite: false, asked: false };
        claim(self, transaction, ServerUser::Session(id));
        self.deadlines.set(Owner::Session(id), Timer::OfferUnanswered, now + self.config.t1 * 60);
        self.emit(Event::Offer { session: id, body });
    }

    /// Refuses a change: 500 with Retry-After of 0–10 s while the peer's own waits, 491 while ours does (RFC 3261 §14.2).
    fn refuse_change(&mut self, now: Instant, transaction: u64, refusal: Option<u16>) -> bool {
        let Some(status) = refusal else { return false };
        let lines = match status {
            500 => format!("Retry-After: {}\r\n", self.random.next_u32() % 11),
            _ => String::new(),
        };
        self.reply(now, transaction, status, &lines);
        true
    }

    /// Header lines of a 2xx to a change, with the session interval.
    fn change_answer_lines(&mut self, now: Instant, id: SessionId, request: &Message) -> String {
        let mut lines = format!("Allow: {}\r\nSupported: {}\r\n", compose::ALLOW, compose::SUPPORTED);
        if self.sessions.get(&id).is_some_and(|session| session.state == State::Up) {
            lines.push_str(&self.start_interval_as_uas(now, id, request));
        }
        lines
    }

    /// Answers [`Event::Offer`] (or a late offer of ours in [`Event::Answered`]).
    ///
    /// # Errors
    /// [`Gone`] when there is none.
    pub fn accept_offer(&mut self, now: Instant, session: SessionId, body: Option<Body>) -> Result<(), Gone> {
        let id = session;
        let data = self.sessions.get_mut(&id).filter(|data| !data.quiet).ok_or(Gone)?;
        if let Some(owed) = data.owed_ack.take() {
            data.local_body.clone_from(&body);
            self.with_session(id, |endpoint, session| {
                endpoint.acknowledge(now, session, owed.cseq, owed.transaction, owed.auth, body);
            });
            self.run_queued(now, id);
            return Ok(());
        }
        if data.owed_prack.is_some() {
            self.answer_in_prack(now, id, body);
            return Ok(());
        }
        let Exchange::Remote { transaction, invite, asked } = data.exchange else {
            return Err(Gone);
        };
        data.exchange = Exchange::Idle;
        if body.is_some() {
            data.local_body.clone_from(&body);
        }
        self.deadlines.stop(Owner::Session(id), Timer::OfferUnanswered);
        let request =
            self.transactions.server_ref(transaction).and_then(|server| server.request.clone()).ok_or(Gone)?;
        let lines = self.change_answer_lines(now, id, &request);
        let bytes = self.respond_in_session(now, id, transaction, 200, &lines, body.as_ref()).ok_or(Gone)?;
        if invite && let Some(cseq) = request.cseq() {
            self.await_ack(now, id, transaction, cseq.number, bytes, asked && body.is_some(), false);
        }
        self.run_queued(now, id);
        Ok(())
    }

    /// Refuses [`Event::Offer`] (488, 491 …); the session goes on as before.
    ///
    /// # Errors
    /// [`Gone`] when there is none.
    pub fn reject_offer(&mut self, now: Instant, session: SessionId, status: u16) -> Result<(), Gone> {
        let id = session;
        let data = self.sessions.get_mut(&id).ok_or(Gone)?;
        if data.owed_ack.is_some() || data.owed_prack.is_some() {
            // An offer in a response cannot be refused: it is acknowledged without an answer, and the session ends.
            let was_up = data.state == State::Up;
            let quiet = data.quiet;
            if was_up {
                self.hang_up(now, id, None);
                if !quiet {
                    self.emit(Event::Ended { session: id, by_peer: false, reason: None, expired: false });
                }
            } else {
                return self.cancel(now, id, None);
            }
            return Ok(());
        }
        let Exchange::Remote { transaction, .. } = data.exchange else {
            return Err(Gone);
        };
        data.exchange = Exchange::Idle;
        self.deadlines.stop(Owner::Session(id), Timer::OfferUnanswered);
        self.reply(now, transaction, status.clamp(300, 699), "");
        self.run_queued(now, id);
        Ok(())
    }
}

impl Session {
    /// Whether a change may start.
    fn is_stable(&self) -> bool {
        self.exchange == Exchange::Idle
            && self.unacked.is_none()
            && self.owed_ack.is_none()
            && self.owed_prack.is_none()
            && self.reliable.is_empty()
    }

    /// What an offer of the peer is refused with.
    fn refusal_of_offer(&self) -> Option<u16> {
        match self.exchange {
            Exchange::Remote { .. } => Some(500),
            Exchange::Local { .. } => Some(491),
            Exchange::Idle if self.unacked.as_ref().is_some_and(|unacked| unacked.offer) => Some(491),
            Exchange::Idle if self.owed_ack.is_some() || self.owed_prack.is_some() => Some(500),
            Exchange::Idle if self.reliable.iter().any(|reliable| reliable.body.is_some()) => Some(491),
            Exchange::Idle => None,
        }
    }
}

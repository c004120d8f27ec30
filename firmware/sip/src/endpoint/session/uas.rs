//! Being called: INVITE received, progress, answer, refusal, CANCEL, ACK (RFC 3261 §13.3; RFC 3891).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::compose::{self, Response};
use super::super::incoming::Incoming;
use super::super::{Body, Endpoint, Event, Gone, SessionId, TagOwner, Transport, text};
use super::{Exchange, Session, State, Unacked, body_of, claim, has_option, reason_of};
use crate::dialog::Dialog;
use crate::message::Message;
use crate::transaction::{Owner, ServerUser, Timer};

/// A provisional response is repeated at this pace (RFC 3261 §13.3.1.1).
const PROVISIONAL_REFRESH: Duration = Duration::from_secs(60);

impl Endpoint {
    /// An INVITE outside any dialog.
    pub(crate) fn on_invite(&mut self, now: Instant, transaction: u64, incoming: Incoming) {
        let request = &incoming.request;
        let replaces = match self.find_replaced(request) {
            Ok(replaces) => replaces,
            Err(status) => {
                self.reply(now, transaction, status, "");
                return;
            }
        };
        if let Some(lines) = self.interval_too_small(request) {
            self.reply(now, transaction, 422, &lines);
            return;
        }
        let id = SessionId(self.fresh_id());
        let Some(local_tag) = self.transactions.server_ref(transaction).map(|server| server.to_tag.clone()) else {
            return;
        };
        let from = request.header("From").unwrap_or_default();
        let to = request.header("To").unwrap_or_default();
        let call_id: Arc<str> = request.call_id().into();
        let local = text::without_params(&to);
        let remote = text::without_params(&from);
        let mut session = Session::new(call_id, local_tag, local, remote, State::Ringing { transaction });
        session.contact_user = text::user_of(request.request_uri()).map(Into::into);
        session.offer_in_invite = !request.body().is_empty();
        session.learn(request);
        session.dialogs.push(Dialog::from_request(request, &incoming.from_tag, incoming.cseq, incoming.source));
        self.add_session(id, session);
        claim(self, transaction, ServerUser::Session(id));
        self.reply(now, transaction, 100, "");
        if let Some(expires) = request.header("Expires").and_then(|value| text::delta_seconds(&value))
            && expires > 0
        {
            let after = Duration::from_secs(u64::from(expires));
            self.deadlines.set(Owner::Session(id), Timer::InviteExpires, now + after);
        }
        drop((from, to));
        self.emit(Event::Invited { session: id, request: incoming.request, flow: incoming.source, replaces });
    }

    /// The session `Replaces` names (RFC 3891 §3).
    fn find_replaced(&self, request: &Message) -> Result<Option<SessionId>, u16> {
        let mut values = request.header_values("Replaces");
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(400);
        }
        let early_only = text::param(&value, "early-only").is_some();
        let id = self.find_by_replaces(&value).ok_or(481_u16)?;
        let session = self.sessions.get(&id).ok_or(481_u16)?;
        match session.state {
            State::Up if early_only => Err(486),
            State::Up | State::Calling { .. } if !session.quiet => Ok(Some(id)),
            // An early dialog that the peer began is not replaced.
            State::Up | State::Calling { .. } | State::Ringing { .. } => Err(481),
        }
    }

    /// The session of a `Replaces` value: Call-ID, to-tag (ours) and from-tag (the peer's).
    pub(crate) fn find_by_replaces(&self, value: &str) -> Option<SessionId> {
        let call_id = text::without_params(value);
        let to_tag = text::param(value, "to-tag")?;
        let from_tag = text::param(value, "from-tag")?;
        let Some(TagOwner::Session(id)) = self.tags.get(to_tag) else {
            return None;
        };
        let session = self.sessions.get(id)?;
        let matches = *session.call_id == *call_id
            && session
                .dialogs
                .iter()
                .any(|dialog| dialog.remote_tag == from_tag || (dialog.remote_tag.is_empty() && from_tag == "0"));
        matches.then_some(*id)
    }

    /// Sends 101–199 on an INVITE received. With `reliable` and a peer that supports 100rel it is acknowledged (RFC 3262).
    ///
    /// # Errors
    /// [`Gone`] when the INVITE has its final response.
    pub fn progress(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        headers: &[(&str, &str)],
        body: Option<Body>,
        reliable: bool,
    ) -> Result<(), Gone> {
        let data = self.sessions.get_mut(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        let State::Ringing { transaction } = data.state else {
            return Err(Gone);
        };
        if !(101..200).contains(&status) || data.queued_answer.is_some() {
            return Err(Gone);
        }
        let mut lines = format!("Allow: {}\r\nSupported: {}\r\n", compose::ALLOW, compose::SUPPORTED);
        compose::lines(&mut lines, headers);
        // A peer that requires 100rel gets nothing else (RFC 3262 §3).
        let required = self
            .transactions
            .server_ref(transaction)
            .and_then(|server| server.request.as_ref())
            .is_some_and(|request| has_option(request, "Require", "100rel"));
        if (reliable && data.peer.reliable) || required {
            return self.progress_reliably(now, session, status, lines, body);
        }
        if body.is_some() {
            data.local_body.clone_from(&body);
        }
        data.last_provisional = Some((status, lines.clone()));
        self.deadlines.set(Owner::Session(session), Timer::ProvisionalRefresh, now + PROVISIONAL_REFRESH);
        self.respond_in_session(now, session, transaction, status, &lines, body.as_ref()).ok_or(Gone)?;
        Ok(())
    }

    /// Repeats the last provisional response, so that proxies on the way do not give up.
    pub(crate) fn repeat_provisional(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let State::Ringing { transaction } = session.state else {
            return;
        };
        let Some((status, lines)) = session.last_provisional.clone() else {
            return;
        };
        self.deadlines.set(Owner::Session(id), Timer::ProvisionalRefresh, now + PROVISIONAL_REFRESH);
        self.respond_in_session(now, id, transaction, status, &lines, None);
    }

    /// Sends 200 on an INVITE received, retransmits until ACK.
    ///
    /// # Errors
    /// [`Gone`] when the INVITE has its final response.
    pub fn answer(
        &mut self,
        now: Instant,
        session: SessionId,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<(), Gone> {
        let data = self.sessions.get_mut(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        let State::Ringing { .. } = data.state else {
            return Err(Gone);
        };
        if data.queued_answer.is_some() {
            return Err(Gone);
        }
        let mut lines = String::new();
        compose::lines(&mut lines, headers);
        if data.reliable.iter().any(|reliable| reliable.body.is_some()) {
            data.queued_answer = Some((lines, body));
            return Ok(());
        }
        self.answer_now(now, session, lines, body);
        Ok(())
    }

    /// Sends the 200.
    pub(crate) fn answer_now(&mut self, now: Instant, id: SessionId, more: String, body: Option<Body>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let State::Ringing { transaction } = session.state else {
            return;
        };
        let Some(request) = self.transactions.server_ref(transaction).and_then(|server| server.request.clone()) else {
            return;
        };
        let Some(cseq) = session.dialogs.first().and_then(|_| request.cseq()) else {
            return;
        };
        // The answer went out in a reliable provisional response and was acknowledged: the 200 has none (RFC 3262 §5).
        let body = if session.answered_early { None } else { body };
        let offer = body.is_some() && !session.offer_in_invite;
        if body.is_some() {
            session.local_body.clone_from(&body);
        }
        session.state = State::Up;
        session.reliable.clear();
        let mut lines = format!("Allow: {}\r\nSupported: {}\r\n", compose::ALLOW, compose::SUPPORTED);
        lines.push_str(&self.start_interval_as_uas(now, id, &request));
        lines.push_str(&more);
        let owner = Owner::Session(id);
        for timer in
            [Timer::ReliableRetransmit, Timer::ReliableTimeout, Timer::ProvisionalRefresh, Timer::InviteExpires]
        {
            self.deadlines.stop(owner, timer);
        }
        if let Some(bytes) = self.respond_in_session(now, id, transaction, 200, &lines, body.as_ref()) {
            self.await_ack(now, id, transaction, cseq.number, bytes, offer, true);
        }
    }

    /// Repeats a 2xx until its ACK (RFC 3261 §13.3.1.4), over any transport.
    #[expect(clippy::too_many_arguments, reason = "what a 2xx is made of")]
    pub(crate) fn await_ack(
        &mut self,
        now: Instant,
        id: SessionId,
        transaction: u64,
        cseq: u32,
        bytes: bytes::Bytes,
        offer: bool,
        first: bool,
    ) {
        let t1 = self.config.t1;
        let Some(flow) = self.transactions.server_ref(transaction).map(|server| server.flow) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.unacked = Some(Unacked { cseq, bytes, flow, interval: t1, offer, first });
        self.deadlines.set(Owner::Session(id), Timer::AnswerRetransmit, now + t1);
        self.deadlines.set(Owner::Session(id), Timer::AnswerTimeout, now + t1 * 64);
    }

    /// The 2xx again.
    pub(crate) fn repeat_answer(&mut self, now: Instant, id: SessionId) {
        let t2 = self.config.t2;
        let Some(unacked) = self.sessions.get_mut(&id).and_then(|session| session.unacked.as_mut()) else {
            return;
        };
        unacked.interval = (unacked.interval * 2).min(t2);
        let (flow, bytes, next) = (unacked.flow, unacked.bytes.clone(), now + unacked.interval);
        self.deadlines.set(Owner::Session(id), Timer::AnswerRetransmit, next);
        self.send(flow, bytes);
    }

    /// No ACK in 64·T1: BYE (RFC 3261 §13.3.1.4).
    pub(crate) fn answer_not_acknowledged(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.unacked = None;
        let (quiet, reason) = (session.quiet, session.bye_wanted.take().flatten());
        self.hang_up(now, id, reason.as_deref());
        if !quiet {
            self.emit(Event::Ended { session: id, by_peer: false, reason: None, expired: true });
        }
    }

    /// An ACK that belongs to no transaction: of a 2xx of ours.
    pub(crate) fn on_ack(&mut self, now: Instant, incoming: &Incoming) {
        let Some(TagOwner::Session(id)) = incoming.to_tag.as_deref().and_then(|tag| self.tags.get(tag)).copied() else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if *session.call_id != *incoming.request.call_id() || session.dialog_of(&incoming.from_tag).is_none() {
            return;
        }
        if session.unacked.as_ref().is_none_or(|unacked| unacked.cseq != incoming.cseq) {
            return;
        }
        let Some(unacked) = session.unacked.take() else {
            return;
        };
        self.deadlines.stop(Owner::Session(id), Timer::AnswerRetransmit);
        self.deadlines.stop(Owner::Session(id), Timer::AnswerTimeout);
        if let Some(dialog) = session.dialogs.first_mut()
            && incoming.source.transport != Transport::Udp
        {
            dialog.flow = incoming.source;
        }
        if let Some(reason) = session.bye_wanted.take() {
            self.hang_up(now, id, reason.as_deref());
            return;
        }
        let body = body_of(&incoming.request);
        if unacked.first {
            self.emit(Event::Confirmed { session: id, body });
        } else if unacked.offer {
            self.emit(Event::OfferAnswered { session: id, body });
        }
        self.run_queued(now, id);
    }

    /// Sends 300–699 on an INVITE received. The session is over.
    ///
    /// # Errors
    /// [`Gone`] when the INVITE has its final response.
    pub fn reject(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        headers: &[(&str, &str)],
    ) -> Result<(), Gone> {
        let data = self.sessions.get(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        let State::Ringing { transaction } = data.state else {
            return Err(Gone);
        };
        let mut lines = String::new();
        compose::lines(&mut lines, headers);
        self.refuse_invite(now, session, transaction, status.clamp(300, 699), &lines);
        Ok(())
    }

    /// Sends the refusal and forgets the session.
    pub(crate) fn refuse_invite(&mut self, now: Instant, id: SessionId, transaction: u64, status: u16, lines: &str) {
        if let Some(session) = self.forget_session(id) {
            self.abandon_exchange(now, &session);
            let response = Response { status, to_tag: Some(&session.local_tag), lines, ..Response::default() };
            self.respond_with(now, transaction, &response);
        }
    }

    /// 487 for an INVITE given up.
    pub(crate) fn reply_487(&mut self, now: Instant, id: SessionId, transaction: u64) {
        self.refuse_invite(now, id, transaction, 487, "");
    }

    /// CANCEL of an INVITE of a session, or of a re-INVITE.
    pub(crate) fn on_session_cancelled(&mut self, now: Instant, id: SessionId, invite: u64, cancel: &Message) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        match session.state {
            State::Ringing { transaction } if transaction == invite => {
                let quiet = session.quiet;
                self.reply_487(now, id, transaction);
                if !quiet {
                    self.emit(Event::Cancelled { session: id, reason: reason_of(cancel) });
                }
            }
            State::Ringing { .. } | State::Calling { .. } | State::Up => {
                if matches!(session.exchange, Exchange::Remote { transaction, .. } if transaction == invite) {
                    session.exchange = Exchange::Idle;
                    self.deadlines.stop(Owner::Session(id), Timer::OfferUnanswered);
                    self.reply(now, invite, 487, "");
                    self.run_queued(now, id);
                }
            }
        }
    }

    /// `Expires` of the INVITE ran out: 487 (RFC 3261 §13.3.1).
    pub(crate) fn invite_expired(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let State::Ringing { transaction } = session.state else {
            return;
        };
        let quiet = session.quiet;
        self.reply_487(now, id, transaction);
        if !quiet {
            self.emit(Event::Cancelled { session: id, reason: None });
        }
    }
}

//! Calling: INVITE, its provisional and final responses, CANCEL (RFC 3261 §9.1, §13.2; RFC 6026).

use std::sync::Arc;
use std::time::Instant;

use super::super::compose::{self, Head};
use super::super::outgoing::User;
use super::super::{ClientRequestId, Endpoint, Event, Flow, Gone, Invite, OutOfDialogRequest, SessionId, Target, text};
use super::{MAX_DIALOGS, OwedAck, Session, State, body_of, tagged};
use crate::dialog::{Dialog, NextHop};
use crate::message::{Message, Method, Uri};
use crate::transaction::{Owner, Timer};

impl Endpoint {
    /// Sends an INVITE.
    pub fn invite(&mut self, now: Instant, invite: Invite) -> SessionId {
        let id = SessionId(self.fresh_id());
        let call_id: Arc<str> = format!("{}@{}", self.token(), self.config.host).into();
        let local_tag: Box<str> = self.token().into();
        let outgoing = self.next_id + 1;
        let mut session = Session::new(call_id, local_tag, &invite.from, &invite.to, State::Calling { outgoing });
        session.credentials = invite.credentials.clone();
        session.offer_in_invite = invite.body.is_some();
        session.local_body = invite.body.clone();
        let min_se = u32::try_from(self.config.min_se.as_secs()).unwrap_or(u32::MAX);
        session.proposed = self
            .config
            .session_expires
            .map(|length| (u32::try_from(length.as_secs()).unwrap_or(u32::MAX).max(min_se), min_se));
        let mut lines = session.invite_lines(invite.body.is_some());
        for (name, value) in &invite.headers {
            compose::line(&mut lines, name, value);
        }
        let head = Head {
            method: Method::Invite,
            uri: invite.request_uri.text.clone(),
            routes: invite.route.clone(),
            from: tagged(&session.local_address, &session.local_tag),
            to: session.remote_address.clone(),
            call_id: Arc::clone(&session.call_id),
            cseq: session.next_cseq(),
            contact: Some(session.contact_user.clone()),
            lines,
            body: invite.body,
        };
        let hop = hop_of(&invite.target, &invite.route, &invite.request_uri);
        session.symmetric = matches!(invite.target, Target::Flow(_));
        self.add_session(id, session);
        let started = self.start(now, User::Invite(id), head, hop, invite.credentials);
        debug_assert_eq!(started, outgoing, "ids are given in order");
        id
    }

    /// Sends a request outside a session.
    pub fn request(&mut self, now: Instant, request: OutOfDialogRequest) -> ClientRequestId {
        let id = ClientRequestId(self.fresh_id());
        let call_id: Arc<str> = format!("{}@{}", self.token(), self.config.host).into();
        let tag = self.token();
        let mut lines = String::new();
        let mut contact = None;
        if matches!(request.method, Method::Register | Method::Subscribe | Method::Notify | Method::Refer) {
            contact = Some(text::user_of(text::uri_of(&request.from)).map(Into::into));
        }
        for (name, value) in &request.headers {
            if name.eq_ignore_ascii_case("Contact") {
                contact = None;
            }
            compose::line(&mut lines, name, value);
        }
        let hop = hop_of(&request.target, &request.route, &request.request_uri);
        let head = Head {
            method: request.method,
            uri: request.request_uri.text,
            routes: request.route,
            from: tagged(&request.from, &tag),
            to: request.to,
            call_id,
            cseq: 1,
            contact,
            lines,
            body: request.body,
        };
        self.start(now, User::Request(id, None), head, hop, request.credentials);
        id
    }

    /// Gives up an INVITE of ours: CANCEL once a provisional response is there. [`Event::Failed`] with 487 follows (or an
    /// answer that crossed, which the endpoint ends by itself with BYE, still reported as Failed 487).
    /// `reason` becomes a `Reason` header ("SIP;cause=200;text=\"Call completed elsewhere\"").
    ///
    /// # Errors
    /// [`Gone`] when the INVITE has its final response.
    pub fn cancel(&mut self, now: Instant, session: SessionId, reason: Option<&str>) -> Result<(), Gone> {
        let data = self.sessions.get(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        let State::Calling { outgoing } = data.state else {
            return Err(Gone);
        };
        self.cancel_outgoing(now, outgoing, reason);
        Ok(())
    }

    /// 1xx of our INVITE.
    pub(crate) fn on_invite_provisional(
        &mut self,
        now: Instant,
        id: SessionId,
        _outgoing: u64,
        response: &Message,
        flow: Flow,
    ) {
        let status = response.status();
        if status == 100 {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if !matches!(session.state, State::Calling { .. }) {
            return;
        }
        let Some(at) = early_dialog(session, response, flow) else {
            return;
        };
        session.current = at;
        session.learn(response);
        let body = body_of(response);
        if let Some(rseq) = super::reliable::rseq_of(response)
            && !self.acknowledge_provisional(now, id, at, rseq, response, body.as_ref())
        {
            return;
        }
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        // An offer in a reliable response comes as Event::Offer.
        let body = if session.offer_in_invite { body } else { None };
        if !session.quiet {
            self.emit(Event::Progress { session: id, status, body, early_dialog: u32::try_from(at).unwrap_or(0) });
        }
    }

    /// 2xx of our INVITE: the first one wins, others are acknowledged and ended (RFC 3261 §13.2.2.4).
    pub(crate) fn on_invite_success(
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
        let cancelled = out.cancel.is_some();
        let calling = self.sessions.get(&id).is_some_and(|session| matches!(session.state, State::Calling { .. }));
        if !calling {
            self.end_other_fork(now, outgoing, &response, flow);
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(at) = early_dialog(session, &response, flow) else {
            return;
        };
        session.learn(&response);
        if let Some(mut dialog) = session.dialogs.get(at).cloned() {
            // RFC 3261 §13.2.2.4: the route set and target of the 2xx replace the early ones.
            let fresh =
                Dialog::from_response(&response, &dialog.remote_tag, flow, dialog.symmetric, &dialog.remote_target);
            dialog.route_set = fresh.route_set;
            dialog.remote_target = fresh.remote_target;
            dialog.flow = flow;
            session.dialogs = vec![dialog];
        }
        session.current = 0;
        session.state = State::Up;
        session.owed_prack = None;
        let quiet = session.quiet;
        if cancelled {
            let Some(mut session) = self.forget_session(id) else {
                return;
            };
            self.acknowledge(now, &session, cseq, transaction, auth, None);
            self.send_bye(now, &mut session, 0, None);
            if !quiet {
                self.emit(Event::Failed { session: id, status: 487, response: Some(response) });
            }
            return;
        }
        let offer = !session.offer_in_invite && !session.answered_early && !response.body().is_empty();
        if offer {
            session.owed_ack = Some(OwedAck { cseq, transaction, auth });
        } else {
            self.with_session(id, |endpoint, session| {
                endpoint.acknowledge(now, session, cseq, transaction, auth, None)
            });
        }
        self.start_interval_as_uac(now, id, &response);
        self.deadlines.stop(Owner::Session(id), Timer::AnswerOvertaken);
        self.emit(Event::Answered { session: id, response, offer });
        if !self.ended_before(now, id) {
            self.run_queued(now, id);
        }
    }

    /// The peer's BYE was here before the 2xx that has just been taken: the session is over.
    fn ended_before(&mut self, now: Instant, id: SessionId) -> bool {
        let ended = self.sessions.get_mut(&id).and_then(|session| {
            let (tag, reason) = session.overtaken.take()?;
            (session.dialog()?.remote_tag == tag).then_some(reason)
        });
        let Some(reason) = ended else {
            return false;
        };
        if let Some(session) = self.forget_session(id) {
            self.abandon_exchange(now, &session);
            self.emit(Event::Ended { session: id, by_peer: true, reason, expired: false });
        }
        true
    }

    /// A 2xx of another fork, or of a session that is over: ACK and BYE.
    pub(crate) fn end_other_fork(&mut self, now: Instant, outgoing: u64, response: &Message, flow: Flow) {
        let Some(out) = self.outgoing.get(&outgoing) else {
            return;
        };
        let to = response.header("To").unwrap_or_default();
        let tag = text::param(&to, "tag").unwrap_or_default();
        let symmetric = out.flow == Some(flow);
        let local_tag = text::param(&out.head.from, "tag").unwrap_or_default();
        let mut fork = Session::new(
            Arc::clone(&out.head.call_id),
            local_tag.into(),
            text::without_params(&out.head.from),
            text::without_params(&out.head.to),
            State::Up,
        );
        fork.local_cseq = out.head.cseq;
        fork.credentials = out.credentials.clone();
        fork.dialogs.push(Dialog::from_response(response, tag, flow, symmetric, &out.head.uri));
        let (cseq, transaction, auth) = (out.head.cseq, out.transaction, out.auth.clone());
        self.acknowledge(now, &fork, cseq, transaction, auth, None);
        self.send_bye(now, &mut fork, 0, None);
    }

    /// 300–699, time-out or transport failure of our INVITE.
    pub(crate) fn on_invite_failure(
        &mut self,
        now: Instant,
        id: SessionId,
        outgoing: u64,
        status: u16,
        response: Option<Message>,
    ) {
        let cancelled = self.outgoing.get(&outgoing).is_some_and(|out| out.cancel.is_some());
        if !cancelled && status == 422 && self.widen_interval(now, id, outgoing, response.as_ref()) {
            return;
        }
        let Some(session) = self.forget_session(id) else {
            return;
        };
        if !session.quiet {
            let status = if cancelled { 487 } else { status };
            self.emit(Event::Failed { session: id, status, response });
        }
    }

    /// Runs with a session taken out of the table for the time.
    pub(crate) fn with_session(&mut self, id: SessionId, run: impl FnOnce(&mut Endpoint, &mut Session)) {
        if let Some(mut session) = self.sessions.remove(&id) {
            run(self, &mut session);
            self.sessions.insert(id, session);
        }
    }
}

/// The early dialog of a response, made when its To tag is new (RFC 3261 §12.1).
fn early_dialog(session: &mut Session, response: &Message, flow: Flow) -> Option<usize> {
    let to = response.header("To").unwrap_or_default();
    let tag = text::param(&to, "tag").unwrap_or_default();
    if let Some(at) = session.dialog_of(tag) {
        if let Some(dialog) = session.dialogs.get_mut(at) {
            dialog.refresh_target(response);
        }
        return Some(at);
    }
    if session.dialogs.len() >= MAX_DIALOGS {
        return None;
    }
    let fallback = text::uri_of(&session.remote_address).to_owned();
    session.dialogs.push(Dialog::from_response(response, tag, flow, session.symmetric, &fallback));
    Some(session.dialogs.len() - 1)
}

/// The path the owner names, else the first route, else the Request-URI.
fn hop_of(target: &Target, route: &[String], request_uri: &Uri) -> NextHop {
    match target {
        Target::Flow(flow) => NextHop::Flow(*flow),
        Target::Uri(uri) => {
            let first = route.first().and_then(|route| Uri::parse(text::uri_of(route)).ok());
            let uri = first.unwrap_or_else(|| if uri.host.is_empty() { request_uri.clone() } else { uri.clone() });
            NextHop::Uri(Box::new(uri))
        }
    }
}

//! INVITE sessions: the dialog usage with all its early dialogs, from INVITE to BYE (RFC 3261 §12–§15).

mod inbound;
mod modify;
mod refer;
mod reliable;
mod saved;
mod state;
mod timer;
mod uac;
mod uas;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::compose::{self, Head, Response, ResponseContact};
use super::outgoing::User;
use super::{Body, ClientRequestId, Endpoint, Event, Gone, Reason, SessionId, TagOwner, text};
use crate::message::{Message, Method};
use crate::transaction::{Owner, ServerUser, Timer};

pub use saved::SavedSession;
pub(crate) use state::{Exchange, Interval, OwedAck, OwedPrack, ReferSubscription, Reliable, Session, State, Unacked};

/// Most early dialogs of one INVITE.
const MAX_DIALOGS: usize = 16;

/// Whether an option tag is in a header.
pub(crate) fn has_option(message: &Message, name: &str, option: &str) -> bool {
    message.header_values(name).any(|value| text::lists_token(&value, option))
}

/// An address with a tag; without one for a peer of RFC 2543.
pub(crate) fn tagged(address: &str, tag: &str) -> String {
    if tag.is_empty() { address.to_owned() } else { format!("{address};tag={tag}") }
}

/// The body of a message with its type.
pub(crate) fn body_of(message: &Message) -> Option<Body> {
    if message.body().is_empty() {
        return None;
    }
    Some(Body {
        content_type: message
            .header("Content-Type")
            .map_or_else(|| "application/sdp".into(), |value| value.into_owned()),
        bytes: message.body_bytes(),
    })
}

/// The `Reason` of a message (RFC 3326): "SIP;cause=200", call completed elsewhere, before Q.850, Q.850 before others.
pub(crate) fn reason_of(message: &Message) -> Option<Reason> {
    let reasons = message.header_values("Reason").take(8).map(|value| Reason {
        protocol: text::without_params(&value).to_owned(),
        cause: text::param(&value, "cause").and_then(|cause| cause.parse().ok()).unwrap_or(0),
        text: text::param(&value, "text").map(str::to_owned),
    });
    reasons.min_by_key(|reason| match reason.protocol.as_str() {
        protocol if protocol.eq_ignore_ascii_case("SIP") && reason.cause == 200 => 0,
        protocol if protocol.eq_ignore_ascii_case("Q.850") => 1,
        _ => 2,
    })
}

impl Endpoint {
    /// Adds a session under its tag.
    fn add_session(&mut self, id: SessionId, session: Session) {
        self.tags.insert(session.local_tag.clone(), TagOwner::Session(id));
        self.sessions.insert(id, session);
    }

    /// Removes a session with its timers and tag.
    pub(crate) fn forget_session(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        self.tags.remove(&session.local_tag);
        self.deadlines.forget(Owner::Session(id));
        Some(session)
    }

    /// Sends a request in the current dialog of a session.
    pub(crate) fn send_in_dialog(
        &mut self,
        now: Instant,
        id: SessionId,
        method: Method,
        lines: String,
        body: Option<Body>,
        user: User,
    ) -> Option<u64> {
        let session = self.sessions.get_mut(&id)?;
        let credentials = session.credentials.clone();
        let (mut head, hop) = session.head(session.current, method, None)?;
        head.lines = lines;
        head.body = body;
        Some(self.start(now, user, head, hop, credentials))
    }

    /// Sends BYE in a dialog and forgets nothing: the caller does.
    fn send_bye(&mut self, now: Instant, session: &mut Session, dialog: usize, reason: Option<&str>) {
        let Some((mut head, hop)) = session.head(dialog, Method::Bye, None) else {
            return;
        };
        if let Some(reason) = reason {
            compose::line(&mut head.lines, "Reason", reason);
        }
        self.start(now, User::Nobody, head, hop, session.credentials.clone());
    }

    /// Ends a session that is up with BYE, without a word to the owner.
    pub(crate) fn hang_up(&mut self, now: Instant, id: SessionId, reason: Option<&str>) {
        if let Some(mut session) = self.forget_session(id) {
            self.abandon_exchange(now, &session);
            let current = session.current;
            self.send_bye(now, &mut session, current, reason);
        }
    }

    /// Answers what the peer still waits for when a session goes: a re-INVITE gets 487 (RFC 3261 §15.1.2).
    fn abandon_exchange(&mut self, now: Instant, session: &Session) {
        if let Exchange::Remote { transaction, .. } = session.exchange {
            self.reply(now, transaction, 487, "");
        }
        if let Some(owed) = &session.owed_ack {
            // The peer repeats its 2xx until an ACK comes, even one without an answer.
            self.acknowledge(now, session, owed.cseq, owed.transaction, owed.auth.clone(), None);
        }
    }

    /// Acknowledges a 2xx in the current dialog.
    fn acknowledge(
        &mut self,
        now: Instant,
        session: &Session,
        cseq: u32,
        transaction: Option<u64>,
        auth: String,
        body: Option<Body>,
    ) {
        self.acknowledge_in(now, session, session.current, cseq, transaction, auth, body);
    }

    /// Acknowledges a 2xx in a dialog (RFC 3261 §13.2.2.4).
    #[expect(clippy::too_many_arguments, reason = "what an ACK is made of")]
    fn acknowledge_in(
        &mut self,
        now: Instant,
        session: &Session,
        dialog: usize,
        cseq: u32,
        transaction: Option<u64>,
        auth: String,
        body: Option<Body>,
    ) {
        let Some(target) = session.dialogs.get(dialog) else {
            return;
        };
        let (uri, routes) = target.request_line();
        let head = Head {
            method: Method::Ack,
            uri,
            routes,
            from: tagged(&session.local_address, &session.local_tag),
            to: tagged(&session.remote_address, &target.remote_tag),
            call_id: Arc::clone(&session.call_id),
            cseq,
            contact: None,
            lines: String::new(),
            body,
        };
        let user = User::Ack(transaction, target.remote_tag.clone());
        let hop = target.next_hop();
        self.start_with_auth(now, user, head, hop, None, auth);
    }

    /// Answers a request of a session with our Contact.
    fn respond_in_session(
        &mut self,
        now: Instant,
        id: SessionId,
        transaction: u64,
        status: u16,
        lines: &str,
        body: Option<&Body>,
    ) -> Option<Bytes> {
        let flow = self.transactions.server_ref(transaction)?.flow;
        let session = self.sessions.get(&id)?;
        let user = session.contact_user.clone();
        let tag = session.local_tag.clone();
        self.respond_with(
            now,
            transaction,
            &Response {
                status,
                to_tag: Some(&tag),
                contact: Some(ResponseContact { flow: &flow, user: user.as_deref() }),
                lines,
                body,
            },
        )
    }

    /// Ends a session that is up, or one in any state (then CANCEL or 487/603 as fits). `reason` becomes a `Reason` header.
    /// No event follows.
    ///
    /// # Errors
    /// [`Gone`] when the session is over.
    pub fn end(&mut self, now: Instant, session: SessionId, reason: Option<&str>) -> Result<(), Gone> {
        let data = self.sessions.get_mut(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        match data.state {
            State::Calling { outgoing } => {
                data.quiet = true;
                self.cancel_outgoing(now, outgoing, reason);
            }
            State::Ringing { transaction } => {
                let mut lines = String::new();
                if let Some(reason) = reason {
                    compose::line(&mut lines, "Reason", reason);
                }
                self.refuse_invite(now, session, transaction, 603, &lines);
            }
            State::Up if data.unacked.as_ref().is_some_and(|unacked| unacked.first) => {
                // RFC 3261 §15: not before the ACK of our 2xx.
                data.quiet = true;
                data.bye_wanted = Some(reason.map(Into::into));
            }
            State::Up => self.hang_up(now, session, reason),
        }
        Ok(())
    }

    /// Sends a request within a session (INFO, MESSAGE, NOTIFY, REFER). REFER makes the peer's NOTIFYs come as [`Event::InDialog`].
    ///
    /// # Errors
    /// [`Gone`] when the session is over or has no dialog yet.
    pub fn request_in(
        &mut self,
        now: Instant,
        session: SessionId,
        method: Method,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<ClientRequestId, Gone> {
        let data = self.sessions.get_mut(&session).filter(|data| !data.quiet).ok_or(Gone)?;
        data.dialog().ok_or(Gone)?;
        if method == Method::Refer {
            data.sent_refer = true;
        }
        let request = ClientRequestId(self.fresh_id());
        let mut lines = String::new();
        compose::lines(&mut lines, headers);
        self.send_in_dialog(now, session, method, lines, body, User::Request(request, Some(session))).ok_or(Gone)?;
        Ok(request)
    }

    /// The peer of a session has said that it takes this method with this content: it is in its Allow and its Accept
    /// (RFC 3261 §13.2.1, §13.3.1.4).
    pub fn peer_reads(&self, session: SessionId, method: &Method, content_type: &str) -> bool {
        let Some(peer) = self.sessions.get(&session).map(|session| &session.peer) else {
            return false;
        };
        let method = compose::method_text(method);
        let accepts = |list: &str| {
            list.split(',').any(|value| text::without_params(value).trim().eq_ignore_ascii_case(content_type))
        };
        peer.allow.as_deref().is_some_and(|list| text::lists_token(list, method))
            && peer.accept.as_deref().is_some_and(accepts)
    }

    /// A peer that does not know the dialog any more, or is silent (RFC 3261 §12.2.1.2).
    pub(crate) fn session_lost(&mut self, now: Instant, id: SessionId, status: u16) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.state != State::Up {
            return;
        }
        let quiet = session.quiet;
        if status == 481 {
            if let Some(session) = self.forget_session(id) {
                self.abandon_exchange(now, &session);
            }
        } else {
            self.hang_up(now, id, None);
        }
        if !quiet {
            self.emit(Event::Ended { session: id, by_peer: false, reason: None, expired: status == 408 });
        }
    }

    /// A timer of a session.
    pub(crate) fn on_session_timer(&mut self, now: Instant, id: SessionId, timer: Timer) {
        match timer {
            Timer::AnswerRetransmit => self.repeat_answer(now, id),
            Timer::AnswerTimeout => self.answer_not_acknowledged(now, id),
            Timer::ReliableRetransmit => self.repeat_reliable(now, id),
            Timer::ReliableTimeout => self.reliable_not_acknowledged(now, id),
            Timer::ProvisionalRefresh => self.repeat_provisional(now, id),
            Timer::InviteExpires => self.invite_expired(now, id),
            Timer::AnswerOvertaken => self.answer_overtaken(now, id),
            Timer::SessionRefresh => self.refresh_session(now, id),
            Timer::SessionExpires => self.session_expired(now, id),
            Timer::Glare => self.run_queued(now, id),
            Timer::OfferUnanswered => {
                let _ = self.reject_offer(now, id, 500);
            }
            _ => {}
        }
    }
}

/// Marks a server transaction as a session's.
fn claim(endpoint: &mut Endpoint, transaction: u64, user: ServerUser) {
    if let Some(server) = endpoint.transactions.server(transaction) {
        server.user = user;
    }
}

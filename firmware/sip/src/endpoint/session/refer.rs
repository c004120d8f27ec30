//! REFER within a session and its implicit subscription (RFC 3515, RFC 3891, RFC 3892, RFC 4488).

use std::time::Instant;

use bytes::Bytes;

use super::super::compose;
use super::super::incoming::Incoming;
use super::super::outgoing::User;
use super::super::{Body, Endpoint, Event, Gone, ServerTransactionId, SessionId, text};
use super::{ReferSubscription, State, claim};
use crate::message::Method;
use crate::transaction::ServerUser;

impl Endpoint {
    /// REFER received.
    pub(crate) fn on_refer(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: &Incoming) {
        let mut values = incoming.request.header_values("Refer-To");
        let value = values.next();
        let single = values.next().is_none();
        drop(values);
        let (Some(value), true) = (value, single) else {
            self.reply(now, transaction, 400, "");
            return;
        };
        let Ok(refer_to) = crate::message::NameAddr::parse(&value) else {
            self.reply(now, transaction, 400, "");
            return;
        };
        let up = self.sessions.get(&id).is_some_and(|session| session.state == State::Up && !session.quiet);
        if !up {
            self.reply(now, transaction, 603, "");
            return;
        }
        let replaces = refer_to
            .uri
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("Replaces"))
            .and_then(|(_, value)| self.find_replaced_by_peer(value));
        let referred_by = incoming.request.header("Referred-By").map(|value| value.into_owned());
        claim(self, transaction, ServerUser::Refer(id));
        self.emit(Event::Referred {
            session: id,
            transaction: ServerTransactionId(transaction),
            refer_to,
            replaces,
            referred_by,
        });
    }

    /// The session of ours that `Replaces` in `Refer-To` names. Its tags are as the *target* of the transfer sees them: for a call
    /// through us the target is us, so our tag is the to-tag; a phone that talks to us on that leg writes it so.
    fn find_replaced_by_peer(&self, value: &str) -> Option<SessionId> {
        self.find_by_replaces(value).filter(|id| self.sessions.get(id).is_some_and(|session| !session.quiet))
    }

    /// 202 to a REFER, and the first NOTIFY (RFC 3515 §2.4.4); progress follows by [`Endpoint::refer_progress`]. With
    /// `Refer-Sub: false` there is no subscription (RFC 4488).
    ///
    /// # Errors
    /// [`Gone`] when the REFER was answered, or the session is over.
    pub fn accept_refer(&mut self, now: Instant, transaction: ServerTransactionId) -> Result<(), Gone> {
        let server = self.transactions.server_ref(transaction.0).ok_or(Gone)?;
        let ServerUser::Refer(id) = server.user else {
            return Err(Gone);
        };
        let request = server.request.as_ref().ok_or(Gone)?;
        let silent = request.header("Refer-Sub").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let cseq = request.cseq().map_or(0, |cseq| cseq.number);
        let session = self.sessions.get_mut(&id).ok_or(Gone)?;
        session.refers = session.refers.saturating_add(1);
        session.refer = (!silent).then_some(ReferSubscription { id: (session.refers > 1).then_some(cseq) });
        let lines = if silent { "Refer-Sub: false\r\n" } else { "" };
        self.respond_in_session(now, id, transaction.0, 202, lines, None).ok_or(Gone)?;
        self.notify_refer(now, id, 100, None);
        Ok(())
    }

    /// Refuses a REFER.
    ///
    /// # Errors
    /// [`Gone`] when it was answered.
    pub fn reject_refer(&mut self, now: Instant, transaction: ServerTransactionId, status: u16) -> Result<(), Gone> {
        self.respond(now, transaction, status.clamp(300, 699), &[], None)
    }

    /// NOTIFY `message/sipfrag` with this status on the implicit subscription; a final status ends it.
    ///
    /// # Errors
    /// [`Gone`] when there is no subscription: the peer did not want one, or the session is over.
    pub fn refer_progress(&mut self, now: Instant, session: SessionId, status: u16) -> Result<(), Gone> {
        self.sessions.get(&session).and_then(|data| data.refer.as_ref()).ok_or(Gone)?;
        let reason = (status >= 200).then_some("noresource");
        self.notify_refer(now, session, status, reason);
        Ok(())
    }

    /// Sends the NOTIFY; with a reason it is the last.
    pub(crate) fn notify_refer(&mut self, now: Instant, id: SessionId, status: u16, end: Option<&str>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(refer) = session.refer.clone() else {
            return;
        };
        let mut lines = match refer.id {
            Some(id) => format!("Event: refer;id={id}\r\n"),
            None => "Event: refer\r\n".to_owned(),
        };
        match end {
            Some(reason) => {
                session.refer = None;
                compose::line(&mut lines, "Subscription-State", &format!("terminated;reason={reason}"));
            }
            None => compose::line(&mut lines, "Subscription-State", "active;expires=300"),
        }
        let text = format!("SIP/2.0 {status} {}\r\n", compose::reason_phrase(status));
        let body = Body { content_type: "message/sipfrag;version=2.0".into(), bytes: Bytes::from(text) };
        self.send_in_dialog(now, id, Method::Notify, lines, Some(body), User::ReferNotify(id));
    }

    /// The answer to a NOTIFY: the peer that does not know the subscription gets no more of it (RFC 6665 §4.2.2).
    pub(crate) fn on_refer_notify_final(&mut self, id: SessionId, status: u16) {
        if status >= 300
            && let Some(session) = self.sessions.get_mut(&id)
        {
            session.refer = None;
        }
    }

    /// NOTIFY received within a session: about a REFER of ours, else unknown.
    pub(crate) fn on_session_notify(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: Incoming) {
        let event = incoming.request.header("Event").unwrap_or_default();
        let is_refer = text::without_params(&event).eq_ignore_ascii_case("refer");
        drop(event);
        let expected = self.sessions.get(&id).is_some_and(|session| session.sent_refer);
        if is_refer && expected {
            self.take_in_dialog(now, id, transaction, incoming);
        } else {
            self.reply(now, transaction, 481, "");
        }
    }
}

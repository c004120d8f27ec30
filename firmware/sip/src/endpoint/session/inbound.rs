//! Requests of the peer within a session: order, who answers, BYE (RFC 3261 §12.2.2, §15.1.2).

use std::time::Instant;

use super::super::compose;
use super::super::incoming::Incoming;
use super::super::{Endpoint, Event, ServerTransactionId, SessionId, Transport, text};
use super::{State, reason_of};
use crate::message::Method;
use crate::transaction::{Owner, Timer};

impl Endpoint {
    /// A request of the peer within a session.
    pub(crate) fn on_session_request(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: Incoming) {
        let Some(session) = self.sessions.get_mut(&id) else {
            self.reply(now, transaction, 481, "");
            return;
        };
        // The dialog of a 2xx that this BYE overtook may not be known yet.
        if incoming.method == Method::Bye
            && matches!(session.state, State::Calling { .. })
            && *session.call_id == *incoming.request.call_id()
        {
            self.on_early_bye(now, id, transaction, &incoming);
            return;
        }
        let dialog =
            (*session.call_id == *incoming.request.call_id()).then(|| session.dialog_of(&incoming.from_tag)).flatten();
        let Some(dialog) = dialog.and_then(|at| session.dialogs.get_mut(at)) else {
            self.reply(now, transaction, 481, "");
            return;
        };
        // RFC 3261 §12.2.2: out of order.
        if dialog.remote_cseq.is_some_and(|last| incoming.cseq <= last) {
            self.reply(now, transaction, 500, "");
            return;
        }
        dialog.remote_cseq = Some(incoming.cseq);
        if dialog.symmetric || incoming.source.transport != Transport::Udp {
            dialog.flow = incoming.source;
        }
        // A session its owner is done with only waits for its end.
        if session.quiet && !matches!(incoming.method, Method::Bye | Method::Invite) {
            self.reply(now, transaction, 481, "");
            return;
        }
        match incoming.method {
            Method::Bye => self.on_bye(now, id, transaction, &incoming),
            Method::Invite => self.on_reinvite(now, id, transaction, &incoming),
            Method::Update => self.on_update(now, id, transaction, &incoming),
            Method::Prack => self.on_prack(now, id, transaction, &incoming),
            Method::Refer => self.on_refer(now, id, transaction, &incoming),
            Method::Notify => self.on_session_notify(now, id, transaction, incoming),
            Method::Info => {
                if incoming.request.header("Info-Package").is_some() {
                    self.reply(now, transaction, 469, "Recv-Info:\r\n");
                } else {
                    self.take_in_dialog(now, id, transaction, incoming);
                }
            }
            Method::Message => self.take_in_dialog(now, id, transaction, incoming),
            Method::Options => {
                let lines = format!(
                    "Allow: {}\r\nAccept: application/sdp\r\nSupported: {}\r\n",
                    compose::ALLOW,
                    compose::SUPPORTED
                );
                self.respond_in_session(now, id, transaction, 200, &lines, None);
            }
            Method::Subscribe => self.on_session_subscribe(now, id, transaction, incoming),
            Method::Ack | Method::Cancel | Method::Register | Method::Publish | Method::Other(_) => {
                let lines = format!("Allow: {}\r\n", compose::ALLOW);
                self.reply(now, transaction, 405, &lines);
            }
        }
    }

    /// Answers 200 and hands the request to the owner.
    pub(crate) fn take_in_dialog(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: Incoming) {
        self.reply(now, transaction, 200, "");
        if self.sessions.get(&id).is_some_and(|session| !session.quiet) {
            self.emit(Event::InDialog { session: id, request: incoming.request });
        }
    }

    /// SUBSCRIBE within a session: to the refer subscription here (a refresh, or its end), others to the owner.
    fn on_session_subscribe(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: Incoming) {
        let event = incoming.request.header("Event").unwrap_or_default();
        if text::without_params(&event).eq_ignore_ascii_case("refer") {
            let known = self.sessions.get(&id).is_some_and(|session| session.refer.is_some());
            if !known {
                self.reply(now, transaction, 481, "");
                return;
            }
            let expires =
                incoming.request.header("Expires").and_then(|value| text::delta_seconds(&value)).unwrap_or(60);
            let lines = format!("Expires: {}\r\n", expires.min(3600));
            self.respond_in_session(now, id, transaction, 200, &lines, None);
            if expires == 0 {
                self.notify_refer(now, id, 100, Some("timeout"));
            }
            return;
        }
        drop(event);
        self.emit(Event::Request {
            transaction: ServerTransactionId(transaction),
            request: incoming.request,
            flow: incoming.source,
        });
    }

    /// BYE (RFC 3261 §15.1.2).
    fn on_bye(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: &Incoming) {
        self.reply(now, transaction, 200, "");
        let reason = reason_of(&incoming.request);
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        match session.state {
            // The caller may end an early dialog by BYE: the INVITE gets 487.
            State::Ringing { transaction } => {
                let quiet = session.quiet;
                self.reply_487(now, id, transaction);
                if !quiet {
                    self.emit(Event::Cancelled { session: id, reason });
                }
            }
            // See `on_early_bye`.
            State::Calling { .. } => {}
            State::Up => {
                if let Some(session) = self.forget_session(id) {
                    self.abandon_exchange(now, &session);
                    if !session.quiet {
                        self.emit(Event::Ended { session: id, by_peer: true, reason, expired: false });
                    }
                }
            }
        }
    }

    /// BYE on our INVITE that has no final response. A callee may not end an early dialog so (RFC 3261 §15): it has answered and
    /// hung up, and its 2xx is late or lost. A late one makes the session end right after its answer.
    fn on_early_bye(&mut self, now: Instant, id: SessionId, transaction: u64, incoming: &Incoming) {
        self.reply(now, transaction, 200, "");
        let wait = self.config.t2;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.overtaken.is_none() {
            session.overtaken = Some((incoming.from_tag.to_string(), reason_of(&incoming.request)));
            // The 2xx is repeated at least every T2 until it is acknowledged (RFC 3261 §13.3.1.4).
            self.deadlines.set(Owner::Session(id), Timer::AnswerOvertaken, now + wait);
        }
    }

    /// The 2xx that a BYE overtook does not come: the callee is gone. The INVITE is cancelled, for what other phones a proxy may
    /// have made ring.
    pub(crate) fn answer_overtaken(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let State::Calling { outgoing } = session.state else {
            return;
        };
        let quiet = std::mem::replace(&mut session.quiet, true);
        self.cancel_outgoing(now, outgoing, None);
        if !quiet {
            self.emit(Event::Failed { session: id, status: 480, response: None });
        }
    }
}

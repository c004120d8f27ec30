//! INVITE sessions: the dialog usage with all its early dialogs, from INVITE to BYE (RFC 3261 §12–§15).

mod modify;
mod refer;
mod reliable;
mod saved;
mod timer;
mod uac;
mod uas;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::compose::{self, Head, Response, ResponseContact};
use super::incoming::Incoming;
use super::outgoing::User;
use super::{
    Body, ClientRequestId, ConnectionId, Credentials, Endpoint, Event, Flow, Gone, Reason,
    ServerTransactionId, SessionId, TagOwner, text,
};
use crate::dialog::{Dialog, NextHop};
use crate::message::{Message, Method};
use crate::transaction::{Owner, ServerUser, Timer};

pub use saved::SavedSession;

/// Most early dialogs of one INVITE.
const MAX_DIALOGS: usize = 16;

/// One INVITE session.
pub(crate) struct Session {
    /// Shared by all its dialogs.
    pub(crate) call_id: Arc<str>,
    /// Our tag, unique to this session: what its requests are found by.
    pub(crate) local_tag: Box<str>,
    /// Our address, as in From or To, without tag.
    pub(crate) local_address: String,
    /// The peer's address, without tag.
    pub(crate) remote_address: String,
    /// User part of our Contact.
    pub(crate) contact_user: Option<Box<str>>,
    /// Our last CSeq.
    pub(crate) local_cseq: u32,
    /// For a peer that challenges us.
    pub(crate) credentials: Option<Credentials>,
    /// Where it stands.
    pub(crate) state: State,
    /// Its dialogs: early ones, then the confirmed one alone.
    pub(crate) dialogs: Vec<Dialog>,
    /// The dialog that counts.
    pub(crate) current: usize,
    /// We made the Call-ID (RFC 3261 §14.1).
    pub(crate) is_caller: bool,
    /// The owner said which path leads to the peer.
    pub(crate) symmetric: bool,
    /// The owner is done with it: no event any more.
    pub(crate) quiet: bool,
    /// What the peer can do.
    pub(crate) peer: Peer,
    /// The last session description of ours.
    pub(crate) local_body: Option<Body>,
    /// The INVITE that made the session carried an offer.
    pub(crate) offer_in_invite: bool,
    /// The first offer was answered by a reliable provisional response: UPDATE may offer.
    pub(crate) answered_early: bool,
    /// A change under way.
    pub(crate) exchange: Exchange,
    /// A change of the owner that waits for its turn.
    pub(crate) queued: Option<Option<Body>>,
    /// The 2xx with an offer we have to acknowledge with an answer.
    pub(crate) owed_ack: Option<OwedAck>,
    /// Our 2xx that waits for its ACK.
    pub(crate) unacked: Option<Unacked>,
    /// Reliable provisional responses of ours.
    pub(crate) reliable: VecDeque<Reliable>,
    /// The last RSeq of ours.
    pub(crate) local_rseq: u32,
    /// An offer in a reliable provisional response, to be answered in its PRACK.
    pub(crate) owed_prack: Option<OwedPrack>,
    /// `answer` came while a reliable provisional response waits for its PRACK (RFC 3262 §5).
    pub(crate) queued_answer: Option<(String, Option<Body>)>,
    /// The last provisional response of ours, repeated every minute.
    pub(crate) last_provisional: Option<(u16, String)>,
    /// The session interval and whether we refresh (RFC 4028).
    pub(crate) interval: Option<Interval>,
    /// The session interval proposed and the Min-SE learnt from 422.
    pub(crate) proposed: Option<(u32, u32)>,
    /// The subscription of a REFER received (RFC 3515).
    pub(crate) refer: Option<ReferSubscription>,
    /// How many REFERs came.
    pub(crate) refers: u32,
    /// We sent REFER: its NOTIFYs are welcome.
    pub(crate) sent_refer: bool,
    /// BYE waits for the ACK of our 2xx (RFC 3261 §15): with its `Reason`.
    pub(crate) bye_wanted: Option<Option<String>>,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Our INVITE has no final response yet.
    Calling {
        /// The INVITE.
        outgoing: u64,
    },
    /// An INVITE received has no final response yet.
    Ringing {
        /// Its transaction.
        transaction: u64,
    },
    /// 2xx was sent or received.
    Up,
}

/// What the peer can do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peer {
    /// UPDATE is in its Allow.
    pub(crate) update: bool,
    /// `100rel` is in Supported or Require.
    pub(crate) reliable: bool,
}

/// A change of the session under way (RFC 6337 §2: one at a time).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// None.
    Idle,
    /// Ours.
    Local {
        /// The re-INVITE or UPDATE.
        outgoing: u64,
        /// The offer in it.
        offer: Option<Body>,
        /// Of the session timer, not of the owner.
        refresh: bool,
    },
    /// The peer's: the owner has to answer.
    Remote {
        /// The transaction of the re-INVITE or UPDATE.
        transaction: u64,
        /// A re-INVITE.
        invite: bool,
        /// No offer in it: we are asked for one.
        asked: bool,
    },
}

/// A 2xx with an offer, to be acknowledged with the answer.
#[derive(Debug)]
pub(crate) struct OwedAck {
    /// CSeq of the INVITE.
    pub(crate) cseq: u32,
    /// Its client transaction.
    pub(crate) transaction: Option<u64>,
    /// Authorization lines of the INVITE.
    pub(crate) auth: String,
}

/// A 2xx of ours without ACK.
#[derive(Debug)]
pub(crate) struct Unacked {
    /// CSeq of the INVITE.
    pub(crate) cseq: u32,
    /// The 2xx.
    pub(crate) bytes: Bytes,
    /// Its path.
    pub(crate) flow: Flow,
    /// The running interval.
    pub(crate) interval: Duration,
    /// It carries our offer: the answer comes in the ACK.
    pub(crate) offer: bool,
    /// Of the first INVITE.
    pub(crate) first: bool,
}

/// A reliable provisional response of ours.
#[derive(Debug)]
pub(crate) struct Reliable {
    /// Its RSeq.
    pub(crate) rseq: u32,
    /// Status, header lines, body.
    pub(crate) status: u16,
    /// Header lines of the owner.
    pub(crate) lines: String,
    /// Its session description.
    pub(crate) body: Option<Body>,
    /// The response and its path, once sent.
    pub(crate) sent: Option<(Bytes, Flow)>,
    /// The running interval.
    pub(crate) interval: Duration,
}

/// An offer of the peer in a reliable provisional response.
#[derive(Debug)]
pub(crate) struct OwedPrack {
    /// The early dialog.
    pub(crate) dialog: usize,
    /// The value of RAck.
    pub(crate) rack: String,
}

/// The session interval (RFC 4028).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    /// `Session-Expires`.
    pub(crate) length: Duration,
    /// We refresh.
    pub(crate) ours: bool,
}

/// The subscription a REFER makes (RFC 3515 §2.4.4).
#[derive(Clone, Debug)]
pub(crate) struct ReferSubscription {
    /// The `id` of the Event header: none for the first REFER.
    pub(crate) id: Option<u32>,
}

impl Session {
    /// A session with what both roles know.
    pub(crate) fn new(
        call_id: Arc<str>,
        local_tag: Box<str>,
        local: &str,
        remote: &str,
        state: State,
    ) -> Session {
        Session {
            call_id,
            local_tag,
            local_address: local.to_owned(),
            remote_address: remote.to_owned(),
            contact_user: text::user_of(text::uri_of(local)).map(Into::into),
            local_cseq: 0,
            credentials: None,
            state,
            dialogs: Vec::new(),
            current: 0,
            is_caller: matches!(state, State::Calling { .. }),
            symmetric: false,
            quiet: false,
            peer: Peer::default(),
            local_body: None,
            offer_in_invite: true,
            answered_early: false,
            exchange: Exchange::Idle,
            queued: None,
            owed_ack: None,
            unacked: None,
            reliable: VecDeque::new(),
            local_rseq: 0,
            owed_prack: None,
            queued_answer: None,
            last_provisional: None,
            interval: None,
            proposed: None,
            refer: None,
            refers: 0,
            sent_refer: false,
            bye_wanted: None,
        }
    }

    /// The next CSeq of ours.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// The dialog that counts.
    pub(crate) fn dialog(&self) -> Option<&Dialog> {
        self.dialogs.get(self.current)
    }

    /// The dialog of a remote tag.
    pub(crate) fn dialog_of(&self, remote_tag: &str) -> Option<usize> {
        self.dialogs
            .iter()
            .position(|dialog| dialog.remote_tag == remote_tag)
    }

    /// A request in a dialog of the session (RFC 3261 §12.2.1.1) and where it goes. `cseq` for ACK; others count up.
    pub(crate) fn head(
        &mut self,
        dialog: usize,
        method: Method,
        cseq: Option<u32>,
    ) -> Option<(Head, NextHop)> {
        let cseq = match cseq {
            Some(cseq) => cseq,
            None => self.next_cseq(),
        };
        let dialog = self.dialogs.get(dialog)?;
        let (uri, routes) = dialog.request_line();
        let refreshes = matches!(
            method,
            Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer
        );
        let head = Head {
            method,
            uri,
            routes,
            from: tagged(&self.local_address, &self.local_tag),
            to: tagged(&self.remote_address, &dialog.remote_tag),
            call_id: Arc::clone(&self.call_id),
            cseq,
            contact: refreshes.then(|| self.contact_user.clone()),
            lines: String::new(),
            body: None,
        };
        Some((head, dialog.next_hop()))
    }

    /// A connection is gone: the shell may open another one.
    pub(crate) fn forget_connection(&mut self, connection: ConnectionId) {
        for dialog in &mut self.dialogs {
            if dialog.flow.connection == Some(connection) {
                dialog.flow.connection = None;
            }
        }
    }

    /// Learns what the peer can do from a message of it.
    pub(crate) fn learn(&mut self, message: &Message) {
        let mut allows = message.header_values("Allow").peekable();
        if allows.peek().is_some() {
            self.peer.update = allows.any(|value| text::lists_token(&value, "UPDATE"));
        }
        if ["Supported", "Require"]
            .iter()
            .any(|name| has_option(message, name, "100rel"))
        {
            self.peer.reliable = true;
        }
    }
}

/// Whether an option tag is in a header.
pub(crate) fn has_option(message: &Message, name: &str, option: &str) -> bool {
    message
        .header_values(name)
        .any(|value| text::lists_token(&value, option))
}

/// An address with a tag; without one for a peer of RFC 2543.
pub(crate) fn tagged(address: &str, tag: &str) -> String {
    if tag.is_empty() {
        address.to_owned()
    } else {
        format!("{address};tag={tag}")
    }
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

/// The first `Reason` of a message; SIP;cause=200 before others (RFC 3326, RFC 3261 forking).
pub(crate) fn reason_of(message: &Message) -> Option<Reason> {
    let value = message.header_values("Reason").next()?;
    let protocol = text::without_params(&value).to_owned();
    let cause = text::param(&value, "cause")
        .and_then(|cause| cause.parse().ok())
        .unwrap_or(0);
    let text = text::param(&value, "text").map(str::to_owned);
    Some(Reason {
        protocol,
        cause,
        text,
    })
}

impl Endpoint {
    /// Adds a session under its tag.
    fn add_session(&mut self, id: SessionId, session: Session) {
        self.tags
            .insert(session.local_tag.clone(), TagOwner::Session(id));
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
    fn send_bye(
        &mut self,
        now: Instant,
        session: &mut Session,
        dialog: usize,
        reason: Option<&str>,
    ) {
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
            self.acknowledge(
                now,
                session,
                owed.cseq,
                owed.transaction,
                owed.auth.clone(),
                None,
            );
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
                contact: Some(ResponseContact {
                    flow: &flow,
                    user: user.as_deref(),
                }),
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
    pub fn end(
        &mut self,
        now: Instant,
        session: SessionId,
        reason: Option<&str>,
    ) -> Result<(), Gone> {
        let data = self
            .sessions
            .get_mut(&session)
            .filter(|data| !data.quiet)
            .ok_or(Gone)?;
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
        let data = self
            .sessions
            .get_mut(&session)
            .filter(|data| !data.quiet)
            .ok_or(Gone)?;
        data.dialog().ok_or(Gone)?;
        if method == Method::Refer {
            data.sent_refer = true;
        }
        let request = ClientRequestId(self.fresh_id());
        let mut lines = String::new();
        compose::lines(&mut lines, headers);
        self.send_in_dialog(
            now,
            session,
            method,
            lines,
            body,
            User::Request(request, Some(session)),
        )
        .ok_or(Gone)?;
        Ok(request)
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
            self.emit(Event::Ended {
                session: id,
                by_peer: false,
                reason: None,
                expired: status == 408,
            });
        }
    }

    /// A request of the peer within a session.
    pub(crate) fn on_session_request(
        &mut self,
        now: Instant,
        id: SessionId,
        transaction: u64,
        incoming: Incoming,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            self.reply(now, transaction, 481, "");
            return;
        };
        let dialog = (*session.call_id == *incoming.request.call_id())
            .then(|| session.dialog_of(&incoming.from_tag))
            .flatten();
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
        if dialog.symmetric || incoming.source.transport != super::Transport::Udp {
            dialog.flow = incoming.source;
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
            Method::Ack
            | Method::Cancel
            | Method::Register
            | Method::Publish
            | Method::Other(_) => {
                let lines = format!("Allow: {}\r\n", compose::ALLOW);
                self.reply(now, transaction, 405, &lines);
            }
        }
    }

    /// Answers 200 and hands the request to the owner.
    fn take_in_dialog(
        &mut self,
        now: Instant,
        id: SessionId,
        transaction: u64,
        incoming: Incoming,
    ) {
        self.reply(now, transaction, 200, "");
        if self.sessions.get(&id).is_some_and(|session| !session.quiet) {
            self.emit(Event::InDialog {
                session: id,
                request: incoming.request,
            });
        }
    }

    /// SUBSCRIBE within a session: to the refer subscription here (a refresh, or its end), others to the owner.
    fn on_session_subscribe(
        &mut self,
        now: Instant,
        id: SessionId,
        transaction: u64,
        incoming: Incoming,
    ) {
        let event = incoming.request.header("Event").unwrap_or_default();
        if text::without_params(&event).eq_ignore_ascii_case("refer") {
            let known = self
                .sessions
                .get(&id)
                .is_some_and(|session| session.refer.is_some());
            if !known {
                self.reply(now, transaction, 481, "");
                return;
            }
            let expires = incoming
                .request
                .header("Expires")
                .and_then(|value| text::delta_seconds(&value))
                .unwrap_or(60);
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
                    self.emit(Event::Cancelled {
                        session: id,
                        reason,
                    });
                }
            }
            // A callee may not; its INVITE transaction will tell.
            State::Calling { .. } => {}
            State::Up => {
                if let Some(session) = self.forget_session(id) {
                    self.abandon_exchange(now, &session);
                    if !session.quiet {
                        self.emit(Event::Ended {
                            session: id,
                            by_peer: true,
                            reason,
                            expired: false,
                        });
                    }
                }
            }
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

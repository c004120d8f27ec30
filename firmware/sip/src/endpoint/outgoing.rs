//! Requests of ours: where they go, one attempt after the other, with credentials when asked (RFC 3261 §8.1, §18.1, §22; RFC 3263).

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use super::compose::{self, Head};
use super::{
    ClientRequestId, ConnectionId, Credentials, Endpoint, Event, Flow, Output, ResolveId, SessionId, Transport,
};
use crate::dialog::NextHop;
use crate::digest::client::Signed;
use crate::event::SubscriptionId;
use crate::message::{Message, Method, Uri};
use crate::transaction::{COOKIE, ClientMachine, ClientTransaction, Owner, Timer};

/// Above this size UDP risks fragments: TCP is tried first (RFC 3261 §18.1.1). Bytes.
const UDP_LIMIT: usize = 1300;
/// Most targets tried for one request.
const MAX_TARGETS: usize = 8;
/// Most rounds of credentials for one request.
const MAX_CHALLENGES: usize = 4;

/// Who hears about a request of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// The INVITE that makes a session.
    Invite(SessionId),
    /// A re-INVITE.
    Reinvite(SessionId),
    /// UPDATE.
    Update(SessionId),
    /// PRACK.
    Prack(SessionId),
    /// The ACK of a 2xx: no transaction. Kept by the INVITE's transaction for retransmitted 2xx of this To tag.
    Ack(Option<u64>, String),
    /// A request of the owner, perhaps within a session.
    Request(ClientRequestId, Option<SessionId>),
    /// NOTIFY about a REFER.
    ReferNotify(SessionId),
    /// NOTIFY of a subscription.
    Notify(SubscriptionId),
    /// BYE: the session is forgotten already.
    Nobody,
}

/// A request of ours over all its attempts.
pub(crate) struct Outgoing {
    /// Who hears about it.
    pub(crate) user: User,
    /// What is the same at each attempt.
    pub(crate) head: Head,
    /// Targets not tried yet.
    targets: VecDeque<Flow>,
    /// UDP targets come from a name without a transport: a large request may go over TCP.
    may_use_tcp: bool,
    /// The question to the shell.
    resolve: Option<ResolveId>,
    /// The attempt under way.
    pub(crate) transaction: Option<u64>,
    /// Its path.
    pub(crate) flow: Option<Flow>,
    /// Its branch.
    pub(crate) branch: Box<str>,
    /// For challenges.
    pub(crate) credentials: Option<Credentials>,
    /// Authorization lines.
    pub(crate) auth: String,
    /// The challenges answered so far.
    digest: crate::digest::client::Client,
    /// How often the request was repeated with credentials.
    rounds: usize,
    /// Whether a provisional response came.
    provisional: bool,
    /// The owner gave up; the `Reason` for CANCEL.
    pub(crate) cancel: Option<Option<String>>,
    /// A final response was delivered.
    pub(crate) done: bool,
}

impl Endpoint {
    /// Starts a request.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        user: User,
        head: Head,
        hop: NextHop,
        credentials: Option<Credentials>,
    ) -> u64 {
        self.start_with_auth(now, user, head, hop, credentials, String::new())
    }

    /// Starts a request that carries credentials from the beginning (the ACK of an INVITE that did, RFC 3261 §22.1).
    pub(crate) fn start_with_auth(
        &mut self,
        now: Instant,
        user: User,
        head: Head,
        hop: NextHop,
        credentials: Option<Credentials>,
        auth: String,
    ) -> u64 {
        let id = self.fresh_id();
        let mut outgoing = Outgoing {
            user,
            head,
            targets: VecDeque::new(),
            may_use_tcp: false,
            resolve: None,
            transaction: None,
            flow: None,
            branch: "".into(),
            credentials,
            auth,
            digest: crate::digest::client::Client::new(),
            rounds: 0,
            provisional: false,
            cancel: None,
            done: false,
        };
        match hop {
            NextHop::Flow(flow) => outgoing.targets.push_back(flow),
            NextHop::Uri(uri) => match direct(&uri) {
                Some(flow) => outgoing.targets.push_back(flow),
                None => {
                    let transport = transport_param(&uri);
                    outgoing.may_use_tcp = transport.is_none() && uri.scheme != "sips";
                    let resolve = ResolveId(self.fresh_id());
                    outgoing.resolve = Some(resolve);
                    self.resolves.insert(resolve, id);
                    self.outputs.push_back(Output::Resolve {
                        id: resolve,
                        host: uri.host.clone(),
                        port: uri.port,
                        transport,
                        secure: uri.scheme == "sips",
                    });
                    self.deadlines.set(Owner::Outgoing(id), Timer::Resolve, now + self.config.t1 * 64);
                    self.outgoing.insert(id, outgoing);
                    return id;
                }
            },
        }
        self.outgoing.insert(id, outgoing);
        self.attempt(now, id);
        id
    }

    /// The shell resolved a name.
    pub(crate) fn on_resolved(&mut self, now: Instant, resolve: ResolveId, targets: Vec<(Transport, SocketAddr)>) {
        let Some(id) = self.resolves.remove(&resolve) else {
            return;
        };
        self.deadlines.stop(Owner::Outgoing(id), Timer::Resolve);
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        outgoing.resolve = None;
        outgoing.targets =
            targets.into_iter().take(MAX_TARGETS).map(|(transport, remote)| towards(transport, remote)).collect();
        self.attempt_or_fail(now, id, 503, None);
    }

    /// Sends the next attempt, when there is a target left.
    fn attempt(&mut self, now: Instant, id: u64) -> bool {
        let branch: Box<str> = format!("{COOKIE}{}", self.token()).into();
        let transaction = self.fresh_id();
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return false;
        };
        let Some(mut flow) = outgoing.targets.pop_front() else {
            return false;
        };
        let mut bytes = compose::request(&self.config, &outgoing.head, &flow, &branch, &outgoing.auth);
        if outgoing.may_use_tcp && flow.transport == Transport::Udp && bytes.len() > UDP_LIMIT {
            // UDP stays the way back when the peer takes no connections.
            outgoing.may_use_tcp = false;
            outgoing.targets.push_front(flow);
            flow = towards(Transport::Tcp, flow.remote);
            bytes = compose::request(&self.config, &outgoing.head, &flow, &branch, &outgoing.auth);
        }
        outgoing.flow = Some(flow);
        outgoing.branch = branch.clone();
        if let User::Ack(invite, to_tag) = &outgoing.user {
            if let Some(ClientTransaction { machine: ClientMachine::Invite(machine), .. }) =
                invite.and_then(|invite| self.transactions.client(invite))
            {
                machine.acknowledged(to_tag, bytes.clone());
            }
            self.outgoing.remove(&id);
            self.send(flow, bytes);
            return true;
        }
        outgoing.transaction = Some(transaction);
        let is_invite = outgoing.head.method == Method::Invite;
        self.begin_client(now, transaction, is_invite, branch, false, flow, bytes, Some(id));
        true
    }

    /// No response, or the transport failed (RFC 3261 §8.1.3.1: 408 or 503).
    pub(crate) fn attempt_died(&mut self, now: Instant, transaction: u64, status: u16) {
        self.deadlines.forget(Owner::Transaction(transaction));
        let Some(removed) = self.transactions.remove_client(transaction) else {
            return;
        };
        if let Some(outgoing) = removed.outgoing {
            self.attempt_or_fail(now, outgoing, status, None);
        }
    }

    /// The shell could not send.
    pub(crate) fn on_send_failed(&mut self, now: Instant, flow: &Flow) {
        for transaction in self.transactions.waiting_for(flow) {
            self.attempt_died(now, transaction, 503);
        }
    }

    /// A connection is gone.
    pub(crate) fn on_connection_closed(&mut self, now: Instant, connection: ConnectionId) {
        for transaction in self.transactions.on_connection(connection) {
            self.attempt_died(now, transaction, 503);
        }
        for session in self.sessions.values_mut() {
            session.forget_connection(connection);
        }
        for subscription in self.subscriptions.values_mut() {
            subscription.forget_connection(connection);
        }
    }

    /// Timers over all attempts of a request.
    pub(crate) fn on_outgoing_timer(&mut self, now: Instant, id: u64, timer: Timer) {
        match timer {
            Timer::Resolve => {
                if let Some(resolve) = self.outgoing.get_mut(&id).and_then(|outgoing| outgoing.resolve.take()) {
                    self.resolves.remove(&resolve);
                    self.attempt_or_fail(now, id, 503, None);
                }
            }
            // RFC 3261 §9.1: a cancelled INVITE without final response in 64·T1 is over.
            _ => {
                let transaction = self.outgoing.get(&id).and_then(|outgoing| outgoing.transaction);
                if let Some(transaction) = transaction {
                    self.deadlines.forget(Owner::Transaction(transaction));
                    self.transactions.remove_client(transaction);
                }
                self.deliver_final(now, id, 487, None, None);
                self.outgoing.remove(&id);
            }
        }
    }

    /// The next target, or the end of the request (RFC 3263 §4.3).
    pub(crate) fn attempt_or_fail(&mut self, now: Instant, id: u64, status: u16, response: Option<(Message, Flow)>) {
        let cancelled = self.outgoing.get(&id).is_some_and(|outgoing| outgoing.cancel.is_some());
        if !cancelled && self.attempt(now, id) {
            return;
        }
        let (response, flow) = response.unzip();
        self.deliver_final(now, id, status, response, flow);
        self.close_outgoing(id);
    }

    /// Forgets a request whose end was delivered. An INVITE stays as long as its transaction may bring other forks.
    pub(crate) fn close_outgoing(&mut self, id: u64) {
        let keep = self.outgoing.get(&id).is_some_and(|outgoing| {
            outgoing.head.method == Method::Invite
                && outgoing.transaction.is_some_and(|transaction| self.transactions.has_client(transaction))
        });
        self.deadlines.forget(Owner::Outgoing(id));
        if !keep {
            self.outgoing.remove(&id);
        }
    }

    /// A provisional response of an INVITE of ours.
    pub(crate) fn on_provisional(&mut self, now: Instant, id: u64, response: Message, flow: Flow) {
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        let first = !outgoing.provisional;
        outgoing.provisional = true;
        let user = outgoing.user.clone();
        if first && outgoing.cancel.is_some() {
            self.send_cancel(now, id);
        }
        if let User::Invite(session) = user {
            self.on_invite_provisional(now, session, id, &response, flow);
        }
    }

    /// Gives up an INVITE: CANCEL at once when a provisional response was there, else when it comes (RFC 3261 §9.1).
    pub(crate) fn cancel_outgoing(&mut self, now: Instant, id: u64, reason: Option<&str>) {
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        if outgoing.cancel.is_some() {
            return;
        }
        outgoing.cancel = Some(reason.map(Into::into));
        if let Some(resolve) = outgoing.resolve.take() {
            self.resolves.remove(&resolve);
            self.deadlines.forget(Owner::Outgoing(id));
            self.deliver_final(now, id, 487, None, None);
            self.outgoing.remove(&id);
        } else if outgoing.provisional {
            self.send_cancel(now, id);
        }
    }

    /// Sends the CANCEL over the path of the INVITE with its branch.
    fn send_cancel(&mut self, now: Instant, id: u64) {
        let Some(outgoing) = self.outgoing.get(&id) else {
            return;
        };
        let (Some(flow), Some(reason)) = (outgoing.flow, &outgoing.cancel) else {
            return;
        };
        let bytes = compose::cancel(&self.config, &outgoing.head, &flow, &outgoing.branch, reason.as_deref());
        let branch = outgoing.branch.clone();
        let transaction = self.fresh_id();
        self.begin_client(now, transaction, false, branch, true, flow, bytes, None);
        self.deadlines.set(Owner::Outgoing(id), Timer::CancelTimeout, now + self.config.t1 * 64);
    }

    /// A final response: credentials, the next target, or the user.
    pub(crate) fn on_final(&mut self, now: Instant, id: u64, status: u16, response: Option<Message>, flow: Flow) {
        let Some(outgoing) = self.outgoing.get(&id) else {
            return;
        };
        let cancelled = outgoing.cancel.is_some();
        if let Some(response) = &response
            && matches!(status, 401 | 407)
            && !cancelled
            && self.answer_challenge(now, id, response)
        {
            return;
        }
        if status == 503 && !cancelled {
            self.attempt_or_fail(now, id, status, response.map(|response| (response, flow)));
            return;
        }
        self.deliver_final(now, id, status, response, Some(flow));
        self.close_outgoing(id);
    }

    /// Tells the user.
    fn deliver_final(&mut self, now: Instant, id: u64, status: u16, response: Option<Message>, flow: Option<Flow>) {
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        let flow = flow.or(outgoing.flow);
        let again = outgoing.done;
        outgoing.done = true;
        self.deadlines.stop(Owner::Outgoing(id), Timer::CancelTimeout);
        match outgoing.user.clone() {
            User::Invite(session) => match (response, flow) {
                (Some(response), Some(flow)) if (200..300).contains(&status) => {
                    self.on_invite_success(now, session, id, response, flow);
                }
                (response, _) if !again => self.on_invite_failure(now, session, id, status, response),
                _ => {}
            },
            User::Reinvite(session) => match (response, flow) {
                (Some(response), Some(flow)) if (200..300).contains(&status) => {
                    self.on_reinvite_success(now, session, id, response, flow);
                }
                (response, _) if !again => self.on_reoffer_failure(now, session, id, status, response),
                _ => {}
            },
            User::Update(session) => match response {
                Some(response) if (200..300).contains(&status) => self.on_update_success(now, session, id, &response),
                response => self.on_reoffer_failure(now, session, id, status, response),
            },
            User::Prack(session) => self.on_prack_final(now, session, status, response),
            User::Request(request, session) => {
                // RFC 5057 §5.1: requests of other usages than INVITE's say nothing about the session.
                let same_usage = !matches!(outgoing.head.method, Method::Notify | Method::Subscribe | Method::Refer);
                if let Some(session) = session.filter(|_| same_usage)
                    && matches!(status, 408 | 481)
                {
                    self.session_lost(now, session, status);
                }
                self.emit(Event::Response { request, status, response });
            }
            User::ReferNotify(session) => self.on_refer_notify_final(session, status),
            User::Notify(subscription) => self.on_notify_final(subscription, status),
            User::Ack(..) | User::Nobody => {}
        }
    }

    /// Repeats a challenged request with credentials, once per realm and nonce (RFC 3261 §22.2): new branch, CSeq + 1, same Call-ID.
    fn answer_challenge(&mut self, now: Instant, id: u64, response: &Message) -> bool {
        let cnonce = self.token();
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return false;
        };
        let Some(credentials) = &outgoing.credentials else {
            return false;
        };
        if !outgoing.digest.challenged(response) || outgoing.rounds >= MAX_CHALLENGES {
            return false;
        }
        outgoing.rounds += 1;
        let signed = Signed {
            method: compose::method_text(&outgoing.head.method),
            uri: &outgoing.head.uri,
            body: outgoing.head.body.as_ref().map_or(&[], |body| &body.bytes),
        };
        let mut auth = String::new();
        for (name, value) in outgoing.digest.authorize(&credentials.username, &credentials.password, signed, &cnonce) {
            compose::line(&mut auth, name, &value);
        }
        outgoing.auth = auth;
        outgoing.provisional = false;
        let Some(flow) = outgoing.flow else {
            return false;
        };
        outgoing.targets.push_front(flow);
        let session = match outgoing.user {
            User::Invite(session) | User::Reinvite(session) | User::Update(session) | User::Prack(session) => {
                Some(session)
            }
            User::Request(_, session) => session,
            User::ReferNotify(session) => Some(session),
            User::Ack(..) | User::Notify(_) | User::Nobody => None,
        };
        outgoing.head.cseq = match session.and_then(|session| self.sessions.get_mut(&session)) {
            Some(session) => session.next_cseq(),
            None => match outgoing.user {
                User::Notify(subscription) => match self.subscriptions.get_mut(&subscription) {
                    Some(subscription) => subscription.next_cseq(),
                    None => outgoing.head.cseq + 1,
                },
                _ => outgoing.head.cseq + 1,
            },
        };
        self.attempt(now, id)
    }

    /// Repeats an INVITE or UPDATE after 422 with the session interval the peer wants (RFC 4028 §7.4). `lines` replaces the headers.
    pub(crate) fn repeat_with_lines(&mut self, now: Instant, id: u64, cseq: u32, lines: String) -> bool {
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return false;
        };
        let Some(flow) = outgoing.flow else {
            return false;
        };
        outgoing.head.lines = lines;
        outgoing.head.cseq = cseq;
        outgoing.provisional = false;
        outgoing.done = false;
        outgoing.targets.push_front(flow);
        self.attempt(now, id)
    }
}

/// Where a URI with an address leads, without a question to the shell.
fn direct(uri: &Uri) -> Option<Flow> {
    let ip: IpAddr = uri.host.parse().ok()?;
    let secure = uri.scheme == "sips";
    let transport = match transport_param(uri) {
        Some(Transport::Tcp) if secure => Transport::Tls,
        Some(Transport::Ws) if secure => Transport::Wss,
        Some(transport) => transport,
        None if secure => Transport::Tls,
        None => Transport::Udp,
    };
    let port = uri.port.unwrap_or_else(|| compose::default_port(transport));
    Some(towards(transport, SocketAddr::new(ip, port)))
}

/// A path to an address, whose near end the shell chooses.
fn towards(transport: Transport, remote: SocketAddr) -> Flow {
    let any: IpAddr = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    Flow { transport, local: SocketAddr::new(any, 0), remote, connection: None }
}

/// The `transport` parameter of a URI.
fn transport_param(uri: &Uri) -> Option<Transport> {
    Transport::from_name(uri.param("transport")?)
}

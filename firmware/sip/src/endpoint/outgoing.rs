//! Requests of ours: where they go, one attempt after the other, with credentials when asked (RFC 3261 §8.1, §18.1, §22; RFC 3263).

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use bytes::Bytes;

use super::compose::{self, Head};
use super::{
    ClientRequestId, ConnectionId, Credentials, Endpoint, Event, Flow, Output, ResolveId,
    SessionId, Transport, text,
};
use crate::dialog::NextHop;
use crate::digest::client::Signed;
use crate::event::SubscriptionId;
use crate::message::{Message, Method, Uri};
use crate::transaction::{
    COOKIE, ClientMachine, ClientTransaction, InviteClient, InviteVerdict, NonInviteClient, Owner,
    Timer,
};

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
    done: bool,
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
                    self.deadlines.set(
                        Owner::Outgoing(id),
                        Timer::Resolve,
                        now + self.config.t1 * 64,
                    );
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
    pub(crate) fn on_resolved(
        &mut self,
        now: Instant,
        resolve: ResolveId,
        targets: Vec<(Transport, SocketAddr)>,
    ) {
        let Some(id) = self.resolves.remove(&resolve) else {
            return;
        };
        self.deadlines.stop(Owner::Outgoing(id), Timer::Resolve);
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        outgoing.resolve = None;
        outgoing.targets = targets
            .into_iter()
            .take(MAX_TARGETS)
            .map(|(transport, remote)| towards(transport, remote))
            .collect();
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
        let mut bytes =
            compose::request(&self.config, &outgoing.head, &flow, &branch, &outgoing.auth);
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
            if let Some(ClientTransaction {
                machine: ClientMachine::Invite(machine),
                ..
            }) = invite.and_then(|invite| self.transactions.client(invite))
            {
                machine.acknowledged(to_tag, bytes.clone());
            }
            self.outgoing.remove(&id);
            self.send(flow, bytes);
            return true;
        }
        outgoing.transaction = Some(transaction);
        let is_invite = outgoing.head.method == Method::Invite;
        self.begin_client(
            now,
            transaction,
            is_invite,
            branch,
            false,
            flow,
            bytes,
            Some(id),
        );
        true
    }

    /// Adds a client transaction, starts its timers and sends.
    #[expect(clippy::too_many_arguments, reason = "what a transaction is made of")]
    fn begin_client(
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
            (
                ClientMachine::Invite(InviteClient::Calling { interval: t1 }),
                Timer::A,
                Timer::B,
            )
        } else {
            (
                ClientMachine::NonInvite(NonInviteClient::Trying { interval: t1 }),
                Timer::E,
                Timer::F,
            )
        };
        if flow.transport == Transport::Udp {
            self.deadlines.set(owner, retransmit, now + t1);
        }
        self.deadlines.set(owner, timeout, now + t1 * 64);
        let transaction = ClientTransaction {
            machine,
            branch,
            is_cancel,
            flow,
            request: bytes.clone(),
            outgoing,
        };
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
                        self.deadlines
                            .set(owner, Timer::M, now + self.config.t1 * 64);
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
        let ack = compose::ack_refusal(
            &self.config,
            &invite.head,
            &transaction.flow,
            &transaction.branch,
            &to,
        );
        transaction.request = Bytes::new();
        if let ClientMachine::Invite(machine) = &mut transaction.machine {
            machine.completed(ack.clone());
        }
        let flow = transaction.flow;
        if flow.transport == Transport::Udp {
            self.deadlines
                .set(owner, Timer::D, now + self.config.t1 * 64);
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
            && self
                .outgoing
                .get(&outgoing)
                .is_some_and(|out| out.done && out.transaction == Some(transaction))
        {
            self.deadlines.forget(Owner::Outgoing(outgoing));
            self.outgoing.remove(&outgoing);
        }
    }

    /// No response, or the transport failed (RFC 3261 §8.1.3.1: 408 or 503).
    fn attempt_died(&mut self, now: Instant, transaction: u64, status: u16) {
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
                if let Some(resolve) = self
                    .outgoing
                    .get_mut(&id)
                    .and_then(|outgoing| outgoing.resolve.take())
                {
                    self.resolves.remove(&resolve);
                    self.attempt_or_fail(now, id, 503, None);
                }
            }
            // RFC 3261 §9.1: a cancelled INVITE without final response in 64·T1 is over.
            _ => {
                let transaction = self
                    .outgoing
                    .get(&id)
                    .and_then(|outgoing| outgoing.transaction);
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
    fn attempt_or_fail(
        &mut self,
        now: Instant,
        id: u64,
        status: u16,
        response: Option<(Message, Flow)>,
    ) {
        let cancelled = self
            .outgoing
            .get(&id)
            .is_some_and(|outgoing| outgoing.cancel.is_some());
        if !cancelled && self.attempt(now, id) {
            return;
        }
        let (response, flow) = response.unzip();
        self.deliver_final(now, id, status, response, flow);
        self.close_outgoing(id);
    }

    /// Forgets a request whose end was delivered. An INVITE stays as long as its transaction may bring other forks.
    fn close_outgoing(&mut self, id: u64) {
        let keep = self.outgoing.get(&id).is_some_and(|outgoing| {
            outgoing.head.method == Method::Invite
                && outgoing
                    .transaction
                    .is_some_and(|transaction| self.transactions.has_client(transaction))
        });
        self.deadlines.forget(Owner::Outgoing(id));
        if !keep {
            self.outgoing.remove(&id);
        }
    }

    /// A provisional response of an INVITE of ours.
    fn on_provisional(&mut self, now: Instant, id: u64, response: Message, flow: Flow) {
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
        let bytes = compose::cancel(
            &self.config,
            &outgoing.head,
            &flow,
            &outgoing.branch,
            reason.as_deref(),
        );
        let branch = outgoing.branch.clone();
        let transaction = self.fresh_id();
        self.begin_client(now, transaction, false, branch, true, flow, bytes, None);
        self.deadlines.set(
            Owner::Outgoing(id),
            Timer::CancelTimeout,
            now + self.config.t1 * 64,
        );
    }

    /// A final response: credentials, the next target, or the user.
    fn on_final(
        &mut self,
        now: Instant,
        id: u64,
        status: u16,
        response: Option<Message>,
        flow: Flow,
    ) {
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
    fn deliver_final(
        &mut self,
        now: Instant,
        id: u64,
        status: u16,
        response: Option<Message>,
        flow: Option<Flow>,
    ) {
        let Some(outgoing) = self.outgoing.get_mut(&id) else {
            return;
        };
        let flow = flow.or(outgoing.flow);
        let again = outgoing.done;
        outgoing.done = true;
        self.deadlines
            .stop(Owner::Outgoing(id), Timer::CancelTimeout);
        match outgoing.user.clone() {
            User::Invite(session) => match (response, flow) {
                (Some(response), Some(flow)) if (200..300).contains(&status) => {
                    self.on_invite_success(now, session, id, response, flow);
                }
                (response, _) if !again => {
                    self.on_invite_failure(now, session, id, status, response)
                }
                _ => {}
            },
            User::Reinvite(session) => match (response, flow) {
                (Some(response), Some(flow)) if (200..300).contains(&status) => {
                    self.on_reinvite_success(now, session, id, response, flow);
                }
                (response, _) if !again => {
                    self.on_reoffer_failure(now, session, id, status, response)
                }
                _ => {}
            },
            User::Update(session) => match response {
                Some(response) if (200..300).contains(&status) => {
                    self.on_update_success(now, session, id, &response)
                }
                response => self.on_reoffer_failure(now, session, id, status, response),
            },
            User::Prack(session) => self.on_prack_final(now, session, status, response),
            User::Request(request, session) => {
                // RFC 5057 §5.1: requests of other usages than INVITE's say nothing about the session.
                let same_usage = !matches!(
                    outgoing.head.method,
                    Method::Notify | Method::Subscribe | Method::Refer
                );
                if let Some(session) = session.filter(|_| same_usage)
                    && matches!(status, 408 | 481)
                {
                    self.session_lost(now, session, status);
                }
                self.emit(Event::Response {
                    request,
                    status,
                    response,
                });
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
        for (name, value) in outgoing.digest.authorize(
            &credentials.username,
            &credentials.password,
            signed,
            &cnonce,
        ) {
            compose::line(&mut auth, name, &value);
        }
        outgoing.auth = auth;
        outgoing.provisional = false;
        let Some(flow) = outgoing.flow else {
            return false;
        };
        outgoing.targets.push_front(flow);
        let session = match outgoing.user {
            User::Invite(session)
            | User::Reinvite(session)
            | User::Update(session)
            | User::Prack(session) => Some(session),
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
    pub(crate) fn repeat_with_lines(
        &mut self,
        now: Instant,
        id: u64,
        cseq: u32,
        lines: String,
    ) -> bool {
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
    let any: IpAddr = if remote.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    Flow {
        transport,
        local: SocketAddr::new(any, 0),
        remote,
        connection: None,
    }
}

/// The `transport` parameter of a URI.
fn transport_param(uri: &Uri) -> Option<Transport> {
    Transport::from_name(uri.param("transport")?)
}

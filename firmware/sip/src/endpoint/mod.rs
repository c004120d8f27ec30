//! The endpoint: transactions, dialogs and sessions behind one door.
//!
//! Requests that start nothing (REGISTER, OPTIONS, MESSAGE, SUBSCRIBE …) come out as [`Event::Request`] and are answered with
//! [`Endpoint::respond`]. INVITE sessions have an id and a life of their own: [`Event::Invited`] or [`Endpoint::invite`] to
//! [`Event::Ended`] / [`Event::Failed`]. The endpoint retransmits, matches, authenticates as a client, refreshes session timers,
//! acknowledges provisional responses and answers what needs no decision (ACK, PRACK, CANCEL's 200, 481, 491, 405, 483 …).

mod client;
pub(crate) mod compose;
mod config;
mod event;
pub(crate) mod incoming;
pub(crate) mod outgoing;
mod requests;
mod server;
pub(crate) mod session;
pub(crate) mod text;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

pub use config::{
    ClientRequestId, ConnectionId, EndpointConfig, Flow, ResolveId, ServerTransactionId, SessionId, Transport,
};
pub use event::{Body, Event, Input, Output, Reason};
pub use requests::{Credentials, Invite, OutOfDialogRequest, Target};
pub use session::SavedSession;

use crate::transaction::{Deadlines, Owner, Transactions};

/// The call names something that is gone or is not in the state for it. The caller may ignore it: the event that says why is
/// already in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// The SIP endpoint of the box. See the module's documentation.
pub struct Endpoint {
    pub(crate) config: EndpointConfig,
    pub(crate) random: ChaCha12Rng,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) deadlines: Deadlines,
    pub(crate) transactions: Transactions,
    pub(crate) outgoing: HashMap<u64, outgoing::Outgoing>,
    pub(crate) sessions: BTreeMap<SessionId, session::Session>,
    pub(crate) subscriptions: BTreeMap<crate::event::SubscriptionId, crate::event::Subscription>,
    /// Who has a local tag.
    pub(crate) tags: HashMap<Box<str>, TagOwner>,
    /// Which request a question to the shell is for.
    pub(crate) resolves: HashMap<ResolveId, u64>,
    pub(crate) next_id: u64,
    pub(crate) key: String,
    pub(crate) overload_refusals: u64,
    pub(crate) cookie: u64,
}

/// Who a local tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagOwner {
    Session(SessionId),
    Subscription(crate::event::SubscriptionId),
}

impl Endpoint {
    /// A new endpoint. All branches, tags, Call-IDs and nonces come from `seed`.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let mut random = ChaCha12Rng::from_seed(seed);
        let cookie = random.next_u64();
        Endpoint {
            config,
            random,
            outputs: VecDeque::new(),
            deadlines: Deadlines::default(),
            transactions: Transactions::default(),
            outgoing: HashMap::new(),
            sessions: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            tags: HashMap::new(),
            resolves: HashMap::new(),
            next_id: 0,
            key: String::new(),
            overload_refusals: 0,
            cookie,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Received { flow, bytes } => self.on_received(now, flow, bytes),
            Input::ConnectionClosed(connection) => self.on_connection_closed(now, connection),
            Input::SendFailed { flow } => self.on_send_failed(now, &flow),
            Input::Resolved { id, targets } => self.on_resolved(now, id, targets),
        }
    }

    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline and its timer's name.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.deadlines.next()
    }

    /// Runs the timers due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((owner, timer)) = self.deadlines.pop_due(now) {
            match owner {
                Owner::Transaction(id) => self.on_transaction_timer(now, id, timer),
                Owner::Session(id) => self.on_session_timer(now, id, timer),
                Owner::Subscription(id) => self.on_subscription_timer(now, id, timer),
                Owner::Outgoing(id) => self.on_outgoing_timer(now, id, timer),
            }
        }
    }

    /// How many transactions live, client and server, those that only absorb retransmissions included.
    pub fn transactions(&self) -> usize {
        self.transactions.len()
    }

    /// How many INVITE sessions live.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many subscriptions of watchers live.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// How many timers run.
    pub fn timers(&self) -> usize {
        self.deadlines.len()
    }

    /// How many requests of ours are under way.
    pub fn requests_under_way(&self) -> usize {
        self.outgoing.len()
    }

    /// Requests refused with 503 because a table was full.
    pub fn overload_refusals(&self) -> u64 {
        self.overload_refusals
    }

    /// The SIP Call-ID of a session, for traces.
    pub fn call_id(&self, session: SessionId) -> Option<&str> {
        self.sessions.get(&session).map(|session| &*session.call_id)
    }

    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// 64 random bits in hexadecimal: unguessable tags, branches and Call-IDs (RFC 3261 §19.3).
    pub(crate) fn token(&mut self) -> String {
        format!("{:016x}", self.random.next_u64())
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn send(&mut self, flow: Flow, bytes: bytes::Bytes) {
        self.outputs.push_back(Output::Send { flow, bytes });
    }
}

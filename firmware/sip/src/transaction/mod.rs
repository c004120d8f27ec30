//! Transactions (RFC 3261 §17 with RFC 6026 and RFC 4320): four machines and the tables that find them.

mod invite_client;
mod invite_server;
mod non_invite_client;
mod non_invite_server;
mod timer;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;

pub(crate) use invite_client::{InviteClient, InviteVerdict};
pub(crate) use invite_server::InviteServer;
pub(crate) use non_invite_client::NonInviteClient;
pub(crate) use non_invite_server::{NonInviteServer, NonInviteVerdict};
pub(crate) use timer::{Deadlines, Owner, Timer};

use crate::endpoint::{ConnectionId, Flow, SessionId};
use crate::message::Message;

/// A client transaction.
pub(crate) struct ClientTransaction {
    /// Its state.
    pub(crate) machine: ClientMachine,
    /// The branch of its Via, unique to us (and to the CANCEL of it).
    pub(crate) branch: Box<str>,
    /// CANCEL shares the branch of its INVITE.
    pub(crate) is_cancel: bool,
    /// Where it was sent.
    pub(crate) flow: Flow,
    /// The request, for retransmission byte by byte. Empty once no retransmission can come.
    pub(crate) request: Bytes,
    /// The request it is an attempt of; `None` for CANCEL.
    pub(crate) outgoing: Option<u64>,
}

/// The machine of a client transaction.
#[derive(Debug)]
pub(crate) enum ClientMachine {
    /// RFC 3261 §17.1.1.
    Invite(InviteClient),
    /// RFC 3261 §17.1.2.
    NonInvite(NonInviteClient),
}

impl ClientMachine {
    /// Whether no final response came yet.
    pub(crate) fn is_pending(&self) -> bool {
        match self {
            ClientMachine::Invite(machine) => machine.is_pending(),
            ClientMachine::NonInvite(machine) => machine.is_pending(),
        }
    }
}

/// A server transaction.
pub(crate) struct ServerTransaction {
    /// Its state.
    pub(crate) machine: ServerMachine,
    /// Branch, sent-by and method, or the RFC 2543 fields.
    key: Box<str>,
    /// Call-ID, From tag and CSeq of a request without To tag (RFC 3261 §8.2.2.2).
    merge_key: Option<Box<str>>,
    /// Where responses go.
    pub(crate) flow: Flow,
    /// The request, until the final response.
    pub(crate) request: Option<Message>,
    /// The tag we put into To.
    pub(crate) to_tag: Box<str>,
    /// Who answers.
    pub(crate) user: ServerUser,
}

/// The machine of a server transaction.
#[derive(Debug)]
pub(crate) enum ServerMachine {
    /// RFC 3261 §17.2.1.
    Invite(InviteServer),
    /// RFC 3261 §17.2.2.
    NonInvite(NonInviteServer),
}

impl ServerMachine {
    /// Whether a final response may still be sent.
    pub(crate) fn is_pending(&self) -> bool {
        match self {
            ServerMachine::Invite(machine) => machine.is_pending(),
            ServerMachine::NonInvite(machine) => machine.is_pending(),
        }
    }
}

/// Who answers a server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerUser {
    /// The owner of the calls, by [`crate::endpoint::Endpoint::respond`].
    Owner,
    /// An INVITE, re-INVITE or UPDATE of a session.
    Session(SessionId),
    /// A REFER within a session.
    Refer(SessionId),
}

/// All transactions, found by number or by key.
#[derive(Default)]
pub(crate) struct Transactions {
    clients: HashMap<u64, ClientTransaction>,
    servers: HashMap<u64, ServerTransaction>,
    client_keys: HashMap<Box<str>, u64>,
    cancel_keys: HashMap<Box<str>, u64>,
    server_keys: HashMap<Box<str>, u64>,
    merge_keys: HashMap<Box<str>, u64>,
    remotes: BTreeSet<(SocketAddr, u64)>,
    connections: BTreeSet<(ConnectionId, u64)>,
}

impl Transactions {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// A client transaction by number.
    pub(crate) fn client(&mut self, id: u64) -> Option<&mut ClientTransaction> {
        self.clients.get_mut(&id)
    }

    /// Whether a client transaction still lives.
    pub(crate) fn has_client(&self, id: u64) -> bool {
        self.clients.contains_key(&id)
    }

    /// A server transaction by number.
    pub(crate) fn server(&mut self, id: u64) -> Option<&mut ServerTransaction> {
        self.servers.get_mut(&id)
    }

    /// A server transaction by number, to read.
    pub(crate) fn server_ref(&self, id: u64) -> Option<&ServerTransaction> {
        self.servers.get(&id)
    }

    /// The client transaction a response belongs to (RFC 3261 §17.1.3).
    pub(crate) fn find_client(&self, branch: &str, is_cancel: bool) -> Option<u64> {
        if is_cancel { self.cancel_keys.get(branch) } else { self.client_keys.get(branch) }.copied()
    }

    /// The server transaction of a key made by [`server_key`].
    pub(crate) fn find_server(&self, key: &str) -> Option<u64> {
        self.server_keys.get(key).copied()
    }

    /// The transaction that came another way with the same Call-ID, From tag and CSeq.
    pub(crate) fn find_merged(&self, merge_key: &str) -> Option<u64> {
        self.merge_keys.get(merge_key).copied()
    }

    /// Adds a client transaction.
    pub(crate) fn add_client(&mut self, id: u64, transaction: ClientTransaction) {
        let keys = if transaction.is_cancel { &mut self.cancel_keys } else { &mut self.client_keys };
        keys.insert(transaction.branch.clone(), id);
        self.remotes.insert((transaction.flow.remote, id));
        if let Some(connection) = transaction.flow.connection {
            self.connections.insert((connection, id));
        }
        self.clients.insert(id, transaction);
    }

    /// The shell opened a connection for this transaction: a response came over it.
    pub(crate) fn bind_connection(&mut self, id: u64, connection: ConnectionId) {
        if let Some(transaction) = self.clients.get_mut(&id)
            && transaction.flow.connection.is_none()
        {
            transaction.flow.connection = Some(connection);
            self.connections.insert((connection, id));
        }
    }

    /// Removes a client transaction.
    pub(crate) fn remove_client(&mut self, id: u64) -> Option<ClientTransaction> {
        let transaction = self.clients.remove(&id)?;
        let keys = if transaction.is_cancel { &mut self.cancel_keys } else { &mut self.client_keys };
        keys.remove(&transaction.branch);
        self.remotes.remove(&(transaction.flow.remote, id));
        if let Some(connection) = transaction.flow.connection {
            self.connections.remove(&(connection, id));
        }
        Some(transaction)
    }

    /// Adds a server transaction.
    #[expect(clippy::too_many_arguments, reason = "what a transaction is made of")]
    pub(crate) fn add_server(
        &mut self,
        id: u64,
        machine: ServerMachine,
        key: &str,
        merge_key: Option<&str>,
        flow: Flow,
        request: Message,
        to_tag: Box<str>,
        user: ServerUser,
    ) {
        self.server_keys.insert(key.into(), id);
        if let Some(merge_key) = merge_key {
            self.merge_keys.insert(merge_key.into(), id);
        }
        self.servers.insert(
            id,
            ServerTransaction {
                machine,
                key: key.into(),
                merge_key: merge_key.map(Into::into),
                flow,
                request: Some(request),
                to_tag,
                user,
            },
        );
    }

    /// Removes a server transaction.
    pub(crate) fn remove_server(&mut self, id: u64) -> Option<ServerTransaction> {
        let transaction = self.servers.remove(&id)?;
        self.server_keys.remove(&transaction.key);
        if let Some(merge_key) = &transaction.merge_key {
            self.merge_keys.remove(merge_key);
        }
        Some(transaction)
    }

    /// Pending client transactions that wait for an address, in order of their numbers.
    pub(crate) fn waiting_for(&self, flow: &Flow) -> Vec<u64> {
        self.remotes
            .range((flow.remote, 0)..=(flow.remote, u64::MAX))
            .map(|(_, id)| *id)
            .filter(|id| {
                self.clients.get(id).is_some_and(|transaction| {
                    transaction.machine.is_pending()
                        && transaction.flow.transport == flow.transport
                        && (flow.connection.is_none() || transaction.flow.connection == flow.connection)
                })
            })
            .collect()
    }

    /// Pending client transactions over a connection, in order of their numbers.
    pub(crate) fn on_connection(&self, connection: ConnectionId) -> Vec<u64> {
        self.connections
            .range((connection, 0)..=(connection, u64::MAX))
            .map(|(_, id)| *id)
            .filter(|id| self.clients.get(id).is_some_and(|transaction| transaction.machine.is_pending()))
            .collect()
    }
}

/// The magic cookie of RFC 3261 branches.
pub(crate) const COOKIE: &str = "z9hG4bK";

/// What a server transaction is found by (RFC 3261 §17.2.3): branch, sent-by and method; for a branch without the cookie, the fields
/// of RFC 2543. `method` is INVITE for an ACK.
pub(crate) fn server_key(key: &mut String, request: &Message, via: &str, branch: &str, sent_by: &str, method: &str) {
    key.clear();
    if branch.len() > COOKIE.len()
        && branch.get(..COOKIE.len()).is_some_and(|cookie| cookie.eq_ignore_ascii_case(COOKIE))
    {
        let _ = write!(key, "{branch} {} {method}", sent_by.to_ascii_lowercase());
    } else {
        let from = request.header("From").unwrap_or_default();
        let number = request.cseq().map_or(0, |cseq| cseq.number);
        let tag = crate::endpoint::text::param(&from, "tag").unwrap_or_default();
        let uri = request.request_uri();
        let _ = write!(key, "{uri} {tag} {} {number} {via} {method}", request.call_id());
    }
}

/// What a merged request is found by (RFC 3261 §8.2.2.2).
pub(crate) fn merge_key(key: &mut String, request: &Message, from_tag: &str, number: u32, method: &str) {
    key.clear();
    let _ = write!(key, "{} {from_tag} {number} {method}", request.call_id());
}

//! Settings of an endpoint, and where it may send.

use std::net::SocketAddr;
use std::time::Duration;

/// How bytes travel (RFC 3261 §18, RFC 7118).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the transports")]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

impl Transport {
    /// The transport of a `transport` parameter (RFC 3261 §19.1.1, RFC 7118).
    pub fn from_name(name: &str) -> Option<Transport> {
        [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss]
            .into_iter()
            .find(|transport| crate::dialog::name_of(*transport).eq_ignore_ascii_case(name))
    }
}

/// One connection of a stream transport, numbered by the shell. Never reused while the daemon runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A path to a peer: what a message came over, or is to be sent over. An answer to a flow goes back over it (RFC 5626).
#[derive(Clone, Copy, derive_more::Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// Our address: the socket it came in on. Port 0 and an unspecified address when the shell may choose.
    #[debug("…")]
    pub local: SocketAddr,
    /// The peer's address.
    #[debug("…")]
    pub remote: SocketAddr,
    /// The connection, for stream transports; `None` asks the shell to open one or take one that is open to `remote`.
    pub connection: Option<ConnectionId>,
}

/// An INVITE session (an INVITE dialog usage, with its early dialogs). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A server transaction waiting for [`Endpoint::respond`]. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerTransactionId(pub u64);

/// An out-of-dialog request of ours, or an in-dialog one outside INVITE (INFO, MESSAGE, NOTIFY). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientRequestId(pub u64);

/// A question for the shell: RFC 3263 resolution. Answered with [`Input::Resolved`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResolveId(pub u64);

/// Settings of an endpoint. Each has a default that suits a small office.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Text of `User-Agent` and `Server`.
    pub user_agent: String,
    /// Host (name or address) written into Via, Contact and From of ours when the flow's local address is unspecified.
    pub host: String,
    /// Port written into Contact and Via per transport when a flow does not tell.
    pub ports: Vec<(Transport, u16)>,
    /// RTT estimate T1, default 500 ms (RFC 3261 §17.1.1.1).
    pub t1: Duration,
    /// Maximum retransmit interval T2, default 4 s.
    pub t2: Duration,
    /// Maximum time a message stays in the network T4, default 5 s.
    pub t4: Duration,
    /// Session-Expires we propose, default 1800 s (RFC 4028); `None`: session timers off.
    pub session_expires: Option<Duration>,
    /// Smallest Session-Expires we take (Min-SE), default 90 s.
    pub min_se: Duration,
    /// Most transactions at once (default 20 000): beyond, new requests get 503 with Retry-After.
    pub max_transactions: usize,
    /// Most sessions at once (default 2000): beyond, INVITE gets 503 with Retry-After.
    pub max_sessions: usize,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        EndpointConfig {
            user_agent: concat!("Offhook/", env!("CARGO_PKG_VERSION")).into(),
            host: "127.0.0.1".into(),
            ports: Vec::new(),
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            session_expires: Some(Duration::from_secs(1800)),
            min_se: Duration::from_secs(90),
            max_transactions: 20_000,
            max_sessions: 2_000,
        }
    }
}

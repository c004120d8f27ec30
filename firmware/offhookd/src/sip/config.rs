//! Settings of the transports.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where to listen, and within which limits.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// UDP sockets. Port 0 lets the kernel choose.
    pub udp: Vec<SocketAddr>,
    /// TCP sockets. A connection that begins with an HTTP request is taken as WebSocket (RFC 7118).
    pub tcp: Vec<SocketAddr>,
    /// TLS sockets. Here too WebSocket is told by its first bytes.
    pub tls: Vec<SocketAddr>,
    /// The certificate for `tls`.
    pub certificate: Option<Certificate>,
    /// PEM file of the authorities that peers' certificates are checked with; `None`: the system's.
    pub trusted_roots: Option<PathBuf>,
    /// Check the certificates of the peers we connect to. Default false in [`Config::default`], which has no roots to check
    /// with; a product configuration sets it.
    pub verify_peers: bool,
    /// The limits.
    pub limits: Limits,
}

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// PEM files: the chain and the private key.
    Files {
        /// The chain, our own certificate first.
        chain: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// One that is made on the first start and kept.
    SelfSigned {
        /// The directory to keep it in.
        directory: PathBuf,
        /// Names and addresses to write into it.
        names: Vec<String>,
    },
}

/// How much is taken from peers. Each has a default that suits a small office.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections. Default 2000. Each may cost up to [`Limits::write_queue`] and one message.
    pub connections: usize,
    /// Most connections of one address. Default 100: an office behind one NAT address has many phones.
    pub per_address: usize,
    /// Time for a handshake, or for the rest of a message that has begun. Default 20 s. What is slower is taken for an attack.
    pub incomplete: Duration,
    /// Time without any byte of the peer. Default 65 min: longer than the longest registration.
    pub idle: Duration,
    /// Bytes waiting for a peer that does not read. Default 256 KiB; beyond, it is disconnected.
    pub write_queue: usize,
    /// Time for a write. Default 30 s.
    pub write: Duration,
    /// Time to open a connection. Default 10 s, less than the 32 s of a SIP transaction.
    pub connect: Duration,
    /// Time for a question to the domain name system. Default 8 s.
    pub resolve: Duration,
    /// Time between pings on WebSocket connections. Default 30 s.
    pub websocket_ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 2000,
            per_address: 100,
            incomplete: Duration::from_secs(20),
            idle: Duration::from_secs(65 * 60),
            write_queue: 256 * 1024,
            write: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            resolve: Duration::from_secs(8),
            websocket_ping: Duration::from_secs(30),
        }
    }
}

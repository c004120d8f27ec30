//! The SIP transports: sockets become batches of [`Input`], messages of the core go out.
//!
//! Nothing here knows SIP beyond where a message ends. The core thread calls [`Transports::send`] and [`Transports::flush`], which
//! never wait; what cannot be sent comes back as [`Input::SendFailed`]. Every queue has an end: when the core does not keep up,
//! datagrams are dropped and streams are left unread.

mod config;
mod connections;
mod resolver;
mod stream;
mod stun;
#[cfg(test)]
mod tests;
mod tls;
mod udp;
mod websocket;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use hickory_resolver::TokioResolver;
use offhook_sip::endpoint::{ConnectionId, Flow, Input, ResolveId, Transport};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;

pub use config::{Certificate, Config, Limits};
pub use resolver::{Dns, Naptr, Question, Srv, locate};

use connections::Connections;
use udp::UdpLink;

/// Questions to the domain name system at once; beyond, the answer is that there is no target.
const MAX_QUESTIONS: usize = 256;
/// Failures waiting to be told to the core.
const MAX_NOTICES: usize = 4096;
/// Host names remembered for the certificates of outgoing TLS connections.
const MAX_NAMES: usize = 1024;

/// Takes batches of inputs for the core.
pub trait Sink: Send + Sync + 'static {
    /// Takes a batch, or gives it back when the queue is full. Never waits.
    ///
    /// # Errors
    /// The batch, to be offered again or dropped.
    fn offer(&self, batch: Vec<Input>) -> Result<(), Vec<Input>>;
}

impl Sink for crossbeam_channel::Sender<Vec<Input>> {
    fn offer(&self, batch: Vec<Input>) -> Result<(), Vec<Input>> {
        match self.try_send(batch) {
            Err(crossbeam_channel::TrySendError::Full(batch)) => Err(batch),
            // Disconnected: the daemon is ending, nobody wants it any more.
            Ok(()) | Err(crossbeam_channel::TrySendError::Disconnected(_)) => Ok(()),
        }
    }
}

/// Offers a batch until it is taken: the connection it came from is not read meanwhile.
pub(crate) async fn offer_patiently(sink: &dyn Sink, mut batch: Vec<Input>) {
    while let Err(refused) = sink.offer(batch) {
        batch = refused;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What happened since the start. Read with `Ordering::Relaxed`.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names say it; the comments say what for")]
pub struct Counters {
    pub udp_received: AtomicU64,
    pub udp_sent: AtomicU64,
    /// Datagrams dropped because the core did not keep up.
    pub udp_dropped: AtomicU64,
    /// Datagrams dropped because the socket was full.
    pub udp_send_dropped: AtomicU64,
    pub udp_send_failed: AtomicU64,
    /// Empty datagrams, STUN requests and CRLFs.
    pub keep_alives: AtomicU64,
    pub connections_accepted: AtomicU64,
    pub connections_opened: AtomicU64,
    /// Connections turned away: too many altogether or of one address.
    pub connections_refused: AtomicU64,
    /// Connections closed because a message stayed incomplete, a handshake did not end or nothing came for too long.
    pub timed_out: AtomicU64,
    /// Connections closed because the peer did not read.
    pub slow_readers: AtomicU64,
    /// Connections closed because what came is no SIP.
    pub malformed: AtomicU64,
    /// Failures that could not be told to the core.
    pub notices_lost: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the tasks share.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) counters: Arc<Counters>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) connections: Connections,
    pub(crate) connector: tokio_rustls::TlsConnector,
    /// Names that addresses were resolved from: what a certificate has to say.
    names: Mutex<BTreeMap<SocketAddr, String>>,
}

impl Shared {
    pub(crate) fn name_of(&self, address: SocketAddr) -> Option<String> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned()
    }

    fn remember_name(&self, address: SocketAddr, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        names.insert(address, name.to_owned());
    }
}

/// All SIP sockets of the box. Dropping it closes them.
pub struct Transports {
    runtime: Handle,
    shared: Arc<Shared>,
    udp: Vec<Arc<UdpLink>>,
    local: Vec<(Transport, SocketAddr)>,
    resolver: Option<Arc<TokioResolver>>,
    questions: Arc<Semaphore>,
    notices: mpsc::Sender<Input>,
    tasks: Vec<AbortHandle>,
}

impl Transports {
    /// Opens all sockets and starts to receive. Batches go to `sink`.
    ///
    /// # Errors
    /// When a socket cannot be opened or the certificate cannot be read or made.
    pub fn start(config: Config, runtime: &Handle, sink: impl Sink) -> anyhow::Result<Transports> {
        let _inside = runtime.enter();
        let counters = Arc::new(Counters::default());
        let connector = tls::connector(config.trusted_roots.as_deref(), config.verify_peers)?;
        let shared = Arc::new(Shared {
            connections: Connections::new(config.limits.clone(), Arc::clone(&counters)),
            limits: config.limits.clone(),
            counters: Arc::clone(&counters),
            sink: Arc::new(sink),
            connector,
            names: Mutex::new(BTreeMap::new()),
        });
        let mut tasks = Vec::new();
        let mut local = Vec::new();
        let mut udp = Vec::new();
        for address in &config.udp {
            let link = UdpLink::bind(*address, Arc::clone(&counters)).with_context(|| format!("UDP on {address}"))?;
            let link = Arc::new(link);
            local.push((Transport::Udp, link.local()));
            tasks.push(runtime.spawn(Arc::clone(&link).receive(Arc::clone(&shared.sink))).abort_handle());
            udp.push(link);
        }
        let acceptor = match (&config.certificate, config.tls.is_empty()) {
            (Some(certificate), false) => Some(tls::acceptor(certificate)?),
            (None, false) => anyhow::bail!("TLS needs a certificate"),
            (_, true) => None,
        };
        let plain = config.tcp.iter().map(|address| (Transport::Tcp, *address, None));
        let secure = config.tls.iter().map(|address| (Transport::Tls, *address, acceptor.clone()));
        for (transport, address, acceptor) in plain.chain(secure) {
            let listener = stream::listen(address).with_context(|| format!("{transport:?} on {address}"))?;
            local.push((transport, listener.local_addr()?));
            let accepting = stream::accept(Arc::clone(&shared), listener, acceptor);
            tasks.push(runtime.spawn(accepting).abort_handle());
        }
        // Without a configured name server numbers still work.
        let resolver = TokioResolver::builder_tokio().ok().map(|builder| Arc::new(builder.build()));
        let (notices, waiting) = mpsc::channel(MAX_NOTICES);
        tasks.push(runtime.spawn(tell(waiting, Arc::clone(&shared.sink))).abort_handle());
        Ok(Transports {
            runtime: runtime.clone(),
            shared,
            udp,
            local,
            resolver,
            questions: Arc::new(Semaphore::new(MAX_QUESTIONS)),
            notices,
            tasks,
        })
    }

    /// Sends one message; call [`Transports::flush`] when there are no more. Never waits. A stream flow without a connection takes
    /// one that is open to the peer or opens one.
    pub fn send(&self, flow: Flow, bytes: Bytes) {
        if flow.transport == Transport::Udp {
            let mut failed = Vec::new();
            match self.udp.iter().find(|link| link.carries(&flow)) {
                Some(link) => link.send(flow, bytes, &mut failed),
                None => failed.push(flow),
            }
            failed.into_iter().for_each(|flow| self.notice(Input::SendFailed { flow }));
        } else if !stream::send(&self.runtime, &self.shared, flow, bytes) {
            self.notice(Input::SendFailed { flow });
        }
    }

    /// Sends what is still queued for UDP.
    pub fn flush(&self) {
        let mut failed = Vec::new();
        self.udp.iter().for_each(|link| link.flush(&mut failed));
        failed.into_iter().for_each(|flow| self.notice(Input::SendFailed { flow }));
    }

    /// Answers [`offhook_sip::endpoint::Output::Resolve`] with [`Input::Resolved`] (RFC 3263).
    pub fn resolve(&self, id: ResolveId, host: String, port: Option<u16>, transport: Option<Transport>, secure: bool) {
        let nothing = Input::Resolved { id, targets: Vec::new() };
        let Some(resolver) = self.resolver.clone() else {
            return self.notice(nothing);
        };
        let Ok(permit) = Arc::clone(&self.questions).try_acquire_owned() else {
            return self.notice(nothing);
        };
        let shared = Arc::clone(&self.shared);
        let question = Question { host, port, transport, secure };
        self.runtime.spawn(async move {
            let _permit = permit;
            let mut chance = chance;
            let located = locate(&*resolver, &question, &mut chance);
            let targets = tokio::time::timeout(shared.limits.resolve, located).await.unwrap_or_default();
            for (transport, address) in &targets {
                if matches!(transport, Transport::Tls | Transport::Wss) {
                    shared.remember_name(*address, &question.host);
                }
            }
            offer_patiently(&*shared.sink, vec![Input::Resolved { id, targets }]).await;
        });
    }

    /// Takes over a connection that another server upgraded to WebSocket with the subprotocol `sip` (RFC 7118), such as the web
    /// server on the HTTPS port. False when there are too many connections.
    pub fn adopt_websocket<S>(&self, io: S, local: SocketAddr, remote: SocketAddr, secure: bool) -> bool
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(slot) = self.shared.connections.admit(remote.ip()) else {
            return false;
        };
        let transport = if secure { Transport::Wss } else { Transport::Ws };
        self.runtime.spawn(websocket::adopt(Arc::clone(&self.shared), slot, io, (transport, local, remote)));
        true
    }

    /// Closes a connection, for a peer that is banned. [`Input::ConnectionClosed`] follows.
    pub fn close(&self, connection: ConnectionId) {
        self.shared.connections.close(connection);
    }

    /// The sockets that are open, with the ports the kernel chose where 0 was asked for.
    pub fn local_addresses(&self) -> &[(Transport, SocketAddr)] {
        &self.local
    }

    /// Connections that are open or being opened.
    pub fn open_connections(&self) -> usize {
        self.shared.connections.open()
    }

    /// What happened since the start.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    fn notice(&self, input: Input) {
        if self.notices.try_send(input).is_err() {
            Counters::count(&self.shared.counters.notices_lost);
        }
    }
}

impl Drop for Transports {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.shared.connections.close_all();
    }
}

/// Tells the core what could not be done. The core thread itself must not wait for its own queue.
async fn tell(mut waiting: mpsc::Receiver<Input>, sink: Arc<dyn Sink>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, 64).await > 0 {
        offer_patiently(&*sink, std::mem::take(&mut batch)).await;
    }
}

/// A random number below `limit`, good enough to share load among servers.
fn chance(limit: u32) -> u32 {
    // The hasher's keys come from the operating system.
    let random = RandomState::new().hash_one(0_u8);
    u32::try_from(random % u64::from(limit.max(1))).unwrap_or(0)
}

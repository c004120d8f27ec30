//! The table of stream connections: who is connected, who may be, and what waits to be written to each.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use offhook_sip::endpoint::{ConnectionId, Flow, Transport};
use tokio::sync::Notify;

use super::{Counters, Limits};

/// What a message costs in a queue beside its bytes.
const OVERHEAD: usize = 64;

/// All stream connections.
pub(crate) struct Connections {
    limits: Limits,
    counters: Arc<Counters>,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    last: u64,
    links: BTreeMap<ConnectionId, Arc<Link>>,
    /// The newest connection to a peer.
    peers: BTreeMap<(Transport, SocketAddr), ConnectionId>,
    admitted: usize,
    per_address: BTreeMap<IpAddr, usize>,
    closed: bool,
}

/// The right to be connected; ends with its drop.
pub(crate) struct Slot {
    table: Arc<Mutex<Table>>,
    address: IpAddr,
}

/// One connection as the senders see it.
pub(crate) struct Link {
    pub(crate) id: ConnectionId,
    pub(crate) transport: Transport,
    pub(crate) remote: SocketAddr,
    limit: usize,
    queue: Mutex<Queue>,
    wake: Notify,
    /// The connection is to be closed, even in the middle of a write.
    closing: Notify,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<(Option<Flow>, Bytes)>,
    /// Of `messages`, and of what was taken and is not written yet.
    bytes: usize,
    closed: bool,
}

/// Why a message was not queued.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The connection is closed.
    Closed,
    /// The peer does not read; the connection is closed now.
    Full,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics under these locks; data would be whole if it did.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    pub(crate) fn new(limits: Limits, counters: Arc<Counters>) -> Connections {
        Connections { limits, counters, table: Arc::default() }
    }

    /// Admits one more connection with an address, if there is room.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Slot> {
        let mut table = lock(&self.table);
        let of_address = table.per_address.get(&address).copied().unwrap_or(0);
        if table.closed || table.admitted >= self.limits.connections || of_address >= self.limits.per_address {
            Counters::count(&self.counters.connections_refused);
            return None;
        }
        table.admitted += 1;
        table.per_address.insert(address, of_address + 1);
        Some(Slot { table: Arc::clone(&self.table), address })
    }

    /// Enters a connection into the table.
    pub(crate) fn enter(&self, transport: Transport, remote: SocketAddr) -> Arc<Link> {
        let mut table = lock(&self.table);
        table.last += 1;
        let link = Arc::new(Link {
            id: ConnectionId(table.last),
            transport,
            remote,
            limit: self.limits.write_queue,
            queue: Mutex::new(Queue { closed: table.closed, ..Queue::default() }),
            wake: Notify::new(),
            closing: Notify::new(),
        });
        table.links.insert(link.id, Arc::clone(&link));
        table.peers.insert((transport, remote), link.id);
        link
    }

    /// Takes a connection out. What was never written is given back.
    pub(crate) fn leave(&self, link: &Link) -> Vec<Flow> {
        let mut table = lock(&self.table);
        table.links.remove(&link.id);
        let peer = (link.transport, link.remote);
        if table.peers.get(&peer) == Some(&link.id) {
            table.peers.remove(&peer);
        }
        drop(table);
        let mut queue = lock(&link.queue);
        queue.closed = true;
        queue.messages.drain(..).filter_map(|(flow, _)| flow).collect()
    }

    /// The connection of a flow, or one that is open to its peer.
    pub(crate) fn find(&self, flow: &Flow) -> Option<Arc<Link>> {
        let table = lock(&self.table);
        let id = match flow.connection {
            Some(id) => id,
            None => *table.peers.get(&(flow.transport, flow.remote))?,
        };
        table.links.get(&id).cloned()
    }

    pub(crate) fn close(&self, connection: ConnectionId) {
        if let Some(link) = lock(&self.table).links.get(&connection) {
            link.close();
        }
    }

    pub(crate) fn close_all(&self) {
        let mut table = lock(&self.table);
        table.closed = true;
        table.links.values().for_each(|link| link.close());
    }

    /// Queues a message and counts a peer that does not read.
    pub(crate) fn push(&self, link: &Link, flow: Option<Flow>, bytes: Bytes) -> bool {
        let pushed = link.push(flow, bytes);
        if pushed == Err(Refused::Full) {
            Counters::count(&self.counters.slow_readers);
        }
        pushed.is_ok()
    }

    pub(crate) fn open(&self) -> usize {
        lock(&self.table).admitted
    }
}

impl Link {
    fn push(&self, flow: Option<Flow>, bytes: Bytes) -> Result<(), Refused> {
        let mut queue = lock(&self.queue);
        if queue.closed {
            return Err(Refused::Closed);
        }
        let cost = bytes.len() + OVERHEAD;
        if queue.bytes + cost > self.limit {
            queue.closed = true;
            self.closing.notify_one();
            return Err(Refused::Full);
        }
        queue.bytes += cost;
        queue.messages.push_back((flow, bytes));
        self.wake.notify_one();
        Ok(())
    }

    pub(crate) fn close(&self) {
        lock(&self.queue).closed = true;
        self.closing.notify_one();
    }

    /// Waits until the connection is to be closed by us.
    pub(crate) async fn closing(&self) {
        self.closing.notified().await;
    }

    /// Waits for something to write. May be dropped and called again. [`Link::written`] follows.
    pub(crate) async fn next(&self) -> Vec<(Option<Flow>, Bytes)> {
        loop {
            {
                let mut queue = lock(&self.queue);
                if !queue.messages.is_empty() {
                    let most = queue.messages.len().min(32);
                    return queue.messages.drain(..most).collect();
                }
            }
            self.wake.notified().await;
        }
    }

    /// Messages that [`Link::next`] gave are written: their room is free again.
    pub(crate) fn written(&self, messages: &[(Option<Flow>, Bytes)]) {
        let done: usize = messages.iter().map(|(_, bytes)| bytes.len() + OVERHEAD).sum();
        let mut queue = lock(&self.queue);
        queue.bytes = queue.bytes.saturating_sub(done);
    }

    /// What is still queued when the peer has closed its half.
    pub(crate) fn take_rest(&self) -> Vec<(Option<Flow>, Bytes)> {
        lock(&self.queue).messages.drain(..).collect()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        table.admitted -= 1;
        match table.per_address.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = table.per_address.remove(&self.address),
        }
    }
}

//! Pairs of UDP sockets for RTP and RTCP, kept open between calls.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};

use nix::sys::socket::{setsockopt, sockopt};

use crate::rtp::packet::MAX_PACKET;

/// Stale packets read away before a pair is used again.
const MAX_STALE: usize = 2048;
/// Expedited forwarding (RFC 3246), as the value of the TOS byte.
const TOS: i32 = 46 << 2;

/// An RTP socket and the RTCP socket on the next port.
#[derive(Debug)]
pub(super) struct SocketPair {
    pub(super) local: SocketAddr,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

impl SocketPair {
    fn open(local: SocketAddr) -> io::Result<Self> {
        let Some(next) = local.port().checked_add(1).filter(|_| local.port() != 0) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no pair of ports there"));
        };
        let rtp = open_one(local)?;
        let mut rtcp_local = local;
        rtcp_local.set_port(next);
        Ok(SocketPair { local, rtp, rtcp: open_one(rtcp_local)? })
    }

    /// Reads away what came for the call before. False when packets come faster than they can be read.
    fn drain(&self) -> bool {
        let mut buffer = [0; MAX_PACKET];
        [&self.rtp, &self.rtcp].into_iter().all(|socket| (0..MAX_STALE).any(|_| socket.recv(&mut buffer).is_err()))
    }
}

fn open_one(local: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(local)?;
    socket.set_nonblocking(true)?;
    // A network that does not let us mark packets still carries them.
    let _marked = match local {
        SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4Tos, &TOS),
        SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6TClass, &TOS),
    };
    Ok(socket)
}

/// Pairs that no stream uses, oldest first.
#[derive(Debug)]
pub(super) struct SocketPool {
    idle: VecDeque<SocketPair>,
    most: usize,
    /// Opened for a stream that is about to come.
    reserved: Vec<SocketPair>,
}

impl SocketPool {
    pub(super) fn new(most: usize) -> Self {
        SocketPool { idle: VecDeque::new(), most, reserved: Vec::new() }
    }

    /// Opens the pair on this address for the [`SocketPool::take`] that follows.
    pub(super) fn reserve(&mut self, local: SocketAddr) -> io::Result<()> {
        if self.reserved.iter().any(|pair| pair.local == local) {
            return Ok(());
        }
        let pair = self.find(local)?;
        self.reserved.push(pair);
        Ok(())
    }

    /// The pair on this address: reserved, from the pool or new.
    pub(super) fn take(&mut self, local: SocketAddr) -> io::Result<SocketPair> {
        let reserved = self.reserved.iter().position(|pair| pair.local == local);
        let pair = match reserved {
            Some(at) => self.reserved.swap_remove(at),
            None => self.find(local)?,
        };
        if pair.drain() {
            return Ok(pair);
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "packets of another call flood the port"))
    }

    fn find(&mut self, local: SocketAddr) -> io::Result<SocketPair> {
        if let Some(at) = self.idle.iter().rposition(|pair| pair.local == local)
            && let Some(pair) = self.idle.remove(at)
        {
            return Ok(pair);
        }
        // Our own idle RTCP socket must not stand in the way of a pair that overlaps it.
        self.idle.retain(|pair| pair.local.port().abs_diff(local.port()) > 1);
        SocketPair::open(local)
    }

    /// Keeps a pair for the next call.
    pub(super) fn put(&mut self, pair: SocketPair) {
        if self.most == 0 {
            return;
        }
        if self.idle.len() >= self.most {
            self.idle.pop_front();
        }
        self.idle.push_back(pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> SocketPair {
        for port in (41_000..45_000).step_by(2) {
            if let Ok(pair) = SocketPair::open(SocketAddr::from(([127, 0, 0, 1], port))) {
                return pair;
            }
        }
        panic!("no free pair of ports");
    }

    #[test]
    fn a_pair_is_used_again_without_the_packets_of_the_call_before() {
        let mut pool = SocketPool::new(2);
        let pair = free();
        let local = pair.local;
        let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
        pool.put(pair);
        for _ in 0..10 {
            phone.send_to(b"stale", local).unwrap();
        }
        let pair = pool.take(local).unwrap();
        assert_eq!(pair.rtp.recv(&mut [0; 20]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(SocketPair::open(local).is_err(), "the port is ours alone");
        assert!(pool.idle.is_empty());
        assert!(pool.take(SocketAddr::from(([127, 0, 0, 1], 65535))).is_err());
    }

    #[test]
    fn a_port_that_is_taken_is_told_before_it_is_promised() {
        let mut pool = SocketPool::new(2);
        let pair = free();
        let local = pair.local;
        let mut rtcp = local;
        rtcp.set_port(local.port() + 1);
        drop(pair);
        for taken in [local, rtcp] {
            let other = UdpSocket::bind(taken).unwrap();
            assert_eq!(pool.reserve(local).unwrap_err().kind(), io::ErrorKind::AddrInUse, "{taken}");
            drop(other);
        }
        pool.reserve(local).unwrap();
        pool.reserve(local).unwrap();
        assert!(UdpSocket::bind(rtcp).is_err(), "both are ours");
        assert_eq!(pool.take(local).unwrap().local, local);
        assert!(pool.reserved.is_empty());
    }
}

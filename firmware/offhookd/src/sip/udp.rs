//! UDP: datagrams come in and go out in batches, up to [`BATCH`] in one system call.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg, setsockopt, sockopt,
};
use offhook_sip::endpoint::{Flow, Input, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::{Counters, Sink, stun};
use crate::pace::{COALESCE, Pace};

/// Most datagrams per system call.
const BATCH: usize = 64;
/// Longest datagram taken, in bytes: the most UDP carries.
const DATAGRAM: usize = 65_535;
/// Asked of the kernel for bursts, in bytes: about a thousand requests.
const SOCKET_BUFFER: usize = 2 * 1024 * 1024;

/// One UDP socket.
pub(super) struct UdpLink {
    socket: UdpSocket,
    local: SocketAddr,
    counters: Arc<Counters>,
    /// Not yet sent; never more than [`BATCH`].
    pending: Mutex<Vec<(Flow, Bytes)>>,
}

impl UdpLink {
    /// Binds a socket. An IPv6 socket takes IPv6 only, so that both may have the same port.
    pub(super) fn bind(address: SocketAddr, counters: Arc<Counters>) -> io::Result<UdpLink> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        }
        // As much as the kernel allows: less is no reason not to start.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(UdpLink { socket, local, counters, pending: Mutex::new(Vec::with_capacity(BATCH)) })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether a message to this flow goes out here.
    pub(super) fn carries(&self, flow: &Flow) -> bool {
        let same_family = self.local.is_ipv4() == flow.remote.is_ipv4();
        let same_port = flow.local.port() == 0 || flow.local.port() == self.local.port();
        let (ours, wanted) = (self.local.ip(), flow.local.ip());
        same_family && same_port && (ours.is_unspecified() || wanted.is_unspecified() || ours == wanted)
    }

    /// Queues a datagram; a full batch is sent at once. Flows that could not be sent to are added to `failed`.
    pub(super) fn send(&self, flow: Flow, bytes: Bytes, failed: &mut Vec<Flow>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push((flow, bytes));
        if pending.len() >= BATCH {
            self.send_all(&mut pending, failed);
        }
    }

    /// Sends what is queued.
    pub(super) fn flush(&self, failed: &mut Vec<Flow>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        self.send_all(&mut pending, failed);
    }

    fn send_all(&self, pending: &mut Vec<(Flow, Bytes)>, failed: &mut Vec<Flow>) {
        let mut rest = pending.as_slice();
        while let Some((first, others)) = rest.split_first() {
            match self.send_some(rest) {
                Ok(sent) => {
                    let sent = sent.clamp(1, rest.len());
                    self.counters.udp_sent.fetch_add(sent as u64, Ordering::Relaxed);
                    rest = rest.get(sent..).unwrap_or_default();
                }
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::EAGAIN) => {
                    // The socket is full. SIP sends again what matters; waiting would hold up all calls.
                    self.counters.udp_send_dropped.fetch_add(rest.len() as u64, Ordering::Relaxed);
                    break;
                }
                Err(_) => {
                    // The error is about the first: no route, too long, or an earlier ICMP refusal.
                    self.counters.udp_send_failed.fetch_add(1, Ordering::Relaxed);
                    failed.push(first.0);
                    rest = others;
                }
            }
        }
        pending.clear();
    }

    fn send_some(&self, messages: &[(Flow, Bytes)]) -> nix::Result<usize> {
        let slices: Vec<[IoSlice<'_>; 1]> = messages.iter().map(|(_, bytes)| [IoSlice::new(bytes)]).collect();
        let addresses: Vec<Option<SockaddrStorage>> =
            messages.iter().map(|(flow, _)| Some(SockaddrStorage::from(flow.remote))).collect();
        let mut headers = MultiHeaders::preallocate(messages.len(), None);
        let fd = self.socket.as_raw_fd();
        sendmmsg(fd, &mut headers, &slices, &addresses, [], MsgFlags::MSG_DONTWAIT).map(Iterator::count)
    }

    /// Receives until the task is dropped.
    pub(super) async fn receive(self: Arc<Self>, sink: Arc<dyn Sink>) {
        // Pages that no datagram reaches are never touched.
        let mut buffers = vec![0_u8; BATCH * DATAGRAM];
        let mut batch = 8;
        let mut pace = Pace::new(Instant::now());
        loop {
            if self.socket.readable().await.is_err() {
                return;
            }
            let received = self.socket.try_io(Interest::READABLE, || self.receive_some(&mut buffers, batch));
            let (datagrams, inputs) = match received {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => {
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            batch = if datagrams == batch { (batch * 2).min(BATCH) } else { batch };
            let busy = pace.busy(Instant::now(), datagrams);
            self.counters.udp_received.fetch_add(datagrams as u64, Ordering::Relaxed);
            if !inputs.is_empty()
                && let Err(refused) = sink.offer(inputs)
            {
                // Senders repeat; memory must not grow.
                self.counters.udp_dropped.fetch_add(refused.len() as u64, Ordering::Relaxed);
            }
            if busy && datagrams < batch {
                // What comes meanwhile shares the next system call and the next wake-up of the core.
                tokio::time::sleep(COALESCE).await;
            }
        }
    }

    /// One system call's worth: how many datagrams there were, and those that are for the core.
    fn receive_some(&self, buffers: &mut [u8], batch: usize) -> io::Result<(usize, Vec<Input>)> {
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            buffers.chunks_exact_mut(DATAGRAM).take(batch).map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let control = nix::cmsg_space!(nix::libc::in_pktinfo, nix::libc::in6_pktinfo);
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(slices.len(), Some(control));
        let fd = self.socket.as_raw_fd();
        let received = recvmmsg(fd, &mut headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
        let mut datagrams = 0;
        let mut inputs = Vec::new();
        for message in received {
            datagrams += 1;
            let Some(remote) = message.address.as_ref().and_then(socket_address) else {
                continue;
            };
            let local = message.cmsgs().ok().and_then(|mut control| control.find_map(destination));
            let bytes = message.iovs().next().unwrap_or_default();
            inputs.extend(self.sort(remote, local, bytes));
        }
        Ok((datagrams, inputs))
    }

    /// Keep-alives are answered or swallowed here.
    fn sort(&self, remote: SocketAddr, destination: Option<IpAddr>, bytes: &[u8]) -> Option<Input> {
        // Reflecting to port 0 is of no use to anybody honest.
        if remote.port() == 0 || bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0 | b' ')) {
            self.counters.keep_alives.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        if stun::is_stun(bytes) {
            self.counters.keep_alives.fetch_add(1, Ordering::Relaxed);
            if let Some(answer) = stun::answer(bytes, remote) {
                let _ = self.socket.try_send_to(&answer, remote);
            }
            return None;
        }
        let ip = destination.filter(|_| self.local.ip().is_unspecified()).unwrap_or(self.local.ip());
        let flow =
            Flow { transport: Transport::Udp, local: SocketAddr::new(ip, self.local.port()), remote, connection: None };
        Some(Input::Received { flow, bytes: Bytes::copy_from_slice(bytes) })
    }
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::new(v4.ip().into(), v4.port()));
    }
    let v6 = address.as_sockaddr_in6()?;
    // The scope id is kept: link-local peers cannot be answered without it.
    Some(SocketAddr::V6(std::net::SocketAddrV6::new(v6.ip(), v6.port(), 0, v6.scope_id())))
}

/// The address a datagram was sent to.
fn destination(control: ControlMessageOwned) -> Option<IpAddr> {
    match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr)).into())
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into()),
        _ => None,
    }
}

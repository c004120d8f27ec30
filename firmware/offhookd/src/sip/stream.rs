//! Connections: TCP and TLS, accepted and opened (RFC 3261 §18, RFC 5626 §3.5.1).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use offhook_sip::endpoint::{Flow, Input, Transport};
use offhook_sip::message::framing::{Frame, FramingError, StreamFramer};
use offhook_sip::message::{Message, MessageBuilder};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::connections::{Link, Slot};
use super::{Counters, Shared, offer_patiently, tls, websocket};

/// How long a connection on which nothing more can be read is kept for the answers still to come.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes read at once.
const READ: usize = 4096;
/// A connection that begins so speaks HTTP: there is no such SIP method.
const HTTP: &[u8] = b"GET ";

/// Transport, our address and the peer's.
pub(crate) type Ends = (Transport, SocketAddr, SocketAddr);

/// Opens a listening socket.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for connections of before.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until the task is aborted.
pub(crate) async fn accept(shared: Arc<Shared>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    loop {
        let (socket, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                // Out of file descriptors, most likely: they come back as connections end.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(slot) = shared.connections.admit(remote.ip()) else {
            continue;
        };
        Counters::count(&shared.counters.connections_accepted);
        tokio::spawn(serve(Arc::clone(&shared), socket, remote, tls.clone(), slot));
    }
}

async fn serve(shared: Arc<Shared>, socket: TcpStream, remote: SocketAddr, tls: Option<TlsAcceptor>, slot: Slot) {
    prepare(&socket);
    let Ok(local) = socket.local_addr() else {
        return;
    };
    let Some(acceptor) = tls else {
        return begin(shared, slot, socket, (Transport::Tcp, local, remote)).await;
    };
    match timeout(shared.limits.incomplete, acceptor.accept(socket)).await {
        Ok(Ok(socket)) => begin(shared, slot, socket, (Transport::Tls, local, remote)).await,
        Ok(Err(_)) => Counters::count(&shared.counters.malformed),
        Err(_) => Counters::count(&shared.counters.timed_out),
    }
}

/// Small messages go at once, and dead peers are noticed.
fn prepare(socket: &TcpStream) {
    let _ = socket.set_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));
    let _ = SockRef::from(socket).set_tcp_keepalive(&keepalive);
}

/// Tells WebSocket from SIP by the first bytes.
async fn begin<S>(shared: Arc<Shared>, slot: Slot, mut io: S, (transport, local, remote): Ends)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut first = BytesMut::with_capacity(READ);
    let deadline = Instant::now() + shared.limits.incomplete;
    while first.len() < HTTP.len() && HTTP.starts_with(&first) {
        match timeout_at(deadline, io.read_buf(&mut first)).await {
            Ok(Ok(1..)) => {}
            Ok(_) => return,
            Err(_) => return Counters::count(&shared.counters.timed_out),
        }
    }
    if first.starts_with(HTTP) {
        let transport = if transport == Transport::Tls { Transport::Wss } else { Transport::Ws };
        return websocket::serve(shared, slot, io, first.freeze(), (transport, local, remote)).await;
    }
    let link = shared.connections.enter(transport, remote);
    run(&shared, &link, io, Some(&first), local).await;
    end(&shared, &link).await;
    drop(slot);
}

/// Sends over a connection; opens one when the flow names none and there is none. False when it cannot be done.
pub(crate) fn send(runtime: &Handle, shared: &Arc<Shared>, flow: Flow, bytes: Bytes) -> bool {
    let connections = &shared.connections;
    if let Some(link) = connections.find(&flow)
        && connections.push(&link, Some(flow), bytes.clone())
    {
        return true;
    }
    // Nobody can connect to a browser; and an answer for a connection that is gone has nowhere else to go.
    if flow.connection.is_some() || !matches!(flow.transport, Transport::Tcp | Transport::Tls) {
        return false;
    }
    let Some(slot) = connections.admit(flow.remote.ip()) else {
        return false;
    };
    let link = connections.enter(flow.transport, flow.remote);
    let queued = connections.push(&link, Some(flow), bytes);
    runtime.spawn(open(Arc::clone(shared), slot, link));
    queued
}

async fn open(shared: Arc<Shared>, slot: Slot, link: Arc<Link>) {
    if let Ok(Ok(socket)) = timeout(shared.limits.connect, TcpStream::connect(link.remote)).await {
        prepare(&socket);
        let local = socket.local_addr();
        Counters::count(&shared.counters.connections_opened);
        match (link.transport, local) {
            (Transport::Tls, Ok(local)) => {
                let name = tls::server_name(shared.name_of(link.remote), link.remote.ip());
                let handshake = async { Some(shared.connector.connect(name?, socket).await) };
                if let Ok(Some(Ok(socket))) = timeout(shared.limits.connect, handshake).await {
                    run(&shared, &link, socket, None, local).await;
                }
            }
            (_, Ok(local)) => run(&shared, &link, socket, None, local).await,
            (_, Err(_)) => {}
        }
    }
    end(&shared, &link).await;
    drop(slot);
}

/// Tells the core that a connection is gone, and which messages with it.
pub(crate) async fn end(shared: &Shared, link: &Link) {
    let unsent = shared.connections.leave(link).into_iter().map(|flow| Input::SendFailed { flow });
    let mut batch = vec![Input::ConnectionClosed(link.id)];
    batch.extend(unsent);
    offer_patiently(&*shared.sink, batch).await;
}

/// Reads and writes until one of both ends. `first` are the bytes already read of a connection that we accepted.
async fn run<S>(shared: &Shared, link: &Link, io: S, first: Option<&[u8]>, local: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reader, mut writer) = tokio::io::split(io);
    let flow = Flow { transport: link.transport, local, remote: link.remote, connection: Some(link.id) };
    tokio::select! {
        // Both are polled in turn: an answer that was queued just before the end is still written below.
        () = read(shared, link, reader, first, flow) => {}
        () = write(shared, link, &mut writer) => return,
        () = link.closing() => return,
    }
    let _ = timeout(Duration::from_secs(1), write_rest(link, &mut writer)).await;
}

async fn read<R: AsyncRead + Unpin>(shared: &Shared, link: &Link, mut reader: R, first: Option<&[u8]>, flow: Flow) {
    let mut framer = StreamFramer::new(offhook_sip::message::Limits::default());
    let mut buffer = BytesMut::with_capacity(READ);
    framer.push(first.unwrap_or_default());
    // Who connects and then says nothing is as bad as who does not end a message.
    let mut greeted = first.is_none();
    let opened = Instant::now();
    let mut incomplete = None;
    loop {
        let mut batch = Vec::new();
        let mut whole = false;
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(bytes))) => batch.push(Input::Received { flow, bytes }),
                Ok(Some(Frame::Ping)) => {
                    Counters::count(&shared.counters.keep_alives);
                    if !shared.connections.push(link, None, Bytes::from_static(b"\r\n")) {
                        return;
                    }
                }
                Ok(Some(Frame::Pong)) => Counters::count(&shared.counters.keep_alives),
                Ok(None) => break,
                Err(error) => {
                    Counters::count(&shared.counters.malformed);
                    deliver(shared, batch).await;
                    if let Some(answer) = refusal(&error, flow.remote) {
                        shared.connections.push(link, None, answer);
                    }
                    return linger(reader, buffer).await;
                }
            }
            whole = true;
        }
        deliver(shared, batch).await;
        greeted |= whole;
        // The time for a message runs from its first byte, however slowly the others follow.
        incomplete = match incomplete.filter(|_| !whole) {
            _ if !framer.is_incomplete() => None,
            None => Some(Instant::now() + shared.limits.incomplete),
            running => running,
        };
        let quiet = if greeted { Instant::now() + shared.limits.idle } else { opened + shared.limits.incomplete };
        buffer.clear();
        match timeout_at(incomplete.unwrap_or(quiet), reader.read_buf(&mut buffer)).await {
            Ok(Ok(1..)) => framer.push(&buffer),
            Ok(_) => return,
            Err(_) => return Counters::count(&shared.counters.timed_out),
        }
    }
}

/// Stays for a moment after a message whose end cannot be found: the requests before it are still being answered, and a close
/// with bytes unread would make the peer throw away what was just written (RFC 1122 §4.2.2.13).
async fn linger<R: AsyncRead + Unpin>(mut reader: R, mut buffer: BytesMut) {
    let end = Instant::now() + LINGER;
    loop {
        buffer.clear();
        match timeout_at(end, reader.read_buf(&mut buffer)).await {
            Ok(Ok(1..)) => {}
            _ => return,
        }
    }
}

async fn deliver(shared: &Shared, batch: Vec<Input>) {
    if !batch.is_empty() {
        offer_patiently(&*shared.sink, batch).await;
    }
}

/// The answer to a message whose end cannot be found.
fn refusal(error: &FramingError, remote: SocketAddr) -> Option<Bytes> {
    let request = Message::salvage(error.head.clone()?)?;
    // Nothing is kept of it: any tag will do.
    Some(MessageBuilder::refusal_of(&request, error.error, Some("refused"), Some(remote)).finish())
}

async fn write<W: AsyncWrite + Unpin>(shared: &Shared, link: &Link, writer: &mut W) {
    loop {
        let messages = link.next().await;
        match timeout(shared.limits.write, write_all(writer, &messages)).await {
            Ok(Ok(())) => link.written(&messages),
            Ok(Err(_)) => return,
            Err(_) => return Counters::count(&shared.counters.slow_readers),
        }
    }
}

async fn write_rest<W: AsyncWrite + Unpin>(link: &Link, writer: &mut W) -> io::Result<()> {
    write_all(writer, &link.take_rest()).await?;
    writer.shutdown().await
}

async fn write_all<W: AsyncWrite + Unpin>(writer: &mut W, messages: &[(Option<Flow>, Bytes)]) -> io::Result<()> {
    match messages {
        [] => {}
        [(_, only)] => writer.write_all(only).await?,
        several => {
            let joined: Vec<u8> = several.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
            writer.write_all(&joined).await?;
        }
    }
    writer.flush().await
}

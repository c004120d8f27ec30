//! SIP over WebSocket (RFC 7118): one SIP message in one WebSocket message.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_sip::endpoint::{Flow, Input};
use offhook_sip::message::Limits;
use offhook_sip::message::framing::{Frame, websocket_frame};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::connections::{Link, Slot};
use super::stream::{Ends, end};
use super::{Counters, Shared, offer_patiently};

/// The subprotocol of RFC 7118 §4.
const SUBPROTOCOL: &str = "sip";

/// Answers the handshake that begins with `first`, then carries SIP.
pub(crate) async fn serve<S>(shared: Arc<Shared>, slot: Slot, io: S, first: Bytes, ends: Ends)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = Prefixed { prefix: first, io };
    let handshake = tokio_tungstenite::accept_hdr_async_with_config(io, choose_subprotocol, Some(config(&shared)));
    match timeout(shared.limits.incomplete, handshake).await {
        Ok(Ok(socket)) => carry(&shared, socket, ends).await,
        Ok(Err(_)) => Counters::count(&shared.counters.malformed),
        Err(_) => Counters::count(&shared.counters.timed_out),
    }
    drop(slot);
}

/// Carries SIP over a connection that was upgraded elsewhere.
pub(crate) async fn adopt<S>(shared: Arc<Shared>, slot: Slot, io: S, ends: Ends)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config(&shared))).await;
    carry(&shared, socket, ends).await;
    drop(slot);
}

fn config(shared: &Shared) -> WebSocketConfig {
    let most = Limits::default().message;
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .max_write_buffer_size(shared.limits.write_queue.max(2 * most))
        .max_message_size(Some(most))
        .max_frame_size(Some(most))
}

/// The client has to offer `sip` and is told that it was chosen (RFC 7118 §4.1).
#[expect(clippy::result_large_err, reason = "the signature is the handshake's")]
fn choose_subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut names = offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    if names.any(|name| name.trim().eq_ignore_ascii_case(SUBPROTOCOL)) {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("The subprotocol is sip".to_owned()));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    Err(refusal)
}

async fn carry<S>(shared: &Shared, socket: WebSocketStream<S>, (transport, local, remote): Ends)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let link = shared.connections.enter(transport, remote);
    run(shared, &link, socket, local).await;
    end(shared, &link).await;
}

async fn run<S>(shared: &Shared, link: &Link, socket: WebSocketStream<S>, local: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (writer, reader) = socket.split();
    let flow = Flow { transport: link.transport, local, remote: link.remote, connection: Some(link.id) };
    tokio::select! {
        () = read(shared, link, reader, flow) => {}
        () = write(shared, link, writer) => {}
        () = link.closing() => {}
    }
}

async fn read<S>(shared: &Shared, link: &Link, mut reader: SplitStream<WebSocketStream<S>>, flow: Flow)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // A browser answers our pings by itself: three of them without an answer, and it is gone.
    let silence = (shared.limits.websocket_ping * 3).min(shared.limits.idle);
    loop {
        let payload = match timeout_at(Instant::now() + silence, reader.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => Bytes::from(text),
            Ok(Some(Ok(Message::Binary(bytes)))) => bytes,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => continue,
            Ok(Some(Ok(Message::Close(_))) | None) => return,
            Ok(Some(Err(_))) => return Counters::count(&shared.counters.malformed),
            Err(_) => return Counters::count(&shared.counters.timed_out),
        };
        match websocket_frame(payload, Limits::default()) {
            Ok(Frame::Message(bytes)) => {
                offer_patiently(&*shared.sink, vec![Input::Received { flow, bytes }]).await;
            }
            Ok(Frame::Ping) => {
                Counters::count(&shared.counters.keep_alives);
                shared.connections.push(link, None, Bytes::from_static(b"\r\n"));
            }
            Ok(Frame::Pong) => Counters::count(&shared.counters.keep_alives),
            // Where the next message begins is known: only this one is lost.
            Err(_) => Counters::count(&shared.counters.malformed),
        }
    }
}

async fn write<S>(shared: &Shared, link: &Link, mut writer: SplitSink<WebSocketStream<S>, Message>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let messages = timeout(shared.limits.websocket_ping, link.next()).await.unwrap_or_default();
        let sending = async {
            if messages.is_empty() {
                writer.feed(Message::Ping(Bytes::new())).await?;
            }
            for (_, bytes) in &messages {
                writer.feed(wrap(bytes.clone())).await?;
            }
            writer.flush().await
        };
        match timeout(shared.limits.write, sending).await {
            Ok(Ok(())) => link.written(&messages),
            Ok(Err(_)) => return,
            Err(_) => return Counters::count(&shared.counters.slow_readers),
        }
    }
}

/// Text where it is text: what browsers expect (RFC 7118 §5).
fn wrap(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}

/// A connection whose first bytes were read already.
struct Prefixed<S> {
    prefix: Bytes,
    io: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.prefix.has_remaining() {
            let length = self.prefix.len().min(buf.remaining());
            let first = self.prefix.split_to(length);
            buf.put_slice(&first);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

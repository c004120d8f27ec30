//! The transports over real sockets of the loopback interface.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::{Receiver, bounded};
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_sip::endpoint::{ConnectionId, Flow, Input, ResolveId, Transport};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as WsMessage};

use super::*;

/// Long enough for a busy machine; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

struct Office {
    transports: Transports,
    inputs: Receiver<Vec<Input>>,
    waiting: std::collections::VecDeque<Input>,
    // After the transports: fields are dropped in order.
    runtime: Runtime,
}

impl Office {
    fn start(config: Config) -> Office {
        Office::with_queue(config, 1000)
    }

    fn with_queue(config: Config, queue: usize) -> Office {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
        let (sender, inputs) = bounded(queue);
        let transports = Transports::start(config, runtime.handle(), sender).expect("sockets");
        Office { transports, inputs, waiting: Default::default(), runtime }
    }

    fn address(&self, transport: Transport) -> SocketAddr {
        let found = self.transports.local_addresses().iter().find(|(known, _)| *known == transport);
        found.expect("configured").1
    }

    fn next(&mut self) -> Input {
        while self.waiting.is_empty() {
            self.waiting.extend(self.inputs.recv_timeout(PATIENCE).expect("an input"));
        }
        self.waiting.pop_front().expect("not empty")
    }

    fn received(&mut self) -> (Flow, Bytes) {
        match self.next() {
            Input::Received { flow, bytes } => (flow, bytes),
            other => panic!("{other:?}"),
        }
    }

    fn closed(&mut self) -> ConnectionId {
        match self.next() {
            Input::ConnectionClosed(connection) => connection,
            other => panic!("{other:?}"),
        }
    }

    fn until(&self, what: &str, state: impl Fn(&Counters) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !state(self.transports.counters()) {
            assert!(Instant::now() < end, "{what}: {:?}", self.transports.counters());
            std::thread::yield_now();
        }
    }
}

fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn udp() -> Config {
    Config { udp: vec![any()], ..Config::default() }
}

fn tcp() -> Config {
    Config { tcp: vec![any()], ..Config::default() }
}

fn message(number: usize) -> String {
    format!("OPTIONS sip:box SIP/2.0\r\nCall-ID: {number}\r\nContent-Length: 4\r\n\r\nbody")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).expect("time-out");
    stream
}

fn read_exactly(stream: &mut TcpStream, length: usize) -> String {
    let mut buffer = vec![0; length];
    stream.read_exact(&mut buffer).expect("bytes");
    String::from_utf8(buffer).expect("UTF-8")
}

/// Reads to the end; a reset is an end too.
fn is_closed(mut stream: &TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn outgoing(transport: Transport, remote: SocketAddr) -> Flow {
    Flow { transport, local: (Ipv4Addr::UNSPECIFIED, 0).into(), remote, connection: None }
}

#[test]
fn datagrams_come_and_go_in_batches() {
    for bound in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
        let bound: SocketAddr = bound.parse().expect("address");
        let mut server = Office::start(Config { udp: vec![bound], ..Config::default() });
        let loopback = if bound.is_ipv4() { "127.0.0.1" } else { "::1" };
        let server_address = SocketAddr::new(loopback.parse().expect("address"), server.address(Transport::Udp).port());
        let phone = UdpSocket::bind((loopback, 0)).expect("socket");
        phone.set_read_timeout(Some(PATIENCE)).expect("time-out");
        for number in 0..100 {
            phone.send_to(message(number).as_bytes(), server_address).expect("sent");
        }
        for number in 0..100 {
            let (flow, bytes) = server.received();
            assert_eq!(bytes, message(number));
            assert_eq!(flow.remote, phone.local_addr().expect("address"));
            assert_eq!(flow.local, server_address, "the address it was sent to, on {bound}");
            server.transports.send(flow, Bytes::from(format!("answer {number}")));
        }
        server.transports.flush();
        let mut buffer = [0; 100];
        for number in 0..100 {
            let (length, from) = phone.recv_from(&mut buffer).expect("answer");
            assert_eq!(&buffer[..length], format!("answer {number}").as_bytes());
            assert_eq!(from, server_address);
        }
        assert_eq!(get(&server.transports.counters().udp_sent), 100);
    }
}

#[test]
fn keep_alives_do_not_reach_the_core() {
    let mut server = Office::start(udp());
    let phone = UdpSocket::bind(any()).expect("socket");
    phone.set_read_timeout(Some(PATIENCE)).expect("time-out");
    phone.connect(server.address(Transport::Udp)).expect("connected");
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
    request.extend([7; 12]);
    for datagram in [&b"\r\n\r\n"[..], b"", b"\0\0\0\0", &request, b"OPTIONS sip:x SIP/2.0\r\n\r\n"] {
        phone.send(datagram).expect("sent");
    }
    assert!(server.received().1.starts_with(b"OPTIONS"));
    assert_eq!(get(&server.transports.counters().keep_alives), 4);
    let mut answer = [0; 100];
    let length = phone.recv(&mut answer).expect("answer");
    let port = phone.local_addr().expect("address").port() ^ 0x2112;
    assert_eq!((length, answer[1], &answer[26..28]), (32, 1, port.to_be_bytes().as_slice()));
}

#[test]
fn a_busy_core_loses_datagrams_and_not_memory() {
    let server = Office::with_queue(udp(), 1);
    let phone = UdpSocket::bind(any()).expect("socket");
    for number in 0..300 {
        phone.send_to(message(number).as_bytes(), server.address(Transport::Udp)).expect("sent");
    }
    server.until("all received", |counters| get(&counters.udp_received) == 300);
    server.until("some dropped", |counters| get(&counters.udp_dropped) >= 300 - 64);
}

#[test]
fn what_cannot_be_sent_is_told() {
    let mut server = Office::start(udp());
    let nowhere = TcpListener::bind(any()).expect("socket").local_addr().expect("address");
    for flow in [
        outgoing(Transport::Udp, "[::1]:5060".parse().expect("address")),
        outgoing(Transport::Ws, nowhere),
        Flow { connection: Some(ConnectionId(99)), ..outgoing(Transport::Tcp, nowhere) },
    ] {
        server.transports.send(flow, Bytes::from_static(b"x"));
        assert!(matches!(server.next(), Input::SendFailed { flow: told } if told == flow), "{flow:?}");
    }
    // A datagram that is too long for UDP fails alone.
    let phone = UdpSocket::bind(any()).expect("socket");
    phone.set_read_timeout(Some(PATIENCE)).expect("time-out");
    let flow = outgoing(Transport::Udp, phone.local_addr().expect("address"));
    for bytes in [Bytes::from_static(b"one"), Bytes::from(vec![0; 66_000]), Bytes::from_static(b"two")] {
        server.transports.send(flow, bytes);
    }
    server.transports.flush();
    assert!(matches!(server.next(), Input::SendFailed { flow: told } if told == flow));
    let mut buffer = [0; 10];
    for expected in [b"one", b"two"] {
        assert_eq!(phone.recv(&mut buffer).expect("datagram"), 3);
        assert_eq!(&buffer[..3], expected);
    }
    // Nobody listens.
    server.transports.send(outgoing(Transport::Tcp, nowhere), Bytes::from_static(b"x"));
    server.closed();
    assert!(matches!(server.next(), Input::SendFailed { flow } if flow == outgoing(Transport::Tcp, nowhere)));
    server.until("nothing left", |_| server.transports.open_connections() == 0);
}

#[test]
fn streams_are_cut_into_messages() {
    let mut server = Office::start(tcp());
    let mut phone = connect(server.address(Transport::Tcp));
    let both = message(1) + &message(2);
    for piece in both.as_bytes().chunks(7) {
        phone.write_all(piece).expect("sent");
    }
    let (flow, bytes) = server.received();
    assert_eq!(bytes, message(1));
    assert_eq!(flow.remote, phone.local_addr().expect("address"));
    assert_eq!(flow.local, server.address(Transport::Tcp));
    assert_eq!(server.received().1, message(2));
    // Keep-alive (RFC 5626 §3.5.1), and an answer over the same connection.
    phone.write_all(b"\r\n\r\n").expect("sent");
    assert_eq!(read_exactly(&mut phone, 2), "\r\n");
    server.transports.send(flow, Bytes::from_static(b"answer"));
    assert_eq!(read_exactly(&mut phone, 6), "answer");
    assert_eq!(server.transports.open_connections(), 1);
    drop(phone);
    assert_eq!(Some(server.closed()), flow.connection);
    server.transports.send(flow, Bytes::from_static(b"too late"));
    assert!(matches!(server.next(), Input::SendFailed { .. }));
    server.until("nothing left", |_| server.transports.open_connections() == 0);
}

#[test]
fn connections_are_opened_on_demand_and_used_again() {
    let mut server = Office::start(tcp());
    let peer = TcpListener::bind(any()).expect("socket");
    let flow = outgoing(Transport::Tcp, peer.local_addr().expect("address"));
    for number in 0..50 {
        server.transports.send(flow, Bytes::from(message(number)));
    }
    let (mut accepted, _) = peer.accept().expect("connection");
    accepted.set_read_timeout(Some(PATIENCE)).expect("time-out");
    let expected: String = (0..50).map(message).collect();
    assert_eq!(read_exactly(&mut accepted, expected.len()), expected);
    accepted.write_all(message(7).as_bytes()).expect("sent");
    let (back, bytes) = server.received();
    assert_eq!((back.remote, bytes), (flow.remote, Bytes::from(message(7))));
    assert!(back.connection.is_some());
    assert_eq!(get(&server.transports.counters().connections_opened), 1);
    server.transports.close(back.connection.expect("connection"));
    assert!(is_closed(&accepted));
    assert_eq!(Some(server.closed()), back.connection);
}

#[test]
fn connections_are_limited() {
    let limits = Limits { per_address: 2, ..Limits::default() };
    let server = Office::start(Config { limits, ..tcp() });
    let first = connect(server.address(Transport::Tcp));
    let _second = connect(server.address(Transport::Tcp));
    server.until("two", |counters| get(&counters.connections_accepted) == 2);
    assert!(is_closed(&connect(server.address(Transport::Tcp))));
    assert_eq!(get(&server.transports.counters().connections_refused), 1);
    drop(first);
    server.until("one", |_| server.transports.open_connections() == 1);
    let _third = connect(server.address(Transport::Tcp));
    server.until("two again", |counters| get(&counters.connections_accepted) == 3);
}

#[test]
fn who_does_not_end_a_message_is_disconnected() {
    let limits = Limits { incomplete: Duration::from_millis(100), ..Limits::default() };
    let mut server = Office::start(Config { limits, ..tcp() });
    let address = server.address(Transport::Tcp);
    let silent = connect(address);
    let mut half = connect(address);
    half.write_all(b"OPTIONS sip:box SIP/2.0\r\nCall-").expect("sent");
    let mut upgrading = connect(address);
    upgrading.write_all(b"GET / HTTP/1.1\r\n").expect("sent");
    let mut greeted = connect(address);
    greeted.write_all((message(1) + "OPTIONS").as_bytes()).expect("sent");
    for stream in [&silent, &half, &upgrading, &greeted] {
        assert!(is_closed(stream));
    }
    server.received();
    server.until("all", |counters| get(&counters.timed_out) == 4);
    server.until("nothing left", |_| server.transports.open_connections() == 0);
}

#[test]
fn who_speaks_no_sip_is_answered_and_disconnected() {
    let mut server = Office::start(tcp());
    let mut phone = connect(server.address(Transport::Tcp));
    let request = "OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/TCP p;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b>\r\n\
                   Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 99999999\r\n\r\n";
    phone.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    phone.read_to_string(&mut answer).expect("answer, then the end");
    assert!(answer.starts_with("SIP/2.0 4") || answer.starts_with("SIP/2.0 5"), "{answer}");
    server.closed();
    assert_eq!(get(&server.transports.counters().malformed), 1);
}

#[test]
fn who_does_not_read_is_disconnected() {
    let limits = Limits { write_queue: 100_000, ..Limits::default() };
    let mut server = Office::start(Config { limits, ..tcp() });
    let mut phone = connect(server.address(Transport::Tcp));
    phone.write_all(message(1).as_bytes()).expect("sent");
    let (flow, _) = server.received();
    let big = Bytes::from(vec![b'x'; 50_000]);
    while get(&server.transports.counters().slow_readers) == 0 {
        server.transports.send(flow, big.clone());
        std::thread::yield_now();
    }
    loop {
        match server.next() {
            Input::ConnectionClosed(connection) => {
                break assert_eq!(Some(connection), flow.connection);
            }
            Input::SendFailed { flow: told } => assert_eq!(told, flow),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_busy_core_makes_streams_wait_and_loses_nothing() {
    let mut server = Office::with_queue(tcp(), 1);
    let mut phone = connect(server.address(Transport::Tcp));
    let writer = std::thread::spawn(move || {
        for number in 0..20_000 {
            phone.write_all(message(number).as_bytes()).expect("sent");
        }
        phone
    });
    for number in 0..20_000 {
        assert_eq!(server.received().1, message(number));
    }
    writer.join().expect("writer");
}

fn tls(directory: &std::path::Path) -> Config {
    let names = vec!["127.0.0.1".to_owned(), "box.example".to_owned()];
    let certificate = Certificate::SelfSigned { directory: directory.to_owned(), names };
    Config { tls: vec![any()], certificate: Some(certificate), ..Config::default() }
}

#[test]
fn tls_with_a_certificate_of_our_own() {
    let directory = tempfile::tempdir().expect("directory");
    let chain = directory.path().join("sip-certificate.pem");
    let mut server = Office::start(tls(directory.path()));
    let first = std::fs::read(&chain).expect("certificate");
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(directory.path().join("sip-key.pem")).expect("key").permissions()
        ) & 0o777,
        0o600
    );
    let flow = outgoing(Transport::Tls, server.address(Transport::Tls));

    let mut trusting =
        Office::start(Config { trusted_roots: Some(chain.clone()), verify_peers: true, ..Config::default() });
    trusting.transports.send(flow, Bytes::from(message(1)));
    let (back, bytes) = server.received();
    assert_eq!((back.transport, bytes), (Transport::Tls, Bytes::from(message(1))));
    server.transports.send(back, Bytes::from(message(2)));
    assert_eq!(trusting.received().1, message(2));

    let mut careful = Office::start(Config { verify_peers: true, ..Config::default() });
    careful.transports.send(flow, Bytes::from(message(3)));
    careful.closed();
    assert!(matches!(careful.next(), Input::SendFailed { .. }), "not signed by anybody it knows");

    let mut careless = Office::start(Config::default());
    careless.transports.send(flow, Bytes::from(message(4)));
    assert_eq!(server.received().1, message(4));
    assert!(careless.inputs.is_empty());
    careless.waiting.clear();

    drop(server);
    let again = Office::start(tls(directory.path()));
    assert_eq!(std::fs::read(&chain).expect("certificate"), first, "kept over a restart");
    drop(again);
}

fn upgrade(
    address: SocketAddr,
    scheme: &str,
    subprotocol: Option<&'static str>,
) -> tokio_tungstenite::tungstenite::http::Request<()> {
    let mut request = format!("{scheme}://{address}/").into_client_request().expect("request");
    if let Some(name) = subprotocol {
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(name));
    }
    request
}

#[test]
fn browsers_come_over_websocket() {
    let mut server = Office::start(tcp());
    let address = server.address(Transport::Tcp);
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
    let (mut socket, response) = client.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.expect("connect");
        tokio_tungstenite::client_async(upgrade(address, "ws", Some("xmpp, sip")), stream).await.expect("handshake")
    });
    assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "sip");
    client.block_on(socket.send(WsMessage::text(message(1)))).expect("sent");
    let (flow, bytes) = server.received();
    assert_eq!((flow.transport, bytes), (Transport::Ws, Bytes::from(message(1))));
    client.block_on(socket.send(WsMessage::binary(message(2)))).expect("sent");
    assert_eq!(server.received().1, message(2));
    server.transports.send(flow, Bytes::from(message(3)));
    server.transports.send(flow, Bytes::from_static(b"\xff\xfe"));
    assert_eq!(client.block_on(socket.next()).expect("open").expect("message"), WsMessage::text(message(3)));
    let raw = client.block_on(socket.next()).expect("open").expect("message");
    assert_eq!(raw, WsMessage::binary(Bytes::from_static(b"\xff\xfe")));
    client.block_on(socket.send(WsMessage::text("\r\n\r\n"))).expect("sent");
    assert_eq!(client.block_on(socket.next()).expect("open").expect("message"), WsMessage::text("\r\n"));
    client.block_on(socket.close(None)).expect("closed");
    assert_eq!(Some(server.closed()), flow.connection);

    let refused = client.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.expect("connect");
        tokio_tungstenite::client_async(upgrade(address, "ws", None), stream).await
    });
    assert!(matches!(refused, Err(WsError::Http(answer)) if answer.status() == 400));
}

#[test]
fn browsers_come_over_websocket_and_tls_on_the_same_port() {
    let directory = tempfile::tempdir().expect("directory");
    let mut server = Office::start(tls(directory.path()));
    let address = server.address(Transport::Tls);
    let connector = tls::connector(Some(&directory.path().join("sip-certificate.pem")), true).expect("connector");
    let client = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
    let (mut socket, _) = client.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.expect("connect");
        let name = tls::server_name(Some("box.example.".into()), address.ip()).expect("name");
        let stream = connector.connect(name, stream).await.expect("handshake");
        tokio_tungstenite::client_async(upgrade(address, "wss", Some("sip")), stream).await.expect("handshake")
    });
    client.block_on(socket.send(WsMessage::text(message(1)))).expect("sent");
    let (flow, bytes) = server.received();
    assert_eq!((flow.transport, bytes), (Transport::Wss, Bytes::from(message(1))));
    // One that is too long ends the connection.
    let _ = client.block_on(socket.send(WsMessage::text("x".repeat(70_000))));
    assert_eq!(Some(server.closed()), flow.connection);
}

#[test]
fn a_connection_that_the_web_server_upgraded_is_adopted() {
    let mut server = Office::start(Config::default());
    let (near, far) = tokio::io::duplex(100_000);
    let remote: SocketAddr = "192.0.2.9:4000".parse().expect("address");
    assert!(server.transports.adopt_websocket(near, any(), remote, true));
    let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
    let mut socket = server.runtime.block_on(tokio_tungstenite::WebSocketStream::from_raw_socket(far, role, None));
    server.runtime.block_on(socket.send(WsMessage::text(message(1)))).expect("sent");
    let (flow, _) = server.received();
    assert_eq!((flow.transport, flow.remote), (Transport::Wss, remote));
}

#[test]
fn numbers_are_resolved_at_once() {
    let mut server = Office::start(udp());
    server.transports.resolve(ResolveId(5), "192.0.2.1".into(), None, Some(Transport::Tcp), false);
    let Input::Resolved { id, targets } = server.next() else { panic!("not resolved") };
    assert_eq!((id, targets), (ResolveId(5), vec![(Transport::Tcp, "192.0.2.1:5060".parse().expect("address"))]));
}

#[test]
fn two_threads_may_send_at_once() {
    let server = Arc::new(Office::start(udp()).transports);
    let phone = UdpSocket::bind(any()).expect("socket");
    phone.set_read_timeout(Some(PATIENCE)).expect("time-out");
    let flow = outgoing(Transport::Udp, phone.local_addr().expect("address"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..50 {
                    server.send(flow, Bytes::from_static(b"hello"));
                }
                server.flush();
            });
        }
    });
    let mut buffer = [0; 10];
    for _ in 0..100 {
        assert_eq!(phone.recv(&mut buffer).expect("datagram"), 5);
    }
}

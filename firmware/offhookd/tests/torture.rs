//! The torture tests of RFC 4475 against the running box, over UDP and TCP: each message is sent as it is, its answer read from
//! the wire, and the box must go on serving the others.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod office;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use offhook_sip::message::framing::{Frame, StreamFramer};
use offhook_sip::message::{HeaderName, Limits, Message, Mode, ParseOptions, Via};
use office::Office;

/// How long an answer may take before the test gives up: far more than any answer needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A user or domain the box does not know, or who has not proven who they are: what a valid request of a stranger gets.
const STRANGER: &[u16] = &[401, 403, 404, 407];
/// The same for OPTIONS, which may also be answered (RFC 3261 §11.2).
const STRANGER_OPTIONS: &[u16] = &[200, 401, 403, 404, 407];
/// A method nobody knows (RFC 3261 §8.2.1; 501 by §21.5.2).
const UNKNOWN_METHOD: &[u16] = &[405, 501];
const REFUSED: &[u16] = &[400];
const NOTHING: &[u16] = &[];

/// A clause of RFC 4475: our own message for it, the answers that fit over UDP, and those over TCP where they differ.
struct Clause {
    section: &'static str,
    own: &'static str,
    udp: &'static [u16],
    tcp: &'static [u16],
}

const fn clause(section: &'static str, own: &'static str, answers: &'static [u16]) -> Clause {
    Clause { section, own, udp: answers, tcp: answers }
}

const TABLE: [Clause; 49] = [
    // The To tag names a dialog the box has not (RFC 3261 §12.2.2).
    clause("3.1.1.1", "valid-folded-and-compact", &[481]),
    clause("3.1.1.2", "valid-any-token", UNKNOWN_METHOD),
    clause("3.1.1.3", "valid-escapes", STRANGER),
    clause("3.1.1.4", "valid-escaped-nul", STRANGER),
    // The method is not REGISTER: an escape in a method is no escape.
    clause("3.1.1.5", "valid-percent-no-escape", UNKNOWN_METHOD),
    clause("3.1.1.6", "valid-no-space-before-bracket", STRANGER_OPTIONS),
    clause("3.1.1.7", "valid-long-values", STRANGER),
    // What follows in the datagram is not there. On a stream it is the next message: the first answer is for the first.
    clause("3.1.1.8", "valid-bytes-after-the-end", STRANGER),
    clause("3.1.1.9", "valid-user-with-parameter", STRANGER_OPTIONS),
    clause("3.1.1.10", "valid-any-transport", STRANGER_OPTIONS),
    // The box passes on no instant messages: 405, or 415 for the body.
    clause("3.1.1.11", "valid-binary-body", &[401, 403, 404, 405, 407, 415]),
    // Responses to requests that were never sent.
    clause("3.1.1.12", "valid-reason-in-any-script", NOTHING),
    clause("3.1.1.13", "valid-empty-reason", NOTHING),
    clause("3.1.2.1", "invalid-stray-separators", REFUSED),
    // On a stream the rest may still come.
    Clause { section: "3.1.2.2", own: "invalid-length-too-large", udp: REFUSED, tcp: NOTHING },
    clause("3.1.2.3", "invalid-length-negative", REFUSED),
    clause("3.1.2.4", "invalid-request-numbers", REFUSED),
    // "Implementations … should … discard": a response cannot be answered.
    clause("3.1.2.5", "invalid-response-numbers", NOTHING),
    clause("3.1.2.6", "invalid-open-quote", REFUSED),
    clause("3.1.2.7", "invalid-bracketed-uri", REFUSED),
    clause("3.1.2.8", "invalid-space-in-uri", REFUSED),
    clause("3.1.2.9", "invalid-spaces-in-start-line", REFUSED),
    clause("3.1.2.10", "invalid-space-after-version", REFUSED),
    clause("3.1.2.11", "invalid-headers-in-request-uri", REFUSED),
    clause("3.1.2.12", "invalid-date-zone", REFUSED),
    clause("3.1.2.13", "invalid-contact-needs-brackets", REFUSED),
    clause("3.1.2.14", "invalid-spaces-in-brackets", REFUSED),
    clause("3.1.2.15", "invalid-display-name", REFUSED),
    clause("3.1.2.16", "invalid-version", &[505]),
    clause("3.1.2.17", "invalid-cseq-method", REFUSED),
    clause("3.1.2.18", "invalid-cseq-unknown-method", &[400, 501]),
    clause("3.1.2.19", "invalid-status-code", NOTHING),
    // Taken by the rules of RFC 2543, and answered as usual.
    clause("3.2.1", "app-branch-cookie-alone", STRANGER_OPTIONS),
    clause("3.3.1", "app-missing-headers", REFUSED),
    clause("3.3.2", "app-unknown-scheme", &[416]),
    clause("3.3.3", "app-unfitting-scheme", &[416]),
    // A registrar may find out before or after it asks who it is.
    clause("3.3.4", "app-schemes-in-headers", &[400, 401, 403, 404]),
    clause("3.3.5", "app-require", &[420]),
    // With Accept.
    clause("3.3.6", "app-content-type", &[415]),
    // Credentials of an unknown scheme are none (RFC 3261 §22.2).
    clause("3.3.7", "app-auth-scheme", &[401]),
    clause("3.3.8", "app-repeated-headers", REFUSED),
    clause("3.3.9", "app-repeated-length", REFUSED),
    clause("3.3.10", "app-broadcast-via", NOTHING),
    // The box answers for itself; a proxy would have said 483.
    clause("3.3.11", "app-no-hops-left", &[200, 401, 404, 407, 483]),
    clause("3.3.12", "app-contact-parameter", STRANGER),
    clause("3.3.13", "app-contact-uri-parameter", STRANGER),
    clause("3.3.14", "app-contact-uri-header", STRANGER),
    clause("3.3.15", "app-accept", &[406]),
    // No Content-Length: the rest of the datagram is the body, on a stream nobody knows (RFC 3261 §18.3).
    Clause { section: "3.4.1", own: "valid-rfc2543", udp: STRANGER, tcp: REFUSED },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
}

/// A message of the set and what may come back.
struct Case {
    name: String,
    section: &'static str,
    bytes: Vec<u8>,
    udp: &'static [u16],
    tcp: &'static [u16],
}

impl Case {
    fn new(name: &str, clause: &'static Clause, path: &Path) -> Case {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Case { name: name.to_owned(), section: clause.section, bytes, udp: clause.udp, tcp: clause.tcp }
    }
}

/// What can be read of a request, however broken it is.
fn loosely(bytes: &[u8]) -> Option<Message> {
    let bytes = Bytes::copy_from_slice(bytes);
    Message::parse_datagram_with(bytes.clone(), &ParseOptions::lenient()).ok().or_else(|| Message::salvage(bytes))
}

/// Our own message for each clause.
fn own() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sip/tests/torture");
    TABLE.iter().map(|clause| Case::new(clause.own, clause, &folder.join(format!("{}.sip", clause.own)))).collect()
}

/// The RFC's own messages, where its data has been fetched beside the checkout.
fn of_the_rfc() -> Option<Vec<Case>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let mut folders = workspace.ancestors().skip(1).map(|parent| parent.join("shared/data/rfc4475"));
    let folder: PathBuf = folders.find(|folder| folder.join("index.json").is_file())?;
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let entries: Vec<serde_json::Value> = serde_json::from_str(&index).unwrap();
    let case = |entry: &serde_json::Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let clause = TABLE.iter().find(|clause| clause.section == text("section")).expect("a known clause");
        Case::new(text("name"), clause, &folder.join(text("file")))
    };
    Some(entries.iter().map(case).collect())
}

/// Answers come to the address seen, and the port of sent-by where the Via asks for no other (RFC 3261 §18.2.2, RFC 3581 §4).
/// Each message has an address of its own, where that port is free: then source and sent-by port are the same.
fn udp_socket(number: usize, request: Option<&Message>) -> UdpSocket {
    let via = request.and_then(|request| Via::parse_with(&request.header("Via")?, Mode::Lenient).ok());
    let port = via.and_then(|via| via.port).unwrap_or(5060);
    let address = Ipv4Addr::new(127, 44, 75, u8::try_from(number + 1).unwrap());
    let socket = UdpSocket::bind((address, port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// The next response on a datagram socket.
fn udp_answer(socket: &UdpSocket) -> std::io::Result<Message> {
    let mut buffer = [0; 65_535];
    let length = socket.recv(&mut buffer)?;
    Ok(Message::parse_datagram(Bytes::copy_from_slice(&buffer[..length])).expect("a well-formed answer"))
}

/// The next response on a connection; `None` when it ends or stays silent for as long as its timeout.
fn tcp_answer(stream: &mut TcpStream, framer: &mut StreamFramer) -> Option<Message> {
    let mut buffer = [0; 4096];
    loop {
        match framer.next_frame().expect("well-framed answers") {
            Some(Frame::Message(bytes)) => return Some(Message::parse_datagram(bytes).expect("a well-formed answer")),
            Some(_) => continue,
            None => {}
        }
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(length) => framer.push(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionReset) => return None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The box answers others, and has looked at all that was sent before.
fn still_answers(office: &Office, number: usize) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let local: SocketAddr = socket.local_addr().unwrap();
    let request = format!(
        "OPTIONS sip:127.0.0.1:{} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bKprobe{number};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:probe@127.0.0.1>;tag=p{number}\r\nTo: <sip:127.0.0.1>\r\nCall-ID: probe{number}-{}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n",
        office.sip,
        local.port(),
    );
    socket.send_to(request.as_bytes(), ("127.0.0.1", office.sip)).unwrap();
    let answer = udp_answer(&socket).unwrap_or_else(|error| panic!("the box is silent: {error}\n{}", office.log()));
    assert_eq!(answer.status(), 200);
}

/// Sends a message and gives its final answer, if any comes.
fn exchange(office: &Office, transport: Transport, number: usize, case: &Case, expected: &[u16]) -> Option<Message> {
    let request = loosely(&case.bytes);
    let answer = match transport {
        Transport::Udp => {
            let socket = udp_socket(number, request.as_ref());
            socket.send_to(&case.bytes, ("127.0.0.1", office.sip)).unwrap();
            if expected.is_empty() {
                still_answers(office, number);
                socket.set_nonblocking(true).unwrap();
            }
            let mut answers = std::iter::repeat_with(|| udp_answer(&socket).ok()).map_while(|answer| answer);
            answers.find(|answer| answer.status() >= 200)
        }
        Transport::Tcp => {
            let mut stream = TcpStream::connect(("127.0.0.1", office.sip)).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(&case.bytes).unwrap();
            if expected.is_empty() {
                // Nothing more will come: the box ends the connection too, after what it had to say.
                stream.shutdown(Shutdown::Write).unwrap();
            }
            let mut framer = StreamFramer::new(Limits::default());
            let mut answers =
                std::iter::repeat_with(|| tcp_answer(&mut stream, &mut framer)).map_while(|answer| answer);
            answers.find(|answer| answer.status() >= 200)
        }
    };
    still_answers(office, 1000 + number);
    answer
}

/// What every answer must have, and what its status promises.
fn check_answer(what: &str, request: &Message, answer: &Message) {
    answer.validate_response().unwrap_or_else(|error| panic!("{what}: {error}"));
    let same = |name: HeaderName| assert_eq!(answer.get(name), request.get(name), "{what}: {name:?}");
    same(HeaderName::CSeq);
    same(HeaderName::CallId);
    same(HeaderName::From);
    assert_eq!(
        answer.values(HeaderName::Via).count(),
        request.values(HeaderName::Via).count(),
        "{what}: every Via comes back"
    );
    assert!(answer.to().is_some_and(|to| to.tag().is_some()), "{what}: a To tag");
    match answer.status() {
        401 => {
            let challenges = answer.credentials(HeaderName::WwwAuthenticate);
            assert!(challenges.iter().any(|challenge| challenge.scheme.eq_ignore_ascii_case("Digest")), "{what}");
        }
        405 | 501 => assert!(answer.has(HeaderName::Allow), "{what}: Allow"),
        415 => assert!(answer.has(HeaderName::Accept), "{what}: Accept"),
        420 => {
            let unsupported: BTreeSet<_> = answer.values(HeaderName::Unsupported).collect();
            for tag in request.values(HeaderName::Require) {
                assert!(unsupported.contains(&tag), "{what}: Unsupported names {tag}");
            }
        }
        _ => {}
    }
}

/// Sends a whole set. Every answer is looked at before the test fails, so that all that is wrong is told at once.
fn run(name: &str, transport: Transport, cases: &[Case]) {
    let mut office = Office::open(name, "");
    let mut sent = BTreeSet::new();
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let expected = if transport == Transport::Udp { case.udp } else { case.tcp };
        let request = loosely(&case.bytes);
        // Some messages of the RFC have the same branch and sent-by: to one box they would be repetitions (RFC 3261 §17.2.3).
        let key = request.as_ref().and_then(|request| Some((request.header("Via")?.into_owned(), request.method())));
        if key.is_some_and(|key| !sent.insert(key)) {
            office.kill();
            office.start();
        }
        let what = format!("{} (RFC 4475 §{}, {transport:?})", case.name, case.section);
        let answer = exchange(&office, transport, number, case, expected);
        let status = answer.as_ref().map(Message::status);
        if !status.map_or(expected.is_empty(), |status| expected.contains(&status)) {
            wrong.push(format!("{what}: {status:?}, expected one of {expected:?}"));
        }
        // An answer repeats headers of its request: it can be no better than those.
        let request = Message::parse_datagram(Bytes::copy_from_slice(&case.bytes)).ok();
        if let (Some(answer), Some(request)) = (answer, request)
            && request.validate().is_ok()
        {
            check_answer(&what, &request, &answer);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    office.wait_for_quiet();
}

#[test]
fn our_messages_over_udp() {
    run("torture-udp", Transport::Udp, &own());
}

#[test]
fn our_messages_over_tcp() {
    run("torture-tcp", Transport::Tcp, &own());
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that has nothing to test says so")]
fn the_messages_of_the_rfc_over_udp_and_tcp() {
    let Some(cases) = of_the_rfc() else {
        println!("skipped: no shared/data/rfc4475 beside the checkout");
        return;
    };
    run("torture-rfc-udp", Transport::Udp, &cases);
    run("torture-rfc-tcp", Transport::Tcp, &cases);
}

#[test]
fn every_message_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sip/tests/torture");
    let files = std::fs::read_dir(folder).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let count = files.filter(|path| path.extension().is_some_and(|extension| extension == "sip")).count();
    assert_eq!(count, TABLE.len());
}

use super::*;
use crate::message::Message;

const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nCSeq: 1 OPTIONS\r\n\
    Content-Type: text/plain\r\nl : 5\r\n\r\nhello";

fn frames(framer: &mut StreamFramer) -> Vec<Frame> {
    std::iter::from_fn(|| framer.next_frame().unwrap()).collect()
}

#[test]
fn messages_in_any_pieces() {
    let mut stream = Vec::new();
    stream.extend_from_slice(b"\r\n\r\n");
    stream.extend_from_slice(OPTIONS);
    stream.extend_from_slice(OPTIONS);
    stream.extend_from_slice(b"\r\n");
    stream.extend_from_slice(OPTIONS);
    for size in [1, 2, 3, 5, 7, 64, 100, 1000] {
        let mut framer = StreamFramer::new(Limits::default());
        let mut messages = 0;
        for piece in stream.chunks(size) {
            framer.push(piece);
            for frame in frames(&mut framer) {
                if let Frame::Message(bytes) = frame {
                    assert_eq!(bytes, OPTIONS, "in pieces of {size}");
                    assert_eq!(Message::parse_datagram(bytes).unwrap().body(), b"hello");
                    messages += 1;
                }
            }
        }
        assert_eq!(messages, 3);
        assert!(!framer.is_incomplete());
    }
}

#[test]
fn keep_alives_are_told_apart() {
    let mut framer = StreamFramer::new(Limits::default());
    framer.push(b"\r\n\r\n");
    assert_eq!(frames(&mut framer), [Frame::Ping]);
    framer.push(b"\r\n");
    assert_eq!(frames(&mut framer), [Frame::Pong]);
    framer.push(OPTIONS);
    assert_eq!(frames(&mut framer).len(), 1);
    // A ping cut in two is still answered.
    framer.push(b"\r\n");
    assert_eq!(frames(&mut framer), [Frame::Pong]);
    framer.push(b"\r");
    assert_eq!(frames(&mut framer), []);
    framer.push(b"\n");
    assert_eq!(frames(&mut framer), [Frame::Ping]);
}

fn failure(bytes: &[u8]) -> FramingError {
    let mut framer = StreamFramer::new(Limits::default());
    framer.push(bytes);
    let error = framer.next_frame().unwrap_err();
    framer.push(OPTIONS);
    assert_eq!(framer.next_frame().unwrap_err(), error, "a failed stream stays failed");
    assert_eq!(framer.held(), 0);
    error
}

#[test]
fn what_ends_a_connection() {
    let start = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nCSeq: 1 OPTIONS\r\n";
    let with = |rest: &str| failure(format!("{start}{rest}").as_bytes());
    for (rest, status) in [
        ("\r\n", 400),
        ("Content-Length: 1\r\nContent-Length: 5\r\n\r\n", 400),
        ("Content-Length: -1\r\n\r\n", 400),
        ("Content-Length: 99999999999999999999\r\n\r\n", 400),
        ("Content-Length: 70000\r\n\r\n", 413),
        ("Content-Length: 0\n\nOPTIONS sip:x SIP/2.0\r\n\r\n", 400),
    ] {
        let error = with(rest);
        assert_eq!(error.error.status, status, "{rest:?}");
        assert!(Message::salvage(error.head.unwrap()).is_some(), "{rest:?} can be answered");
    }
    let endless = failure(&[b'x'; 65_537]);
    assert_eq!((endless.error.status, endless.head), (513, None));
}

#[test]
fn memory_stays_bounded_while_nothing_is_complete() {
    let mut framer = StreamFramer::new(Limits::default());
    let mut failed = false;
    for _ in 0..100_000 {
        framer.push(b"X: 1\r\n");
        failed |= framer.next_frame().is_err();
        assert!(framer.held() <= 65_536 + 6);
    }
    assert!(failed);
}

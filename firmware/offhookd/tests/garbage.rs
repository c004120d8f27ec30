//! A hostile network: the box stays small and keeps serving the others.

mod office;

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

use office::Office;
use office::sipp::{Run, Sipp, user};

/// The daemon's memory must stay below this.
const LIMIT_MB: f64 = 100.0;

/// A small deterministic generator: the same garbage each run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

fn calls_work(office: &Office) {
    let callee = office::free_port();
    office.register(&[1002], callee);
    let run = |scenario, users, port| Run {
        scenario,
        users,
        calls: 5,
        rate: 10,
        port,
        box_port: office.sip,
        transport: "u1",
    };
    let answering = Sipp::start(&office.directory, &run("answer.xml", &[], callee));
    let caller = [user(1001, 1002)];
    Sipp::start(&office.directory, &run("call.xml", &caller, office::free_port())).finish();
    answering.finish();
    office.wait_for_quiet();
}

#[test]
fn random_bytes_and_broken_messages_over_udp() {
    let office = Office::open("garbage-udp", "");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut noise = Noise(4711);
    let good =
        b"INVITE sip:1002@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n\
        From: <sip:1001@127.0.0.1>;tag=a\r\nTo: <sip:1002@127.0.0.1>\r\nCall-ID: g\r\nCSeq: 1 INVITE\r\n\
        Contact: <sip:1001@127.0.0.1:9>\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";
    for round in 0..20_000 {
        let bytes = if round % 2 == 0 {
            let n = 1 + (noise.next() % 1400) as usize;
            noise.bytes(n)
        } else {
            let mut copy = good.to_vec();
            for _ in 0..1 + noise.next() % 8 {
                let at = noise.next() as usize % copy.len();
                copy[at] = noise.next() as u8;
            }
            copy.truncate(1 + noise.next() as usize % copy.len());
            copy
        };
        let _ = socket.send_to(&bytes, ("127.0.0.1", office.sip));
    }
    calls_work(&office);
    assert!(office.resident_mb() < LIMIT_MB, "{} MB", office.resident_mb());
}

#[test]
fn half_messages_and_slow_senders_over_tcp() {
    let office = Office::open("garbage-tcp", "");
    let mut noise = Noise(42);
    let mut held = Vec::new();
    for i in 0..400 {
        // Beyond the limit of connections from one address the box may refuse: that is an answer too.
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", office.sip)) else { continue };
        let _ = match i % 4 {
            0 => stream.write_all(&noise.bytes(2000)),
            1 => stream.write_all(b"INVITE sip:1002@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP"),
            2 => stream.write_all(b"INVITE sip:1002@127.0.0.1 SIP/2.0\r\nContent-Length: 60000\r\n\r\nv=0"),
            _ => stream.write_all(b"INVITE sip:1002@127.0.0.1 SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        };
        held.push(stream);
    }
    // A sender without end of line or message.
    if let Ok(mut endless) = TcpStream::connect(("127.0.0.1", office.sip)) {
        let chunk = vec![b'a'; 65536];
        for _ in 0..64 {
            if endless.write_all(&chunk).is_err() {
                break;
            }
        }
        endless.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        let closed = endless.read_to_end(&mut rest);
        assert!(closed.is_ok() || closed.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset, "not closed");
    }
    calls_work(&office);
    assert!(office.resident_mb() < LIMIT_MB, "{} MB", office.resident_mb());
}

#[test]
fn a_hundred_thousand_registrations_of_unknown_users() {
    let office = Office::open("garbage-register", "");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    for i in 0..100_000 {
        let text = format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{i}\r\nMax-Forwards: 70\r\n\
             From: <sip:u{i}@127.0.0.1>;tag=a{i}\r\nTo: <sip:u{i}@127.0.0.1>\r\nCall-ID: r{i}\r\nCSeq: 1 REGISTER\r\n\
             Contact: <sip:u{i}@127.0.0.1:{port}>\r\nAuthorization: Digest username=\"u{i}\", realm=\"offhook.test\", nonce=\"x\", \
             uri=\"sip:127.0.0.1\", response=\"00000000000000000000000000000000\"\r\nContent-Length: 0\r\n\r\n"
        );
        let _ = socket.send_to(text.as_bytes(), ("127.0.0.1", office.sip));
    }
    calls_work(&office);
    assert!(office.resident_mb() < LIMIT_MB, "{} MB", office.resident_mb());
}

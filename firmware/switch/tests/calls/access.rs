//! Registration, digest, bans, requests outside calls, limits.

use crate::office::{BOX, Office, Site, user};
use offhook_sip::digest::client::{Client, Signed};
use offhook_sip::endpoint::{self as sip, Flow, Transport};
use offhook_sip::message::{Message, Method};
use offhook_switch::config::DigestAlgorithm;
use offhook_switch::exchange::{Input, Output, StoredBinding};

#[test]
fn a_phone_registers_and_leaves() {
    let mut office = Office::open(Site::new().phones(&[1001]).0, &["1001"]);
    assert_eq!(office.books.bindings["1001"], 1);
    assert_eq!(office.exchange.counters().bindings, 1);
    let now = office.now().instant;
    office.phones[0].register(now, 0);
    office.run();
    assert_eq!(office.books.bindings["1001"], 0);
    assert_eq!(office.exchange.counters().bindings, 0);
    office.close();
}

#[test]
fn a_registration_lapses() {
    let mut office = Office::open(Site::new().phones(&[1001]).0, &["1001"]);
    office.seconds(3700);
    assert_eq!(office.books.bindings["1001"], 0);
    office.close();
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same_and_are_banned() {
    let mut counts = Vec::new();
    for name in ["1001", "4711"] {
        let mut office = Office::open(Site::new().phones(&[1001]).0, &[]);
        let phone = office.add_phone(name);
        office.phones[phone].password = "wrong".into();
        let now = office.now().instant;
        office.phones[phone].register(now, 3600);
        office.run();
        assert_eq!(office.phones[phone].last_response, Some(401), "{name}");
        for _ in 0..40 {
            let now = office.now().instant;
            office.phones[phone].register(now, 3600);
            office.run();
            office.seconds(1);
        }
        let counters = office.exchange.counters();
        counts.push(counters.authentication_failures);
        assert!(counters.banned_messages > 0);
        // Nothing is heard from there, whatever it knows.
        office.phones[phone].password = "secret".into();
        let now = office.now().instant;
        office.phones[phone].register(now, 3600);
        office.run();
        assert_eq!(office.phones[phone].last_response, None);
        office.seconds(700);
        if name == "1001" {
            office.register(phone);
        }
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[0], 20);
}

#[test]
fn a_call_needs_the_password() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &["1001", "1002"]);
    office.phones[0].password = "wrong".into();
    office.dial(0, "1002");
    assert_eq!(office.phones[0].failed, [401]);
    assert!(office.phones[1].invites.is_empty());
    let books = office.close();
    assert!(books.calls.is_empty(), "no call, no record");
}

/// Sends a request written by hand, from an address of its own; returns the answer.
fn ask(office: &mut Office, method: &str, uri: &str, number: u32, credentials: &str) -> Message {
    let to = if method == "REGISTER" { "sip:1001@office.example" } else { uri };
    let request = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:1001@office.example>;tag=a\r\nTo: <{to}>\r\nCall-ID: by-hand-{number}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:1001@192.0.2.77:5060>\r\n{credentials}Content-Length: 0\r\n\r\n"
    );
    let remote = "192.0.2.77:5060".parse().unwrap();
    let flow = Flow { transport: Transport::Udp, local: BOX.parse().unwrap(), remote, connection: None };
    let now = office.now();
    office.exchange.handle(now, Input::Sip(sip::Input::Received { flow, bytes: request.into() }));
    let mut answer = None;
    while let Some(output) = office.exchange.poll_output() {
        if let Output::Sip(sip::Output::Send { flow, bytes }) = output
            && flow.remote == remote
        {
            answer = Message::parse_datagram(bytes).ok();
        }
    }
    answer.expect("an answer")
}

/// Answers the challenges of `response` for the URI `signed`.
fn credentials(response: &Message, method: &str, signed: &str) -> String {
    let mut client = Client::new();
    assert!(client.challenged(response));
    let what = Signed { method, uri: signed, body: b"" };
    let headers = client.authorize("1001", "secret", what, "chance");
    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// The same stored secrets serve either hash; what is not offered is not asked for, and a change holds at once.
#[test]
fn the_site_chooses_the_hash() {
    let (md5, sha256) = (DigestAlgorithm::Md5, DigestAlgorithm::Sha256);
    let mut office = Office::open(Site::new().phones(&[1001]).0, &["1001"]);
    for (number, offered) in [vec![sha256], vec![sha256, md5], vec![md5]].into_iter().enumerate() {
        let mut config = office.config.clone();
        config.sip.digest = offered.clone();
        office.input(Input::Config(config.into()));
        let number = 10 * u32::try_from(number).unwrap();
        let asked = ask(&mut office, "REGISTER", "sip:office.example", number, "");
        let challenges: Vec<_> = asked.header_values("WWW-Authenticate").collect();
        assert_eq!(challenges.len(), offered.len(), "{challenges:?}");
        for (challenge, algorithm) in challenges.iter().zip(&offered) {
            assert!(challenge.contains(&format!("algorithm={},", algorithm.name())), "{challenge}");
        }
        let proof = credentials(&asked, "REGISTER", "sip:office.example");
        assert!(proof.contains(&format!("algorithm={},", offered[0].name())), "the strongest: {proof}");
        assert_eq!(ask(&mut office, "REGISTER", "sip:office.example", number + 1, &proof).status(), 200);
        office.register(0);
    }
}

/// SIPp signs the server's name: only a site that says so takes it for a call.
#[test]
fn a_proof_for_the_server_is_none_for_a_number() {
    for (accepted, signed, status) in [
        (false, "sip:192.0.2.1:5060", 401),
        (false, "sip:1009@office.example", 401),
        (false, "sip:1002@192.0.2.1", 100),
        (true, "sip:192.0.2.1:5060", 100),
        (true, "sip:1009@office.example", 401),
    ] {
        let mut site = Site::new().phones(&[1001, 1002]).0;
        site.sip.accept_server_uri = accepted;
        let mut office = Office::open(site, &["1001", "1002"]);
        let called = "sip:1002@office.example";
        let asked = ask(&mut office, "INVITE", called, 1, "");
        assert_eq!(asked.status(), 401);
        let proof = credentials(&asked, "INVITE", signed);
        let answer = ask(&mut office, "INVITE", called, 2, &proof);
        assert_eq!(answer.status(), status, "{signed}");
    }
}

#[test]
fn who_is_registered_as_another_is_refused() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).0, &[]);
    let phone = office.add_phone("1001");
    let now = office.now().instant;
    office.phones[phone].register_as(now, "1002");
    office.run();
    assert_eq!(office.phones[phone].last_response, Some(403));
    office.close();
}

#[test]
fn requests_outside_calls() {
    let mut office = Office::open(Site::new().phones(&[1001]).0, &["1001"]);
    for (method, status) in [
        (Method::Options, 200),
        (Method::Subscribe, 489),
        (Method::Publish, 489),
        (Method::Message, 405),
        (Method::Other("WAVE".into()), 501),
    ] {
        let now = office.now().instant;
        office.phones[0].request(now, method.clone());
        office.run();
        assert_eq!(office.phones[0].last_response, Some(status), "{method:?}");
    }
    office.close();
}

#[test]
fn bindings_come_back_after_a_restart() {
    let site = Site::new().phones(&[1001, 1002]);
    let mut office = Office::open(site.0, &["1001"]);
    let now = office.now();
    let stored = StoredBinding {
        contact: "sip:1002@192.0.2.11:5060".into(),
        transport: "udp".into(),
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "192.0.2.11:5060".parse().unwrap(),
        path: Vec::new(),
        q: 1000,
        instance: None,
        reg_id: None,
        call_id: "x".into(),
        cseq: 1,
        user_agent: Some("Desk phone".into()),
        expires: now.wall + 600_000,
    };
    let past = StoredBinding { expires: now.wall - 1, ..stored.clone() };
    office.exchange.restore_bindings(now, "1002", vec![past, stored]);
    assert_eq!(office.exchange.counters().bindings, 2);
    office.add_phone("1002");
    office.run();
    office.dial(0, "1002");
    office.answer(1);
    office.hang_up(0);
    office.seconds(600);
    assert_eq!(office.exchange.counters().bindings, 1);
    office.close();
}

#[test]
fn too_many_calls_get_503() {
    let mut site = Site::new().phones(&[1001, 1002, 1003]);
    site.0.limits.calls = 1;
    let mut office = Office::open(site.0, &["1001", "1002", "1003"]);
    office.dial(0, "1002");
    office.dial(2, "1002");
    assert_eq!(office.phones[2].failed, [503]);
    assert_eq!(office.exchange.counters().overload_refusals, 1);
    office.answer(1);
    office.hang_up(0);
    office.close();
}

#[test]
fn no_rtp_port_left_gets_503() {
    let mut site = Site::new().phones(&[1001, 1002, 1003]);
    site.0.network.rtp_last = site.0.network.rtp_first + 11;
    let mut office = Office::open(site.0, &["1001", "1002", "1003"]);
    office.dial(0, "1002");
    office.answer(1);
    office.dial(2, "1001");
    assert_eq!(office.phones[2].failed, [503]);
    office.hang_up(0);
    office.close();
}

#[test]
fn a_user_that_is_taken_out_of_the_configuration() {
    let mut office = Office::open(Site::new().phones(&[1001, 1002]).set(1201, 1).0, &["1001", "1002"]);
    office.dial(0, "1002");
    office.answer(1);
    let mut config = office.config.clone();
    config.users.remove(&user(1002));
    config.lines.clear();
    office.input(Input::Config(config.into()));
    assert_eq!(office.books.bridge().len(), 2, "the call goes on");
    office.hang_up(0);
    office.dial(0, "1002");
    assert_eq!(office.phones[0].failed, [404]);
    office.close();
}

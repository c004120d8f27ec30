//! Registration, digest, bans, requests outside calls, limits.

use crate::office::{Office, Site, user};
use offhook_sip::message::Method;
use offhook_switch::exchange::{Input, StoredBinding};

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

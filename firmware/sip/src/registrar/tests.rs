//! The rules of RFC 3261 §10.3, RFC 3327, RFC 5626 and RFC 5627, in virtual time.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::endpoint::{ConnectionId, Transport};
use crate::message::Message;

const INSTANCE: &str = "+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";

struct Office {
    registrar: Registrar,
    now: Instant,
    flow: Flow,
}

impl Office {
    fn new() -> Office {
        #[expect(clippy::disallowed_methods, reason = "an epoch for virtual time")]
        let now = Instant::now();
        Office { registrar: Registrar::with_key(RegistrarConfig::default(), [9; 32]), now, flow: udp() }
    }

    /// Sends a REGISTER with these header lines.
    fn send(&mut self, call_id: &str, cseq: u32, lines: &[&str]) -> Outcome {
        let mut text = format!(
            "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK1\r\n\
             From: <sip:1001@pbx.example>;tag=a\r\nTo: <sip:1001@pbx.example>\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n"
        );
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        let message = Message::parse_datagram(Bytes::from(text)).expect("valid");
        self.registrar.register(self.now, "1001", &message, self.flow)
    }

    fn contacts(&self) -> Vec<&str> {
        self.registrar.bindings("1001").iter().map(|binding| binding.contact.text.as_str()).collect()
    }
}

fn udp() -> Flow {
    Flow {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().expect("address"),
        remote: "192.0.2.4:5060".parse().expect("address"),
        connection: None,
    }
}

fn tcp(connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection: Some(ConnectionId(connection)), ..udp() }
}

fn values<'a>(outcome: &'a Outcome, name: &str) -> Vec<&'a str> {
    outcome.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}

#[test]
fn phones_are_added_refreshed_queried_and_removed() {
    let mut office = Office::new();
    let outcome = office.send("a", 1, &["Contact: <sip:1001@192.0.2.4:5060>;q=0.5", "Expires: 600", "User-Agent: P"]);
    assert_eq!((outcome.status, outcome.changed), (200, true));
    assert_eq!(values(&outcome, "Contact"), ["<sip:1001@192.0.2.4:5060>;expires=600;q=0.500"]);
    assert_eq!(office.registrar.bindings("1001")[0].user_agent.as_deref(), Some("P"));

    office.send("b", 1, &["Contact: <sip:1001@192.0.2.5>;expires=120"]);
    assert_eq!(office.contacts(), ["sip:1001@192.0.2.5", "sip:1001@192.0.2.4:5060"], "highest q first");
    office.now += Duration::from_secs(60);
    let query = office.send("c", 1, &[]);
    assert_eq!((query.status, query.changed), (200, false));
    assert_eq!(
        values(&query, "Contact"),
        ["<sip:1001@192.0.2.5>;expires=60", "<sip:1001@192.0.2.4:5060>;expires=540;q=0.500"]
    );
    office.send("a", 2, &["Contact: <sip:1001@192.0.2.4:5060>"]);
    assert_eq!(office.contacts()[0], "sip:1001@192.0.2.4:5060", "newest first within one q");
    office.send("a", 3, &["m: <sip:1001@192.0.2.4:5060>;expires=0"]);
    assert_eq!(office.contacts(), ["sip:1001@192.0.2.5"]);
    assert_eq!(office.send("z", 1, &["Contact: *", "Expires: 0"]).status, 200);
    assert!(office.contacts().is_empty());
    assert_eq!(office.registrar.next_expiry(), None);
}

#[test]
fn expiry_has_limits_and_an_ordered_queue() {
    let mut office = Office::new();
    let short = office.send("a", 1, &["Contact: <sip:a@192.0.2.4>", "Expires: 59"]);
    assert_eq!((short.status, short.changed), (423, false));
    assert_eq!(values(&short, "Min-Expires"), ["60"]);
    for (written, granted) in [("60", 60), ("99999999999999999999", 3600), ("nonsense", 3600), ("7200", 3600)] {
        let expires = format!("Expires: {written}");
        let outcome = office.send(written, 1, &["Contact: <sip:a@192.0.2.4>", &expires]);
        assert_eq!(values(&outcome, "Contact"), [format!("<sip:a@192.0.2.4>;expires={granted}")]);
    }
    office.send("b", 1, &["Contact: <sip:b@192.0.2.4>;expires=100"]);
    let first = office.now + Duration::from_secs(100);
    assert_eq!(office.registrar.next_expiry(), Some(first));
    assert!(office.registrar.expire(first - Duration::from_millis(1)).is_empty());
    assert_eq!(office.registrar.expire(first), ["1001"]);
    assert_eq!(office.contacts(), ["sip:a@192.0.2.4"]);
    assert_eq!(office.registrar.expire(office.now + Duration::from_secs(3600)), ["1001"]);
    assert!(office.contacts().is_empty());
    assert_eq!(office.registrar.all().count(), 0);
}

#[test]
fn requests_out_of_order_change_nothing() {
    let mut office = Office::new();
    office.send("a", 5, &["Contact: <sip:a@192.0.2.4>, <sip:b@192.0.2.4>"]);
    for cseq in [4, 5] {
        let lines = ["Contact: <sip:new@192.0.2.4>, <sip:a@192.0.2.4>;expires=0"];
        assert_eq!(office.send("a", cseq, &lines).status, 500);
        assert_eq!(office.send("a", cseq, &["Contact: *", "Expires: 0"]).status, 500);
        assert_eq!(office.contacts().len(), 2, "all or nothing");
    }
    assert_eq!(office.send("other", 1, &["Contact: <sip:a@192.0.2.4>;expires=0"]).status, 200);
    assert_eq!(office.contacts(), ["sip:b@192.0.2.4"]);
    // The same contact twice in one request is no disorder.
    assert_eq!(office.send("a", 6, &["Contact: <sip:b@192.0.2.4>, <sip:B@192.0.2.4>, <sip:b@192.0.2.4>"]).status, 200);
    assert_eq!(office.contacts().len(), 2, "user parts differ by case");
}

#[test]
fn what_is_malformed_is_refused_whole() {
    let mut office = Office::new();
    office.send("a", 1, &["Contact: <sip:a@192.0.2.4>"]);
    for lines in [
        &["Contact: *"][..],
        &["Contact: *", "Expires: 1"],
        &["Contact: *;expires=0"],
        &["Contact: *, <sip:b@192.0.2.4>", "Expires: 0"],
        &["Contact: <tel:+33123456789>"],
        &["Contact: <mailto:a@b>"],
        &["Contact: <sip:b@192.0.2.4>, <sip:c"],
    ] {
        let outcome = office.send("b", 1, lines);
        assert_eq!((outcome.status, outcome.changed), (400, false), "{lines:?}");
    }
    let long = format!("Contact: <sip:{}@192.0.2.4>", "x".repeat(1100));
    assert_eq!(office.send("b", 1, &[&long]).status, 400);
    assert_eq!(office.contacts(), ["sip:a@192.0.2.4"]);
}

#[test]
fn bindings_are_bounded() {
    let mut office = Office::new();
    for number in 0..10 {
        let contact = format!("Contact: <sip:p{number}@192.0.2.4>");
        assert_eq!(office.send(&number.to_string(), 1, &[&contact]).status, 200);
    }
    let outcome = office.send("x", 1, &["Contact: <sip:one-too-many@192.0.2.4>"]);
    assert_eq!((outcome.status, outcome.changed), (403, false));
    let many = (0..11).map(|n| format!("<sip:{n}@192.0.2.4>")).collect::<Vec<_>>().join(", ");
    assert_eq!(office.send("y", 1, &[&format!("Contact: {many}")]).status, 403);
    assert_eq!(office.contacts().len(), 10);
}

#[test]
fn path_is_kept_and_told() {
    let mut office = Office::new();
    let lines = ["Contact: <sip:a@192.0.2.4>", "Path: <sip:p1;lr>, <sip:p2;lr>", "Supported: path"];
    let outcome = office.send("a", 1, &lines);
    assert_eq!(values(&outcome, "Path"), ["<sip:p1;lr>", "<sip:p2;lr>"]);
    assert_eq!(office.registrar.bindings("1001")[0].path, ["<sip:p1;lr>", "<sip:p2;lr>"]);
}

#[test]
fn flows_are_replaced_by_instance_and_reg_id() {
    let mut office = Office::new();
    let contact = |port: u16, reg_id: u32| format!("Contact: <sip:a@192.0.2.4:{port};ob>;reg-id={reg_id};{INSTANCE}");
    let supported = "Supported: path, outbound";
    office.flow = tcp(1);
    let outcome = office.send("a", 1, &[&contact(1000, 1), supported]);
    assert_eq!(values(&outcome, "Require"), ["outbound"]);
    assert!(values(&outcome, "Contact")[0].ends_with(&format!("{INSTANCE};reg-id=1")));
    office.flow = tcp(2);
    office.send("b", 1, &[&contact(2000, 2), supported]);
    assert_eq!(office.contacts().len(), 2, "two flows of one phone");
    office.flow = tcp(3);
    office.send("c", 1, &[&contact(3000, 1), supported]);
    assert_eq!(office.contacts(), ["sip:a@192.0.2.4:3000;ob", "sip:a@192.0.2.4:2000;ob"]);

    assert!(office.registrar.connection_closed(ConnectionId(1)).is_empty(), "replaced before");
    assert_eq!(office.registrar.connection_closed(ConnectionId(2)), ["1001"]);
    assert_eq!(office.contacts(), ["sip:a@192.0.2.4:3000;ob"]);

    let two = format!("{}, {}", contact(1, 1), contact(2, 2).replace("Contact: ", ""));
    assert_eq!(office.send("d", 1, &[&two, supported]).status, 400, "one flow per request");
    let via = "Via: SIP/2.0/UDP edge.example;branch=z9hG4bK2";
    assert_eq!(office.send("e", 1, &[&contact(4000, 1), supported, via]).status, 439);
    let path = "Path: <sip:edge.example;lr;ob>";
    assert_eq!(office.send("e", 1, &[&contact(4000, 1), supported, via, path]).status, 200);
    let ignored = office.send("f", 1, &["Contact: <sip:b@192.0.2.4>;reg-id=1", supported]);
    assert!(values(&ignored, "Require").is_empty(), "reg-id without instance");
}

#[test]
fn a_restarted_phone_replaces_itself() {
    let mut office = Office::new();
    let contact = |port: u16| format!("Contact: <sip:a@192.0.2.4:{port}>;{INSTANCE}");
    office.send("before", 70, &[&contact(1000)]);
    office.send("after", 1, &[&contact(2000)]);
    assert_eq!(office.contacts(), ["sip:a@192.0.2.4:2000"]);
}

#[test]
fn a_lost_connection_takes_what_cannot_be_called_back() {
    let mut office = Office::new();
    office.flow = tcp(1);
    office.send("a", 1, &["Contact: <sip:a@192.0.2.4:5070;transport=tcp>, <sip:behind-nat@10.0.0.4;transport=tcp>"]);
    assert_eq!(office.registrar.connection_closed(ConnectionId(1)), ["1001"]);
    assert_eq!(office.contacts(), ["sip:a@192.0.2.4:5070;transport=tcp"]);
    let flow = office.registrar.bindings("1001")[0].flow;
    assert_eq!((flow.connection, flow.remote), (None, "192.0.2.4:5070".parse().expect("address")));
}

#[test]
fn what_was_written_down_comes_back() {
    let mut office = Office::new();
    office.send("a", 1, &["Contact: <sip:a@192.0.2.4>;q=0.1, <sip:b@192.0.2.4>"]);
    office.flow = Flow { transport: Transport::Ws, ..tcp(7) };
    office.send("b", 1, &["Contact: <sip:x@y.invalid;transport=ws>"]);
    let written = office.registrar.bindings("1001").to_vec();
    let mut after = Registrar::new(RegistrarConfig::default());
    after.restore("1001", written);
    let contacts: Vec<&str> = after.bindings("1001").iter().map(|it| it.contact.text.as_str()).collect();
    assert_eq!(contacts, ["sip:b@192.0.2.4", "sip:a@192.0.2.4"]);
    assert!(after.next_expiry().is_some());
    assert!(after.remove("1001") && !after.remove("1001"));
    assert_eq!(after.next_expiry(), None);
}

#[test]
fn gruus_are_given_when_asked_for_and_lead_back() {
    let mut office = Office::new();
    let contact = format!("Contact: <sip:a@192.0.2.4>;{INSTANCE}");
    let outcome = office.send("a", 1, &[&contact]);
    assert!(!values(&outcome, "Contact")[0].contains("gruu"));
    let mut temporaries = Vec::new();
    for cseq in 2..20 {
        let outcome = office.send("a", cseq, &[&contact, "Supported: gruu"]);
        let value = values(&outcome, "Contact")[0].to_owned();
        let public = "pub-gruu=\"sip:1001@pbx.example;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"";
        assert!(value.contains(public), "{value}");
        let temporary = value.split("temp-gruu=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("temporary");
        assert!(!temporaries.iter().any(|known| known == temporary), "each refresh makes another");
        temporaries.push(temporary.to_owned());
    }
    let resolve = |registrar: &Registrar, text: &str| {
        let uri = Uri::parse(text).expect("URI");
        registrar.resolve_gruu(&uri).map(|(aor, binding)| (aor.to_owned(), binding.contact.text.clone()))
    };
    let expected = Some(("1001".to_owned(), "sip:a@192.0.2.4".to_owned()));
    let public = "sip:1001@pbx.example;gr=urn:uuid:F81D4FAE-7dec-11d0-a765-00a0c91e6bf6";
    assert_eq!(resolve(&office.registrar, public), expected);
    assert_eq!(resolve(&office.registrar, "sip:1001@pbx.example;gr=urn:uuid:other"), None);
    assert_eq!(resolve(&office.registrar, "sip:1001@pbx.example;gr"), None);
    assert_eq!(resolve(&office.registrar, "sip:1001@pbx.example"), None);
    assert_eq!(temporaries.iter().filter(|it| resolve(&office.registrar, it).is_some()).count(), 8, "bounded");
    let latest = temporaries.last().expect("some");
    assert_eq!(resolve(&office.registrar, latest), expected);

    // The latest survives a restart; none survives the end of the registration.
    let mut after = Registrar::with_key(RegistrarConfig::default(), [9; 32]);
    after.restore("1001", office.registrar.bindings("1001").to_vec());
    assert_eq!(resolve(&after, latest), expected);
    office.send("a", 30, &["Contact: *", "Expires: 0"]);
    assert_eq!(resolve(&office.registrar, latest), None);
}

#[test]
fn a_contact_written_otherwise_is_the_same_binding() {
    let mut office = Office::new();
    office.send("a", 1, &["Contact: <sip:%61lice@Host.Example;transport=TCP>"]);
    office.send("b", 1, &["Contact: <sip:alice@host.example;Transport=tcp;new=5>"]);
    assert_eq!(office.contacts(), ["sip:alice@host.example;Transport=tcp;new=5"]);
    for other in
        ["sip:alice@host.example", "sip:alice@host.example:5060;transport=tcp", "sip:Alice@host.example;transport=tcp"]
    {
        office.send(other, 1, &[&format!("Contact: <{other}>")]);
    }
    assert_eq!(office.contacts().len(), 4);
}

#[test]
fn many_extensions_cost_little() {
    let mut office = Office::new();
    let contact = Message::parse_datagram(Bytes::from_static(
        b"REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP p;branch=z9hG4bK1\r\nFrom: <sip:x@pbx>;tag=a\r\nTo: <sip:x@pbx>\r\n\
          Call-ID: c\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:x@192.0.2.4>\r\nContent-Length: 0\r\n\r\n",
    ))
    .expect("valid");
    for number in 0..20_000_u64 {
        let now = office.now + Duration::from_millis(number);
        let aor = number.to_string();
        assert_eq!(office.registrar.register(now, &aor, &contact, office.flow).status, 200);
        assert_eq!(office.registrar.bindings(&aor).len(), 1);
    }
    let middle = office.now + Duration::from_secs(3600) + Duration::from_millis(9_999);
    assert_eq!(office.registrar.expire(middle).len(), 10_000, "and no other");
    assert_eq!(office.registrar.all().count(), 10_000);
}

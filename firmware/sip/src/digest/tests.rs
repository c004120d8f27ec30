//! Vectors of the RFCs, and both sides against each other.

use std::time::{Duration, Instant};

use super::client::{Client, Signed};
use super::compute::{Inputs, Qop};
use super::params::Params;
use super::server::Request;
use super::*;

fn epoch() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "an epoch for virtual time")]
    Instant::now()
}

/// RFC 7616 §3.9.1: both algorithms over the same request.
#[test]
fn vectors_of_rfc_7616() {
    let secret = Secret::from_password("Mufasa", "http-auth@example.org", "Circle of Life");
    for (algorithm, expected) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let inputs = Inputs {
            algorithm,
            session: false,
            ha1: secret.ha1(algorithm),
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            nonce_count: "00000001",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            qop: Qop::Auth,
            method: "GET",
            uri: "/dir/index.html",
        };
        assert_eq!(inputs.response(), expected);
    }
}

/// RFC 2617 §3.5, and the same without qop as RFC 2069 computes it (erratum 749 of RFC 2069).
#[test]
fn vectors_of_rfc_2617_and_2069() {
    let secret = Secret::from_password("Mufasa", "testrealm@host.com", "Circle Of Life");
    assert_eq!(secret.md5.0, "939e7578ed9e3c518a452acee763bce9");
    let inputs = |qop| Inputs {
        algorithm: Algorithm::Md5,
        session: false,
        ha1: &secret.md5,
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        nonce_count: "00000001",
        cnonce: "0a4f113b",
        qop,
        method: "GET",
        uri: "/dir/index.html",
    };
    assert_eq!(inputs(Qop::Auth).response(), "6629fae49393a05397450978507c4ef1");
    assert_eq!(inputs(Qop::None).response(), "670fd8c2df070c60b045671b8b24ff02");
    let secret = Secret::from_password("Mufasa", "testrealm@host.com", "CircleOfLife");
    let old = Inputs { ha1: &secret.md5, ..inputs(Qop::None) };
    assert_eq!(old.response(), "1949323746fe6a43ef61f9606e7febea");
}

const PASSWORD: &str = "s\"3\\cret";

/// Strongest first, as RFC 8760 §2.4 wants it.
fn both() -> AuthenticatorConfig {
    AuthenticatorConfig { algorithms: vec![Algorithm::Sha256, Algorithm::Md5], ..Default::default() }
}

struct Peer {
    server: Authenticator,
    client: Client,
    now: Instant,
}

impl Peer {
    fn new(config: AuthenticatorConfig) -> Peer {
        let now = epoch();
        Peer { server: Authenticator::with_config("off\"hook", [3; 32], now, config), client: Client::new(), now }
    }

    fn verify(&mut self, credentials: &[String], uri: &str, body: &[u8]) -> Verdict {
        let request = Request { method: "REGISTER", uri, body, candidates: vec!["al\\ice".into()] };
        let lookup = |user: &str| (user == "al\\ice").then(|| Secret::from_password(user, "off\"hook", PASSWORD));
        self.server.check(self.now, &request, credentials, &lookup)
    }

    fn challenge(&mut self, edit: impl Fn(String) -> String) -> bool {
        let values: Vec<String> = self.server.challenges(self.now, false).into_iter().map(edit).collect();
        self.client.take(values.iter().map(|value| (Kind::Www, value.as_str())))
    }

    fn sign(&mut self, user: &str, password: &str, body: &[u8]) -> Vec<String> {
        let signed = Signed { method: "REGISTER", uri: "sip:pbx", body };
        self.client.authorize(user, password, signed, "c\"n").into_iter().map(|(_, value)| value).collect()
    }
}

#[test]
fn both_sides_agree_for_every_algorithm_and_protection() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        for session in ["", "-sess"] {
            for qop in ["\"auth\"", "\"auth-int\"", "\"x, auth-int\"", "\"\""] {
                let mut peer = Peer::new(AuthenticatorConfig { algorithms: vec![algorithm], ..Default::default() });
                let name = format!("algorithm={}", algorithm.name());
                assert!(
                    peer.challenge(|value| {
                        value.replace(&name, &(name.clone() + session)).replace("\"auth\"", qop)
                    })
                );
                let credentials = peer.sign("al\\ice", PASSWORD, b"body");
                let accepted = Verdict::Accepted("al\\ice".into());
                assert_eq!(peer.verify(&credentials, "sip:pbx", b"body"), accepted, "{credentials:?}");
                assert_eq!(peer.verify(&credentials, "sip:pbx", b"body"), Verdict::Stale, "replayed");
                let other_body = peer.sign("al\\ice", PASSWORD, b"body");
                let verdict = peer.verify(&other_body, "sip:pbx", b"changed");
                assert_eq!(verdict == Verdict::Refused, qop.contains("int"), "{verdict:?}");
            }
        }
    }
}

#[test]
fn the_strongest_challenge_is_answered_and_its_count_grows() {
    let mut peer = Peer::new(both());
    assert!(peer.challenge(|value| value));
    for count in 1..20 {
        let credentials = peer.sign("al\\ice", PASSWORD, b"");
        assert_eq!(credentials.len(), 1);
        assert!(credentials[0].contains("SHA-256"), "{credentials:?}");
        assert!(credentials[0].contains(&format!("nc={count:08x}")));
        assert_eq!(peer.verify(&credentials, "sip:pbx", b""), Verdict::Accepted("al\\ice".into()));
    }
}

#[test]
fn wrong_is_refused_and_old_is_stale() {
    let mut peer = Peer::new(both());
    assert_eq!(peer.verify(&[], "sip:pbx", b""), Verdict::Missing);
    let elsewhere = "Digest realm=\"other\", username=\"x\", nonce=\"y\", uri=\"z\", response=\"w\"".to_owned();
    assert_eq!(peer.verify(&[elsewhere], "sip:pbx", b""), Verdict::Missing);
    assert_eq!(peer.verify(&["Digest realm".into()], "sip:pbx", b""), Verdict::Refused);
    peer.challenge(|value| value);
    for (user, password) in [("al\\ice", "wrong"), ("bob", PASSWORD), ("", "")] {
        let credentials = peer.sign(user, password, b"");
        assert_eq!(peer.verify(&credentials, "sip:pbx", b""), Verdict::Refused);
    }
    let right = peer.sign("al\\ice", PASSWORD, b"");
    for (signed, actual, strict, lenient) in [
        ("sip:1002@pbx", "sip:1002@192.0.2.1:5060;user=phone", true, true),
        ("sip:pbx:5060", "sip:pbx", true, true),
        ("sip:pbx:5060", "sip:1002@pbx", false, true),
        ("sip:1002@pbx", "sip:0900@pbx", false, false),
        ("sip:1002@pbx", "sip:pbx", false, false),
    ] {
        assert_eq!(super::server::same_target(signed, actual, false), strict, "{signed} for {actual}");
        assert_eq!(super::server::same_target(signed, actual, true), lenient, "{signed} for {actual}, server's name");
    }
    peer.now += Duration::from_secs(301);
    assert_eq!(peer.verify(&right, "sip:pbx", b""), Verdict::Stale);
    // After a restart nonces of before are not ours: nobody has to type a password again.
    peer.server = Authenticator::with_config("off\"hook", [4; 32], peer.now, both());
    assert_eq!(peer.verify(&right, "sip:pbx", b""), Verdict::Stale);
}

#[test]
fn a_hashed_user_name_is_tolerated() {
    let mut peer = Peer::new(both());
    peer.challenge(|value| value);
    let hash = Algorithm::Sha256.hash(&[b"al\\ice", b"off\"hook"]);
    let credentials: Vec<String> = peer
        .sign("al\\ice", PASSWORD, b"")
        .into_iter()
        .map(|value| value.replace("username=\"al\\\\ice\"", &format!("username=\"{hash}\", userhash=true")))
        .collect();
    assert!(credentials[0].contains("userhash"));
    assert_eq!(peer.verify(&credentials, "sip:pbx", b""), Verdict::Accepted("al\\ice".into()));
}

#[test]
fn a_client_retries_once_after_a_wrong_password_and_a_few_times_when_stale() {
    let mut peer = Peer::new(both());
    assert!(peer.challenge(|value| value));
    peer.sign("al\\ice", "wrong", b"");
    assert!(!peer.challenge(|value| value), "wrong password");
    let mut client = Client::new();
    let stale = "Digest realm=\"r\", nonce=\"n\", stale=TRUE";
    let mut tries = 0;
    while client.take([(Kind::Proxy, stale)].into_iter()) && tries < 100 {
        let headers = client.authorize("u", "p", Signed { method: "INVITE", uri: "sip:x", body: b"" }, "c");
        assert_eq!(headers[0].0, "Proxy-Authorization");
        assert!(!headers[0].1.contains("cnonce") && !headers[0].1.contains("algorithm"), "RFC 2069 peer: {headers:?}");
        tries += 1;
    }
    assert_eq!(tries, 4);
    client.accepted();
    assert!(client.take([(Kind::Proxy, "Digest realm=\"r\", nonce=\"n2\"")].into_iter()));
}

#[test]
fn unknown_challenges_are_left_alone() {
    let mut client = Client::new();
    for value in [
        "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
        "Digest realm=\"r\", nonce=\"n\", qop=\"other\"",
        "Digest realm=\"r\"",
        "Bearer realm=\"r\"",
    ] {
        assert!(!client.take([(Kind::Www, value)].into_iter()), "{value}");
    }
    assert!(!client.is_challenged());
}

#[test]
fn challenges_are_well_formed_and_all_different() {
    let by_default = Authenticator::new("off\"hook", [1; 32], epoch()).challenges(epoch(), false);
    assert!(by_default.len() == 1 && by_default[0].contains("algorithm=MD5"), "what every client knows");
    let mut server = Authenticator::with_config("off\"hook", [1; 32], epoch(), both());
    let challenges = server.challenges(epoch(), true);
    assert_eq!(challenges.len(), 2);
    let read: Vec<Params> = challenges.iter().map(|value| Params::parse(value).expect("valid")).collect();
    assert_eq!(read[0].get("algorithm"), Some("SHA-256"));
    assert_eq!(read[1].get("algorithm"), Some("MD5"));
    assert_eq!(read[0].get("realm"), Some("off\"hook"));
    assert_eq!(read[0].get("stale"), Some("true"));
    assert_ne!(read[0].get("nonce"), read[1].get("nonce"));
}

proptest::proptest! {
    #[test]
    fn any_credentials_get_a_verdict(value in "(Digest )?[ -~]{0,200}", uri in "[ -~]{0,40}") {
        let mut peer = Peer::new(both());
        let verdict = peer.verify(std::slice::from_ref(&value), &uri, b"");
        proptest::prop_assert!(!matches!(verdict, Verdict::Accepted(_)));
        Client::new().take([(Kind::Www, value.as_str())].into_iter());
    }
}

#[test]
fn a_whole_request_is_verified() {
    let mut peer = Peer::new(both());
    let request = |credentials: &str| {
        let text = format!(
            "INVITE sip:0612@pbx:5060;transport=udp SIP/2.0\r\nVia: SIP/2.0/UDP p;branch=z9hG4bK1\r\n\
             From: <sip:alice@pbx>;tag=1\r\nTo: <sip:0612@pbx>\r\nCall-ID: c\r\nCSeq: 2 INVITE\r\n\
             Max-Forwards: 70\r\n{credentials}Content-Length: 4\r\n\r\nbody"
        );
        crate::message::Message::parse_datagram(text.into()).expect("valid")
    };
    let lookup = |user: &str| (user == "alice").then(|| Secret::from_password(user, "off\"hook", "p"));
    assert_eq!(peer.server.verify(peer.now, &request(""), &lookup), Verdict::Missing);
    let challenges = peer.server.challenges(peer.now, false);
    for kind in [Kind::Www, Kind::Proxy] {
        let mut client = Client::new();
        assert!(client.take(challenges.iter().map(|value| (kind, value.as_str()))));
        // Signed before a proxy on the way added the port.
        for (uri, expected) in [("sip:0612@pbx", Verdict::Accepted("alice".into())), ("sip:0613@pbx", Verdict::Refused)]
        {
            let signed = Signed { method: "INVITE", uri, body: b"body" };
            let headers = client.authorize("alice", "p", signed, &format!("{kind:?}"));
            let line = format!("{}: {}\r\n", headers[0].0, headers[0].1);
            let verdict = peer.server.verify(peer.now, &request(&line), &lookup);
            assert_eq!(verdict, if kind == Kind::Proxy && uri.contains("0612") { Verdict::Stale } else { expected });
        }
    }
}

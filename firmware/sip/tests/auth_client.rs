//! Challenges to our requests (RFC 3261 §22): answered once for each realm and nonce.
mod common;

use common::*;
use offhook_sip::endpoint::*;
use offhook_sip::message::Message;

fn respond(pair: &mut Pair, to: &Message, status: &str, more: &str) {
    let text = format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {};tag=t\nCall-ID: {}\nCSeq: {}\nContact: <sip:b@192.0.2.2>\n{more}Content-Length: 0\n\n",
        header(to, "Via"),
        header(to, "From"),
        header(to, "To"),
        to.call_id(),
        header(to, "CSeq")
    );
    pair.inject(Side::A, "192.0.2.2:5060", &text);
}

fn challenged(nonce: &str, stale: bool) -> String {
    let stale = if stale { ", stale=true" } else { "" };
    format!("WWW-Authenticate: Digest realm=\"here\", nonce=\"{nonce}\", qop=\"auth\", algorithm=MD5{stale}\n")
}

fn calling() -> Pair {
    let mut pair = Pair::new();
    pair.filter = Some(Box::new(|_, _| true));
    let credentials = Some(Credentials { username: "alice".into(), password: "secret".into() });
    let invite = Invite { credentials, ..pair.invite_to_b() };
    pair.a.endpoint.invite(pair.now, invite);
    pair.drain();
    pair
}

#[test]
fn the_invite_comes_again_with_credentials() {
    let mut pair = calling();
    let first = pair.last("A INVITE");
    respond(&mut pair, &first, "401 Unauthorized", &challenged("n1", false));
    assert_eq!(pair.count("A ACK"), 1);
    let second = pair.last("A INVITE");
    assert_eq!(second.cseq().expect("a CSeq").number, 2);
    assert_eq!(second.call_id(), first.call_id());
    assert_eq!(header(&second, "From"), header(&first, "From"));
    assert_ne!(header(&second, "Via"), header(&first, "Via"));
    let credentials = header(&second, "Authorization");
    assert!(credentials.contains("username=\"alice\"") && credentials.contains("nonce=\"n1\""), "{credentials}");
    assert!(pair.events(Side::A).is_empty());
    // A stale nonce is replaced; the ACK of the answer repeats the credentials (§22.1).
    respond(&mut pair, &second, "401 Unauthorized", &challenged("n2", true));
    let third = pair.last("A INVITE");
    assert!(header(&third, "Authorization").contains("nonce=\"n2\""));
    respond(&mut pair, &third, "200 OK", "");
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Answered { .. }]));
    assert!(header(&pair.last("A ACK"), "Authorization").contains("nonce=\"n2\""));
    assert_eq!(pair.last("A ACK").cseq().expect("a CSeq").number, 3);
    pair.run(std::time::Duration::from_secs(1));
    let sessions = pair.a.endpoint.sessions();
    assert_eq!(sessions, 1);
}

#[test]
fn a_wrong_password_is_not_tried_again() {
    let mut pair = calling();
    let first = pair.last("A INVITE");
    respond(&mut pair, &first, "401 Unauthorized", &challenged("n1", false));
    let second = pair.last("A INVITE");
    respond(&mut pair, &second, "401 Unauthorized", &challenged("n2", false));
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 401, .. }]));
    assert_eq!(pair.count("A INVITE"), 2);
    pair.quiet();
}

#[test]
fn a_proxy_asks_too() {
    let mut pair = calling();
    let first = pair.last("A INVITE");
    let proxy = challenged("p1", false).replace("WWW-Authenticate", "Proxy-Authenticate").replace("here", "there");
    respond(&mut pair, &first, "407 Proxy Authentication Required", &proxy);
    let second = pair.last("A INVITE");
    assert!(header(&second, "Proxy-Authorization").contains("nonce=\"p1\""));
    respond(&mut pair, &second, "401 Unauthorized", &challenged("n1", false));
    let third = pair.last("A INVITE");
    assert!(header(&third, "Authorization").contains("nonce=\"n1\""));
    assert!(header(&third, "Proxy-Authorization").contains("nonce=\"p1\""));
    respond(&mut pair, &third, "486 Busy Here", "");
    assert!(matches!(pair.events(Side::A).as_slice(), [Event::Failed { status: 486, .. }]));
    pair.quiet();
}

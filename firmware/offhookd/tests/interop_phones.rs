//! The box with real phones: baresip and linphone, over UDP, TCP and TLS, both ways, with a tone measured at the far end.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test: what it measures is printed")]

mod office;

use std::path::PathBuf;

use office::Office;
use office::baresip::{Account, Baresip};
use office::linphone::{self, Linphone};
use office::sound;

/// The tone heard is the one that was said: frequency, level within 1 dB, no gap over 40 ms.
fn assert_heard(who: &str, path: impl Fn() -> Option<PathBuf>, hz: f64) {
    let recorded = || path().and_then(|path| sound::try_read_wav(&path));
    office::wait_until("three seconds of sound", || {
        recorded().is_some_and(|(samples, rate)| samples.len() > 3 * rate as usize)
    });
    let (samples, rate) = recorded().unwrap();
    let heard = sound::measure(&samples, rate);
    println!("{who}: {heard:?}");
    assert!((heard.hz - hz).abs() <= 2.0, "{heard:?}, wanted {hz} Hz");
    assert!((heard.level_dbfs - SAID_DBFS).abs() <= 1.0, "{heard:?}, wanted {SAID_DBFS} dB");
    assert!(heard.longest_gap_ms <= 40.0, "{heard:?}");
    assert!(heard.seconds >= 2.0, "{heard:?}");
    // Linphone stretches and shortens sound while it learns how much the network jitters.
    assert!(heard.breaks <= 2 || who == "linphone", "{heard:?}");
}

/// Linphone's file can be read when the call is over: waits for the sound only.
fn wait_for_sound(linphone: &Linphone) {
    office::wait_until("three seconds of sound", || {
        linphone.heard().and_then(|path| path.metadata().ok()).is_some_and(|file| file.len() > 3 * 16000 + 44)
    });
}

/// A sine with peak 8000.
const SAID_DBFS: f64 = -15.26;

fn port(office: &Office, transport: &str) -> u16 {
    if transport == "tls" { office.sips } else { office.sip }
}

/// Two phones, registered over `transport`; each calls the other once.
fn baresip_pair(transport: &str) {
    let office = Office::open(&format!("baresip-{transport}"), "");
    let port = port(&office, transport);
    let account =
        |extension, password, says_hz| Account { extension, password, port, transport, auto_answer: true, says_hz };
    let mut one = Baresip::start(&office.directory, &account("1001", "secret-1001", 440));
    let mut other = Baresip::start(&office.directory, &account("1002", "secret-1002", 880));
    for call in 1..=2 {
        let (caller, callee, callee_number) =
            if call == 1 { (&mut one, &mut other, "1002") } else { (&mut other, &mut one, "1001") };
        caller.dial(callee_number);
        caller.wait_for("CALL_ESTABLISHED");
        callee.wait_for("CALL_ESTABLISHED");
        assert_heard("1002", || if call == 1 { callee.heard() } else { caller.heard() }, 440.0);
        assert_heard("1001", || if call == 1 { caller.heard() } else { callee.heard() }, 880.0);
        callee.hang_up();
        caller.wait_for("CALL_CLOSED");
        callee.wait_for("CALL_CLOSED");
        office.wait_for_quiet();
        assert_eq!(office.calls().len(), call);
        caller.forget();
        callee.forget();
    }
}

#[test]
fn baresip_over_udp() {
    baresip_pair("udp");
}

#[test]
fn baresip_over_tcp() {
    baresip_pair("tcp");
}

#[test]
fn baresip_over_tls() {
    baresip_pair("tls");
}

/// A phone with one wide-band codec and one with another: each says its tone, and the other hears it at its level.
fn baresip_codecs(one_speaks: &str, other_speaks: &str) {
    let office = Office::open(&format!("baresip-{}-{}", &one_speaks[..4], &other_speaks[..4]), "");
    let account = |extension, password, says_hz| Account {
        extension,
        password,
        port: office.sip,
        transport: "udp",
        auto_answer: true,
        says_hz,
    };
    let mut one = Baresip::speaking(&office.directory, &account("1001", "secret-1001", 440), one_speaks);
    let mut other = Baresip::speaking(&office.directory, &account("1002", "secret-1002", 880), other_speaks);
    one.dial("1002");
    one.wait_for("CALL_ESTABLISHED");
    other.wait_for("CALL_ESTABLISHED");
    assert_heard("1002", || other.heard(), 440.0);
    assert_heard("1001", || one.heard(), 880.0);
    other.hang_up();
    one.wait_for("CALL_CLOSED");
    other.wait_for("CALL_CLOSED");
    office.wait_for_quiet();
}

#[test]
fn baresip_with_g722() {
    baresip_codecs("G722/16000/1", "G722/16000/1");
}

#[test]
fn baresip_with_opus() {
    baresip_codecs("opus/48000/2", "opus/48000/2");
}

#[test]
fn baresip_with_opus_and_one_with_g722() {
    baresip_codecs("opus/48000/2", "G722/16000/1");
}

#[test]
fn baresip_with_g711_and_one_with_opus() {
    baresip_codecs("PCMA/8000/1", "opus/48000/2");
}

fn linphone_and_baresip(transport: &str) {
    let office = Office::open(&format!("linphone-{transport}"), "");
    let account = linphone::Account {
        extension: "1003",
        password: "secret-1003",
        port: port(&office, transport),
        transport,
        says_hz: 610,
    };
    let mut linphone = Linphone::start(&office.directory, &account);
    let account = Account {
        extension: "1004",
        password: "secret-1004",
        port: office.sip,
        transport: "udp",
        auto_answer: true,
        says_hz: 880,
    };
    let mut baresip = Baresip::start(&office.directory, &account);
    // To linphone …
    baresip.dial("1003");
    baresip.wait_for("CALL_ESTABLISHED");
    assert_heard("baresip", || baresip.heard(), 610.0);
    wait_for_sound(&linphone);
    baresip.hang_up();
    baresip.wait_for("CALL_CLOSED");
    linphone.wait_for_end_of(1);
    office.wait_for_quiet();
    assert_heard("linphone", || linphone.heard(), 880.0);
    baresip.forget();
    linphone.forget();
    // … and from it.
    linphone.say("call 1004");
    baresip.wait_for("CALL_ESTABLISHED");
    assert_heard("baresip", || baresip.heard(), 610.0);
    wait_for_sound(&linphone);
    linphone.say("terminate");
    baresip.wait_for("CALL_CLOSED");
    linphone.wait_for_end_of(2);
    office.wait_for_quiet();
    assert_heard("linphone", || linphone.heard(), 880.0);
    assert_eq!(office.calls().len(), 2);
}

#[test]
fn linphone_over_udp() {
    linphone_and_baresip("udp");
}

#[test]
fn linphone_over_tcp() {
    linphone_and_baresip("tcp");
}

#[test]
fn linphone_over_tls() {
    linphone_and_baresip("tls");
}

/// Where the site asks for SHA-256 (RFC 8760), alone or before MD5, a phone that knows it registers and calls with it.
#[test]
fn linphone_proves_itself_with_sha_256() {
    for (name, offered) in [("alone", "\"SHA-256\""), ("first", "\"SHA-256\", \"MD5\"")] {
        let office = Office::open(&format!("linphone-sha256-{name}"), &format!("[sip]\ndigest = [{offered}]\n"));
        let mut linphone = Linphone::start(
            &office.directory,
            &linphone::Account {
                extension: "1003",
                password: "secret-1003",
                port: office.sip,
                transport: "tcp",
                says_hz: 610,
            },
        );
        linphone.say("call 7000");
        office::wait_until("the announcement to answer", || {
            office.calls().iter().any(|call| !call["answered"].is_null())
        });
        linphone.say("terminate");
        office.wait_for_quiet();
        assert!(linphone.sent().contains("algorithm=SHA-256"), "it did not use SHA-256");
    }
}

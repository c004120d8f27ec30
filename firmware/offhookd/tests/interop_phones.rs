//! The box with real phones: baresip and linphone, over UDP, TCP and TLS, both ways, with a tone measured at the far end.

mod office;

use office::Office;
use office::baresip::{Account, Baresip};
use office::linphone::Linphone;
use office::sound;

/// The tone heard is the one that was said: frequency, level within 1 dB, no gap over 40 ms.
fn assert_heard(path: &std::path::Path, hz: f64, said_dbfs: f64) {
    office::wait_until("two seconds of sound", || {
        path.exists() && {
            let (samples, rate) = sound::read_wav(path);
            samples.len() > 2 * rate as usize
        }
    });
    let (samples, rate) = sound::read_wav(path);
    let heard = sound::measure(&samples, rate);
    assert!((heard.hz - hz).abs() <= 2.0, "{heard:?}, wanted {hz} Hz");
    assert!((heard.level_dbfs - said_dbfs).abs() <= 1.0, "{heard:?}, wanted {said_dbfs} dB");
    assert!(heard.longest_gap_ms <= 40.0, "{heard:?}");
    assert!(heard.seconds >= 1.0, "{heard:?}");
}

/// A sine with peak 8000.
const SAID_DBFS: f64 = -15.26;

fn baresip_pair(transport: &str) {
    let office = Office::open(&format!("baresip-{transport}"), "");
    let port = if transport == "tls" { office.sips } else { office.sip };
    let account = |extension, password, says_hz, auto_answer| Account {
        extension,
        password,
        port,
        transport,
        auto_answer,
        says_hz,
    };
    let mut callee = Baresip::start(&office.directory, &account("1002", "secret-1002", 880, true));
    let mut caller = Baresip::start(&office.directory, &account("1001", "secret-1001", 440, false));
    caller.dial("1002");
    caller.wait_for("CALL_ESTABLISHED");
    callee.wait_for("CALL_ESTABLISHED");
    assert_heard(&callee.heard(), 440.0, SAID_DBFS);
    assert_heard(&caller.heard(), 880.0, SAID_DBFS);
    callee.hang_up();
    caller.wait_for("CALL_CLOSED");
    office.wait_for_quiet();
    assert_eq!(office.calls().len(), 1);
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

fn linphone_and_baresip(transport: &str) {
    let office = Office::open(&format!("linphone-{transport}"), "");
    let port = if transport == "tls" { office.sips } else { office.sip };
    let mut linphone = Linphone::start(&office.directory, "1003", "secret-1003", port, transport, 600, true);
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
    assert_heard(&baresip.heard(), 600.0, SAID_DBFS);
    baresip.hang_up();
    baresip.wait_for("CALL_CLOSED");
    office.wait_for_quiet();
    // … and from it.
    linphone.say("call 1004");
    baresip.wait_for("CALL_ESTABLISHED");
    assert_heard(&linphone.heard(), 880.0, SAID_DBFS);
    linphone.say("terminate");
    baresip.wait_for("CALL_CLOSED");
    office.wait_for_quiet();
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

//! Protected media with real phones: SDES with baresip and linphone both ways, a tone measured at the far end.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test: what it measures is printed")]

mod office;

use std::path::PathBuf;

use office::Office;
use office::baresip::{Account, Baresip};
use office::sound;

fn assert_heard(path: impl Fn() -> Option<PathBuf>, hz: f64) {
    let recorded = || path().and_then(|path| sound::try_read_wav(&path));
    office::wait_until("three seconds of sound", || {
        recorded().is_some_and(|(samples, rate)| samples.len() > 3 * rate as usize)
    });
    let (samples, rate) = recorded().unwrap();
    let heard = sound::measure(&samples, rate);
    println!("{heard:?}");
    assert!((heard.hz - hz).abs() <= 2.0 && (heard.level_dbfs + 15.26).abs() <= 1.0, "{heard:?}, wanted {hz} Hz");
    assert!(heard.seconds >= 2.0, "{heard:?}");
}

/// A telephone whose media must be encrypted.
const REQUIRED: &str = "[[device]]\nuser = \"1051\"\nlabel = \"Safe\"\nusername = \"safe\"\npassword = \"river-between-stones-7\"\n\
    encryption = \"required\"\n";

/// A telephone that may encrypt.
const OFFERED: &str = "[[device]]\nuser = \"1052\"\nlabel = \"Able\"\nusername = \"able\"\npassword = \"stones-under-water-7\"\n\
    encryption = \"offered\"\n";

fn account<'a>(extension: &'a str, password: &'a str, port: u16, transport: &'a str, says_hz: u32) -> Account<'a> {
    Account { extension, password, port, transport, auto_answer: true, says_hz }
}

/// Each calls the other once; the one that is protected says how.
fn both_ways(office: &Office, protected: &mut Baresip, number: &str, plain: &mut Baresip, suite: &str) {
    for call in 1..=2 {
        if call == 1 {
            protected.dial("1002");
        } else {
            plain.dial(number);
        }
        protected.wait_for("CALL_ESTABLISHED");
        plain.wait_for("CALL_ESTABLISHED");
        assert_heard(|| protected.heard(), 880.0);
        assert_heard(|| plain.heard(), 440.0);
        let enabled = format!("SRTP is Enabled (cryptosuite={suite}");
        assert_eq!(protected.log().matches(&enabled).count(), call, "{}", protected.log());
        protected.hang_up();
        protected.wait_for("CALL_CLOSED");
        plain.wait_for("CALL_CLOSED");
        office.wait_for_quiet();
        protected.forget();
        plain.forget();
    }
    assert!(!plain.log().contains("SRTP is Enabled"), "the other leg is not protected");
}

#[test]
fn a_phone_that_is_offered_encryption_takes_it() {
    let office = Office::open("secure-tls", OFFERED);
    let one = account("able", "stones-under-water-7", office.sips, "tls", 440);
    let mut one = Baresip::start_with(&office.directory, &one, ";mediaenc=srtp");
    let mut other = Baresip::start(&office.directory, &account("1002", "secret-1002", office.sip, "udp", 880));
    both_ways(&office, &mut one, "1052", &mut other, "A");
}

#[test]
fn a_phone_that_requires_encryption_and_one_that_has_none_speak_with_each_other() {
    let office = Office::open("secure-required", REQUIRED);
    let safe = account("safe", "river-between-stones-7", office.sip, "udp", 440);
    let mut safe = Baresip::start_with(&office.directory, &safe, ";mediaenc=srtp-mand");
    let mut other = Baresip::start(&office.directory, &account("1002", "secret-1002", office.sip, "udp", 880));
    both_ways(&office, &mut safe, "1051", &mut other, "A");
}

#[test]
fn a_phone_without_encryption_is_refused_where_it_is_required() {
    let office = Office::open("secure-refused", REQUIRED);
    let bare = account("safe", "river-between-stones-7", office.sip, "udp", 440);
    let mut bare = Baresip::start(&office.directory, &bare);
    bare.dial("7000");
    let closed = bare.wait_for("CALL_CLOSED");
    assert!(closed.to_string().contains("488"), "{closed}");
    office.wait_for_quiet();
}

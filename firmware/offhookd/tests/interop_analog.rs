//! The first story of the box: an analog phone calls a real SIP phone and is called by it, and both speak with the outside over
//! the telephone line. The analog lines are simulated and worked over the API as the web page does.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test: what it measures is printed")]

mod office;

use std::time::{SystemTime, UNIX_EPOCH};

use office::Office;
use office::analog::Line;
use office::baresip::{Account, Baresip};
use office::sound::{self, Heard};
use serde_json::Value;

/// Tones with no whole number of periods in 20 or 40 ms, see [`Heard::breaks`].
const PHONE_HZ: u32 = 610;
const BARESIP_HZ: u32 = 880;
const OUTSIDE_HZ: u32 = 740;
/// A sine with peak 8000.
const SAID_DBFS: f64 = -15.26;
/// -10 dBm0 as RMS: a sine of full scale has 3.14 dBm0 (ITU-T G.711) and an RMS of -3.01 dB.
const TONE_DBFS: f64 = -16.15;

const SITE: &str = r#"
[[line]]
port = 1
kind = "fxs"
label = "Reception"

[[line]]
port = 5
kind = "fxo"
label = "Outside"

[[user]]
extension = "1101"
name = "Zoe Martin"
line = 1

[[trunk]]
name = "Copper"
line = 5
max_calls = 1

[[route]]
pattern = "0X."
trunks = ["Copper"]

[[inbound]]
trunk = "Copper"
destination = "1101"
"#;

fn assert_heard(who: &str, heard: &Heard, hz: f64, level_dbfs: f64) {
    println!("{who}: {heard:?}");
    assert!((heard.hz - hz).abs() <= 2.0, "{who}: {heard:?}, wanted {hz} Hz");
    assert!((heard.level_dbfs - level_dbfs).abs() <= 1.0, "{who}: {heard:?}, wanted {level_dbfs} dB");
    assert!(heard.longest_gap_ms <= 40.0, "{who}: {heard:?}");
    assert!(heard.seconds >= 2.0, "{who}: {heard:?}");
    // A late frame is thrown away so that no delay stays.
    assert!(heard.breaks <= 2, "{who}: {heard:?}");
}

fn assert_baresip_hears(baresip: &Baresip, hz: u32) {
    let heard = || baresip.heard().and_then(|path| sound::try_read_wav(&path));
    office::wait_until("three seconds of sound", || {
        heard().is_some_and(|(samples, rate)| samples.len() > 3 * rate as usize)
    });
    let (samples, rate) = heard().unwrap();
    assert_heard("baresip", &sound::measure(&samples, rate), f64::from(hz), SAID_DBFS);
}

fn baresip(office: &Office, auto_answer: bool) -> Baresip {
    let account = Account {
        extension: "1004",
        password: "secret-1004",
        port: office.sip,
        transport: "udp",
        auto_answer,
        says_hz: BARESIP_HZ,
    };
    Baresip::start(&office.directory, &account)
}

fn wall() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The call on record, the newest; with its times within what the test saw.
fn on_record(office: &Office, count: usize, times: &[(&str, i64, i64)]) -> Value {
    office.wait_for_quiet();
    office::wait_until("the call on record", || {
        let calls = office.calls();
        calls.len() == count && !calls[0]["ended"].is_null()
    });
    let call = office.calls().remove(0);
    for (what, after, before) in times {
        let time = call[*what].as_i64().unwrap_or_else(|| panic!("{what}: {call}"));
        assert!((*after..=*before).contains(&time), "{what}: {after} <= {time} <= {before}: {call}");
    }
    if let (Some(answered), Some(ended)) = (call["answered"].as_i64(), call["ended"].as_i64()) {
        assert_eq!(call["talk_ms"], ended - answered, "{call}");
    }
    call
}

#[test]
fn an_analog_phone_calls_a_sip_phone() {
    let office = Office::open("analog-out", SITE);
    let mut baresip = baresip(&office, false);
    let phone = Line::open(&office, 1, PHONE_HZ);
    phone.wait_for_state("on_hook");

    let lifting = wall();
    phone.act("lift");
    phone.wait_for_state("dialling");
    assert_heard("dial tone", &phone.listen(440.0, 3), 440.0, TONE_DBFS);

    phone.dial("1004");
    phone.wait_for_state("waiting");
    phone.forget();
    baresip.wait_for("CALL_INCOMING");
    let rung = wall();
    // Ringback of France: 1.5 s of 440 Hz, 3.5 s of silence.
    let ringback = phone.listen(440.0, 6);
    println!("ringback: {ringback:?}");
    assert!((ringback.hz - 440.0).abs() <= 2.0, "{ringback:?}");
    assert!((ringback.level_dbfs - TONE_DBFS).abs() <= 1.0, "{ringback:?}");
    assert!((3400.0..=3600.0).contains(&ringback.longest_gap_ms), "{ringback:?}");

    let answering = wall();
    baresip.answer();
    baresip.wait_for("CALL_ESTABLISHED");
    phone.wait_for_state("talking");
    let answered = wall();
    assert_heard("phone", &phone.listen(f64::from(BARESIP_HZ), 3), f64::from(BARESIP_HZ), SAID_DBFS);
    assert_baresip_hears(&baresip, PHONE_HZ);
    // Keys in the conversation reach the SIP phone as events (RFC 4733).
    phone.dial("5#");
    for key in ["5", "#"] {
        assert_eq!(baresip.wait_for("CALL_DTMF_START")["param"], key);
    }

    let hanging_up = wall();
    phone.act("put_down");
    baresip.wait_for("CALL_CLOSED");
    phone.wait_for_state("on_hook");
    let hung_up = wall();
    let times = [("started", lifting, rung), ("answered", answering, answered), ("ended", hanging_up, hung_up)];
    let call = on_record(&office, 1, &times);
    assert_eq!((&call["caller"], &call["called"]), (&"1101".into(), &"1004".into()), "{call}");
    assert_eq!(call["ended_by_callee"], false, "{call}");
    let statuses: Vec<_> = call["legs"].as_array().unwrap().iter().map(|l| &l["status"]).collect();
    assert_eq!(statuses, ["OUT", "ANSWERED"], "{call}");
}

/// Hook flash: the SIP phone waits while the analog phone speaks with the outside.
#[test]
fn a_flash_holds_one_call_and_makes_another() {
    let office = Office::open("analog-flash", SITE);
    let mut baresip = baresip(&office, true);
    let phone = Line::open(&office, 1, PHONE_HZ);
    let outside = Line::open(&office, 5, OUTSIDE_HZ);
    phone.wait_for_state("on_hook");
    outside.wait_for_state("idle");
    phone.act("lift");
    phone.listen(440.0, 1);
    phone.dial("1004");
    baresip.wait_for("CALL_ESTABLISHED");
    phone.listen(f64::from(BARESIP_HZ), 1);

    phone.forget();
    phone.act("flash");
    phone.wait_for_state("dialling");
    phone.listen(440.0, 1);
    phone.dial("0145678901");
    outside.wait_for("the number dialled", |view| view["dialled"] == "0145678901");
    office::wait_until("the far phone to ring", || outside.try_act("answer"));
    assert_heard("phone", &phone.listen(f64::from(OUTSIDE_HZ), 3), f64::from(OUTSIDE_HZ), SAID_DBFS);
    assert_heard("outside", &outside.listen(f64::from(PHONE_HZ), 3), f64::from(PHONE_HZ), SAID_DBFS);

    // The second party leaves: back to the first.
    phone.forget();
    outside.act("hang_up");
    assert_heard("phone", &phone.listen(f64::from(BARESIP_HZ), 3), f64::from(BARESIP_HZ), SAID_DBFS);
    phone.act("put_down");
    baresip.wait_for("CALL_CLOSED");
    office.wait_for_quiet();
    assert_eq!(office.calls().len(), 2);
}

#[test]
fn a_sip_phone_calls_an_analog_phone() {
    let office = Office::open("analog-in", SITE);
    let mut baresip = baresip(&office, true);
    let phone = Line::open(&office, 1, PHONE_HZ);
    phone.wait_for_state("on_hook");

    let dialling = wall();
    baresip.dial("1101");
    phone.wait_for("that it rings", |view| view["ringing"] == true && view["state"] == "ringing");
    let rung = wall();
    phone.wait_for("the caller's number", |view| view["caller"]["number"] == "1004");

    let lifting = wall();
    phone.act("lift");
    baresip.wait_for("CALL_ESTABLISHED");
    phone.wait_for_state("talking");
    let answered = wall();
    phone.wait_for("that it has stopped ringing", |view| view["ringing"] == false);
    assert_heard("phone", &phone.listen(f64::from(BARESIP_HZ), 3), f64::from(BARESIP_HZ), SAID_DBFS);
    assert_baresip_hears(&baresip, PHONE_HZ);

    // The other side hangs up: busy tone until the receiver is down.
    let hanging_up = wall();
    phone.forget();
    baresip.hang_up();
    phone.wait_for_state("disconnected");
    let hung_up = wall();
    let busy = phone.listen(440.0, 3);
    println!("busy: {busy:?}");
    assert!((busy.level_dbfs - TONE_DBFS).abs() <= 1.0, "{busy:?}");
    assert!((450.0..=550.0).contains(&busy.longest_gap_ms), "{busy:?}");
    phone.act("put_down");
    phone.wait_for_state("on_hook");
    let times = [("started", dialling, rung), ("answered", lifting, answered), ("ended", hanging_up, hung_up)];
    let call = on_record(&office, 1, &times);
    assert_eq!((&call["caller"], &call["called"]), (&"1004".into(), &"1101".into()), "{call}");
}

#[test]
fn an_analog_phone_calls_outside() {
    let office = Office::open("analog-outside", SITE);
    let phone = Line::open(&office, 1, PHONE_HZ);
    let outside = Line::open(&office, 5, OUTSIDE_HZ);
    outside.wait_for_state("idle");

    let lifting = wall();
    phone.act("lift");
    phone.listen(440.0, 1);
    phone.dial("0145678901");
    outside.wait_for("the number dialled", |view| view["dialled"] == "0145678901");
    let dialled = wall();
    // The far phone rings when the telephone company has waited for more digits: before, it has nothing to answer.
    let mut answering = dialled;
    office::wait_until("the far phone to ring", || {
        answering = wall();
        outside.try_act("answer")
    });
    phone.wait_for_state("talking");
    assert_heard("phone", &phone.listen(f64::from(OUTSIDE_HZ), 3), f64::from(OUTSIDE_HZ), SAID_DBFS);
    assert_heard("outside", &outside.listen(f64::from(PHONE_HZ), 3), f64::from(PHONE_HZ), SAID_DBFS);

    let hanging_up = wall();
    outside.act("hang_up");
    phone.wait_for_state("disconnected");
    let hung_up = wall();
    phone.act("put_down");
    phone.wait_for_state("on_hook");
    outside.wait_for_state("idle");
    let times = [("started", lifting, dialled), ("answered", answering, hanging_up), ("ended", hanging_up, hung_up)];
    let call = on_record(&office, 1, &times);
    assert_eq!(call["direction"], "outbound", "{call}");
    assert_eq!(call["ended_by_callee"], true, "{call}");
}

#[test]
fn an_analog_phone_is_called_from_outside() {
    let office = Office::open("analog-from-outside", SITE);
    let phone = Line::open(&office, 1, PHONE_HZ);
    let outside = Line::open(&office, 5, OUTSIDE_HZ);
    outside.wait_for_state("idle");

    let ringing = wall();
    outside.ring("0612345678", "Lucie");
    phone.wait_for("that it rings", |view| view["ringing"] == true);
    let rung = wall();
    phone.wait_for("the caller", |view| view["caller"]["number"] == "0612345678" && view["caller"]["name"] == "Lucie");
    let lifting = wall();
    phone.act("lift");
    phone.wait_for_state("talking");
    outside.wait_for_state("talking");
    let answered = wall();
    assert_heard("phone", &phone.listen(f64::from(OUTSIDE_HZ), 3), f64::from(OUTSIDE_HZ), SAID_DBFS);
    assert_heard("outside", &outside.listen(f64::from(PHONE_HZ), 3), f64::from(PHONE_HZ), SAID_DBFS);

    let hanging_up = wall();
    phone.act("put_down");
    phone.wait_for_state("on_hook");
    outside.wait_for_state("idle");
    let hung_up = wall();
    let times = [("started", ringing, rung), ("answered", lifting, answered), ("ended", hanging_up, hung_up)];
    let call = on_record(&office, 1, &times);
    assert_eq!(call["direction"], "inbound", "{call}");
    assert_eq!(call["caller"], "0612345678", "{call}");
}

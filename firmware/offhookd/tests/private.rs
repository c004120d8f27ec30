//! Truth 5: no number, name, digit, password or address of a caller is logged. A day at the office with everything logged that can
//! be, in which each of these is a text found nowhere else; then the log is read. And what log lines of ours may say at all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod office;

use std::net::UdpSocket;
use std::path::{Path, PathBuf};

use office::Office;
use office::analog::Line;
use office::sipp::{Run, Sipp};
use serde_json::json;

const SITE: &str = r#"
[[line]]
port = 1
kind = "fxs"
label = "Wisteria room"
[[line]]
port = 5
kind = "fxo"
label = "Copper"

[[user]]
extension = "48215937"
name = "Zephyrine Quux"
line = 1
[[user]]
extension = "73904618"
name = "Barnabe Xylander"
password = "wisteria-lantern-9931"
[[user]]
extension = "90517264"
name = "Ottoline Vrba"
password = "thicket-marble-2207"

[[announcement]]
number = "6620417"
name = "Welcome"
hang_up_digit = "9"

[[trunk]]
name = "Copper"
line = 5
[[route]]
pattern = "0X."
trunks = ["Copper"]
[[inbound]]
trunk = "Copper"
destination = "48215937"
"#;

/// Nothing of this may be in the log.
const PRIVATE: [&str; 21] = [
    // Extensions, numbers dialled and shown, and parts of them as keys would leave them.
    "48215937",
    "73904618",
    "90517264",
    "6620417",
    "0612349876",
    "612349876",
    "0987612345",
    "0355519283",
    "57130246",
    // Names.
    "Zephyrine",
    "Quux",
    "Xylander",
    "Ottoline",
    "Hildegard",
    "Mallory",
    // Passwords, right and wrong.
    "wisteria-lantern",
    "thicket-marble",
    "wrong-guess-4471",
    // Addresses of callers; a host name only they use.
    "127.0.0.9",
    "127.0.0.8",
    "phone.quince.example",
];

fn sipp(office: &Office, scenario: &str, users: &[String], port: u16) -> Sipp {
    let run = Run { scenario, users, calls: 1, rate: 1, port, box_port: office.sip, transport: "u1" };
    Sipp::start(&office.directory, &run)
}

fn user(extension: &str, password: &str, more: impl std::fmt::Display) -> String {
    format!("{extension};[authentication username={extension} password={password}];{more}")
}

/// Sends a request from an address of its own and waits for the final answer.
fn ask(office: &Office, from: &str, request: &str) -> String {
    let socket = UdpSocket::bind((from, 0)).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let port = socket.local_addr().unwrap().port();
    let request = request.replace("ADDRESS", &format!("{from}:{port}")).replace('\n', "\r\n");
    let mut buffer = [0; 4096];
    loop {
        socket.send_to(request.as_bytes(), ("127.0.0.1", office.sip)).unwrap();
        let length = socket.recv(&mut buffer).unwrap();
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if !answer.starts_with("SIP/2.0 1") {
            return answer;
        }
    }
}

fn request(method: &str, to: &str, more: &str) -> String {
    format!(
        "{method} sip:{to}@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP ADDRESS;branch=z9hG4bK-{method}-{to};rport\nMax-Forwards: 70\n\
         From: \"Mallory\" <sip:57130246@phone.quince.example>;tag=m\nTo: <sip:{to}@127.0.0.1>\n\
         Call-ID: {method}{to}@phone.quince.example\nCSeq: 1 {method}\nContact: <sip:57130246@ADDRESS>\n{more}Content-Length: 0\n\n"
    )
}

/// Calls of every kind, with what goes wrong on such a day.
fn a_day(office: &Office) {
    let set = Line::open(office, 1, 0);
    let outside = Line::open(office, 5, 0);
    // Telephones register; one with a wrong password, one that nobody knows, one from elsewhere.
    let phone = office::free_port();
    sipp(office, "register.xml", &[user("73904618", "wisteria-lantern-9931", phone)], 0).finish();
    let wrong = "Authorization: Digest username=\"90517264\", realm=\"offhook.test\", nonce=\"x\", uri=\"sip:127.0.0.1\", \
                 response=\"wrong-guess-4471\", algorithm=MD5\n";
    assert!(ask(office, "127.0.0.9", &request("REGISTER", "90517264", wrong)).starts_with("SIP/2.0 401"));
    assert!(ask(office, "127.0.0.8", &request("INVITE", "0987612345", "")).starts_with("SIP/2.0 40"));
    assert!(ask(office, "127.0.0.8", &request("OPTIONS", "48215937", "")).starts_with("SIP/2.0 200"));
    // No answer comes to what is no SIP.
    let stranger = UdpSocket::bind("127.0.0.8:0").unwrap();
    stranger.send_to(b"NONSENSE Mallory 57130246\r\n\r\n", ("127.0.0.1", office.sip)).unwrap();
    // SIP to SIP.
    let answering = sipp(office, "answer.xml", &[], phone);
    sipp(office, "call.xml", &[user("90517264", "thicket-marble-2207", "73904618")], office::free_port()).finish();
    answering.finish();
    // The set: an announcement that ends by a key, then a number outside, with keys in the conversation.
    set.act("lift");
    set.wait_for_state("dialling");
    set.dial("6620417");
    set.wait_for_state("talking");
    set.dial("57130249");
    set.wait_for_state("disconnected");
    set.act("put_down");
    set.wait_for_state("on_hook");
    set.act("lift");
    set.wait_for_state("dialling");
    set.dial("0612349876");
    office::wait_until("the telephone company to answer", || outside.try_act("answer"));
    set.dial("57130246");
    set.act("put_down");
    set.wait_for_state("on_hook");
    outside.wait_for_state("idle");
    // From outside to the set, and a forward of it to outside.
    outside.ring("0355519283", "Hildegard");
    set.wait_for_state("ringing");
    set.act("lift");
    set.wait_for_state("talking");
    set.act("put_down");
    outside.wait_for_state("idle");
    let users = office.get("/api/v1/extensions");
    let person = users.as_array().unwrap().iter().find(|user| user["extension"] == "48215937").unwrap();
    let changed = json!({ "name": "Zephyrine Quux", "extension": "48215937", "forward_always": "0987612345" });
    let path = format!("/api/v1/extensions/{}", person["id"].as_str().unwrap());
    let (status, answer) = office.send("PUT", &path, &changed);
    assert!((200..300).contains(&status), "{status} {answer}");
    let calling = sipp(office, "call.xml", &[user("90517264", "thicket-marble-2207", "48215937")], office::free_port());
    office::wait_until("the telephone company to answer", || outside.try_act("answer"));
    calling.finish();
    office.wait_for_quiet();
    assert_eq!(office.calls().len(), 5);
}

#[test]
fn the_log_of_a_day_tells_nothing_of_callers() {
    let mut office = Office::talkative("private", SITE);
    a_day(&office);
    // A restart with what was stored, and one in the middle of a call.
    office.kill();
    office.start();
    let log = office.log();
    assert!(log.contains("the box is up"), "nothing was logged:\n{log}");
    for seen in ["Received", "Send", "Dtmf(…)", "SendDigit(…)", "CallerId(…, …)", "Leg(LegRecord"] {
        assert!(log.lines().any(|line| line.contains("TRACE") && line.contains(seen)), "{seen} is not in the log");
    }
    let found: Vec<&str> = log.lines().filter(|line| PRIVATE.iter().any(|text| line.contains(text))).collect();
    assert_eq!(found, Vec::<&str>::new());
}

/// Every `.rs` file below `firmware/*/src`.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|path| path.is_dir())
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// A log line takes plain fields that are listed here: whoever adds one says that it is nobody's number, name or address.
#[test]
fn log_lines_say_only_what_is_known_to_be_harmless() {
    const FIELDS: [&str; 18] = [
        "path",
        "recordings",
        "enhancement_db",
        "error",
        "calls",
        "milliseconds",
        "waiting",
        "step",
        "name",
        "stream",
        "bridge",
        "members",
        "port",
        "reason",
        "trunk",
        "line",
        "thread",
        "count",
    ];
    const MASKED: [&str; 2] = ["input", "output"];
    let mut seen = 0;
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        for level in ["trace!(", "debug!(", "info!(", "warn!(", "error!("] {
            for (at, _) in text.match_indices(level) {
                let before = text[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                seen += 1;
                let rest = &text[at + level.len()..];
                let arguments = &rest[..rest.find(");").or(rest.find(")\n")).unwrap_or(rest.len())];
                let line = text[..at].matches('\n').count() + 1;
                let place = format!("{}:{line}: {arguments}", path.display());
                let (fields, message) = arguments.split_once('"').unwrap_or((arguments, ""));
                assert!(!message.split('"').next().unwrap_or_default().contains('{'), "a value in the text: {place}");
                for field in fields.split(',').map(str::trim).filter(|field| !field.is_empty()) {
                    let name = field.split('=').next().unwrap_or_default().trim().trim_start_matches(['%', '?']);
                    // Inputs and outputs of call control mask these fields: the test above reads them.
                    let masked = MASKED.contains(&name);
                    assert!(masked || !field.contains('?'), "`Debug` in a log line: {place}");
                    assert!(
                        masked || FIELDS.contains(&name),
                        "the field `{name}` is not known to be harmless: {place}"
                    );
                }
            }
        }
    }
    assert!(seen > 20, "log lines are not found any more");
}

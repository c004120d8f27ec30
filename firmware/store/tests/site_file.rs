//! The site file: refused with lines, imported into an empty store only, and the same after a round trip.

mod support;

use offhook_store::site_file::{ImportError, check};
use offhook_store::{Conflict, Store, StoreError};
use offhook_switch::config::{CodecName, Config, DeviceKind};
use support::Directory;

const WHOLE: &str = r##"
[site]
name = "Cabinet Martin"
country = "FR"
time_zone = "Europe/Paris"
language = "fr"
realm = "cabinet.example"
emergency_numbers = ["112", "15"]

[listen]
udp = ["0.0.0.0:5060"]
http = ["0.0.0.0:80"]
rtp = "20000-20999"
advertised = "192.0.2.10"

[sip]
digest = ["SHA-256", "MD5"]
accept_server_uri = true
rtp_timeout = 0

[administrator]
password = "correct horse battery"
language = "en"

[[line]]
port = 1
kind = "fxs"
label = "Reception"
[[line]]
port = 5
kind = "fxo"
answer_supervision = "reversal"
cancel_echo = false
from_line_db = -3
to_line_db = 6
automatic_level = true

[[user]]
extension = "201"
name = "Zoé Martin"
password = "vache-qui-rit-77"
line = 1
ring_time = 20
forward_no_answer = "202"
[[user]]
extension = "202"
name = "Office"
do_not_disturb = true
outside_calls = false

[[device]]
user = "202"
label = "Desk phone"
username = "desk-202"
password = "une longue phrase"
encryption = "offered"
codecs = ["g722", "pcma", "opus"]
digits = "info_relay"

[[trunk]]
name = "Copper"
line = 5
[[trunk]]
name = "Carrier"
uri = "sip:carrier.example;transport=tcp"
username = "0123"
password = "p"
addresses = ["192.0.2.20", "2001:db8::20"]
register = true
max_calls = 4
encryption = "required"
codecs = ["pcma"]
digits = "tones"

[[route]]
pattern = "0X."
strip = 1
prepend = "+33"
trunks = ["Carrier", "Copper"]
[[route]]
pattern = "3X."
trunks = ["Copper"]

[[announcement]]
number = "300"
name = "Closed"
file = "closed.wav"
hang_up_digit = "#"

[[inbound]]
trunk = "Copper"
destination = "201"
[[inbound]]
number = "+33123456789"
destination = "300"

[[recording]]
caller = "2XX"
"##;

/// What must be the same after a round trip: all but the identifiers.
fn shape(config: &Config) -> serde_json::Value {
    let trunk = |id| config.trunks.get(&id).map(|trunk| trunk.name.clone());
    let mut devices: Vec<_> = config
        .devices
        .values()
        .map(|device| {
            let kind = match &device.kind {
                DeviceKind::Analog { line } => serde_json::json!(config.lines[line].port),
                kind => serde_json::json!(kind),
            };
            let extension = config.users[&device.user].extension.clone();
            (extension, device.label.clone(), kind.to_string(), device.sound.clone())
        })
        .collect();
    devices.sort_by(|a, b| (&a.0, &a.1, &a.2).cmp(&(&b.0, &b.1, &b.2)));
    let mut trunks: Vec<_> = config
        .trunks
        .values()
        .map(|trunk| match &trunk.kind {
            offhook_switch::config::TrunkKind::Line { line } => {
                (trunk.name.clone(), trunk.max_calls, config.lines[line].port.to_string())
            }
            kind => (trunk.name.clone(), trunk.max_calls, serde_json::json!(kind).to_string()),
        })
        .collect();
    trunks.sort();
    let routes: Vec<_> = config
        .routes
        .iter()
        .map(|route| {
            let trunks: Vec<_> = route.trunks.iter().map(|id| trunk(*id)).collect();
            (&route.pattern, route.strip, &route.prepend, trunks)
        })
        .collect();
    let inbound: Vec<_> =
        config.inbound.iter().map(|route| (route.trunk.and_then(trunk), &route.number, &route.destination)).collect();
    let mut users: Vec<_> = config.users.values().collect();
    users.sort_by_key(|user| user.extension.clone());
    let mut lines: Vec<_> = config.lines.values().collect();
    lines.sort_by_key(|line| line.port);
    serde_json::json!({
        "site": config.site, "users": users, "devices": devices, "lines": lines, "trunks": trunks, "routes": routes,
        "inbound": inbound, "announcements": config.announcements, "recording": config.recording, "network": config.network,
        "sip": config.sip,
    })
}

fn import(text: &str) -> (Directory, Store) {
    let directory = Directory::new();
    let store = Store::open(&directory.0).expect("opened");
    store.import_site_file(text).expect("imported");
    (directory, store)
}

#[test]
fn a_round_trip_keeps_everything() {
    let (_directory, first) = import(WHOLE);
    let config = first.load_config().expect("loaded");
    assert_eq!((config.users.len(), config.devices.len(), config.trunks.len(), config.lines.len()), (2, 3, 2, 2));
    let text = first.export_site_file().expect("exported");
    assert_eq!(text.matches("answer_supervision = \"reversal\"").count(), 1, "{text}");
    let listed: Vec<_> =
        config.devices.values().map(|device| &device.sound.codecs[..]).filter(|list| !list.is_empty()).collect();
    assert_eq!(listed, [[CodecName::G722, CodecName::Pcma, CodecName::Opus]]);
    let (_other, second) = import(&text);
    assert_eq!(shape(&config), shape(&second.load_config().expect("loaded")));
    assert_eq!(first.listen().expect("read"), second.listen().expect("read"));
    let administrator = |store: &Store| {
        let found = store.administrator("admin").expect("read").expect("there");
        (found.name, found.password_hash, found.language)
    };
    assert_eq!(administrator(&first), administrator(&second));
    assert!(offhook_store::secret::verify_password("correct horse battery", &administrator(&second).1));
    assert_eq!(text, second.export_site_file().expect("exported"), "an export of an import is the same text");
}

#[test]
fn digests_are_those_of_the_password() {
    let (_directory, store) = import(WHOLE);
    let config = store.load_config().expect("loaded");
    let found = config.devices.iter().find_map(|(id, device)| match &device.kind {
        DeviceKind::Sip { username, ha1_md5, ha1_sha256 } if username == "201" => {
            Some((*id, ha1_md5.clone(), ha1_sha256.clone()))
        }
        _ => None,
    });
    let (id, md5, sha256) = found.expect("there");
    // printf '201:cabinet.example:vache-qui-rit-77' | md5sum, sha256sum
    assert_eq!(md5, "7cb20098302ff6bb7c2422e0c89463b7");
    assert_eq!(sha256, "009ec53220cf6f93d7c597089ba3abd106e3704fd2de9454776d3a8dbd7f21a6");
    assert_eq!(store.device_password(id).expect("read").as_deref(), Some("vache-qui-rit-77"));
}

#[test]
fn the_bench_site_is_what_the_benchmarks_expect() {
    let (_directory, store) = import(include_str!("../../../tools/bench/site.toml"));
    let config = store.load_config().expect("loaded");
    assert_eq!((config.users.len(), config.devices.len()), (250, 250));
    assert_eq!((config.network.rtp_first, config.network.rtp_last, config.network.ban_loopback), (30000, 39999, false));
    let announcement = config.announcements.first().expect("one");
    assert_eq!((announcement.number.as_str(), announcement.hang_up_digit), ("7000", Some('9')));
    assert_eq!(config.recording.first().expect("one").caller.as_deref(), Some("12XX"));
    let listen = store.listen().expect("read");
    assert_eq!(listen.udp, listen.tcp);
    assert_eq!(listen.http, ["127.0.0.1:8080".parse().expect("address")]);
    let id = config.devices.iter().find_map(|(id, device)| match &device.kind {
        DeviceKind::Sip { username, .. } if username == "1250" => Some(*id),
        _ => None,
    });
    let password = store.device_password(id.expect("there")).expect("read");
    assert_eq!(password.as_deref(), Some("secret-1250"));
}

#[test]
fn only_into_an_empty_store() {
    let (_directory, store) = import(WHOLE);
    let error = store.import_site_file(WHOLE).expect_err("configured already");
    assert!(matches!(error, ImportError::Store(StoreError::Conflict(Conflict::NotEmpty))), "{error}");
}

/// Each text and what is found: line and a part of the message.
#[test]
fn faults_are_found_with_their_lines() {
    let site = "[site]\nname = \"S\"\n";
    let device = |more: &str| {
        let user = "[[user]]\nextension = \"201\"\nname = \"A\"\n";
        format!("{site}{user}[[device]]\nuser = \"201\"\npassword = \"une longue phrase\"\n{more}\n")
    };
    let unknown = device("codecs = [\n\"opus\",\n\"g729\"]");
    let twice = device("codecs = [\"opus\", \"g722\",\n\"opus\"]");
    let none = device("codecs = []");
    let misspelt = device("codec = [\"opus\"]");
    let cases = [
        ("", 1, "section [site] is missing"),
        ("[site\n", 1, ""),
        ("[site]\nname = \"S\"\ncuontry = \"FR\"\n", 3, "did you mean `country`?"),
        ("[site]\nname = \"S\"\n[[trunks]]\n", 3, "did you mean `trunk`?"),
        ("[site]\nname = \"S\"\ncountry = \"France\"\n", 3, "ISO 3166"),
        ("[site]\nname = \"S\"\ntime_zone = \"Europe/Atlantis\"\n", 3, "time zone"),
        ("[site]\nname = \"S\"\n[[user]]\nextension = \"1\"\nname = \"A\"\n", 4, "2 to 8 digits"),
        ("[site]\nname = \"S\"\n[[user]]\nextension = \"112\"\nname = \"A\"\n", 4, "emergency"),
        ("[site]\nname = \"S\"\n[[user]]\nextension = \"201\"\nname = \"A\"\npassword = \"short\"\n", 6, "weak"),
        ("[site]\nname = \"S\"\n[[user]]\nextension = \"201\"\nname = \"A\"\nline = 3\n", 6, "no [[line]] with port 3"),
        ("[site]\nname = \"S\"\n[[extensions]]\nfrom = 9\nto = 12\npassword = \"x\"\n", 4, "2 to 8 digits"),
        ("[site]\nname = \"S\"\n[[extensions]]\nfrom = 100000\nto = 90000000\npassword = \"x\"\n", 5, "more than"),
        ("[site]\nname = \"S\"\n[[route]]\npattern = \"0X.\"\ntrunks = [\"None\"]\n", 5, "no such [[trunk]]"),
        ("[site]\nname = \"S\"\n[[inbound]]\ndestination = \"201\"\n", 4, "no such extension"),
        ("[site]\nname = \"S\"\n[administrator]\npassword = \"password123\"\n", 4, "tries first"),
        ("[site]\nname = \"S\"\n[administrator]\npassword_hash = \"plain\"\n", 4, "Argon2"),
        ("[site]\nname = \"S\"\n[listen]\nrtp = \"40000-30000\"\n", 4, "range of ports"),
        ("[site]\nname = \"S\"\n[sip]\ndigest = [\n\"MD5\",\n\"SHA-512\"]\n", 6, "expected \"SHA-256\" or"),
        ("[site]\nname = \"S\"\n[sip]\ndigest = [\"MD5\", \"MD5\"]\n", 4, "twice"),
        ("[site]\nname = \"S\"\n[sip]\ndigest = []\n", 4, "at least one"),
        ("[site]\nname = \"S\"\n[sip]\nrtp_timeout = 5\n", 4, "from 10 to 86400"),
        ("[site]\nname = \"S\"\n[sip]\ndigests = []\n", 4, "did you mean `digest`?"),
        (unknown.as_str(), 11, "expected one of \"opus\", \"g722\""),
        (twice.as_str(), 10, "opus is there twice"),
        (none.as_str(), 9, "at least one of"),
        (misspelt.as_str(), 9, "did you mean `codecs`?"),
        ("[site]\nname = \"S\"\n[listen]\nudp = [\"here\"]\n", 4, "socket address"),
        ("[site]\nname = \"S\"\n[[announcement]]\nnumber = \"300\"\nname = \"A\"\nfile = \"../x.wav\"\n", 6, ".wav"),
    ];
    for (text, line, part) in cases {
        let findings = check(text).expect_err(text);
        let first = findings.first().expect("one");
        assert!(first.line == line && first.message.contains(part), "{text}\n{first}");
    }
    assert!(check(site).is_ok());
}

#[test]
fn all_faults_are_told_at_once() {
    let text = "[site]\nname = \"S\"\nlanguage = \"de\"\n[[user]]\nextension = \"x\"\nname = \"\"\n";
    let lines: Vec<_> = check(text).expect_err("three").iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [3, 5, 6]);
}

#[test]
fn weak_secrets_need_the_permission() {
    let range = "[site]\nname = \"S\"\n[[extensions]]\nfrom = 1001\nto = 1250\npassword = \"secret-{extension}\"\n";
    assert_eq!(check(range).expect_err("weak").len(), 1, "once for the range");
    assert!(check(&format!("allow_weak_secrets = true\n{range}")).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]a-z=\"0-9\\n{}.é ]{0,200}") {
        let _ = check(&text);
    }
}

//! A real box for tests: the daemon as a process on free ports, its local API, real phones beside it.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by test files, each of which uses its part; a test that cannot go on panics"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub mod analog;
pub mod baresip;
pub mod linphone;
pub mod sipp;
pub mod sound;

/// How long a state may take to come before the test gives up: far more than any state needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a state, not for a time.
pub fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A port for TCP and UDP that nobody else gets while this process lives: neither the system for a socket of its own (the range
/// lies below the system's), nor another test, in this process or beside it (whoever has the port's name keeps it). It is even, and
/// the next one is free for RTCP.
pub fn free_port() -> u16 {
    static KEPT: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let first = std::process::id() * 37 + u32::try_from(kept.len()).unwrap();
    for i in 0..2000 {
        let port = u16::try_from(2000 + (first + i) % 2000 * 2).unwrap();
        let name = std::os::unix::net::SocketAddr::from_abstract_name(format!("offhook-test-port-{port}")).unwrap();
        let Ok(name) = UnixListener::bind_addr(&name) else { continue };
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            kept.push(name);
            return port;
        }
    }
    panic!("no even port between 2000 and 6000 is free");
}

/// First of the 800 ports for a box's RTP, and what keeps boxes of tests side by side away from them: TCP on the first one.
/// Below the system's own range, where any socket may be.
fn claim_rtp(seed: u16) -> (u16, TcpListener) {
    (0..20)
        .map(|i| 16384 + (seed + i) % 20 * 800)
        .find_map(|rtp| Some((rtp, TcpListener::bind(("127.0.0.1", rtp)).ok()?)))
        .expect("twenty boxes run at once")
}

/// A folder of one test, under the build directory; emptied at its start, kept for a look after a failure.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A running box.
pub struct Office {
    child: Option<Child>,
    /// Its folder: `data` below it is the daemon's.
    pub directory: PathBuf,
    /// SIP over UDP and TCP.
    pub sip: u16,
    /// SIP over TLS.
    pub sips: u16,
    /// SIP over WebSocket.
    pub ws: u16,
    /// HTTP.
    pub http: u16,
    /// See [`claim_rtp`].
    _rtp_claim: TcpListener,
    /// What is logged, as `OFFHOOK_LOG` has it.
    log_level: &'static str,
}

impl Office {
    /// A box with extensions 1001–1100 (`secret-<extension>`), an announcement at 7000, and `more` in its site file.
    pub fn open(name: &str, more: &str) -> Office {
        let extensions = "[[extensions]]\nfrom = 1001\nto = 1100\npassword = \"secret-{extension}\"\n\n\
            [[announcement]]\nnumber = \"7000\"\nname = \"Announcement\"\nhang_up_digit = \"9\"\n\n";
        Office::with(name, &format!("{extensions}{more}\n"), "info")
    }

    /// A box of this site that logs all it can.
    pub fn talkative(name: &str, site: &str) -> Office {
        Office::with(name, site, "trace")
    }

    /// A box that waits for its first run.
    pub fn unconfigured(name: &str) -> Office {
        Office::with(name, "", "info")
    }

    fn with(name: &str, more: &str, log_level: &'static str) -> Office {
        let directory = scratch(name);
        let (sip, sips, ws, http) = (free_port(), free_port(), free_port(), free_port());
        let (rtp, rtp_claim) = claim_rtp(sip);
        // As SIPp needs it, which signs for the server and sends no sound, unless the test says otherwise.
        let settings = if more.contains("[sip]") { "" } else { "[sip]\naccept_server_uri = true\nrtp_timeout = 0\n\n" };
        std::fs::write(
            directory.join("site.toml"),
            format!(
                "allow_weak_secrets = true\n\n[site]\nname = \"Test office\"\ncountry = \"FR\"\ntime_zone = \"Europe/Paris\"\n\
                 language = \"en\"\nrealm = \"offhook.test\"\n\n[listen]\nudp = [\"127.0.0.1:{sip}\"]\ntcp = [\"127.0.0.1:{sip}\"]\n\
                 tls = [\"127.0.0.1:{sips}\"]\nws = [\"127.0.0.1:{ws}\"]\nhttp = [\"127.0.0.1:{http}\"]\nrtp = \"{rtp}-{}\"\n\n\
                 {settings}{more}",
                rtp + 799,
            ),
        )
        .unwrap();
        let mut office = Office { child: None, directory, sip, sips, ws, http, _rtp_claim: rtp_claim, log_level };
        office.start();
        office
    }

    /// Starts the daemon (again) and waits until it answers.
    pub fn start(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.directory.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_offhookd"))
            .arg("--data")
            .arg(self.directory.join("data"))
            .arg("--site")
            .arg(self.directory.join("site.toml"))
            .arg("--simulated-lines")
            .env("OFFHOOK_LOG", self.log_level)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        wait_until("the box to answer", || {
            if let Some(status) = self.child.as_mut().and_then(|c| c.try_wait().unwrap()) {
                panic!("the box ended with {status}:\n{}", self.log());
            }
            self.try_get("/api/v1/status").is_some()
        });
    }

    /// What the daemon said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Kills the daemon as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The daemon's process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Memory of the daemon in MB.
    pub fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// GET from the local API.
    pub fn get(&self, path: &str) -> serde_json::Value {
        self.try_get(path).unwrap_or_else(|| panic!("GET {path} failed\n{}", self.log()))
    }

    /// Sends JSON to the local API; returns status and answer.
    pub fn send(&self, method: &str, path: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
        self.exchange(method, path, Some(body)).unwrap()
    }

    fn try_get(&self, path: &str) -> Option<serde_json::Value> {
        let (status, body) = self.exchange("GET", path, None)?;
        (status == 200).then_some(body)
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&serde_json::Value>) -> Option<(u16, serde_json::Value)> {
        let mut stream = UnixStream::connect(self.directory.join("data/offhook.sock")).ok()?;
        let text = body.map(ToString::to_string).unwrap_or_default();
        let kind = if body.is_some() { "Content-Type: application/json\r\n" } else { "" };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: box\r\nX-Offhook: 1\r\nConnection: close\r\n{kind}Content-Length: {}\r\n\r\n{text}",
            text.len()
        )
        .ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = if head.to_lowercase().contains("transfer-encoding: chunked") { unchunk(body) } else { body.into() };
        Some((status, serde_json::from_str(&body).unwrap_or(serde_json::Value::Null)))
    }

    /// Calls on record, newest first.
    pub fn calls(&self) -> Vec<serde_json::Value> {
        let answer = self.get("/api/v1/calls?limit=200");
        answer["items"].as_array().or(answer["calls"].as_array()).cloned().unwrap_or_default()
    }

    /// Waits until nothing is left: no call, leg or RTP port.
    pub fn wait_for_quiet(&self) {
        wait_until("quiet", || {
            let status = self.get("/api/v1/status");
            ["calls", "legs", "rtp_ports"].iter().all(|c| status[*c] == 0)
        });
    }

    /// Registers extensions with SIPp for contacts on `port`.
    pub fn register(&self, extensions: &[u32], port: u16) {
        let users: Vec<String> = extensions.iter().map(|e| sipp::user(*e, port)).collect();
        let calls = u32::try_from(users.len()).unwrap();
        sipp::Sipp::start(
            &self.directory,
            &sipp::Run {
                scenario: "register.xml",
                users: &users,
                calls,
                rate: 200,
                port: 0,
                box_port: self.sip,
                transport: "u1",
            },
        )
        .finish();
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.kill();
    }
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { break };
        if size == 0 || size > rest.len() {
            break;
        }
        out.push_str(&rest[..size]);
        body = rest.get(size + 2..).unwrap_or("");
    }
    out
}

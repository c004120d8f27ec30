//! A browser as a telephone: headless Chromium calls a real phone through the box and is called by it, SIP over WebSocket, sound by
//! DTLS-SRTP over ICE; a tone is measured at both ends.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test: what it measures is printed")]

mod office;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use office::Office;
use office::baresip::{Account, Baresip};
use office::sound;

/// Chromium with one call of its own and one it answers.
struct Browser {
    child: Child,
    lines: Receiver<String>,
}

impl Browser {
    fn start(office: &Office, dial: &str, codec: &str) -> Browser {
        let mut child = Command::new("node")
            .arg("e2e/webphone.mjs")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui"))
            .env("WS_URL", format!("ws://127.0.0.1:{}/", office.ws))
            .envs([("USERNAME", "1001"), ("PASSWORD", "secret-1001"), ("REALM", "offhook.test")])
            .envs([("DIAL", dial), ("CODEC", codec)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is not installed");
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                println!("browser: {line}");
                let _over = sender.send(line);
            }
        });
        Browser { child, lines }
    }

    /// Waits for a line that begins so.
    fn wait_for(&self, wanted: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("the browser never said {wanted}"));
            assert!(!line.starts_with("ERROR"), "{line}");
            if line.starts_with(wanted) {
                return line;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closing its input ends it, and the browser with it.
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}

fn assert_phone_hears(phone: &Baresip) {
    let recorded = || phone.heard().and_then(|path| sound::try_read_wav(&path));
    office::wait_until("three seconds of sound", || {
        recorded().is_some_and(|(samples, rate)| samples.len() > 3 * rate as usize)
    });
    let (samples, rate) = recorded().unwrap();
    // The browser takes a moment to begin.
    let heard = sound::measure(samples.get(samples.len() - rate as usize..).unwrap(), rate);
    println!("the phone: {heard:?}");
    assert!((heard.hz - 440.0).abs() <= 3.0 && heard.level_dbfs > -25.0, "{heard:?}, wanted 440 Hz");
}

fn calls_both_ways(codec: &str) {
    let office = Office::open(&format!("webrtc-{codec}"), "");
    let account = Account {
        extension: "1002",
        password: "secret-1002",
        port: office.sip,
        transport: "udp",
        auto_answer: true,
        says_hz: 880,
    };
    let mut phone = Baresip::start(&office.directory, &account);
    let browser = Browser::start(&office, "1002", codec);
    phone.wait_for("CALL_ESTABLISHED");
    browser.wait_for("answered");
    browser.wait_for("heard 8");
    assert_phone_hears(&phone);
    phone.hang_up();
    phone.wait_for("CALL_CLOSED");
    browser.wait_for("ended");
    office.wait_for_quiet();
    phone.forget();

    phone.dial("1001");
    phone.wait_for("CALL_ESTABLISHED");
    browser.wait_for("heard 8");
    assert_phone_hears(&phone);
    phone.hang_up();
    browser.wait_for("ended");
    office.wait_for_quiet();
    assert_eq!(office.calls().len(), 2);
}

#[test]
fn a_browser_calls_and_is_called() {
    calls_both_ways("PCMA");
}

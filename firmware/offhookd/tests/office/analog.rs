//! The person at a simulated analog line: works its telephone (or the telephone company's end) and speaks and listens as the web
//! page does, over the line's WebSocket.

use std::io::{ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::WebSocket;
use tokio_tungstenite::tungstenite::{self, Message};

use super::sound::{self, Heard};
use super::{Office, wait_until};

const RATE: u32 = 8000;
/// Samples of a frame.
const FRAME: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);

/// One line and who is at it.
pub struct Line<'a> {
    office: &'a Office,
    id: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    /// Frequency said; 0: nothing.
    says_hz: AtomicU32,
    ended: AtomicBool,
    heard: Mutex<Vec<i16>>,
    view: Mutex<Value>,
}

impl Line<'_> {
    /// Comes to the line with this port number, and says a tone of peak 8000 at `says_hz` from the start.
    pub fn open(office: &Office, port: u64, says_hz: u32) -> Line<'_> {
        let lines = office.get("/api/v1/lines");
        let line = lines.as_array().unwrap().iter().find(|l| l["port"] == port).unwrap();
        let id = line["id"].as_str().unwrap().to_owned();
        let stream = UnixStream::connect(office.directory.join("data/offhook.sock")).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://box/api/v1/lines/{id}/audio"), stream).unwrap();
        let shared = Arc::new(Shared::default());
        let log = std::fs::File::create(office.directory.join(format!("line-{port}.log"))).unwrap();
        shared.says_hz.store(says_hz, Ordering::Relaxed);
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || attend(socket, &shared, &log)
        });
        Line { office, id, shared, thread: Some(thread) }
    }

    /// Does something: `lift`, `put_down`, `flash`, `answer`, `hang_up`.
    pub fn act(&self, action: &str) {
        self.send(&json!({ "action": action }));
    }

    /// As [`Line::act`]; false: it cannot be done now.
    pub fn try_act(&self, action: &str) -> bool {
        let path = format!("/api/v1/lines/{}/actions", self.id);
        let (status, answer) = self.office.send("POST", &path, &json!({ "action": action }));
        assert!(status == 204 || status == 409, "{action}: {answer}");
        status == 204
    }

    /// Presses keys.
    pub fn dial(&self, keys: &str) {
        for key in keys.chars() {
            self.send(&json!({ "action": "key", "key": key.to_string() }));
        }
    }

    /// The telephone company rings the line.
    pub fn ring(&self, number: &str, name: &str) {
        self.send(&json!({ "action": "ring", "number": number, "name": name }));
    }

    fn send(&self, action: &Value) {
        let (status, answer) = self.office.send("POST", &format!("/api/v1/lines/{}/actions", self.id), action);
        assert_eq!(status, 204, "{action}: {answer}");
    }

    /// What it shows.
    pub fn view(&self) -> Value {
        self.shared.view.lock().unwrap().clone()
    }

    /// Waits until it shows this.
    pub fn wait_for(&self, what: &str, shows: impl Fn(&Value) -> bool) {
        wait_until(&format!("the line to show {what}"), || shows(&self.view()));
    }

    /// Waits for a state of the port.
    pub fn wait_for_state(&self, state: &str) {
        self.wait_for(state, |view| view["state"] == state);
    }

    /// Throws away what was heard so far.
    pub fn forget(&self) {
        self.shared.heard.lock().unwrap().clear();
    }

    /// Waits for `hz` and for `seconds` from its beginning, and measures those.
    pub fn listen(&self, hz: f64, seconds: usize) -> Heard {
        let mut found = Vec::new();
        wait_until(&format!("{seconds} s of {hz} Hz"), || {
            let heard = self.shared.heard.lock().unwrap();
            let begins = heard.chunks_exact(FRAME).position(|frame| is_tone(frame, hz));
            let end = begins.map_or(usize::MAX, |frame| frame * FRAME + seconds * RATE as usize);
            if end <= heard.len() {
                found = heard[begins.unwrap() * FRAME..end].to_vec();
            }
            !found.is_empty()
        });
        sound::measure(&found, RATE)
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Most of the frame's power is at this frequency.
fn is_tone(frame: &[i16], hz: f64) -> bool {
    let power = frame.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / frame.len() as f64;
    // `tone_power` of a pure sine is half its mean square.
    power > 1000.0 && sound::tone_power(frame, hz, RATE) > 0.4 * power
}

/// Speaks a frame every 20 ms and takes what comes, until told to end or the box is gone. What the line shows is logged too.
fn attend(mut socket: WebSocket<UnixStream>, shared: &Shared, mut log: &std::fs::File) {
    let mut due = Instant::now() + FRAME_TIME;
    let mut spoken = 0usize;
    while !shared.ended.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= due {
            due += FRAME_TIME;
            let hz = shared.says_hz.load(Ordering::Relaxed);
            if hz > 0 {
                let frame: Vec<u8> = (spoken..spoken + FRAME).flat_map(|i| sine(hz, i).to_le_bytes()).collect();
                spoken += FRAME;
                if socket.send(Message::Binary(frame.into())).is_err() {
                    return;
                }
            }
            continue;
        }
        socket.get_ref().set_read_timeout(Some((due - now).max(Duration::from_millis(1)))).unwrap();
        match socket.read() {
            Ok(Message::Binary(bytes)) => {
                let samples = bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair));
                shared.heard.lock().unwrap().extend(samples);
            }
            Ok(Message::Text(text)) => {
                writeln!(log, "{text}").unwrap();
                let message: Value = serde_json::from_str(text.as_str()).unwrap();
                if message["type"] == "state" {
                    *shared.view.lock().unwrap() = message;
                }
            }
            Ok(_) => {}
            Err(tungstenite::Error::Io(e)) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
    let _ = socket.close(None);
}

fn sine(hz: u32, i: usize) -> i16 {
    (8000.0 * (2.0 * std::f64::consts::PI * f64::from(hz) * i as f64 / f64::from(RATE)).sin()) as i16
}

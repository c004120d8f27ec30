//! A real SIP phone: baresip, driven through its control port.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{free_port, wait_until};

/// One running baresip with one account.
pub struct Baresip {
    child: Child,
    directory: PathBuf,
    control: TcpStream,
    pending: Vec<u8>,
    events: Vec<serde_json::Value>,
}

/// How the account is set up.
pub struct Account<'a> {
    pub extension: &'a str,
    pub password: &'a str,
    /// Of the box.
    pub port: u16,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'a str,
    /// Answers at once.
    pub auto_answer: bool,
    /// Frequency of the tone it says.
    pub says_hz: u32,
}

impl Baresip {
    /// Starts it with both laws of G.711 and waits until it is registered.
    pub fn start(directory: &Path, account: &Account<'_>) -> Baresip {
        Baresip::launch(directory, account, "PCMA/8000/1,PCMU/8000/1", "")
    }

    /// The same with more parameters of the account: `;mediaenc=srtp`.
    pub fn start_with(directory: &Path, account: &Account<'_>, more: &str) -> Baresip {
        Baresip::launch(directory, account, "PCMA/8000/1,PCMU/8000/1", more)
    }

    /// Starts it with these codecs, as baresip writes them, and waits until it is registered.
    pub fn speaking(directory: &Path, account: &Account<'_>, codecs: &str) -> Baresip {
        Baresip::launch(directory, account, codecs, "")
    }

    fn launch(directory: &Path, account: &Account<'_>, codecs: &str, more: &str) -> Baresip {
        let home = directory.join(format!("baresip-{}-{}", account.extension, account.transport));
        std::fs::create_dir_all(&home).unwrap();
        let control = free_port();
        let sip = free_port();
        let says = home.join("says.wav");
        super::sound::write_wav(&says, &super::sound::sine(f64::from(account.says_hz), 8000.0, 60.0, 8000), 8000);
        std::fs::write(
            home.join("config"),
            format!(
                "sip_listen 127.0.0.1:{sip}\nsip_verify_server no\naudio_source aufile,{says}\naudio_player aubridge,{e}\n\
                 audio_alert aubridge,alert\nausrc_srate 8000\nauplay_srate 8000\naudio_buffer 20-160\nsnd_path {home}\n\
                 module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule g722.so\nmodule opus.so\nopus_stereo no\n\
                 opus_sprop_stereo no\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\nmodule srtp.so\nmodule_tmp account.so\n\
                 module_app menu.so\nmodule ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\nrtp_timeout 0\nrtp_ports 10000-16000\n",
                says = says.display(),
                home = home.display(),
                e = account.extension,
            ),
        )
        .unwrap();
        std::fs::write(
            home.join("accounts"),
            format!(
                "<sip:{e}@127.0.0.1:{p};transport={t}>;auth_user={e};auth_pass={w};answermode={a};audio_codecs={codecs};regint=600{more}\n",
                e = account.extension,
                p = account.port,
                t = account.transport,
                w = account.password,
                a = if account.auto_answer { "auto" } else { "manual" },
            ),
        )
        .unwrap();
        let log = std::fs::File::create(home.join("log")).unwrap();
        let child = Command::new("baresip")
            .args(["-4", "-v", "-s", "-f"])
            .arg(&home)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("baresip is not installed: run tools/install test");
        let mut stream = None;
        wait_until("baresip's control port", || {
            stream = TcpStream::connect(("127.0.0.1", control)).ok();
            stream.is_some()
        });
        let control = stream.unwrap();
        control.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut phone = Baresip { child, directory: home, control, pending: Vec::new(), events: Vec::new() };
        let log = phone.directory.join("log");
        wait_until(&format!("registration of {}", account.extension), || {
            std::fs::read_to_string(&log).is_ok_and(|text| text.contains("200 OK") && text.contains("SIP/2.0 200"))
        });
        phone.poll();
        phone
    }

    /// What it wrote on its terminal.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// What it heard in its last call, once there is something. Its `sndfile` filter writes each call's sound as it is decoded
    /// to `dump-<time>-dec.wav`: what is lost on the way is not in it.
    pub fn heard(&self) -> Option<PathBuf> {
        let files = std::fs::read_dir(&self.directory).unwrap();
        let heard = files.filter_map(|f| Some(f.ok()?.path())).filter(|p| p.to_string_lossy().ends_with("-dec.wav"));
        heard.max()
    }

    /// Throws away what it heard in earlier calls.
    pub fn forget(&self) {
        while let Some(path) = self.heard() {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Calls a number.
    pub fn dial(&mut self, uri: &str) {
        self.command("dial", uri);
    }

    /// Answers the ringing call.
    pub fn answer(&mut self) {
        self.command("accept", "");
    }

    /// Ends the call.
    pub fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Runs a command of its menu.
    pub fn command(&mut self, command: &str, parameters: &str) {
        let text = serde_json::json!({"command": command, "params": parameters, "token": command}).to_string();
        self.control.write_all(format!("{}:{text},", text.len()).as_bytes()).unwrap();
    }

    /// Waits for an event of this type (`CALL_ESTABLISHED`, `CALL_INCOMING`, `CALL_CLOSED` …) and takes it.
    pub fn wait_for(&mut self, kind: &str) -> serde_json::Value {
        let mut found = None;
        wait_until(&format!("baresip event {kind}"), || {
            self.poll();
            if let Some(i) = self.events.iter().position(|e| e["type"] == kind) {
                found = Some(self.events.remove(i));
            }
            found.is_some()
        });
        found.unwrap()
    }

    fn poll(&mut self) {
        let mut chunk = [0u8; 4096];
        if let Ok(n) = self.control.read(&mut chunk) {
            self.pending.extend_from_slice(&chunk[..n]);
        }
        // Netstrings: "12:{...},".
        while let Some(colon) = self.pending.iter().position(|b| *b == b':') {
            let Ok(length) = std::str::from_utf8(&self.pending[..colon]).unwrap_or("").parse::<usize>() else { break };
            if self.pending.len() < colon + 1 + length + 1 {
                break;
            }
            if let Ok(value) = serde_json::from_slice(&self.pending[colon + 1..colon + 1 + length]) {
                self.events.push(value);
            }
            self.pending.drain(..colon + 1 + length + 1);
        }
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

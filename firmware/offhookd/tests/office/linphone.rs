//! A second real SIP phone of another family: linphonec, driven through its standard input.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{free_port, wait_until};

/// One running linphonec with one account; sound comes from a file and goes to a file.
pub struct Linphone {
    child: Child,
    input: ChildStdin,
    directory: PathBuf,
}

/// How the account is set up. It answers at once.
pub struct Account<'a> {
    pub extension: &'a str,
    pub password: &'a str,
    /// Of the box.
    pub port: u16,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'a str,
    /// Frequency of the tone it says.
    pub says_hz: u32,
}

impl Linphone {
    /// Starts it and waits until it is registered.
    pub fn start(directory: &Path, account: &Account<'_>) -> Linphone {
        let Account { extension, password, port, transport, says_hz } = *account;
        let home = directory.join(format!("linphone-{extension}-{transport}"));
        // Its database goes there; it does not make the folder itself.
        std::fs::create_dir_all(home.join(".local/share/linphone")).unwrap();
        let sip = free_port();
        let says = home.join("says.wav");
        super::sound::write_wav(&says, &super::sound::sine(f64::from(says_hz), 8000.0, 60.0, 8000), 8000);
        let listen = |t: &str| if t == transport { sip.to_string() } else { "0".into() };
        let rc = home.join("linphonerc");
        std::fs::write(
            &rc,
            format!(
                "[sip]\nsip_port={udp}\nsip_tcp_port={tcp}\nsip_tls_port={tls}\nguess_hostname=0\nverify_server_certs=0\n\
                 verify_server_cn=0\nuse_ipv6=0\nmedia_encryption=none\n\n[rtp]\naudio_rtp_port={rtp}\n\n\
                 [sound]\nechocancellation=0\n\n\
                 [audio_codec_0]\nmime=PCMA\nrate=8000\nchannels=1\nenabled=1\n\n\
                 [audio_codec_1]\nmime=PCMU\nrate=8000\nchannels=1\nenabled=1\n",
                udp = listen("udp"),
                tcp = listen("tcp"),
                tls = listen("tls"),
                rtp = free_port(),
            ),
        )
        .unwrap();
        let log = std::fs::File::create(home.join("out")).unwrap();
        let mut command = Command::new("linphonec");
        command.arg("-c").arg(&rc).args(["-d", "5", "-l"]).arg(home.join("log")).arg("-a").env("HOME", &home);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("linphonec is not installed: run tools/install test");
        let input = child.stdin.take().unwrap();
        let mut phone = Linphone { child, input, directory: home };
        phone.say("soundcard use files");
        let (says, heard) = (says.display().to_string(), phone.directory.join("heard.wav").display().to_string());
        phone.say(&format!("play {says}"));
        phone.say(&format!("record {heard}"));
        phone.say(&format!(
            "register sip:{extension}@127.0.0.1:{port} sip:127.0.0.1:{port};transport={transport} {password}"
        ));
        // Its answer is printed to who asks only.
        wait_until(&format!("registration of {extension}"), || {
            phone.say("proxy list");
            phone.out().contains("registered: yes")
        });
        phone
    }

    /// What it heard in its last call.
    pub fn heard(&self) -> Option<PathBuf> {
        Some(self.directory.join("heard.wav"))
    }

    /// Throws away what it heard in earlier calls.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(self.directory.join("heard.wav"));
    }

    /// Waits until it knows that its `n`-th call has ended.
    pub fn wait_for_end_of(&self, n: usize) {
        let start = format!("Call {n} with ");
        wait_until("the end of linphone's call", || {
            self.out().lines().any(|line| line.contains(&start) && line.contains(" ended"))
        });
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
    }

    /// Its own log, which holds the messages it sent.
    pub fn sent(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.directory.join("log")).unwrap_or_default()).into_owned()
    }

    /// What it printed.
    fn out(&self) -> String {
        std::fs::read_to_string(self.directory.join("out")).unwrap_or_default()
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = writeln!(self.input, "quit");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

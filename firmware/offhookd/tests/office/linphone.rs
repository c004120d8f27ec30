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

impl Linphone {
    /// Starts it and waits until it is registered over `transport` (`udp`, `tcp`, `tls`).
    pub fn start(
        directory: &Path,
        extension: &str,
        password: &str,
        port: u16,
        transport: &str,
        says_hz: u32,
        auto_answer: bool,
    ) -> Linphone {
        let home = directory.join(format!("linphone-{extension}-{transport}"));
        std::fs::create_dir_all(&home).unwrap();
        let sip = free_port();
        let says = home.join("says.wav");
        super::sound::write_wav(&says, &super::sound::sine(f64::from(says_hz), 8000.0, 60.0, 8000), 8000);
        let listen = |t: &str| if t == transport { sip.to_string() } else { "0".into() };
        let rc = home.join("linphonerc");
        std::fs::write(
            &rc,
            format!(
                "[sip]\nsip_port={udp}\nsip_tcp_port={tcp}\nsip_tls_port={tls}\nguess_hostname=0\ncontact=sip:{extension}@127.0.0.1\n\
                 default_proxy=0\nregister_only_when_network_is_up=0\nverify_server_certs=0\nverify_server_cn=0\nuse_ipv6=0\n\
                 media_encryption=none\n\n[net]\nmtu=1300\nnat_policy_ref=none\n\n\
                 [rtp]\naudio_rtp_port={rtp}\naudio_adaptive_jitt_comp_enabled=1\n\n\
                 [auth_info_0]\nusername={extension}\nuserid={extension}\npasswd={password}\nrealm=*\n\n\
                 [proxy_0]\nreg_proxy=<sip:127.0.0.1:{port};transport={transport}>\nreg_identity=sip:{extension}@127.0.0.1\n\
                 reg_expires=600\nreg_sendregister=1\npublish=0\n\n\
                 [sound]\necho_cancellation=0\n\n\
                 [audio_codec_0]\nmime=PCMA\nrate=8000\nchannels=1\nenabled=1\n\n[audio_codec_1]\nmime=PCMU\nrate=8000\nchannels=1\nenabled=1\n",
                udp = listen("udp"),
                tcp = listen("tcp"),
                tls = listen("tls"),
                rtp = free_port() & !1,
            ),
        )
        .unwrap();
        let log = std::fs::File::create(home.join("out")).unwrap();
        let mut command = Command::new("linphonec");
        command.arg("-c").arg(&rc).args(["-d", "5", "-l"]).arg(home.join("log")).env("HOME", &home);
        if auto_answer {
            command.arg("-a");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("linphonec is not installed: run tools/install test");
        let input = child.stdin.take().unwrap();
        let mut phone = Linphone { child, input, directory: home };
        phone.say("soundcard use files");
        let (says, heard) = (says.display().to_string(), phone.heard().display().to_string());
        phone.say(&format!("play {says}"));
        phone.say(&format!("record {heard}"));
        phone.wait_for("successful");
        phone
    }

    /// What it heard.
    pub fn heard(&self) -> PathBuf {
        self.directory.join("heard.wav")
    }

    /// Types a line.
    pub fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
    }

    /// Waits until its output holds a text.
    pub fn wait_for(&mut self, text: &str) {
        let path = self.directory.join("out");
        wait_until(&format!("linphone to print {text:?}"), || {
            std::fs::read_to_string(&path).is_ok_and(|out| out.contains(text))
        });
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = writeln!(self.input, "quit");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

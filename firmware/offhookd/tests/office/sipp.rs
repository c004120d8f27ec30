//! SIPp: many simple SIP phones at once.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A line of fields: the extension, its credentials as SIPp wants them, what follows.
pub fn user(extension: u32, more: impl std::fmt::Display) -> String {
    format!("{extension};[authentication username={extension} password=secret-{extension}];{more}")
}

/// One run of SIPp.
pub struct Sipp {
    child: Child,
    errors: PathBuf,
    name: String,
}

/// Options of a run.
pub struct Run<'a> {
    /// File in `tools/sipp`.
    pub scenario: &'a str,
    /// Lines of fields, made with [`user`]. Empty: none.
    pub users: &'a [String],
    /// Calls in all.
    pub calls: u32,
    /// Calls started per second.
    pub rate: u32,
    /// Our port; 0 any.
    pub port: u16,
    /// Of the box.
    pub box_port: u16,
    /// `u1` UDP, `t1` TCP.
    pub transport: &'a str,
}

impl Sipp {
    /// Starts it.
    pub fn start(directory: &Path, run: &Run<'_>) -> Sipp {
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/sipp").join(run.scenario);
        let name = format!("{}-{}-{}", run.scenario, run.port, run.users.len());
        let errors = directory.join(format!("{name}.errors"));
        let mut command = Command::new("sipp");
        command
            .arg(format!("127.0.0.1:{}", run.box_port))
            .arg("-sf")
            .arg(scenario)
            .args(["-m", &run.calls.to_string(), "-r", &run.rate.to_string(), "-l", "2000"])
            .args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-t", run.transport, "-nostdin"])
            .args(["-timeout", "60", "-timeout_error", "-recv_timeout", "20000", "-trace_err", "-error_file"])
            .arg(&errors);
        if run.port != 0 {
            command.args(["-p", &run.port.to_string()]);
        }
        if !run.users.is_empty() {
            let file = directory.join(format!("{name}.csv"));
            std::fs::write(&file, format!("SEQUENTIAL\n{}\n", run.users.join("\n"))).unwrap();
            command.arg("-inf").arg(file);
        }
        let child = command
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp is not installed: run tools/install test");
        Sipp { child, errors, name }
    }

    /// Waits for its end; every call must have succeeded.
    pub fn finish(mut self) {
        let status = self.child.wait().unwrap();
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        assert!(status.success(), "sipp {} ended with {status}:\n{}", self.name, &errors[..errors.len().min(4000)]);
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! `xtask bench calls`: call set-up, registration, memory and start-up of the real daemon, driven by SIPp, beside a bare UDP echo of
//! as many packets in the same run. Figures are processor time of the daemon as the kernel accounts it.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::test::workspace_root;

const BOX: &str = "127.0.0.1:5060";
/// SIP messages the box receives and sends for one call of the scenario: INVITE, 100, 401, ACK, INVITE, 100, 180, 200, ACK, BYE, 200 with
/// the caller; INVITE, 180, 200, ACK, BYE, 200 with the callee.
const PACKETS_PER_CALL: u64 = 17;

/// Runs it: `calls` calls at `rate` a second.
///
/// # Errors
/// When SIPp or the daemon is missing, or a call fails.
pub(crate) fn run(calls: u64, rate: u64) -> Result<()> {
    let root = workspace_root();
    let work = root.join("target/bench-calls");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work)?;
    let daemon = Daemon::start(&root, &work)?;
    print(&format!("start to first answered OPTIONS   {:>8.0} ms", daemon.ready.as_secs_f64() * 1000.0));
    print(&format!("memory when idle                  {:>8.1} MB", resident_mb(daemon.child.id())?));

    let (before, began) = (cpu_seconds(daemon.child.id())?, Instant::now());
    let registrations = 5000;
    sipp(&root, &work, "register.xml", registrations, 1000, &["-p", "5070"], &users(1001..=1250, "5071"))?;
    let spent = cpu_seconds(daemon.child.id())? - before;
    print(&format!(
        "registration with digest          {:>8.3} ms of processor time each ({registrations} at {:.0}/s)",
        spent * 1000.0 / registrations as f64,
        registrations as f64 / began.elapsed().as_secs_f64(),
    ));
    // The callees of the calls below.
    sipp(&root, &work, "register.xml", 100, 500, &["-p", "5072"], &users(1101..=1200, "5071"))?;

    let mut callee = sipp_child(&root, &work, "answer.xml", calls, rate, &["-p", "5071"], &[])?;
    let pairs: Vec<String> = (0..100).map(|i| user(1001 + i, 1101 + i)).collect();
    let (before, began) = (cpu_seconds(daemon.child.id())?, Instant::now());
    let outcome = sipp(&root, &work, "call.xml", calls, rate, &["-p", "5073"], &pairs);
    let (spent, wall) = (cpu_seconds(daemon.child.id())? - before, began.elapsed().as_secs_f64());
    let _ = callee.kill();
    let _ = callee.wait();
    outcome?;
    let per_call = spent * 1000.0 / calls as f64;
    print(&format!(
        "call set-up with digest           {per_call:>8.3} ms of processor time each ({calls} at {:.0}/s, none failed)",
        calls as f64 / wall
    ));
    print(&format!("memory after the calls            {:>8.1} MB", resident_mb(daemon.child.id())?));
    let echo = bare_echo(calls.min(20_000) * PACKETS_PER_CALL)?;
    print(&format!(
        "bare UDP echo of as many packets  {:>8.3} ms a call; the box costs {:.1} times that",
        echo * PACKETS_PER_CALL as f64 * 1000.0,
        per_call / (echo * PACKETS_PER_CALL as f64 * 1000.0),
    ));
    Ok(())
}

struct Daemon {
    child: Child,
    ready: Duration,
}

impl Daemon {
    fn start(root: &Path, work: &Path) -> Result<Daemon> {
        let binary = root.join("target/release/offhookd");
        if !binary.exists() {
            bail!("target/release/offhookd is missing: run `cargo build --release` first");
        }
        let began = Instant::now();
        let mut command = Command::new("taskset");
        let child = command
            .args(["-c", "0"])
            .arg(binary)
            .arg("--data")
            .arg(work.join("data"))
            .arg("--site")
            .arg(root.join("tools/bench/site.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(work.join("daemon.log"))?)
            .spawn()?;
        let mut daemon = Daemon { child, ready: Duration::ZERO };
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(10)))?;
        let port = socket.local_addr()?.port();
        let options = format!(
            "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKready\r\nMax-Forwards: 70\r\n\
             From: <sip:bench@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        let mut buffer = [0; 2048];
        loop {
            if began.elapsed() > Duration::from_secs(20) {
                bail!("the daemon did not answer: {}", fs::read_to_string(work.join("daemon.log"))?);
            }
            let _ = socket.send_to(options.as_bytes(), BOX);
            if socket.recv(&mut buffer).is_ok() {
                daemon.ready = began.elapsed();
                return Ok(daemon);
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn users(range: std::ops::RangeInclusive<u32>, contact_port: &str) -> Vec<String> {
    range.map(|e| user(e, contact_port)).collect()
}

/// Fields of a SIPp line: the extension, its credentials as SIPp wants them, what follows.
fn user(extension: u32, more: impl std::fmt::Display) -> String {
    format!("{extension};[authentication username={extension} password=secret-{extension}];{more}")
}

fn sipp_child(
    root: &Path,
    work: &Path,
    scenario: &str,
    calls: u64,
    rate: u64,
    more: &[&str],
    fields: &[String],
) -> Result<Child> {
    let mut command = Command::new("taskset");
    command
        .args(["-c", "1", "sipp", BOX, "-sf"])
        .arg(root.join("tools/sipp").join(scenario))
        .args(["-m", &calls.to_string(), "-r", &rate.to_string(), "-l", "5000", "-i", "127.0.0.1", "-nostdin"])
        .args(["-timeout", "300", "-timeout_error", "-recv_timeout", "20000", "-trace_err", "-error_file"])
        .arg(work.join(format!("{scenario}.errors")))
        .args(more);
    if !fields.is_empty() {
        let file: PathBuf = work.join(format!("{scenario}.csv"));
        fs::write(&file, format!("SEQUENTIAL\n{}\n", fields.join("\n")))?;
        command.arg("-inf").arg(file);
    }
    command
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start sipp (Debian package sip-tester) under taskset")
}

fn sipp(
    root: &Path,
    work: &Path,
    scenario: &str,
    calls: u64,
    rate: u64,
    more: &[&str],
    fields: &[String],
) -> Result<()> {
    let status = sipp_child(root, work, scenario, calls, rate, more, fields)?.wait()?;
    if !status.success() {
        let errors = fs::read_to_string(work.join(format!("{scenario}.errors"))).unwrap_or_default();
        bail!("sipp {scenario} ended with {status}: {}", errors.chars().take(1500).collect::<String>());
    }
    Ok(())
}

/// Processor seconds of a process so far, user and system.
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = stat.rsplit_once(')').context("no stat")?.1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

fn resident_mb(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no value")?.parse::<f64>()? / 1024.0)
}

/// Processor seconds per packet of receiving and sending one datagram of 600 bytes, in this process.
fn bare_echo(packets: u64) -> Result<f64> {
    let server = UdpSocket::bind("127.0.0.1:0")?;
    let client = UdpSocket::bind("127.0.0.1:0")?;
    let to: SocketAddr = server.local_addr()?;
    let payload = [0u8; 600];
    let mut buffer = [0u8; 2048];
    let before = cpu_seconds(std::process::id())?;
    for _ in 0..packets {
        client.send_to(&payload, to)?;
        let (n, from) = server.recv_from(&mut buffer)?;
        server.send_to(&buffer[..n], from)?;
        client.recv(&mut buffer)?;
    }
    // The client's half costs as much as the echo's.
    Ok((cpu_seconds(std::process::id())? - before) / 2.0 / packets as f64)
}

#[expect(clippy::print_stdout, reason = "the figures are the output")]
fn print(line: &str) {
    println!("{line}");
}

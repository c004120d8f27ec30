//! `xtask bench media`: what calls cost the media engine, beside a bare epoll relay of the same packets in the same run.
//!
//! This process hosts what is measured, alone; the phones are another process (this program with `bench media-load`), so that
//! `getrusage` of this one is the price of the calls. Every phone sends 20 ms packets of G.711, spread over the 20 ms as real phones
//! are. The load also measures the delay through the box.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use crossbeam_channel::unbounded;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use offhook_media::command::{BridgeId, Codec, Command, OpusSettings, RecordingId, RtpParameters, Source, StreamId};
use offhook_media::echo::{EchoCanceller, EchoConfig};
use offhook_media::engine::{Engine, EngineConfig, EngineHandle};
use offhook_media::{FRAME, Frame};

/// Calls of two parties, or callers of the prompt.
const CALLS: u16 = 200;
const SECONDS: u64 = 8;
/// The box's ports: an even one per party, RTCP above it.
const BOX_PORT: u16 = 20_000;
/// The phones' ports: one per party.
const PHONE_PORT: u16 = 26_000;

fn box_address(party: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], BOX_PORT + 2 * party))
}

fn phone_address(party: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PHONE_PORT + party))
}

/// Runs it and prints the figures.
///
/// # Errors
/// When ports are in use or the load does not run.
pub(crate) fn run() -> Result<()> {
    print(&format!("{CALLS} G.711 calls of two parties, {SECONDS} s each; processor time of the whole process"));
    let relay = {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = bare_relay(Arc::clone(&stop))?;
        let relay = measure(2 * CALLS)?;
        stop.store(true, Ordering::Relaxed);
        thread.join().ok().context("the relay panicked")??;
        relay
    };
    report("bare epoll relay (recvfrom, sendto)", &relay, &relay);
    let forward = EngineConfig::default();
    let coalescing = EngineConfig { coalesce: Duration::from_micros(500), ..EngineConfig::default() };
    for (name, config) in [("forwarding", forward.clone()), ("forwarding, wake-ups shared for 0.5 ms", coalescing)] {
        let engine = calls(config)?;
        report(name, &measure(2 * CALLS)?, &relay);
        drop(engine);
    }
    let directory = std::env::temp_dir().join(format!("offhook-bench-media-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let engine = calls(forward.clone())?;
    for call in 0..CALLS {
        let path = directory.join(format!("{call}.wav"));
        let stream = StreamId(u64::from(2 * call));
        engine.command(Command::Record { recording: RecordingId(u64::from(call)), stream, path })?;
    }
    report("forwarding and stereo recording", &measure(2 * CALLS)?, &relay);
    print(&format!("memory with {CALLS} recorded calls: {:.1} MB", resident_mb()?));
    drop(engine);
    std::fs::remove_dir_all(&directory)?;

    let prompt = prompt_file()?;
    let engine = open(forward, CALLS)?;
    for caller in 0..CALLS {
        let source = Source::File { path: prompt.clone(), repeat: None };
        engine.command(Command::Play { stream: StreamId(u64::from(caller)), source })?;
    }
    report("prompt to as many callers, who talk too", &measure(CALLS)?, &relay);
    drop(engine);
    std::fs::remove_file(prompt)?;
    for tail in [64, 128] {
        let load = echo_canceller(tail)?;
        print(&format!(
            "echo canceller of a line, {tail} ms tail{:12} {:7.0} µs/s per line   {:5.2} % of this core",
            "",
            load * 1e6,
            load * 100.0
        ));
    }
    super::detectors::run();
    Ok(())
}

/// Processor time by time of sound of one line's echo canceller: speech-like noise and its echo, everything at work.
fn echo_canceller(tail: u64) -> Result<f64> {
    const SECONDS: usize = 60;
    let config = EchoConfig { tail: Duration::from_millis(tail), ..EchoConfig::default() };
    let mut canceller = EchoCanceller::new(config);
    let mut state = 1u32;
    let mut before = [0; FRAME];
    let start = processor_seconds()?;
    for _ in 0..SECONDS * 50 {
        let far: Frame = std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 18) as i16
        });
        let mut near: Frame = std::array::from_fn(|n| if n < 40 { before[FRAME - 40 + n] } else { far[n - 40] } / 3);
        before = far;
        canceller.process(&far, &mut near);
    }
    anyhow::ensure!(canceller.figures().converged, "the canceller measured does not work");
    Ok((processor_seconds()? - start) / SECONDS as f64)
}

/// What one run cost.
struct Cost {
    /// Processor time by wall time, of the whole process, as if no packet had been lost.
    load: f64,
    /// What the phones saw.
    phones: String,
}

fn report(name: &str, cost: &Cost, relay: &Cost) {
    let per_call = cost.load * 1e6 / f64::from(CALLS);
    print(&format!(
        "{name:40} {per_call:7.0} µs/s per call   {:5.2} × relay   {}",
        cost.load / relay.load,
        cost.phones
    ));
}

#[expect(clippy::print_stdout, reason = "a benchmark's figures")]
fn print(line: &str) {
    println!("{line}");
}

/// Lets the phones talk, and takes this process's processor time meanwhile.
fn measure(parties: u16) -> Result<Cost> {
    let mut load = Load::start(parties)?;
    load.line("begin")?;
    let (before, start) = (processor_seconds()?, Instant::now());
    let phones = load.line("end")?;
    let share = (processor_seconds()? - before) / start.elapsed().as_secs_f64();
    load.child.wait()?;
    let mut words = phones.splitn(3, ' ');
    let mut number = || words.next().and_then(|w| w.parse::<f64>().ok()).context("the load's figures");
    let (received, sent) = (number()?, number()?);
    let delays = words.next().unwrap_or_default();
    // What was lost cost nothing: the figure is for packets that arrived, times those that should have.
    let whole = (received / sent).clamp(0.01, 1.0);
    Ok(Cost { load: share / whole, phones: format!("{received} of {sent} packets, {delays}") })
}

struct Load {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Load {
    fn start(parties: u16) -> Result<Self> {
        let mut child = Process::new(std::env::current_exe()?)
            .args(["bench", "media-load", &parties.to_string(), &SECONDS.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().context("the load's output")?);
        Ok(Load { child, output })
    }

    /// The rest of the line that begins with a word.
    fn line(&mut self, word: &str) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.strip_prefix(word) {
            Some(rest) => Ok(rest.trim().to_owned()),
            None => bail!("the load said {line:?}, not {word:?}"),
        }
    }
}

fn processor_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6)
}

fn resident_mb() -> Result<f64> {
    let pages: f64 = std::fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).context("statm")?.parse()?;
    Ok(pages * 4096.0 / 1e6)
}

/// Streams for so many parties, each with its phone.
fn open(config: EngineConfig, parties: u16) -> Result<EngineHandle> {
    let (events, _) = unbounded();
    let engine = Engine::start(config, events)?;
    for party in 0..parties {
        let stream = StreamId(u64::from(party));
        engine.command(Command::OpenRtp { stream, local: box_address(party) })?;
        let parameters = RtpParameters {
            remote: Some(phone_address(party)),
            remote_rtcp: None,
            codec: Codec::Pcma,
            opus: OpusSettings::default(),
            payload_type: 8,
            receive_payload_type: 8,
            telephone_event: Some(101),
            receive_telephone_event: Some(101),
            digit_tones: true,
            telephone_event_clock: 8000,
            ptime: Duration::from_millis(20),
            send: true,
            receive: true,
            rtcp_mux: true,
            rtcp_xr: true,
        };
        engine.command(Command::SetRtp { stream, parameters })?;
    }
    Ok(engine)
}

/// All parties in bridges of two.
fn calls(config: EngineConfig) -> Result<EngineHandle> {
    let engine = open(config, 2 * CALLS)?;
    for call in 0..u64::from(CALLS) {
        let members = vec![StreamId(2 * call), StreamId(2 * call + 1)];
        engine.command(Command::Bridge { bridge: BridgeId(call), members })?;
    }
    Ok(engine)
}

/// A minute of quiet noise, as a prompt would be.
fn prompt_file() -> Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("offhook-bench-prompt-{}.wav", std::process::id()));
    let samples = 480_000u32;
    let mut bytes = offhook_media::wav::header(1, 8000, u64::from(samples) * 2).to_vec();
    let mut state = 1u32;
    for _ in 0..samples {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend(((state >> 20) as i16).to_le_bytes());
    }
    std::fs::write(&path, bytes)?;
    Ok(path)
}

/// The least a relay can do: one thread, level-triggered epoll, one `recvfrom` and one `sendto` per packet.
fn bare_relay(stop: Arc<AtomicBool>) -> Result<std::thread::JoinHandle<Result<()>>> {
    let sockets: Vec<UdpSocket> =
        (0..2 * CALLS).map(|party| UdpSocket::bind(box_address(party))).collect::<std::io::Result<_>>()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for (party, socket) in sockets.iter().enumerate() {
        socket.set_nonblocking(true)?;
        epoll.add(socket.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, party as u64))?;
    }
    Ok(std::thread::spawn(move || {
        let mut events = [EpollEvent::empty(); 256];
        let mut buffer = [0; 1500];
        while !stop.load(Ordering::Relaxed) {
            let count = epoll.wait(&mut events, 100u16)?;
            for event in events.iter().take(count) {
                let party = event.data() as u16;
                let other = party ^ 1;
                if let (Some(from), Some(to)) = (sockets.get(usize::from(party)), sockets.get(usize::from(other)))
                    && let Ok((length, _)) = from.recv_from(&mut buffer)
                {
                    let _lost = to.send_to(buffer.get(..length).unwrap_or_default(), phone_address(other));
                }
            }
        }
        Ok(())
    }))
}

/// The phones: `bench media-load PARTIES SECONDS`.
///
/// # Errors
/// When ports are in use.
pub(crate) fn load(parties: u16, seconds: u64) -> Result<()> {
    let sockets: Vec<UdpSocket> =
        (0..parties).map(|party| UdpSocket::bind(phone_address(party))).collect::<std::io::Result<_>>()?;
    for socket in &sockets {
        socket.set_nonblocking(true)?;
    }
    let start = Instant::now();
    let warm = Duration::from_secs(2);
    let end = warm + Duration::from_secs(seconds);
    let mut phones = Phones { sockets, start, sent: vec![0; usize::from(parties)], delays: Vec::new(), received: 0 };
    let mut warmed = false;
    loop {
        let now = start.elapsed();
        if !warmed && now >= warm {
            warmed = true;
            phones.delays.clear();
            phones.received = 0;
            print("begin");
        }
        if now >= end {
            break;
        }
        phones.turn(now);
        std::thread::sleep(Duration::from_micros(500));
    }
    let sent = u64::from(parties) * seconds * 50;
    phones.delays.sort_unstable();
    let percentile = |p: usize| phones.delays.get(phones.delays.len() * p / 1000).copied().unwrap_or(0);
    print(&format!(
        "end {} {sent} delay p50 {} µs, p99 {} µs, p99.9 {} µs",
        phones.received,
        percentile(500),
        percentile(990),
        percentile(999)
    ));
    Ok(())
}

struct Phones {
    sockets: Vec<UdpSocket>,
    start: Instant,
    sent: Vec<u32>,
    /// Microseconds from sending to receiving, as far as the packet still says when it was sent.
    delays: Vec<u32>,
    received: u64,
}

impl Phones {
    /// Sends what is due and receives what came.
    fn turn(&mut self, now: Duration) {
        let count = self.sockets.len() as u64;
        let mut buffer = [0; 1500];
        for (party, (socket, sent)) in self.sockets.iter().zip(&mut self.sent).enumerate() {
            let offset = Duration::from_micros(20_000 * party as u64 / count);
            while offset + Duration::from_millis(20) * *sent <= now {
                let packet = packet(party, *sent, self.start.elapsed());
                let _lost = socket.send_to(&packet, box_address(party as u16));
                *sent += 1;
            }
            while let Ok(length) = socket.recv(&mut buffer) {
                self.received += 1;
                if let Some(&[a, b, c, d, b'o', b'f', b'f', b'h']) =
                    buffer.get(12..20).and_then(|b| b.first_chunk::<8>())
                    && length == 172
                {
                    let then = u32::from_be_bytes([a, b, c, d]);
                    self.delays.push((self.start.elapsed().as_micros() as u32).saturating_sub(then));
                }
            }
        }
    }
}

/// A packet whose payload begins with the time it was sent, microseconds.
fn packet(party: usize, number: u32, now: Duration) -> [u8; 172] {
    let mut packet = [0xd5; 172];
    let header = offhook_media::rtp::packet::Header {
        marker: number == 0,
        payload_type: 8,
        sequence: number as u16,
        timestamp: number.wrapping_mul(160),
        ssrc: 1000 + party as u32,
    };
    let [head @ .., _, _] = &mut packet;
    let bytes = header.to_bytes();
    let payload = (now.as_micros() as u32).to_be_bytes();
    head.iter_mut().zip(bytes.into_iter().chain(payload).chain(*b"offh")).for_each(|(to, from)| *to = from);
    packet
}

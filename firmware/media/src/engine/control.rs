//! The control thread: commands in, ready-made orders to the real-time threads out.

mod bridges;

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::net::UdpSocket;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use tracing::{debug, info, warn};

use super::EngineConfig;
use super::disk::run_disk;
use super::guard::Datagram;
use super::keying::{Action, Keying};
use super::leg::RtpLeg;
use super::line::LineLeg;
use super::listener::Listener;
use super::order::{Order, Returned, Slot};
use super::player::{LoadRequest, Loaded, Player, run_loader};
use super::recorder::{NewRecording, recording};
use super::sockets::{SocketPair, SocketPool};
use super::stream::{Kind, Stream};
use super::worker::{Clock, Shared, Worker, WorkerParts};
use super::writer::run_writer;
use crate::codec::Coder;
use crate::command::{
    BridgeId, Command, Event, LineAudio, LinePort, Member, RecordingId, Source, StreamId, StreamStatistics,
};
use crate::line_audio::EngineSide;
use crate::sound::Rate;
use crate::tone::chime::chime;
use crate::tone::generator::ToneGenerator;

/// Orders that wait for a real-time thread.
const ORDERS: usize = 8192;
/// Commands taken before the media threads are woken.
const BURST: usize = 64;
/// Things a real-time thread has to tell.
const RETURNED: usize = 8192;
/// Files that wait to be read.
const LOADS: usize = 1024;
/// STUN and DTLS packets that wait: 200 kB.
const DATAGRAMS: usize = 128;
/// How long a real-time thread may take to give a stream back.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// What the control thread is told.
#[derive(Debug)]
pub(super) enum Input {
    Command(Command),
    Line(LinePort, EngineSide),
    LineAudio(LinePort, LineAudio),
    /// So many ticks of stepped time; told when they are done.
    Step(u32, Sender<()>),
    Shutdown,
}

/// A real-time thread as seen from here.
struct Thread {
    orders: Sender<Order>,
    returned: Receiver<Returned>,
    shared: Arc<Shared>,
    free: Vec<Slot>,
    free_bridges: Vec<Slot>,
    handle: Option<JoinHandle<()>>,
    /// It has orders that it was not woken for.
    asleep: Cell<bool>,
}

impl Thread {
    /// Wakes it when it has orders.
    fn wake(&self) {
        if self.asleep.replace(false) {
            let _woken = self.shared.wake.write(1);
        }
    }
}

struct Entry {
    thread: usize,
    slot: Slot,
    bridge: Option<BridgeId>,
    line: Option<LinePort>,
    /// The rate it speaks at.
    rate: Rate,
    /// Its RTP socket, for STUN and DTLS.
    socket: Option<Arc<UdpSocket>>,
    /// Counts `Play` and `Stop`, so that a file read late is not played after them.
    generation: u64,
}

struct Bridge {
    thread: usize,
    slot: Slot,
    members: Vec<Member>,
    /// Room of its conference; 0 without one, or when it ends soon.
    room: usize,
    /// It has a conference, perhaps one that ends soon.
    mixed: bool,
}

/// The control thread's state.
pub(super) struct Control {
    inputs: Receiver<Input>,
    events: Sender<Event>,
    threads: Vec<Thread>,
    streams: BTreeMap<StreamId, Entry>,
    bridges: BTreeMap<BridgeId, Bridge>,
    recordings: BTreeMap<RecordingId, StreamId>,
    lines: BTreeMap<LinePort, EngineSide>,
    line_audio: BTreeMap<LinePort, LineAudio>,
    pool: Arc<Mutex<SocketPool>>,
    clock: Clock,
    random: File,
    cname: [u8; 16],
    chime: Option<Arc<[i16]>>,
    loads: Option<Sender<LoadRequest>>,
    loaded: Receiver<Loaded>,
    datagrams: Receiver<Datagram>,
    keying: Keying,
    recorder: Option<Sender<NewRecording>>,
    helpers: Vec<JoinHandle<()>>,
    /// Told by a thread while another answer was awaited.
    postponed: VecDeque<Returned>,
}

impl Control {
    pub(super) fn new(
        config: &EngineConfig,
        pool: Arc<Mutex<SocketPool>>,
        inputs: Receiver<Input>,
        events: Sender<Event>,
    ) -> io::Result<(Self, Vec<Arc<Shared>>)> {
        let clock = Clock::start(config.time);
        let mut random = File::open("/dev/urandom")?;
        let mut seed = [0; 8];
        random.read_exact(&mut seed)?;
        // A CNAME that says nothing about the box (RFC 7022 §4.2).
        let mut cname = [0; 16];
        for (digit, byte) in cname.iter_mut().zip(seed.iter().flat_map(|b| [b >> 4, b & 15])) {
            *digit = b"0123456789abcdef".get(usize::from(byte)).copied().unwrap_or(b'0');
        }
        let streams = config.streams.clamp(1, usize::from(Slot::MAX));
        let mut threads = Vec::new();
        let (datagram_sender, datagrams) = bounded(DATAGRAMS);
        for n in 0..config.threads.max(1) {
            threads.push(start_thread(n, config, streams, clock.clone(), datagram_sender.clone())?);
        }
        let (loads, load_requests) = bounded(LOADS);
        let (loaded_sender, loaded) = unbounded();
        let cache_samples = config.cache_seconds * crate::RATE as usize;
        let (recorder, new_recordings) = unbounded();
        let (disk, jobs) = unbounded();
        let mut helpers =
            vec![spawn("media-files", move || run_loader(&load_requests, &loaded_sender, cache_samples))?];
        for n in 0..config.writers.max(1) {
            let (new, disk, told) = (new_recordings.clone(), disk.clone(), events.clone());
            helpers.push(spawn(&format!("media-writer-{n}"), move || run_writer(&new, &disk, &told))?);
        }
        let told = events.clone();
        helpers.push(spawn("media-disk", move || run_disk(&jobs, &told))?);
        // The last sender is a writer's: the disk's thread ends after them.
        drop(disk);
        let shared = threads.iter().map(|t| Arc::clone(&t.shared)).collect();
        let control = Control {
            inputs,
            events,
            threads,
            streams: BTreeMap::new(),
            bridges: BTreeMap::new(),
            recordings: BTreeMap::new(),
            lines: BTreeMap::new(),
            line_audio: BTreeMap::new(),
            pool,
            clock,
            random,
            cname,
            chime: None,
            loads: Some(loads),
            loaded,
            datagrams,
            keying: Keying::new(config.identity.as_ref()),
            recorder: Some(recorder),
            helpers,
            postponed: VecDeque::new(),
        };
        Ok((control, shared))
    }

    /// Runs until told to end.
    pub(super) fn run(mut self) {
        loop {
            while let Some(returned) = self.postponed.pop_front() {
                self.take_back(returned);
            }
            let mut selection = crossbeam_channel::Select::new();
            selection.recv(&self.inputs);
            selection.recv(&self.loaded);
            selection.recv(&self.datagrams);
            for thread in &self.threads {
                selection.recv(&thread.returned);
            }
            let ready = match self.keying.deadline() {
                None => Some(selection.ready()),
                Some(deadline) => selection.ready_deadline(deadline).ok(),
            };
            drop(selection);
            let Some(ready) = ready else {
                for (stream, action) in self.keying.timeout(Instant::now()) {
                    self.act(stream, action);
                }
                continue;
            };
            match ready {
                0 => {
                    // Commands come in bursts; the media threads are woken once for all of a burst.
                    for _ in 0..BURST {
                        match self.inputs.try_recv() {
                            Ok(Input::Command(command)) => self.obey(command),
                            Ok(Input::Line(port, side)) => _ = self.lines.insert(port, side),
                            Ok(Input::LineAudio(port, audio)) => _ = self.line_audio.insert(port, audio),
                            Ok(Input::Step(ticks, done)) => self.step(ticks, &done),
                            Ok(Input::Shutdown) | Err(crossbeam_channel::TryRecvError::Disconnected) => {
                                return self.shut_down();
                            }
                            Err(crossbeam_channel::TryRecvError::Empty) => break,
                        }
                    }
                }
                1 => {
                    if let Ok(loaded) = self.loaded.try_recv() {
                        self.play_loaded(loaded);
                    }
                }
                2 => {
                    if let Ok(datagram) = self.datagrams.try_recv() {
                        let (id, from) = (datagram.stream, datagram.from);
                        for action in self.keying.packet(id, from, datagram.bytes(), Instant::now()) {
                            self.act(id, action);
                        }
                    }
                }
                n => {
                    if let Some(Ok(returned)) = self.threads.get(n - 3).map(|t| t.returned.try_recv()) {
                        self.take_back(returned);
                    }
                }
            }
            self.threads.iter().for_each(Thread::wake);
        }
    }

    /// Lets stepped time go on, tick by tick, when all commands before have become orders.
    fn step(&self, ticks: u32, done: &Sender<()>) {
        if self.clock.is_stepped() {
            for _ in 0..ticks {
                self.clock.step();
                let (sender, served) = bounded(self.threads.len());
                for thread in 0..self.threads.len() {
                    self.send(thread, Order::Step { done: sender.clone() });
                }
                drop(sender);
                served.iter().for_each(drop);
            }
        }
        let _nobody_waits = done.send(());
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::OpenRtp { stream, local } => {
                let opened = self.pool().take(local);
                match opened {
                    Ok(sockets) => self.open_rtp(stream, sockets),
                    Err(error) => self.fail(stream, format!("RTP port {}: {error}", local.port())),
                }
            }
            Command::OpenLine { stream, port } => {
                let used = self.streams.values().any(|s| s.line == Some(port));
                match self.lines.get(&port) {
                    Some(side) if !used => {
                        side.drain();
                        let audio = self.line_audio.get(&port).copied().unwrap_or_default();
                        let leg = LineLeg::new(side.clone(), &audio);
                        self.open(stream, Kind::Line(Box::new(leg)), Some(port));
                    }
                    Some(_) => self.fail(stream, format!("line {} is in use", port.0)),
                    None => self.fail(stream, format!("there is no line {}", port.0)),
                }
            }
            Command::SetRtp { stream, parameters } => {
                for action in self.keying.signalled(stream, parameters.remote, Instant::now()) {
                    self.act(stream, action);
                }
                let coder = Box::new(Coder::new(&parameters));
                if let Some(entry) = self.streams.get_mut(&stream) {
                    entry.rate = parameters.codec.rate();
                }
                self.order(stream, |slot| Order::Parameters { slot, parameters, coder });
            }
            Command::Protect { stream, protection } => {
                let Some(socket) = self.streams.get(&stream).and_then(|entry| entry.socket.clone()) else {
                    return debug!(stream = stream.0, "protection for a stream that is not open");
                };
                for action in self.keying.protect(stream, &socket, *protection, Instant::now()) {
                    self.act(stream, action);
                }
            }
            Command::Close { stream } => self.close(stream),
            Command::Bridge { bridge, members } => {
                self.bridge(bridge, members.into_iter().map(Member::from).collect());
            }
            Command::Conference { bridge, members } => self.bridge(bridge, members),
            Command::Play { stream, source } => self.play(stream, source),
            Command::Stop { stream } => {
                self.next_generation(stream);
                self.order(stream, |slot| Order::Stop { slot });
            }
            Command::SendDigit { stream, digit, duration } => {
                self.order(stream, |slot| Order::Digit { slot, digit, duration });
            }
            Command::Listen { stream, hang_up, fax } => {
                let listener = Listener::new(&hang_up, fax);
                self.order(stream, |slot| Order::Listen { slot, listener });
            }
            Command::Record { recording: id, stream, path } => self.record(id, stream, path),
            Command::PauseRecording { recording, paused } => {
                if let Some(&stream) = self.recordings.get(&recording) {
                    self.order(stream, |slot| Order::PauseRecording { slot, recording, paused });
                }
            }
            Command::MuteDigits { recording, muted } => {
                if let Some(&stream) = self.recordings.get(&recording) {
                    self.order(stream, |slot| Order::MuteDigits { slot, recording, muted });
                }
            }
            Command::StopRecording { recording } => {
                if let Some(stream) = self.recordings.remove(&recording) {
                    self.order(stream, |slot| Order::StopRecording { slot, recording });
                }
            }
        }
    }

    fn act(&self, stream: StreamId, action: Action) {
        match action {
            Action::Keys(keyed) => self.order(stream, |slot| Order::Protect { slot, keyed }),
            Action::Remote(remote) => self.order(stream, |slot| Order::Remote { slot, remote }),
            Action::Failed(reason) => self.fail(stream, reason.to_owned()),
        }
    }

    fn open_rtp(&mut self, stream: StreamId, sockets: SocketPair) {
        let mut random = [0; 16];
        if let Err(error) = self.random.read_exact(&mut random) {
            return self.fail(stream, format!("no random numbers: {error}"));
        }
        let coder = Box::new(Coder::default());
        let leg = RtpLeg::new(sockets, coder, random, self.cname, self.clock.now().clock);
        self.open(stream, Kind::Rtp(leg), None);
    }

    fn pool(&self) -> MutexGuard<'_, SocketPool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: Event) {
        let _nobody_listens = self.events.send(event);
    }

    fn fail(&self, stream: StreamId, reason: String) {
        self.tell(Event::Failed { stream, reason });
    }

    /// Sends an order about a stream. What comes for a stream that is gone crossed its end: nothing to do.
    fn order(&self, stream: StreamId, make: impl FnOnce(Slot) -> Order) {
        match self.streams.get(&stream) {
            Some(entry) => self.send(entry.thread, make(entry.slot)),
            None => debug!(stream = stream.0, "command for a stream that is not open"),
        }
    }

    fn send(&self, thread: usize, order: Order) {
        if let Some(thread) = self.threads.get(thread) {
            // Waits when thousands of orders wait: the thread takes them within a tick.
            if thread.orders.is_full() {
                thread.wake();
            }
            let _ended = thread.orders.send(order);
            thread.asleep.set(true);
        }
    }

    fn open(&mut self, id: StreamId, kind: Kind, line: Option<LinePort>) {
        if self.streams.contains_key(&id) {
            return self.fail(id, "the stream is open already".to_owned());
        }
        let socket = match &kind {
            Kind::Rtp(leg) => Some(Arc::clone(&leg.sockets.rtp)),
            Kind::Line(_) => None,
        };
        let roomiest = self.threads.iter_mut().enumerate().max_by_key(|(n, t)| (t.free.len(), usize::MAX - n));
        let Some((thread, slot)) = roomiest.and_then(|(n, t)| Some((n, t.free.pop()?))) else {
            return self.fail(id, "too many streams".to_owned());
        };
        self.streams.insert(id, Entry { thread, slot, bridge: None, line, rate: Rate::Narrow, socket, generation: 0 });
        self.send(thread, Order::Add { slot, stream: Box::new(Stream::new(id, kind)) });
    }

    fn close(&mut self, id: StreamId) {
        self.leave_bridge(id);
        self.recordings.retain(|_, stream| *stream != id);
        self.keying.remove(id);
        let fetched = self.fetch(id);
        if self.streams.remove(&id).is_none() {
            return debug!(stream = id.0, "closing a stream that is not open");
        }
        let Some(mut stream) = fetched else {
            return self.tell(Event::Closed { stream: id, statistics: StreamStatistics::default() });
        };
        let now = self.clock.now();
        if let Some(leg) = stream.rtp_mut() {
            leg.report(now, true);
        }
        let statistics = stream.statistics();
        let Stream { kind, .. } = *stream;
        match kind {
            Kind::Rtp(leg) => self.pool().put(leg.sockets),
            Kind::Line(line) => {
                if let Some(echo) = line.echo() {
                    debug!(stream = id.0, enhancement_db = echo.enhancement_db, "echo canceller at the end");
                }
            }
        }
        self.tell(Event::Closed { stream: id, statistics });
    }

    /// Takes a stream from its thread; its place there is free again.
    fn fetch(&mut self, id: StreamId) -> Option<Box<Stream>> {
        let (thread, slot) = self.streams.get(&id).map(|e| (e.thread, e.slot))?;
        self.send(thread, Order::Remove { slot });
        let owner = self.threads.get_mut(thread)?;
        owner.wake();
        loop {
            match owner.returned.recv_timeout(GIVE_BACK) {
                Ok(Returned::Stream(stream)) if stream.id == id => {
                    owner.free.push(slot);
                    return Some(stream);
                }
                Ok(other) => self.postponed.push_back(other),
                Err(error) => {
                    warn!(stream = id.0, %error, "a media thread does not answer");
                    return None;
                }
            }
        }
    }

    fn next_generation(&mut self, stream: StreamId) -> u64 {
        self.streams.get_mut(&stream).map_or(0, |entry| {
            entry.generation += 1;
            entry.generation
        })
    }

    fn play(&mut self, stream: StreamId, source: Source) {
        let generation = self.next_generation(stream);
        match source {
            Source::Tone { segments, level_dbm0 } => {
                let player = Box::new(Player::Tone(ToneGenerator::new(&segments, level_dbm0)));
                self.order(stream, |slot| Order::Play { slot, player });
            }
            Source::Chime { repeat } => {
                let samples = self.chime.get_or_insert_with(|| chime().into()).clone();
                let player = Box::new(Player::samples(samples, repeat));
                self.order(stream, |slot| Order::Play { slot, player });
            }
            Source::File { path, repeat } => {
                // What played before stops now: the party should not hear it while the file is read.
                self.order(stream, |slot| Order::Stop { slot });
                let request = LoadRequest { stream, generation, path, repeat };
                let sent = self.loads.as_ref().is_some_and(|loads| loads.try_send(request).is_ok());
                if !sent {
                    self.cannot_play(stream, "too many files wait to be read".to_owned());
                }
            }
        }
    }

    fn cannot_play(&self, stream: StreamId, reason: String) {
        self.tell(Event::PlayFailed { stream, reason });
        self.tell(Event::PlayEnded { stream });
    }

    fn play_loaded(&mut self, loaded: Loaded) {
        let Loaded { stream, generation, repeat, samples } = loaded;
        if self.streams.get(&stream).is_none_or(|e| e.generation != generation) {
            return; // Closed, stopped or something else to play meanwhile.
        }
        match samples {
            Ok(samples) => {
                let player = Box::new(Player::samples(samples, repeat));
                self.order(stream, |slot| Order::Play { slot, player });
            }
            Err(reason) => self.cannot_play(stream, reason),
        }
    }

    fn record(&mut self, id: RecordingId, stream: StreamId, path: std::path::PathBuf) {
        if self.recordings.contains_key(&id) || !self.streams.contains_key(&stream) {
            let error = Some("the stream is not open, or the recording runs already".to_owned());
            return self.tell(Event::Recorded { recording: id, duration: Duration::ZERO, error });
        }
        let rate = self.streams.get(&stream).map_or(Rate::Narrow, |entry| entry.rate);
        let (tap, new) = recording(id, path, rate, self.clock.is_stepped());
        if let Some(recorder) = &self.recorder {
            let _ended = recorder.send(new);
        }
        self.recordings.insert(id, stream);
        self.order(stream, |slot| Order::Record { slot, tap: Box::new(tap) });
    }

    /// Tells what a thread has to tell, and drops what it is done with.
    fn take_back(&mut self, returned: Returned) {
        match returned {
            Returned::Event(event) => self.tell(event),
            Returned::Tap(tap) => drop(tap),
            Returned::Player(player) => drop(player),
            Returned::Arrangement(arrangement) => drop(arrangement),
            Returned::Table(table) => drop(table),
            Returned::Keyed(keyed) => drop(keyed),
            Returned::Listener(listener) => drop(listener),
            Returned::Coder(coder) => drop(coder),
            // Asked for, but given up on: only its end can be told.
            Returned::Stream(stream) => drop(stream),
        }
    }

    fn shut_down(mut self) {
        let open: Vec<StreamId> = self.streams.keys().copied().collect();
        for stream in open {
            self.close(stream);
        }
        for n in 0..self.threads.len() {
            self.send(n, Order::Shutdown);
            self.threads.iter().for_each(Thread::wake);
        }
        let threads = std::mem::take(&mut self.threads);
        for mut thread in threads {
            if let Some(handle) = thread.handle.take()
                && handle.join().is_err()
            {
                warn!("a media thread had panicked");
            }
            while let Ok(returned) = thread.returned.try_recv() {
                self.take_back(returned);
            }
        }
        while let Some(returned) = self.postponed.pop_front() {
            self.take_back(returned);
        }
        self.loads = None;
        self.recorder = None;
        for helper in std::mem::take(&mut self.helpers) {
            let _panicked = helper.join();
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}

fn start_thread(
    n: usize,
    config: &EngineConfig,
    streams: usize,
    clock: Clock,
    datagrams: Sender<Datagram>,
) -> io::Result<Thread> {
    let shared = Arc::new(Shared::new()?);
    let (orders, order_receiver) = bounded(ORDERS);
    let (returned_sender, returned) = bounded(RETURNED);
    let worker = Worker::new(WorkerParts {
        shared: Arc::clone(&shared),
        orders: order_receiver,
        returned: returned_sender,
        datagrams,
        clock,
        media_timeout: config.media_timeout,
        coalesce: config.coalesce,
        streams,
    })?;
    let priority = config.realtime_priority;
    let handle = spawn(&format!("media-{n}"), move || {
        if let Some(priority) = priority
            && let Err(error) = super::realtime::set_priority(priority)
        {
            info!(%error, "the media thread runs without real-time priority");
        }
        worker.run();
    })?;
    let last = streams as Slot;
    Ok(Thread {
        orders,
        returned,
        shared,
        free: (0..last).rev().collect(),
        free_bridges: (0..last).rev().collect(),
        handle: Some(handle),
        asleep: Cell::new(false),
    })
}

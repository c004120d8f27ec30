//! The engine: real-time threads that own whole bridges, a control thread that makes and drops all they use, a thread that
//! reads files and one that writes recordings.
//!
//! Commands go to the control thread through a bounded queue. It opens sockets, reads files ahead, places streams on threads
//! and hands over ready-made pieces, so that a real-time thread takes no lock, allocates nothing and logs nothing on its tick.

mod control;
mod disk;
mod guard;
mod keying;
mod leg;
mod line;
mod listener;
mod mixing;
mod order;
mod player;
mod realtime;
mod recorder;
mod sockets;
mod stream;
mod worker;
mod writer;

pub use keying::Identity;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use thiserror::Error;

use crate::command::{Command, Event, LineAudio, LinePort};
use crate::line_audio::{self, DriverSide};
use sockets::SocketPool;

/// How time passes for an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// As it does.
    #[default]
    Real,
    /// Only when told ([`EngineHandle::step`]): for tests and simulations that must not depend on how busy the machine is. Handshakes of
    /// DTLS and the threads of files go on in real time; recordings wait for their threads instead of losing sound.
    Stepped,
}

/// How an engine runs.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// How time passes.
    pub time: Time,
    /// Real-time threads, at least 1. One carries hundreds of calls.
    pub threads: usize,
    /// `SCHED_FIFO` priority (1–99) of the real-time threads, where the system allows it; `None` for ordinary scheduling.
    pub realtime_priority: Option<u8>,
    /// Streams per thread at most.
    pub streams: usize,
    /// Commands that wait at most.
    pub commands: usize,
    /// Pairs of sockets kept open between calls.
    pub socket_pool: usize,
    /// Sound of prompt files kept in memory, in seconds (16 kB each).
    pub cache_seconds: usize,
    /// Threads that encode recordings, at least 1.
    pub writers: usize,
    /// Nothing received for so long although we expect to: [`Event::MediaLost`].
    pub media_timeout: Duration,
    /// When packets come in crowds (4000 a second and more), a thread that took some waits so long for others: they share a wake-up,
    /// which is a third of the price of a packet passed on, and are delayed by half as much on average. Zero: never.
    pub coalesce: Duration,
    /// For DTLS-SRTP; `None`: none.
    pub identity: Option<Identity>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        EngineConfig {
            time: Time::Real,
            threads: 1,
            realtime_priority: Some(50),
            streams: 2048,
            commands: 4096,
            socket_pool: 256,
            cache_seconds: 600,
            writers: std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2)).min(4),
            media_timeout: Duration::from_secs(60),
            coalesce: Duration::from_millis(1),
            identity: None,
        }
    }
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Too many commands wait.
    #[error("the media engine is behind: too many commands wait")]
    Full,
    /// The engine was shut down.
    #[error("the media engine has stopped")]
    Stopped,
}

/// Figures of an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineFigures {
    /// Ticks given up because a thread was more than 100 ms late.
    pub late_ticks: u64,
    /// Events that could not be told because the queue to the control thread was full.
    pub untold: u64,
}

/// The engine's maker.
#[derive(Debug)]
pub struct Engine;

impl Engine {
    /// Starts the threads. Events go to `events`; when it is bounded and full, the control thread waits for room.
    ///
    /// # Errors
    /// When the system gives no threads, timers or random numbers.
    pub fn start(config: EngineConfig, events: Sender<Event>) -> io::Result<EngineHandle> {
        let (inputs, receiver) = bounded(config.commands.max(1));
        let pool = Arc::new(Mutex::new(SocketPool::new(config.socket_pool)));
        let (control, shared) = control::Control::new(&config, Arc::clone(&pool), receiver, events)?;
        let thread = std::thread::Builder::new().name("media-control".to_owned()).spawn(move || control.run())?;
        Ok(EngineHandle { inputs, shared, thread: Mutex::new(Some(thread)), pool })
    }
}

/// The way to a running engine. Dropping it shuts the engine down.
#[derive(Debug)]
pub struct EngineHandle {
    inputs: Sender<control::Input>,
    shared: Vec<Arc<worker::Shared>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    pool: Arc<Mutex<SocketPool>>,
}

impl EngineHandle {
    /// Hands over a command; never waits.
    ///
    /// # Errors
    /// [`Refused`] when the queue is full or the engine has stopped; nothing happens then.
    pub fn command(&self, command: Command) -> Result<(), Refused> {
        self.inputs.try_send(control::Input::Command(command)).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Full,
            TrySendError::Disconnected(_) => Refused::Stopped,
        })
    }

    /// Opens the pair of RTP and RTCP ports for the [`Command::OpenRtp`] that follows, so that a port which another program has is
    /// known before it is written into a session description. Never waits.
    ///
    /// # Errors
    /// Why the pair cannot be opened; `AddrInUse` when somebody else has one of the two.
    pub fn reserve_rtp(&self, local: SocketAddr) -> io::Result<()> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).reserve(local)
    }

    /// Makes the audio of an analog port and gives the driver's end of it. Asked again, the new end replaces the old one for
    /// streams opened later. To be called once per port, before call control opens it.
    pub fn line(&self, port: LinePort) -> DriverSide {
        let (driver, engine) = line_audio::pair();
        // When the engine has stopped, the driver's end behaves as a line without an engine: silence.
        let _stopped = self.inputs.send(control::Input::Line(port, engine));
        driver
    }

    /// Sets how the sound of a port is treated, from the next time call control opens it.
    pub fn set_line_audio(&self, port: LinePort, audio: LineAudio) {
        let _stopped = self.inputs.send(control::Input::LineAudio(port, audio));
    }

    /// Lets [`Time::Stepped`] go on by so many ticks of 20 ms and returns when they are done. Commands given before are obeyed
    /// before; packets that reached the ports meanwhile are taken at the beginning of the first of them.
    ///
    /// # Errors
    /// [`Refused::Stopped`] when the engine has stopped.
    pub fn step(&self, ticks: u32) -> Result<(), Refused> {
        let (done, served) = bounded(1);
        self.inputs.send(control::Input::Step(ticks, done)).map_err(|_| Refused::Stopped)?;
        served.recv().map_err(|_| Refused::Stopped)
    }

    /// Figures since the start.
    pub fn figures(&self) -> EngineFigures {
        let sum = |f: fn(&worker::Shared) -> u64| self.shared.iter().map(|s| f(s)).sum();
        EngineFigures {
            late_ticks: sum(|s| s.late_ticks.load(Ordering::Relaxed)),
            untold: sum(|s| s.untold.load(Ordering::Relaxed)),
        }
    }

    /// Closes all streams and recordings and ends the threads; returns when recordings are safe on disk. [`Event::Closed`] and
    /// [`Event::Recorded`] are told as usual; events must be taken, or be unbounded, meanwhile.
    pub fn shutdown(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _stopped = self.inputs.send(control::Input::Shutdown);
            let _panicked = thread.join();
        }
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        self.shutdown();
    }
}

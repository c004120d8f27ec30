//! The threads that encode recordings and write them.
//!
//! What a tap gives waits 160 ms here, so that the beginning of a digit can still be silenced. What finds the ring full (a disk or a processor
//! too slow for seconds) becomes silence of the same length, and the error of [`Event::Recorded`] says how much. A disk that is full
//! or fails ends the file: what is written stays readable, and the error says why. [`super::disk`] syncs the files.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use super::disk::Job;
use super::recorder::{Item, NewRecording, StereoFrame};
use crate::command::{Event, RecordingId};
use crate::ogg::file::OpusWriter;
use crate::sound::Rate;
use crate::wav::file::WavWriter;
use crate::{FRAME, SILENCE};

/// How often each recording is served.
const PERIOD: Duration = Duration::from_millis(200);
/// Frames that wait for digits to be silenced.
const HELD: usize = 16;
/// Items taken at once from one recording before the others have their turn.
const TURN: usize = 400;
/// Longest silence put in place of what was missed: a minute.
const MAX_SILENCE: u64 = 3000;

/// A file of either format.
enum Sink {
    Opus(Box<OpusWriter>),
    Wav(WavWriter),
}

impl Sink {
    fn create(new: &NewRecording) -> io::Result<Self> {
        if new.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wav")) {
            return Ok(Sink::Wav(WavWriter::create(&new.path, 2, new.rate.hz())?));
        }
        let serial = new.recording.0 as u32;
        Ok(Sink::Opus(Box::new(OpusWriter::create(&new.path, new.rate, serial)?)))
    }

    fn handle(&self) -> Arc<File> {
        match self {
            Sink::Opus(writer) => writer.handle(),
            Sink::Wav(writer) => writer.handle(),
        }
    }

    fn append(&mut self, samples: &[i16], bytes: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Sink::Opus(writer) => writer.append(samples),
            Sink::Wav(_) => {
                bytes.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
                Ok(())
            }
        }
    }

    fn mark(&mut self, paused: Duration) -> io::Result<()> {
        match self {
            Sink::Opus(writer) => writer.mark(paused),
            Sink::Wav(writer) => {
                writer.mark();
                Ok(())
            }
        }
    }

    fn end(self) -> io::Result<Arc<File>> {
        match self {
            Sink::Opus(writer) => writer.end(),
            Sink::Wav(writer) => writer.end(),
        }
    }
}

struct Open {
    recording: RecordingId,
    path: PathBuf,
    rate: Rate,
    items: Receiver<Item>,
    missed: Arc<AtomicU64>,
    missed_before: u64,
    sink: Option<Sink>,
    error: Option<String>,
    held: VecDeque<StereoFrame>,
    /// Frames of each channel that are still to be silent.
    mute: [u8; 2],
    /// Samples that wait for a whole 20 ms, channels in turn.
    waiting: Vec<i16>,
    /// What a turn adds to a WAV file: one write for all of it.
    bytes: Vec<u8>,
    /// Samples per channel written.
    samples: u64,
}

/// Writes recordings until no more can come and all are closed. Several threads may run this side by side.
pub(super) fn run_writer(new: &Receiver<NewRecording>, disk: &Sender<Job>, events: &Sender<Event>) {
    let mut open: Vec<Open> = Vec::new();
    let mut more = true;
    let mut served = Instant::now();
    while more || !open.is_empty() {
        if more {
            match new.recv_timeout(PERIOD.saturating_sub(served.elapsed())) {
                Ok(recording) => {
                    open.push(Open::begin(recording, disk));
                    if served.elapsed() < PERIOD {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => more = false,
            }
        } else {
            // The engine has stopped: the rest is in the rings, whose last taps are being dropped.
            std::thread::sleep(Duration::from_millis(5));
        }
        served = Instant::now();
        open.retain_mut(|recording| {
            let go_on = recording.serve(events);
            if !go_on {
                let _gone = disk.send(recording.finish());
            }
            go_on
        });
    }
}

impl Open {
    fn begin(new: NewRecording, disk: &Sender<Job>) -> Self {
        let (sink, error) = match Sink::create(&new) {
            Ok(sink) => {
                let _gone = disk.send(Job::Watch(new.recording, sink.handle()));
                (Some(sink), None)
            }
            Err(error) => (None, Some(in_words(&error))),
        };
        Open {
            recording: new.recording,
            path: new.path,
            rate: new.rate,
            items: new.items,
            missed: new.missed,
            missed_before: 0,
            sink,
            error,
            held: VecDeque::new(),
            mute: [0; 2],
            waiting: Vec::new(),
            bytes: Vec::new(),
            samples: 0,
        }
    }

    /// Writes what waits; false when no more will come.
    fn serve(&mut self, events: &Sender<Event>) -> bool {
        for _ in 0..TURN {
            match self.items.try_recv() {
                Ok(Item::Sound(frame)) => self.hold(frame),
                Ok(Item::Pause) => {
                    self.release(0);
                    self.tell(events, true);
                }
                Ok(Item::Resume(ticks)) => {
                    self.flush();
                    let paused = Duration::from_millis(ticks * 20);
                    let marked = self.sink.as_mut().map_or(Ok(()), |sink| sink.mark(paused));
                    self.check(marked);
                    self.tell(events, false);
                }
                Ok(Item::Mute { channel, back, ahead }) => self.silence(channel, back, ahead),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        // The ring was full: the time is kept.
        let missed = self.missed.load(Ordering::Relaxed);
        for _ in 0..(missed - self.missed_before).min(MAX_SILENCE) * (self.rate.frame() / FRAME) as u64 {
            self.hold([SILENCE; 2]);
        }
        self.missed_before = missed;
        self.flush();
        true
    }

    /// Writes what was put together for a WAV file.
    fn flush(&mut self) {
        if let Some(Sink::Wav(writer)) = &mut self.sink {
            let written = writer.append(&self.bytes);
            self.check(written);
        }
        self.bytes.clear();
    }

    fn tell(&self, events: &Sender<Event>, paused: bool) {
        let _gone = events.send(Event::RecordingPaused { recording: self.recording, paused, at: self.length() });
    }

    fn length(&self) -> Duration {
        Duration::from_micros(self.samples * 1_000_000 / u64::from(self.rate.hz()))
    }

    fn hold(&mut self, mut frame: StereoFrame) {
        for (channel, left) in frame.iter_mut().zip(&mut self.mute) {
            if *left > 0 {
                *left -= 1;
                *channel = SILENCE;
            }
        }
        self.held.push_back(frame);
        self.release(HELD);
    }

    fn silence(&mut self, channel: u8, back: u8, ahead: u8) {
        let channel = usize::from(channel);
        for frame in self.held.iter_mut().rev().take(usize::from(back)) {
            if let Some(samples) = frame.get_mut(channel) {
                *samples = SILENCE;
            }
        }
        if let Some(left) = self.mute.get_mut(channel) {
            *left = (*left).max(ahead);
        }
    }

    /// Writes all but so many frames.
    fn release(&mut self, keep: usize) {
        while self.held.len() > keep {
            let Some([said, heard]) = self.held.pop_front() else { return };
            self.waiting.extend(said.iter().zip(&heard).flat_map(|(left, right)| [*left, *right]));
            let whole = 2 * self.rate.frame();
            if self.waiting.len() >= whole {
                let written = match (&mut self.sink, self.waiting.get(..whole)) {
                    (Some(sink), Some(samples)) => {
                        self.samples += self.rate.frame() as u64;
                        sink.append(samples, &mut self.bytes)
                    }
                    _ => Ok(()),
                };
                self.waiting.clear();
                self.check(written);
            }
        }
    }

    /// A file that failed is ended: what is written stays readable, the rest of the call is not recorded.
    fn check(&mut self, done: io::Result<()>) {
        if let Err(error) = done {
            self.error.get_or_insert(in_words(&error));
            self.sink = None;
        }
    }

    fn finish(&mut self) -> Job {
        self.release(0);
        self.flush();
        let file = match self.sink.take().map(Sink::end) {
            Some(Ok(file)) => Some(file),
            Some(Err(error)) => {
                self.error.get_or_insert(in_words(&error));
                None
            }
            None => None,
        };
        let missed = self.missed.load(Ordering::Relaxed);
        if missed > 0 {
            self.error.get_or_insert(format!("the box was too slow: {} ms are silent", missed * 20));
        }
        Job::Finish {
            recording: self.recording,
            file,
            path: std::mem::take(&mut self.path),
            duration: self.length(),
            error: self.error.take(),
        }
    }
}

fn in_words(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::StorageFull {
        "the disk is full: delete recordings or choose a shorter time to keep them".to_owned()
    } else {
        error.to_string()
    }
}

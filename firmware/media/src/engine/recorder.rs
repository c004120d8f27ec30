//! Recordings: real-time threads push frames, one thread writes them to disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use crate::command::{Event, RecordingId};
use crate::resample::Converter;
use crate::sound::{Rate, Sound};
use crate::wav::file::WavWriter;
use crate::{FRAME, Frame, SILENCE};

/// Frames that wait for the disk, per recording: 1.5 s.
const DEPTH: usize = 75;
/// How often the disk is served.
const PERIOD: Duration = Duration::from_millis(200);

/// What the party says, and what it hears.
pub(super) type StereoFrame = [Frame; 2];

/// The real-time end of a recording; dropping it ends the recording.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) recording: RecordingId,
    frames: Sender<StereoFrame>,
    missed: Arc<AtomicU64>,
    /// For what is said and heard at another rate than 8 kHz.
    converters: [Converter; 2],
}

impl Tap {
    /// Gives 20 ms; what finds the ring full is counted as missed.
    pub(super) fn give(&mut self, said: &Sound, heard: &Sound) {
        let mut frames = [SILENCE; 2];
        for ((frame, sound), converter) in frames.iter_mut().zip([said, heard]).zip(&mut self.converters) {
            converter.samples(sound.rate(), sound.samples(), Rate::Narrow, frame);
        }
        if self.frames.try_send(frames).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The disk's end of a recording.
#[derive(Debug)]
pub(super) struct NewRecording {
    recording: RecordingId,
    path: PathBuf,
    frames: Receiver<StereoFrame>,
    missed: Arc<AtomicU64>,
}

/// Both ends of a recording.
pub(super) fn recording(recording: RecordingId, path: PathBuf) -> (Tap, NewRecording) {
    let (sender, receiver) = bounded(DEPTH);
    let missed = Arc::new(AtomicU64::new(0));
    (
        Tap { recording, frames: sender, missed: Arc::clone(&missed), converters: <[Converter; 2]>::default() },
        NewRecording { recording, path, frames: receiver, missed },
    )
}

struct Open {
    recording: RecordingId,
    frames: Receiver<StereoFrame>,
    missed: Arc<AtomicU64>,
    writer: Option<WavWriter>,
    error: Option<String>,
    samples: u64,
}

/// Writes recordings until no more can come and all are closed.
pub(super) fn run_recorder(new: &Receiver<NewRecording>, events: &Sender<Event>) {
    let mut open: Vec<Open> = Vec::new();
    let mut buffer = Vec::with_capacity(DEPTH * FRAME * 4);
    let mut more = true;
    let mut served = Instant::now();
    while more || !open.is_empty() {
        if more {
            match new.recv_timeout(PERIOD) {
                Ok(recording) => {
                    open.push(begin(recording));
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
            let go_on = recording.serve(&mut buffer);
            if !go_on {
                let _gone = events.send(recording.finish());
            }
            go_on
        });
    }
}

fn begin(new: NewRecording) -> Open {
    let writer = WavWriter::create(&new.path, 2, crate::RATE);
    let (writer, error) = match writer {
        Ok(writer) => (Some(writer), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Open { recording: new.recording, frames: new.frames, missed: new.missed, writer, error, samples: 0 }
}

impl Open {
    /// Writes what waits; false when no more will come.
    fn serve(&mut self, buffer: &mut Vec<u8>) -> bool {
        buffer.clear();
        let mut go_on = true;
        for _ in 0..DEPTH {
            match self.frames.try_recv() {
                Ok([said, heard]) => {
                    for (left, right) in said.iter().zip(&heard) {
                        buffer.extend(left.to_le_bytes());
                        buffer.extend(right.to_le_bytes());
                    }
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    go_on = false;
                    break;
                }
            }
        }
        if let Some(writer) = &mut self.writer {
            if let Err(error) = writer.append(buffer) {
                // What is written stays readable; the rest of the call is not recorded.
                self.error.get_or_insert(error.to_string());
                self.samples = writer.samples();
                self.writer = None;
            } else {
                self.samples = writer.samples();
            }
        }
        go_on
    }

    fn finish(&mut self) -> Event {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.close()
        {
            self.error.get_or_insert(error.to_string());
        }
        let missed = self.missed.load(Ordering::Relaxed);
        if missed > 0 {
            self.error.get_or_insert(format!("the disk was too slow: {} ms are missing", missed * 20));
        }
        let duration = Duration::from_micros(self.samples * 125);
        Event::Recorded { recording: self.recording, duration, error: self.error.take() }
    }
}

//! The real-time end of a recording: frames go into a ring, [`super::writer`] takes them out on a thread of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::command::RecordingId;
use crate::resample::Converter;
use crate::sound::{Rate, Sound};
use crate::{FRAME, Frame, SILENCE};

/// What waits for the disk at most, per recording: 2 s.
const TICKS: usize = 100;

/// 160 samples of what the party says and of what it hears: 20 ms at 8 kHz, 10 ms at 16 kHz.
pub(super) type StereoFrame = [Frame; 2];

/// The channel of what the party says.
pub(super) const SAID: u8 = 0;
/// The channel of what it hears.
pub(super) const HEARD: u8 = 1;

/// What goes through the ring.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are sound, and the tick allocates nothing")]
pub(super) enum Item {
    Sound(StereoFrame),
    /// What comes is left out.
    Pause,
    /// It goes on after so many ticks.
    Resume(u64),
    /// A digit was heard on a channel: so many frames before and after this place are to be silent.
    Mute {
        channel: u8,
        back: u8,
        ahead: u8,
    },
}

/// The real-time end of a recording; dropping it ends the recording.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) recording: RecordingId,
    rate: Rate,
    items: Sender<Item>,
    /// Waits for room instead of missing sound: time is stepped.
    patient: bool,
    missed: Arc<AtomicU64>,
    /// For what is said and heard at another rate than the recording's.
    converters: [Converter; 2],
    /// Ticks left out so far.
    paused: Option<u64>,
    /// The paused or resumed state still to be told, because the ring was full.
    untold: Option<bool>,
    /// Digits are to be silent.
    pub(super) mutes_digits: bool,
}

impl Tap {
    /// Gives 20 ms; what finds the ring full is counted as missed.
    pub(super) fn give(&mut self, said: &Sound, heard: &Sound) {
        if let Some(paused) = self.untold.take() {
            self.pause(paused);
        }
        if let Some(ticks) = &mut self.paused {
            *ticks += 1;
            return;
        }
        // Room for the highest rate recorded: 16 kHz.
        let mut sounds = [[SILENCE; 2]; 2];
        for ((samples, sound), converter) in sounds.iter_mut().zip([said, heard]).zip(&mut self.converters) {
            converter.samples(sound.rate(), sound.samples(), self.rate, samples.as_flattened_mut());
        }
        let parts = self.rate.frame() / FRAME;
        if !self.patient && self.items.capacity().is_some_and(|most| self.items.len() + parts > most) {
            self.missed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let [said, heard] = &sounds;
        for (said, heard) in said.iter().zip(heard).take(parts) {
            let item = Item::Sound([*said, *heard]);
            let _full = if self.patient { self.items.send(item).is_ok() } else { self.items.try_send(item).is_ok() };
        }
    }

    /// Leaves out what comes, or goes on.
    pub(super) fn pause(&mut self, paused: bool) {
        let item = match (paused, self.paused) {
            (true, None) => Item::Pause,
            (false, Some(ticks)) => Item::Resume(ticks),
            (true, Some(_)) | (false, None) => return,
        };
        if self.items.try_send(item).is_ok() {
            self.paused = paused.then_some(0);
        } else {
            self.untold = Some(paused);
        }
    }

    /// A digit is in the sound of a channel, [`SAID`] or [`HEARD`]: it becomes silence, with what came in the last `back` ticks, at most 8,
    /// and what comes in the next `ahead`.
    pub(super) fn mute(&mut self, channel: u8, back: u8, ahead: u8) {
        if self.mutes_digits && self.paused.is_none() {
            let parts = (self.rate.frame() / FRAME) as u8;
            let (back, ahead) = (back.saturating_mul(parts), ahead.saturating_mul(parts));
            let _full = self.items.try_send(Item::Mute { channel, back, ahead });
        }
    }
}

/// The disk's end of a recording.
#[derive(Debug)]
pub(super) struct NewRecording {
    pub(super) recording: RecordingId,
    pub(super) path: PathBuf,
    pub(super) rate: Rate,
    pub(super) items: Receiver<Item>,
    /// Ticks that found the ring full.
    pub(super) missed: Arc<AtomicU64>,
}

/// Both ends of a recording at 8 or 16 kHz. A `patient` one waits for room.
pub(super) fn recording(recording: RecordingId, path: PathBuf, rate: Rate, patient: bool) -> (Tap, NewRecording) {
    let rate = rate.min(Rate::Wide);
    let (sender, receiver) = bounded(TICKS * rate.frame() / FRAME);
    let missed = Arc::new(AtomicU64::new(0));
    let tap = Tap {
        recording,
        rate,
        items: sender,
        patient,
        missed: Arc::clone(&missed),
        converters: <[Converter; 2]>::default(),
        paused: None,
        untold: None,
        mutes_digits: false,
    };
    (tap, NewRecording { recording, path, rate, items: receiver, missed })
}

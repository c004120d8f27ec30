//! From the jitter buffer through a decoder to frames of 20 ms, the delay corrected on the way.

use std::time::Duration;

use super::{Advice, Arriving, Inserted, JitterBuffer, JitterFigures, Mode, Next, stretch};
use crate::codec::Decoder;
use crate::command::Codec;
use crate::sound::Rate;

/// Highest rate of the sound, Hz.
const MAX_RATE: u32 = Rate::Full.hz();
/// Room for decoded samples: the longest packet, a frame and what is inserted.
const ROOM: usize = MAX_RATE as usize * 180 / 1000;
/// Frames between two corrections of the delay.
const CALM: u8 = 5;
const CALM_URGENT: u8 = 2;
/// Frames until the next try where nothing suits: the search is dear, and sound does not change from frame to frame.
const RETRY: u8 = 8;
/// Frames to wait for sound that can be corrected without being heard: 2 s.
const PATIENCE: u16 = 100;
/// Joint of two pieces of sound: 5 ms.
const JOINT_US: usize = 5000;
/// Steps for one frame at most; more means packets that claim no time.
const MAX_STEPS: usize = 64;

/// What the playout needs of a decoder. All calls write 16-bit linear samples of the playout's rate and follow one another in time; the decoder
/// itself joins what it decodes after concealment to what it made up.
pub trait Decode {
    /// Decodes a whole packet into `out`, which has room for 120 ms; returns the samples written, 0 when it makes no sense.
    fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize;

    /// Makes up sound for a packet that is not there: fills `out`. `following` is the payload of the packet after it, when it is
    /// here, for codecs that carry a copy of the one before.
    fn conceal(&mut self, following: Option<&[u8]>, out: &mut [i16]);

    /// The sender described its background noise (RFC 3389 §3).
    fn comfort_noise(&mut self, description: &[u8]);

    /// The sender is silent: fills `out` with the noise described, or silence.
    fn silence(&mut self, out: &mut [i16]);
}

impl Decode for Decoder {
    fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        Decoder::decode(self, codec, payload, out)
    }

    fn conceal(&mut self, following: Option<&[u8]>, out: &mut [i16]) {
        match following {
            Some(next) => self.recover(next, out),
            None => Decoder::conceal(self, out),
        }
    }

    fn comfort_noise(&mut self, description: &[u8]) {
        Decoder::comfort_noise(self, description);
    }

    fn silence(&mut self, out: &mut [i16]) {
        Decoder::silence(self, out);
    }
}

/// What a frame is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What the sender sent, some of it at least.
    Sound,
    /// Made up in whole: a loss, or the sender's silence.
    MadeUp,
    /// Silence of ours: nothing arrives.
    Nothing,
}

/// A jitter buffer and the samples decoded but not heard yet.
pub struct Playout {
    buffer: JitterBuffer,
    rate: Rate,
    samples: Box<[i16]>,
    count: usize,
    calm: u8,
    waited: u16,
    /// The last frame was quiet.
    quiet: bool,
}

impl Playout {
    /// For packets of a clock (timestamp units per second) and sound of a rate.
    pub fn new(clock: u32, rate: Rate, mode: Mode) -> Self {
        let buffer = JitterBuffer::new(clock, mode);
        Playout { buffer, rate, samples: vec![0; ROOM].into_boxed_slice(), count: 0, calm: 0, waited: 0, quiet: true }
    }

    /// Another codec: its clock and the rate of its sound.
    pub fn set_rates(&mut self, clock: u32, rate: Rate) {
        self.buffer.set_clock(clock);
        if self.rate != rate {
            self.rate = rate;
            self.count = 0;
        }
    }

    /// See [`JitterBuffer::set_mode`].
    pub fn set_mode(&mut self, mode: Mode) {
        self.buffer.set_mode(mode);
    }

    /// See [`JitterBuffer::reset`].
    pub fn reset(&mut self) {
        self.buffer.reset();
        self.count = 0;
    }

    /// See [`JitterBuffer::insert`].
    pub fn insert(&mut self, packet: &Arriving<'_>, now: Duration) -> Inserted {
        self.buffer.insert(packet, now)
    }

    /// See [`JitterBuffer::figures`].
    pub fn figures(&self) -> JitterFigures {
        self.buffer.figures()
    }

    /// The buffer behind it.
    pub fn buffer(&self) -> &JitterBuffer {
        &self.buffer
    }

    /// Gives the frame heard at `now`: fills `out`, 20 ms at the rate (any length up to 60 ms is served).
    pub fn frame(&mut self, now: Duration, decoder: &mut impl Decode, out: &mut [i16]) -> Heard {
        let mut heard = Heard::Nothing;
        if self.count > 0 {
            heard = Heard::Sound;
        }
        self.correct(now, decoder, &mut heard);
        for _ in 0..MAX_STEPS {
            if self.count >= out.len() {
                break;
            }
            self.step(now, decoder, out.len() - self.count, &mut heard);
        }
        let ready = self.count.min(out.len());
        let (front, rest) = out.split_at_mut(ready);
        front.copy_from_slice(self.samples.get(..ready).unwrap_or_default());
        rest.fill(0);
        self.samples.copy_within(ready..self.count, 0);
        self.count -= ready;
        self.quiet = stretch::is_quiet(out);
        heard
    }

    /// Removes or inserts a period when the delay is off.
    fn correct(&mut self, now: Duration, decoder: &mut impl Decode, heard: &mut Heard) {
        self.calm = self.calm.saturating_sub(1);
        let advice = self.buffer.advice(now, self.to_units(self.count), self.quiet);
        if advice == Advice::Keep {
            self.waited = 0;
            return;
        }
        if self.calm > 0 {
            return;
        }
        let needed = stretch::needed(self.rate.hz());
        for _ in 0..4 {
            if self.count >= needed || !self.buffer.ready() {
                break;
            }
            self.step(now, decoder, needed - self.count, heard);
        }
        self.waited = self.waited.saturating_add(1);
        let impatient = self.waited > PATIENCE;
        let to_samples =
            |units: u32| (u64::from(units) * u64::from(self.rate.hz()) / u64::from(self.buffer.clock())) as usize;
        let (samples, count, rate) = (&mut self.samples, self.count, self.rate.hz());
        let (changed, calm) = match advice {
            Advice::Shorten { by, urgent } => (
                stretch::shorten(samples, count, rate, to_samples(by), urgent || impatient),
                if urgent { CALM_URGENT } else { CALM },
            ),
            Advice::Lengthen { by } => (stretch::lengthen(samples, count, rate, to_samples(by), impatient), CALM),
            Advice::Keep => (None, 0),
        };
        if let Some(after) = changed {
            let removed = self.to_units(count) as i32 - self.to_units(after) as i32;
            self.buffer.stretched(removed);
            self.count = after;
            self.calm = calm;
            self.waited = 0;
        } else {
            self.calm = RETRY;
            self.waited = self.waited.saturating_add(u16::from(RETRY) - 1);
        }
    }

    /// Does what the buffer says next, for at most `wanted` samples more.
    fn step(&mut self, now: Duration, decoder: &mut impl Decode, wanted: usize, heard: &mut Heard) {
        let queued = self.to_units(self.count);
        let (clock, rate) = (u64::from(self.buffer.clock()), u64::from(self.rate.hz()));
        let to_samples = |units: u32| (u64::from(units) * rate / clock) as usize;
        let wanted = (wanted as u64 * clock).div_ceil(rate) as u32;
        let room = self.samples.get_mut(self.count..).unwrap_or_default();
        match self.buffer.next(now, queued, wanted) {
            Next::Packet { codec, payload, duration, skip, joint } => {
                let mut overlap = [0; MAX_RATE as usize * JOINT_US / 1_000_000];
                let overlap = overlap.get_mut(..self.rate.hz() as usize * JOINT_US / 1_000_000).unwrap_or_default();
                if joint {
                    decoder.conceal(None, overlap);
                }
                let mut decoded = decoder.decode(codec, payload, room).min(room.len());
                if decoded == 0 {
                    decoded = to_samples(duration).min(room.len());
                    decoder.conceal(None, room.get_mut(..decoded).unwrap_or_default());
                }
                let skip = to_samples(skip).min(decoded);
                room.copy_within(skip..decoded, 0);
                decoded -= skip;
                if joint {
                    join(overlap, room.get_mut(..decoded).unwrap_or_default());
                }
                self.count += decoded;
                *heard = Heard::Sound;
            }
            Next::Conceal { duration, following } => {
                let count = to_samples(duration).clamp(1, room.len().max(1));
                let out = room.get_mut(..count).unwrap_or_default();
                decoder.conceal(following, out);
                self.count += out.len();
                if *heard == Heard::Nothing {
                    *heard = Heard::MadeUp;
                }
            }
            Next::ComfortNoise { payload } => decoder.comfort_noise(payload),
            Next::Silence { duration } => {
                let count = to_samples(duration).clamp(1, room.len().max(1));
                let out = room.get_mut(..count).unwrap_or_default();
                decoder.silence(out);
                self.count += out.len();
                if *heard == Heard::Nothing {
                    *heard = Heard::MadeUp;
                }
            }
            Next::Nothing { duration } => {
                let count = to_samples(duration).clamp(1, room.len().max(1));
                let out = room.get_mut(..count).unwrap_or_default();
                out.fill(0);
                self.count += out.len();
            }
        }
    }

    fn to_units(&self, samples: usize) -> u32 {
        (samples as u64 * u64::from(self.buffer.clock()) / u64::from(self.rate.hz())) as u32
    }
}

impl std::fmt::Debug for Playout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playout").field("rate", &self.rate).field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

/// Fades from what would have gone on into what comes.
fn join(from: &[i16], into: &mut [i16]) {
    let count = from.len().min(into.len()) as i32;
    for (n, (sample, &before)) in into.iter_mut().zip(from).enumerate() {
        let n = n as i32;
        *sample = ((i32::from(before) * (count - n) + i32::from(*sample) * n) / count.max(1)) as i16;
    }
}

//! The jitter buffer: packets in as they come, 20 ms out per tick. Used only where somebody needs samples.
//!
//! Packets are kept by timestamp, so that reordering, duplicates and any packet time from 10 to 60 ms need no special case.
//! The delay starts at 40 ms, grows to 60 ms when packets come late and shrinks when the buffer stays full (a clock that
//! drifts, or a network that became better).
//!
//! Times are in units of the codec's RTP clock. A packet goes through the leg's [`Decoder`] once, in order and whole, when its
//! turn comes: codecs remember what was before. What it gave and the tick did not take yet waits as samples.

use crate::codec::{Decoder, MAX_PACKET_SAMPLES};
use crate::command::Codec;
use crate::sound::{MAX_FRAME, Sound};

/// Packets kept at most.
const SLOTS: usize = 24;
/// Bytes of payload kept per packet: 30 ms of linear sound at 16 kHz, 60 ms of everything else.
const MAX_PAYLOAD: usize = 960;
/// Delay before playing begins, in milliseconds: 40 ms at first, 60 ms at most.
const FIRST_TARGET: u32 = 40;
const MAX_TARGET: u32 = 60;
/// One tick, in milliseconds.
const TICK: u32 = 20;
/// Ticks without any packet after which the next packet starts anew: 200 ms.
const DRY_TICKS: u32 = 10;
/// More than this over the target is too much: 40 ms …
const SURPLUS: u32 = 40;
/// … when it lasts a second.
const SURPLUS_TICKS: u32 = 50;
/// Late packets in a row after which the delay is too short.
const LATE_IN_A_ROW: u32 = 2;
/// Timestamps this far from the playing position belong to another time line: one second.
const FAR: u32 = 1000;

#[derive(Clone, Copy)]
struct Slot {
    used: bool,
    timestamp: u32,
    /// How long it lasts, in units of the clock.
    duration: u32,
    length: u16,
    codec: Codec,
    payload: [u8; MAX_PAYLOAD],
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Kept.
    Kept,
    /// Its time had passed.
    Late,
    /// Known already.
    Duplicate,
    /// Empty, too long, or no room.
    Refused,
}

/// Figures of a buffer's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterFigures {
    /// Packets that came too late to be played.
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Units of the clock replaced by concealment.
    pub concealed: u64,
    /// Units of the clock dropped to lower the delay.
    pub skipped: u64,
}

/// A jitter buffer of fixed size; nothing is allocated after it was made.
pub struct JitterBuffer {
    slots: Box<[Slot]>,
    /// Units of the clock in a millisecond.
    per_millisecond: u32,
    /// Next unit to decode; `None` while filling.
    position: Option<u32>,
    /// Decoded and not taken yet.
    ready: Box<[i16]>,
    ready_count: usize,
    /// Ticks since filling began.
    filling: u32,
    /// Milliseconds.
    target: u32,
    dry: u32,
    surplus: u32,
    late_in_a_row: u32,
    figures: JitterFigures,
}

impl Default for JitterBuffer {
    /// For a clock of 8000 Hz.
    fn default() -> Self {
        let empty =
            Slot { used: false, timestamp: 0, duration: 0, length: 0, codec: Codec::Pcma, payload: [0; MAX_PAYLOAD] };
        JitterBuffer {
            slots: vec![empty; SLOTS].into_boxed_slice(),
            per_millisecond: 8,
            position: None,
            ready: vec![0; MAX_PACKET_SAMPLES + MAX_FRAME].into_boxed_slice(),
            ready_count: 0,
            filling: 0,
            target: FIRST_TARGET,
            dry: 0,
            surplus: 0,
            late_in_a_row: 0,
            figures: JitterFigures::default(),
        }
    }
}

impl JitterBuffer {
    /// Forgets all packets; for a new source. Figures stay.
    pub fn reset(&mut self) {
        self.slots.iter_mut().for_each(|s| s.used = false);
        self.position = None;
        self.ready_count = 0;
        self.filling = 0;
        self.dry = 0;
        self.surplus = 0;
        self.late_in_a_row = 0;
    }

    /// Forgets all packets and counts in another codec's RTP clock, Hz.
    pub fn set_clock(&mut self, hz: u32) {
        self.reset();
        self.per_millisecond = hz / 1000;
    }

    /// Its figures.
    pub fn figures(&self) -> JitterFigures {
        self.figures
    }

    /// The delay it now aims for, in milliseconds.
    pub fn target(&self) -> u32 {
        self.target
    }

    /// Takes a packet's payload.
    pub fn insert(&mut self, codec: Codec, timestamp: u32, payload: &[u8]) -> Inserted {
        let duration = codec.duration(payload);
        if duration == 0 || duration > self.units(120) || payload.len() > MAX_PAYLOAD {
            return Inserted::Refused;
        }
        let far = self.units(FAR);
        if let Some(position) = self.position {
            let ahead = timestamp.wrapping_sub(position) as i32;
            if ahead.unsigned_abs() > far {
                self.reset();
            } else if ahead + duration as i32 <= 0 {
                return self.late();
            }
        }
        if self.slots.iter().any(|s| s.used && s.timestamp == timestamp) {
            self.figures.duplicates += 1;
            return Inserted::Duplicate;
        }
        // While filling there is no position yet, but a packet far from the others is another time line too.
        if self.position.is_none()
            && self.slots.iter().any(|s| s.used && (timestamp.wrapping_sub(s.timestamp) as i32).unsigned_abs() > far)
        {
            self.reset();
        }
        self.late_in_a_row = 0;
        let Some(slot) = self.slots.iter_mut().find(|s| !s.used) else {
            return Inserted::Refused;
        };
        slot.used = true;
        slot.timestamp = timestamp;
        slot.duration = duration;
        slot.length = payload.len() as u16;
        slot.codec = codec;
        if let Some(room) = slot.payload.get_mut(..payload.len()) {
            room.copy_from_slice(payload);
        }
        Inserted::Kept
    }

    fn units(&self, milliseconds: u32) -> u32 {
        milliseconds * self.per_millisecond
    }

    fn late(&mut self) -> Inserted {
        self.figures.late += 1;
        self.late_in_a_row += 1;
        if self.late_in_a_row >= LATE_IN_A_ROW {
            // The network became slower: fill again, with more delay.
            self.target = (self.target + TICK).min(MAX_TARGET);
            self.reset();
        }
        Inserted::Late
    }

    /// Gives the next 20 ms at the rate of the decoder. Returns false when it is silence because nothing arrives.
    pub fn pull(&mut self, decoder: &mut Decoder, out: &mut Sound) -> bool {
        let rate = decoder.codec().rate();
        let frame = rate.frame();
        if self.position.is_none() {
            self.fill();
        }
        let Some(position) = self.position else {
            out.silence_at(rate);
            return false;
        };
        self.position = Some(self.shrink(position));
        let mut played = self.ready_count > 0;
        while self.ready_count < frame {
            played |= self.decode_next(decoder, frame);
        }
        out.at(rate).copy_from_slice(self.ready.get(..frame).unwrap_or_default());
        self.ready.copy_within(frame..self.ready_count, 0);
        self.ready_count -= frame;
        self.dry = if played { 0 } else { self.dry + 1 };
        if self.dry >= DRY_TICKS {
            self.reset();
            decoder.reset();
        }
        played
    }

    /// Decodes what is at the position, or conceals what is missing there; false when it was missing.
    fn decode_next(&mut self, decoder: &mut Decoder, frame: usize) -> bool {
        let at = self.position.unwrap_or_default();
        let room = self.ready.get_mut(self.ready_count..).unwrap_or_default();
        if let Some(slot) = self.slots.iter_mut().find(|s| s.used && s.holds(at)) {
            slot.used = false;
            self.position = Some(slot.timestamp.wrapping_add(slot.duration));
            let payload = slot.payload.get(..usize::from(slot.length)).unwrap_or_default();
            let count = decoder.decode(slot.codec, payload, room).min(room.len());
            // The beginning overlaps with what was played, or is skipped.
            let skipped = decoder.codec().samples(at.wrapping_sub(slot.timestamp)).min(count);
            room.copy_within(skipped..count, 0);
            self.ready_count += count - skipped;
            return count > skipped;
        }
        let missing = frame - self.ready_count;
        let per_unit = (decoder.codec().rate().hz() / decoder.codec().clock_rate()).max(1) as usize;
        let gap = self.gap(at).saturating_mul(per_unit).min(missing).max(1);
        let room = self.ready.get_mut(self.ready_count..self.ready_count + gap).unwrap_or_default();
        decoder.conceal(room);
        self.ready_count += gap;
        let units = (gap / per_unit).max(1) as u32;
        self.figures.concealed += u64::from(units);
        self.position = Some(at.wrapping_add(units));
        false
    }

    /// Starts playing once enough waits, or the first packet has waited long enough.
    fn fill(&mut self) {
        let mut bounds: Option<(u32, u32)> = None;
        for slot in self.slots.iter().filter(|s| s.used) {
            let end = slot.timestamp.wrapping_add(slot.duration);
            bounds = Some(match bounds {
                None => (slot.timestamp, end),
                Some((first, last)) => {
                    (earlier(first, slot.timestamp), if earlier(last, end) == last { end } else { last })
                }
            });
        }
        let Some((first, last)) = bounds else { return };
        self.filling += 1;
        if last.wrapping_sub(first) >= self.units(self.target) || self.filling * TICK > self.target {
            self.position = Some(first);
            self.filling = 0;
        }
    }

    /// Units missing from here to the next packet.
    fn gap(&self, at: u32) -> usize {
        let far = self.units(FAR);
        self.slots
            .iter()
            .filter(|s| s.used)
            .map(|s| s.timestamp.wrapping_sub(at))
            .filter(|&ahead| (1..=far).contains(&ahead))
            .min()
            .map_or(usize::MAX, |ahead| ahead as usize)
    }

    /// Skips ahead one tick when more than needed has waited for a second.
    fn shrink(&mut self, position: u32) -> u32 {
        let far = self.units(FAR);
        let newest = self
            .slots
            .iter()
            .filter(|s| s.used)
            .map(|s| s.timestamp.wrapping_add(s.duration).wrapping_sub(position))
            .filter(|&depth| depth <= far)
            .max()
            .unwrap_or(0);
        self.surplus = if newest > self.units(self.target + SURPLUS) { self.surplus + 1 } else { 0 };
        if self.surplus < SURPLUS_TICKS && newest < self.units(self.target + 4 * SURPLUS) {
            return position;
        }
        self.surplus = 0;
        self.figures.skipped += u64::from(self.units(TICK));
        let position = position.wrapping_add(self.units(TICK));
        for slot in self.slots.iter_mut() {
            slot.used &= (slot.timestamp.wrapping_add(slot.duration).wrapping_sub(position) as i32) > 0;
        }
        position
    }
}

impl Slot {
    fn holds(&self, at: u32) -> bool {
        at.wrapping_sub(self.timestamp) < self.duration
    }
}

fn earlier(a: u32, b: u32) -> u32 {
    if (a.wrapping_sub(b) as i32) < 0 { a } else { b }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sound::Rate;

    /// A packet whose every sample is the A-law value of its number.
    fn payload(n: u32, samples: usize) -> Vec<u8> {
        vec![0xd5 ^ (n % 100) as u8; samples]
    }

    fn value(n: u32) -> i16 {
        crate::codec::g711::ALAW_DECODE[usize::from(payload(n, 1)[0])]
    }

    #[test]
    fn reordered_and_doubled_packets_play_in_order() {
        let mut buffer = JitterBuffer::default();
        let (mut decoder, mut out) = (Decoder::new(Codec::Pcma), Sound::default());
        assert!(!buffer.pull(&mut decoder, &mut out));
        for n in [0u32, 2, 1, 1, 3] {
            buffer.insert(Codec::Pcma, (u32::MAX - 200).wrapping_add(n * 160), &payload(n, 160));
        }
        for n in 0..4 {
            assert!(buffer.pull(&mut decoder, &mut out));
            assert_eq!(out.samples(), [value(n); 160]);
        }
        assert_eq!(buffer.figures().duplicates, 1);
    }

    #[test]
    fn every_packet_time_gives_whole_frames() {
        for samples in [80usize, 160, 240, 320, 480] {
            let mut buffer = JitterBuffer::default();
            let mut sent = 0u32;
            let (mut decoder, mut out) = (Decoder::new(Codec::Pcma), Sound::default());
            let mut missed = 0;
            for tick in 0..200u32 {
                while sent + samples as u32 <= (tick + 1) * 160 {
                    assert_eq!(buffer.insert(Codec::Pcma, 7 + sent, &payload(1, samples)), Inserted::Kept);
                    sent += samples as u32;
                }
                if !buffer.pull(&mut decoder, &mut out) || out.samples() != [value(1); 160] {
                    missed += 1;
                }
            }
            assert!(missed <= 5, "{samples}: {missed}");
            assert_eq!(buffer.figures().concealed, 0, "{samples}");
        }
    }

    #[test]
    fn a_lost_packet_is_concealed_and_a_pause_starts_anew() {
        let mut buffer = JitterBuffer::default();
        let (mut decoder, mut out) = (Decoder::new(Codec::Pcma), Sound::default());
        for n in [0u32, 1, 3, 4] {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
        }
        for _ in 0..5 {
            buffer.pull(&mut decoder, &mut out);
        }
        assert_eq!(buffer.figures().concealed, 160);
        for _ in 0..DRY_TICKS {
            assert!(!buffer.pull(&mut decoder, &mut out));
        }
        // After the pause: delay again, then sound.
        buffer.insert(Codec::Pcma, 100_000, &payload(2, 160));
        buffer.insert(Codec::Pcma, 100_160, &payload(2, 160));
        assert!(buffer.pull(&mut decoder, &mut out));
        assert_eq!(out.samples(), [value(2); 160]);
    }

    #[test]
    fn late_packets_raise_the_delay_and_surplus_lowers_it() {
        let mut buffer = JitterBuffer::default();
        let (mut decoder, mut out) = (Decoder::new(Codec::Pcma), Sound::default());
        for n in 0..2u32 {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
        }
        (0..4).for_each(|_| _ = buffer.pull(&mut decoder, &mut out));
        assert_eq!(buffer.insert(Codec::Pcma, 2 * 160, &payload(1, 160)), Inserted::Late);
        assert_eq!(buffer.insert(Codec::Pcma, 3 * 160, &payload(1, 160)), Inserted::Late);
        assert_eq!(buffer.target(), 60);
        // 160 ms wait for good: within some seconds the surplus is gone.
        let mut n = 10u32;
        (0..8).for_each(|_| {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
            n += 1;
        });
        for _ in 0..400 {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
            n += 1;
            assert!(buffer.pull(&mut decoder, &mut out));
        }
        let left = buffer.slots.iter().filter(|s| s.used).count() as u32 * 160;
        assert!(left <= (buffer.target() + SURPLUS) * 8, "{left}");
    }

    #[test]
    fn every_packet_time_gives_whole_ticks_at_another_clock_and_rate() {
        let codec = Codec::L16(Rate::Wide);
        for milliseconds in [10usize, 20, 30] {
            let mut buffer = JitterBuffer::default();
            buffer.set_clock(codec.clock_rate());
            let (mut decoder, mut out) = (Decoder::new(codec), Sound::default());
            let packet: Vec<u8> = (0..milliseconds * 16).flat_map(|_| 1234i16.to_be_bytes()).collect();
            let (mut sent, mut missed) = (0, 0);
            for tick in 0..200 {
                while sent + milliseconds <= (tick + 1) * 20 {
                    let timestamp = u32::MAX.wrapping_add(sent as u32 * 16);
                    assert_eq!(buffer.insert(codec, timestamp, &packet), Inserted::Kept);
                    sent += milliseconds;
                }
                if !buffer.pull(&mut decoder, &mut out) || out.samples() != [1234; 320] {
                    missed += 1;
                }
            }
            assert!(missed <= 5, "{milliseconds}: {missed}");
            assert_eq!(buffer.figures().concealed, 0, "{milliseconds}");
        }
    }

    proptest! {
        #[test]
        fn any_sequence_is_harmless(steps in proptest::collection::vec((any::<u32>(), 0usize..600, any::<bool>(), any::<bool>()), 0..200)) {
            let mut buffer = JitterBuffer::default();
            let (mut decoder, mut out) = (Decoder::new(Codec::Pcma), Sound::default());
            let mut near = 0u32;
            for (timestamp, length, jump, pull) in steps {
                near = if jump { timestamp } else { near.wrapping_add(timestamp % 500) };
                buffer.insert(Codec::Pcmu, near, &vec![0x55; length]);
                if pull { buffer.pull(&mut decoder, &mut out); }
            }
        }
    }
}

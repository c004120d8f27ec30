//! The jitter buffer: packets in as they come, one frame out per tick. Used only where somebody needs samples.
//!
//! Packets are kept by timestamp, so that reordering, duplicates and any packet time from 10 to 60 ms need no special case.
//! The delay starts at 40 ms, grows to 60 ms when packets come late and shrinks when the buffer stays full (a clock that
//! drifts, or a network that became better).

use crate::command::Codec;
use crate::{FRAME, Frame};

/// Packets kept at most.
const SLOTS: usize = 24;
/// Bytes of payload kept per packet: 60 ms of G.711.
const MAX_PAYLOAD: usize = 480;
/// Delay before playing begins, in samples: 40 ms at first, 60 ms at most.
const FIRST_TARGET: u32 = 320;
const MAX_TARGET: u32 = 480;
/// Frames without any packet after which the next packet starts anew: 200 ms.
const DRY_FRAMES: u32 = 10;
/// More than this over the target is too much: 40 ms …
const SURPLUS: u32 = 320;
/// … when it lasts a second.
const SURPLUS_FRAMES: u32 = 50;
/// Late packets in a row after which the delay is too short.
const LATE_IN_A_ROW: u32 = 2;
/// Timestamps this far from the playing position belong to another time line: one second.
const FAR: u32 = 8000;

#[derive(Clone, Copy)]
struct Slot {
    used: bool,
    timestamp: u32,
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
    /// Samples replaced by concealment.
    pub concealed: u64,
    /// Samples dropped to lower the delay.
    pub skipped: u64,
}

/// A jitter buffer of fixed size; nothing is allocated after it was made.
pub struct JitterBuffer {
    slots: Box<[Slot; SLOTS]>,
    /// Next sample to play; `None` while filling.
    position: Option<u32>,
    /// Frames asked for since filling began.
    filling: u32,
    target: u32,
    dry: u32,
    surplus: u32,
    late_in_a_row: u32,
    last_frame: Frame,
    figures: JitterFigures,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        let empty = Slot { used: false, timestamp: 0, length: 0, codec: Codec::Pcma, payload: [0; MAX_PAYLOAD] };
        JitterBuffer {
            slots: Box::new([empty; SLOTS]),
            position: None,
            filling: 0,
            target: FIRST_TARGET,
            dry: 0,
            surplus: 0,
            late_in_a_row: 0,
            last_frame: [0; FRAME],
            figures: JitterFigures::default(),
        }
    }
}

impl JitterBuffer {
    /// Forgets all packets; for a new source. Figures stay.
    pub fn reset(&mut self) {
        self.slots.iter_mut().for_each(|s| s.used = false);
        self.position = None;
        self.filling = 0;
        self.dry = 0;
        self.surplus = 0;
        self.late_in_a_row = 0;
        self.last_frame = [0; FRAME];
    }

    /// Its figures.
    pub fn figures(&self) -> JitterFigures {
        self.figures
    }

    /// The delay it now aims for, in samples.
    pub fn target(&self) -> u32 {
        self.target
    }

    /// Takes a packet's payload.
    pub fn insert(&mut self, codec: Codec, timestamp: u32, payload: &[u8]) -> Inserted {
        let samples = codec.samples(payload.len()) as u32;
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return Inserted::Refused;
        }
        if let Some(position) = self.position {
            let ahead = timestamp.wrapping_sub(position) as i32;
            if ahead.unsigned_abs() > FAR {
                self.reset();
            } else if ahead + samples as i32 <= 0 {
                return self.late();
            }
        }
        if self.slots.iter().any(|s| s.used && s.timestamp == timestamp) {
            self.figures.duplicates += 1;
            return Inserted::Duplicate;
        }
        // While filling there is no position yet, but a packet far from the others is another time line too.
        if self.position.is_none()
            && self.slots.iter().any(|s| s.used && (timestamp.wrapping_sub(s.timestamp) as i32).unsigned_abs() > FAR)
        {
            self.reset();
        }
        self.late_in_a_row = 0;
        let Some(slot) = self.slots.iter_mut().find(|s| !s.used) else {
            return Inserted::Refused;
        };
        slot.used = true;
        slot.timestamp = timestamp;
        slot.length = payload.len() as u16;
        slot.codec = codec;
        if let Some(room) = slot.payload.get_mut(..payload.len()) {
            room.copy_from_slice(payload);
        }
        Inserted::Kept
    }

    fn late(&mut self) -> Inserted {
        self.figures.late += 1;
        self.late_in_a_row += 1;
        if self.late_in_a_row >= LATE_IN_A_ROW {
            // The network became slower: fill again, with more delay.
            self.target = (self.target + 160).min(MAX_TARGET);
            self.reset();
        }
        Inserted::Late
    }

    /// Gives the next 20 ms. Returns false when it is silence because nothing arrives.
    pub fn pull(&mut self, out: &mut Frame) -> bool {
        *out = [0; FRAME];
        if self.position.is_none() {
            self.fill();
        }
        let Some(mut position) = self.position else {
            return false;
        };
        position = self.shrink(position);
        let mut filled = 0;
        let mut played = false;
        while filled < FRAME {
            let at = position.wrapping_add(filled as u32);
            let Some(rest) = out.get_mut(filled..) else {
                break;
            };
            if let Some(slot) = self.slots.iter_mut().find(|s| s.used && s.holds(at)) {
                let offset = at.wrapping_sub(slot.timestamp) as usize;
                let payload = slot.payload.get(offset..usize::from(slot.length)).unwrap_or_default();
                let count = slot.codec.decode(payload, rest);
                if count == 0 {
                    slot.used = false; // Cannot happen: `holds` says there is a sample.
                    continue;
                }
                if offset + count == usize::from(slot.length) {
                    slot.used = false;
                }
                filled += count;
                played = true;
            } else {
                let gap = self.gap(at).min(rest.len());
                // The last frame again, quieter: enough to hide one lost packet without a click.
                for (n, sample) in rest.iter_mut().take(gap).enumerate() {
                    *sample = if self.dry == 0 { self.last_frame.get(filled + n).map_or(0, |s| s / 2) } else { 0 };
                }
                self.figures.concealed += gap as u64;
                filled += gap;
            }
        }
        self.position = Some(position.wrapping_add(FRAME as u32));
        self.last_frame = *out;
        self.dry = if played { 0 } else { self.dry + 1 };
        if self.dry >= DRY_FRAMES {
            self.reset();
        }
        played
    }

    /// Starts playing once enough waits, or the first packet has waited long enough.
    fn fill(&mut self) {
        let mut bounds: Option<(u32, u32)> = None;
        for slot in self.slots.iter().filter(|s| s.used) {
            let end = slot.timestamp.wrapping_add(u32::from(slot.length));
            bounds = Some(match bounds {
                None => (slot.timestamp, end),
                Some((first, last)) => {
                    (earlier(first, slot.timestamp), if earlier(last, end) == last { end } else { last })
                }
            });
        }
        let Some((first, last)) = bounds else { return };
        self.filling += 1;
        if last.wrapping_sub(first) >= self.target || self.filling * FRAME as u32 > self.target {
            self.position = Some(first);
            self.filling = 0;
        }
    }

    /// Samples missing from here to the next packet.
    fn gap(&self, at: u32) -> usize {
        self.slots
            .iter()
            .filter(|s| s.used)
            .map(|s| s.timestamp.wrapping_sub(at))
            .filter(|&ahead| (1..=FAR).contains(&ahead))
            .min()
            .map_or(usize::MAX, |ahead| ahead as usize)
    }

    /// Skips ahead one frame when more than needed has waited for a second.
    fn shrink(&mut self, position: u32) -> u32 {
        let newest = self
            .slots
            .iter()
            .filter(|s| s.used)
            .map(|s| s.timestamp.wrapping_add(u32::from(s.length)).wrapping_sub(position))
            .filter(|&depth| depth <= FAR)
            .max()
            .unwrap_or(0);
        self.surplus = if newest > self.target + SURPLUS { self.surplus + 1 } else { 0 };
        if self.surplus < SURPLUS_FRAMES && newest < self.target + 4 * SURPLUS {
            return position;
        }
        self.surplus = 0;
        self.figures.skipped += FRAME as u64;
        let position = position.wrapping_add(FRAME as u32);
        for slot in self.slots.iter_mut() {
            slot.used &= (slot.timestamp.wrapping_add(u32::from(slot.length)).wrapping_sub(position) as i32) > 0;
        }
        position
    }
}

impl Slot {
    fn holds(&self, at: u32) -> bool {
        at.wrapping_sub(self.timestamp) < u32::from(self.length)
    }
}

fn earlier(a: u32, b: u32) -> u32 {
    if (a.wrapping_sub(b) as i32) < 0 { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let mut out = [0; FRAME];
        assert!(!buffer.pull(&mut out));
        for n in [0u32, 2, 1, 1, 3] {
            buffer.insert(Codec::Pcma, (u32::MAX - 200).wrapping_add(n * 160), &payload(n, 160));
        }
        for n in 0..4 {
            assert!(buffer.pull(&mut out));
            assert_eq!(out, [value(n); FRAME]);
        }
        assert_eq!(buffer.figures().duplicates, 1);
    }

    #[test]
    fn every_packet_time_gives_whole_frames() {
        for samples in [80usize, 160, 240, 320, 480] {
            let mut buffer = JitterBuffer::default();
            let mut sent = 0u32;
            let mut out = [0; FRAME];
            let mut missed = 0;
            for tick in 0..200u32 {
                while sent + samples as u32 <= (tick + 1) * 160 {
                    assert_eq!(buffer.insert(Codec::Pcma, 7 + sent, &payload(1, samples)), Inserted::Kept);
                    sent += samples as u32;
                }
                if !buffer.pull(&mut out) || out != [value(1); FRAME] {
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
        let mut out = [0; FRAME];
        for n in [0u32, 1, 3, 4] {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
        }
        for _ in 0..5 {
            buffer.pull(&mut out);
        }
        assert_eq!(buffer.figures().concealed, 160);
        for _ in 0..DRY_FRAMES {
            assert!(!buffer.pull(&mut out));
        }
        // After the pause: delay again, then sound.
        buffer.insert(Codec::Pcma, 100_000, &payload(2, 160));
        buffer.insert(Codec::Pcma, 100_160, &payload(2, 160));
        assert!(buffer.pull(&mut out));
        assert_eq!(out, [value(2); FRAME]);
    }

    #[test]
    fn late_packets_raise_the_delay_and_surplus_lowers_it() {
        let mut buffer = JitterBuffer::default();
        let mut out = [0; FRAME];
        for n in 0..2u32 {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
        }
        (0..4).for_each(|_| _ = buffer.pull(&mut out));
        assert_eq!(buffer.insert(Codec::Pcma, 2 * 160, &payload(1, 160)), Inserted::Late);
        assert_eq!(buffer.insert(Codec::Pcma, 3 * 160, &payload(1, 160)), Inserted::Late);
        assert_eq!(buffer.target(), 480);
        // 160 ms wait for good: within some seconds the surplus is gone.
        let mut n = 10u32;
        (0..8).for_each(|_| {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
            n += 1;
        });
        for _ in 0..400 {
            buffer.insert(Codec::Pcma, n * 160, &payload(1, 160));
            n += 1;
            assert!(buffer.pull(&mut out));
        }
        let left = buffer.slots.iter().filter(|s| s.used).count() as u32 * 160;
        assert!(left <= buffer.target() + SURPLUS, "{left}");
    }

    proptest! {
        #[test]
        fn any_sequence_is_harmless(steps in proptest::collection::vec((any::<u32>(), 0usize..600, any::<bool>(), any::<bool>()), 0..200)) {
            let mut buffer = JitterBuffer::default();
            let mut out = [0; FRAME];
            let mut near = 0u32;
            for (timestamp, length, jump, pull) in steps {
                near = if jump { timestamp } else { near.wrapping_add(timestamp % 500) };
                buffer.insert(Codec::Pcmu, near, &vec![0x55; length]);
                if pull { buffer.pull(&mut out); }
            }
        }
    }
}

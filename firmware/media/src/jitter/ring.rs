//! Where packets wait: a ring of places by sequence number, their bytes in a second ring. Fixed memory, constant time.

use crate::command::Codec;

/// Packets kept at most: 640 ms of the shortest packets.
pub(super) const SLOTS: usize = 64;
/// Bytes kept at most: half a second at 256 kbit/s.
const ARENA: usize = 16_384;

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Sound.
    Audio(Codec),
    /// The description of a background noise (RFC 3389); the sender is silent after it.
    ComfortNoise,
    /// Something that takes a sequence number but is no sound: a telephone event.
    Other,
}

/// A packet's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Extended sequence number.
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    /// In timestamp units; 0 for what is no sound.
    pub(super) duration: u32,
    pub(super) content: Content,
    at: u64,
    length: u16,
    waiting: bool,
}

impl Entry {
    /// The timestamp after its last sample.
    pub(super) fn end(&self) -> u32 {
        self.timestamp.wrapping_add(self.duration)
    }
}

/// The rings.
pub(super) struct Ring {
    entries: [Option<Entry>; SLOTS],
    bytes: Box<[u8]>,
    /// Bytes ever written, those left free at the end of a round included.
    written: u64,
    waiting: usize,
}

impl Ring {
    pub(super) fn new() -> Self {
        Ring { entries: [None; SLOTS], bytes: vec![0; ARENA].into_boxed_slice(), written: 0, waiting: 0 }
    }

    /// Packets that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries = [None; SLOTS];
        self.waiting = 0;
    }

    /// This very packet waits, or was taken and nothing came into its place since.
    pub(super) fn knows(&self, sequence: u64) -> bool {
        self.entries[place(sequence)].is_some_and(|e| e.sequence == sequence)
    }

    /// Keeps a packet. An older one in its place gives way: `true` when that one was still waiting.
    pub(super) fn put(
        &mut self,
        sequence: u64,
        timestamp: u32,
        duration: u32,
        content: Content,
        payload: &[u8],
    ) -> bool {
        let length = payload.len().min(ARENA);
        let offset = (self.written % ARENA as u64) as usize;
        if offset + length > ARENA {
            self.written += (ARENA - offset) as u64; // A payload lies in one piece.
        }
        let at = self.written;
        let offset = (at % ARENA as u64) as usize;
        if let (Some(room), Some(payload)) = (self.bytes.get_mut(offset..offset + length), payload.get(..length)) {
            room.copy_from_slice(payload);
        }
        self.written += length as u64;
        let entry = Entry { sequence, timestamp, duration, content, at, length: length as u16, waiting: true };
        let before = self.entries[place(sequence)].replace(entry);
        let lost = before.is_some_and(|e| e.waiting);
        self.waiting += usize::from(!lost);
        lost
    }

    /// A packet that waits.
    pub(super) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries[place(sequence)].as_ref().filter(|e| e.waiting && e.sequence == sequence)
    }

    /// Takes a packet out; its bytes stay readable until the next [`Ring::put`].
    pub(super) fn take(&mut self, sequence: u64) {
        if let Some(entry) = &mut self.entries[place(sequence)]
            && entry.sequence == sequence
            && std::mem::take(&mut entry.waiting)
        {
            self.waiting -= 1;
        }
    }

    /// A packet's payload; `None` when newer packets needed its room.
    pub(super) fn payload(&self, sequence: u64) -> Option<&[u8]> {
        let entry = self.entries[place(sequence)].as_ref().filter(|e| e.sequence == sequence)?;
        if self.written - entry.at > ARENA as u64 {
            return None;
        }
        let offset = (entry.at % ARENA as u64) as usize;
        self.bytes.get(offset..offset + usize::from(entry.length))
    }
}

fn place(sequence: u64) -> usize {
    (sequence % SLOTS as u64) as usize
}

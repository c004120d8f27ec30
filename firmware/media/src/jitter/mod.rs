//! The jitter buffer: packets in as they come, sound out in steps of 20 ms, with as little delay as the network allows.
//! Used only where somebody needs samples.
//!
//! Two layers. [`JitterBuffer`] keeps encoded packets and says what comes next: *play this packet*, *conceal so much*, *the
//! sender is silent*, *nothing*. It knows sequence numbers and timestamps, no codec. [`playout::Playout`] lets a decoder do
//! that and removes or inserts single periods of the sound ([`stretch`]), so that the delay follows the network and the
//! sender's clock without a click.
//!
//! - *Delay of a position* is measured against the quickest packet of the last seconds ([`delay`]). A packet plays in time when
//!   it took no longer than the delay; so the delay aimed for is a quantile of what packets take.
//! - *Nothing there when needed*: the sound is stretched by concealment and the position waits, up to the most delay allowed. What
//!   comes late is then still played, and the delay has grown by itself; it is taken back later.
//! - *A gap of the timestamps* without a missing number is silence of the sender; the wait after it is chosen anew. So is the
//!   wait after a pause. A gap with missing numbers is loss.
//! - *Another time line* (SSRC, timestamps or numbers that jump) begins afresh, after two packets that agree; one alone is noise.
//! - *Fixed mode*, for fax and modems: the delay never moves, what is late is lost.
//!
//! Times are timestamp units of the codec's clock inside, microseconds outside. Nothing is allocated after a buffer was made; all
//! work per packet and per tick is bounded by the 64 places.

mod delay;
pub mod playout;
mod ring;
pub mod stretch;
#[cfg(test)]
mod tests;

use std::time::Duration;

use delay::{DelayEstimator, units_at};
pub use ring::Content;
use ring::{Entry, Ring, SLOTS};

use crate::command::Codec;
use crate::rtp::packet::MAX_PACKET;

/// Numbers so far ahead or behind belong to a restarted sender (as RFC 3550 A.1 has it).
const MAX_AHEAD: i16 = 3000;
const MAX_BEHIND: i16 = 200;
/// Transits this far from the others belong to another time line.
const FAR_MS: u32 = 2000;
/// Nothing for so long: the next packet starts anew.
const IDLE_MS: u32 = 200;
/// Late packets in a row after which the wait is chosen anew.
const LATE_IN_A_ROW: u32 = 10;
/// The delay to begin with, while nothing is known of the network.
const FIRST_MS: u32 = 40;
/// The delay may lie so far above and below what is aimed for.
const ABOVE_MS: u32 = 15;
const BELOW_MS: u32 = 5;
const QUIET_MS: u32 = 5;
/// Above so much over it, what was in store is dropped, not played quicker.
const OVERFLOW_MS: u32 = 80;
/// So far off, the delay is corrected with less care for the sound.
const URGENT_MS: u32 = 80;
/// Longest packet, 120 ms (Opus, RFC 6716 §2.1.4).
const MAX_PACKET_MS: u32 = 120;

/// How the delay is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By what packets take, within bounds.
    Adaptive {
        /// At least.
        min: Duration,
        /// At most, up to half a second.
        max: Duration,
    },
    /// Always the same, for fax and modems: no sample is added or removed but to begin anew.
    Fixed(Duration),
}

impl Mode {
    /// For speech: 20–400 ms.
    pub const SPEECH: Mode = Mode::Adaptive { min: Duration::from_millis(20), max: Duration::from_millis(400) };
    /// For fax: 120 ms.
    pub const FAX: Mode = Mode::Fixed(Duration::from_millis(120));
}

impl Default for Mode {
    fn default() -> Self {
        Mode::SPEECH
    }
}

/// A packet as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Arriving<'a> {
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp.
    pub timestamp: u32,
    /// Its sound in timestamp units; 0 for what is none.
    pub duration: u32,
    /// Marker bit: a talk spurt begins.
    pub marker: bool,
    /// What it carries.
    pub content: Content,
    /// Its payload.
    pub payload: &'a [u8],
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
    /// Far from all others: taken only when the next one agrees with it.
    Suspect,
    /// Empty or too long.
    Refused,
}

/// What to do next. Durations are in timestamp units, never 0, and no more than was asked for but for whole packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Decode this packet.
    Packet {
        /// Its codec.
        codec: Codec,
        /// Its payload.
        payload: &'a [u8],
        /// Its length in time.
        duration: u32,
        /// So much of its beginning has passed already.
        skip: u32,
        /// What was before it was dropped: the two must be joined without a click.
        joint: bool,
    },
    /// A packet is lost or not there yet.
    Conceal {
        /// So much.
        duration: u32,
        /// The payload of the very next packet, when it is here: it may hold a copy of the lost one (Opus FEC).
        following: Option<&'a [u8]>,
    },
    /// The sender described its background noise (RFC 3389) and is silent. Takes no time.
    ComfortNoise {
        /// The description.
        payload: &'a [u8],
    },
    /// The sender is silent.
    Silence {
        /// So much.
        duration: u32,
    },
    /// Nothing comes, or what came waits for its time.
    Nothing {
        /// So much.
        duration: u32,
    },
}

/// How the delay wants to be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It is right.
    Keep,
    /// Too long: remove about so many timestamp units.
    Shorten {
        /// How many.
        by: u32,
        /// At the cost of the sound.
        urgent: bool,
    },
    /// Too short: insert about so many.
    Lengthen {
        /// How many.
        by: u32,
    },
}

/// Figures of a buffer's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterFigures {
    /// Packets that came too late to be played.
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets dropped because too much was in store.
    pub discarded: u64,
    /// Packets that were not there in time, never or late.
    pub lost: u64,
    /// Runs of lost packets.
    pub bursts: u64,
    /// Sound played, concealment included, microseconds.
    pub played_us: u64,
    /// Sound made up for what was not there, microseconds.
    pub concealed_us: u64,
    /// Sound removed and inserted to correct the delay, microseconds.
    pub removed_us: u64,
    /// See `removed_us`.
    pub inserted_us: u64,
    /// Times it began anew.
    pub restarts: u64,
    /// Mean delay of what was played, microseconds.
    pub mean_delay_us: u32,
    /// Longest delay of what was played, microseconds.
    pub max_delay_us: u32,
    /// Delay it aims for, microseconds.
    pub target_us: u32,
}

/// A buffer for one stream at a time.
pub struct JitterBuffer {
    clock: u32,
    mode: Mode,
    ring: Ring,
    delay: DelayEstimator,
    /// Newest number seen.
    newest: Option<u64>,
    /// First number not played or given up.
    next: u64,
    /// Nothing was played since the beginning: older numbers are welcome.
    fresh: bool,
    /// Timestamp to play next; `None` while filling.
    position: Option<u32>,
    /// Where it stopped when nothing came any more.
    left_at: Option<u32>,
    /// Timestamp after the newest packet.
    newest_end: u32,
    /// Length of the last packet.
    packet: u32,
    /// The sender said that it is silent, or a gap without loss runs.
    silent: bool,
    /// How long nothing was there.
    empty: u32,
    /// Concealed since; forgotten when it turns out that the sender was silent.
    unsure: u32,
    last_arrival: u64,
    suspect: Option<(u16, u32, u64)>,
    late_in_a_row: u32,
    joint: bool,
    figures: JitterFigures,
    delay_sum: u128,
}

impl JitterBuffer {
    /// A buffer for a clock of so many timestamp units per second (8000–48000).
    pub fn new(clock: u32, mode: Mode) -> Self {
        let clock = clock.clamp(8000, 96_000);
        JitterBuffer {
            clock,
            mode,
            ring: Ring::new(),
            delay: DelayEstimator::new(clock),
            newest: None,
            next: 0,
            fresh: true,
            position: None,
            left_at: None,
            newest_end: 0,
            packet: clock / 50,
            silent: false,
            empty: 0,
            unsure: 0,
            last_arrival: 0,
            suspect: None,
            late_in_a_row: 0,
            joint: false,
            figures: JitterFigures::default(),
            delay_sum: 0,
        }
    }

    /// Timestamp units per second.
    pub fn clock(&self) -> u32 {
        self.clock
    }

    /// Forgets all packets; for a new source. Figures and what was learnt of the network stay.
    pub fn reset(&mut self) {
        self.ring.clear();
        self.delay.new_time_line();
        self.newest = None;
        self.fresh = true;
        self.position = None;
        self.left_at = None;
        self.silent = false;
        self.empty = 0;
        self.unsure = 0;
        self.suspect = None;
        self.late_in_a_row = 0;
        self.joint = false;
    }

    /// Another codec with another clock: all is forgotten but the figures.
    pub fn set_clock(&mut self, clock: u32) {
        if clock != self.clock {
            self.reset();
            self.clock = clock.clamp(8000, 96_000);
            self.delay = DelayEstimator::new(self.clock);
            self.packet = self.clock / 50;
        }
    }

    /// Chooses how the delay is found. A change to or from a fixed delay fills anew.
    pub fn set_mode(&mut self, mode: Mode) {
        if self.mode != mode {
            self.mode = mode;
            self.position = None;
        }
    }

    /// How the delay is found.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Its figures.
    pub fn figures(&self) -> JitterFigures {
        let mut figures = self.figures;
        figures.mean_delay_us = self
            .delay_sum
            .checked_div(u128::from(figures.played_us))
            .map_or(0, |mean| mean.min(u128::from(u32::MAX)) as u32);
        figures.target_us = self.us(self.target(self.last_arrival)) as u32;
        figures
    }

    /// Packets that wait.
    pub fn waiting(&self) -> usize {
        self.ring.waiting()
    }

    /// Takes a packet that arrived at `now` (any origin, the same as for [`JitterBuffer::next`]).
    pub fn insert(&mut self, packet: &Arriving<'_>, now: Duration) -> Inserted {
        let sound = matches!(packet.content, Content::Audio(_));
        let too_long = packet.duration > self.units(MAX_PACKET_MS) || packet.payload.len() > MAX_PACKET;
        if too_long || (sound && (packet.payload.is_empty() || packet.duration == 0)) {
            return Inserted::Refused;
        }
        let now = now.as_micros() as u64;
        if self.is_far(packet, now) {
            if !self.confirms_suspect(packet, now) {
                self.suspect = Some((packet.sequence, packet.timestamp, now));
                return Inserted::Suspect;
            }
            self.reset();
            self.figures.restarts += 1;
        }
        self.suspect = None;
        let sequence = match self.newest {
            Some(newest) => newest.wrapping_add_signed(i64::from(packet.sequence.wrapping_sub(newest as u16) as i16)),
            None => (1 << 32) | u64::from(packet.sequence),
        };
        if self.ring.knows(sequence) {
            self.figures.duplicates += 1;
            return Inserted::Duplicate;
        }
        let pause = now.saturating_sub(self.last_arrival) > u64::from(IDLE_MS) * 1000;
        if sound {
            let target = self.target(now) as i32;
            let stalled = self.delay.above_base(packet.timestamp, now).is_some_and(|above| above > target);
            if packet.marker && pause && self.ring.waiting() == 0 && stalled {
                self.delay.rebase(packet.timestamp, now);
            }
            let most = self.bounds().1;
            self.delay.packet(packet.timestamp, now, most);
            self.last_arrival = now;
        }
        let end = packet.timestamp.wrapping_add(packet.duration);
        let passed = self.position.is_some_and(|p| sound && (end.wrapping_sub(p) as i32) <= 0);
        if passed || (!self.fresh && sequence < self.next) {
            return self.late();
        }
        if self.newest.is_none() || (self.fresh && sequence < self.next) {
            self.next = sequence;
        }
        self.late_in_a_row = 0;
        if self.ring.put(sequence, packet.timestamp, packet.duration, packet.content, packet.payload) {
            self.figures.discarded += 1;
        }
        if self.newest.is_none_or(|newest| sequence > newest) {
            self.newest = Some(sequence);
            if sound {
                self.newest_end = end;
                self.packet = packet.duration;
            }
        }
        Inserted::Kept
    }

    /// What to do for the next `wanted` timestamp units (at least 1), when `queued` were already taken from here but not heard yet.
    pub fn next(&mut self, now: Duration, queued: u32, wanted: u32) -> Next<'_> {
        let now = now.as_micros() as u64;
        // What counts is whether a packet is here when it is asked for, not when it is heard: decisions are for `now`.
        let heard_at = now.saturating_add(self.us(queued));
        let wanted = wanted.max(1);
        self.drop_surplus(now);
        for _ in 0..=SLOTS {
            let Some(entry) = self.first_sound() else {
                return self.nothing_there(now, wanted);
            };
            let wait = (self.target(now) as i32).saturating_sub(self.delay_of(entry.timestamp, now));
            let Some(position) = self.position else {
                let full = self.newest_end.wrapping_sub(entry.timestamp) as i32 > self.bounds().1 as i32;
                if wait > 0 && !full {
                    return Next::Nothing { duration: wanted };
                }
                return self.play(&entry, 0, heard_at);
            };
            let missing = self.missing_before(entry.sequence);
            let ahead = entry.timestamp.wrapping_sub(position) as i32;
            let skip = ahead.min(0).unsigned_abs();
            if skip > 0 && skip >= entry.duration && entry.content != Content::ComfortNoise {
                self.give_up(&entry);
                self.figures.late += 1;
                continue;
            }
            if ahead > 0 || (self.silent && missing == 0) {
                self.silent |= missing == 0;
                // A loss in the middle of speech is not a reason to hurry; waiting for something was.
                let slack = if self.silent || self.empty > 0 { 0 } else { self.units(ABOVE_MS) as i32 };
                let may_step = self.fixed().is_none() || ahead <= 0;
                if !(may_step && wait.saturating_add(slack) <= 0) {
                    return self.bridge(&entry, missing, ahead, wanted);
                }
            }
            return self.play(&entry, skip, heard_at);
        }
        Next::Nothing { duration: wanted }
    }

    /// Whether the delay of what is played at `now`, after `queued` units that were taken already, should be corrected. In `quiet` nobody hears
    /// it: then smaller errors are.
    pub fn advice(&self, now: Duration, queued: u32, quiet: bool) -> Advice {
        let (Some(position), None, false) = (self.position, self.fixed(), self.silent) else {
            return Advice::Keep;
        };
        if self.ring.waiting() == 0 && queued == 0 {
            return Advice::Keep;
        }
        // Packets are asked for on the grid of the ticks only. What is taken already beyond that grid (`odd`) is delay without use; a
        // correction that does not cross the grid gives packets no more time.
        let heard_at = (now.as_micros() as u64).saturating_add(self.us(queued));
        let grid = self.grid() as i32;
        let odd = queued as i32 % grid;
        let over = self.delay_of(position, heard_at).saturating_sub(odd).saturating_sub(self.target(heard_at) as i32);
        let in_store = (self.newest_end.wrapping_sub(position) as i32).saturating_add(queued as i32);
        let above = self.units(if quiet { QUIET_MS } else { ABOVE_MS }) as i32;
        let excess = over / grid * grid + odd;
        if over >= 0 && excess > above && in_store >= self.units(40) as i32 {
            return Advice::Shorten { by: excess as u32, urgent: excess > self.units(URGENT_MS) as i32 };
        }
        if over < -(self.units(BELOW_MS) as i32) {
            let steps = over.unsigned_abs().div_ceil(grid as u32);
            return Advice::Lengthen { by: (steps * grid as u32).saturating_sub(odd as u32) };
        }
        Advice::Keep
    }

    /// A packet can be played at once.
    pub fn ready(&self) -> bool {
        let Some(position) = self.position else {
            return false;
        };
        self.first_sound().is_some_and(|e| (e.timestamp.wrapping_sub(position) as i32) <= 0)
    }

    /// Counts samples removed (positive) or inserted (negative), in timestamp units.
    pub fn stretched(&mut self, removed: i32) {
        let us = self.us(removed.unsigned_abs());
        if removed > 0 { self.figures.removed_us += us } else { self.figures.inserted_us += us }
    }

    /// The delay aimed for at a moment, in timestamp units.
    fn target(&self, now: u64) -> u32 {
        let (min, max) = self.bounds();
        if let Some(fixed) = self.fixed() {
            return fixed;
        }
        // Packets that do not end with a tick are needed at its beginning.
        let allowance = self.clock / 50 - self.grid();
        (self.delay.target(self.units(FIRST_MS), now) + allowance).clamp(min, max)
    }

    fn bounds(&self) -> (u32, u32) {
        let units = |d: Duration| (d.as_millis() as u32).min(500) * (self.clock / 1000);
        match self.mode {
            Mode::Adaptive { min, max } => (units(min), units(max.max(min))),
            Mode::Fixed(delay) => (units(delay), units(delay)),
        }
    }

    fn fixed(&self) -> Option<u32> {
        matches!(self.mode, Mode::Fixed(_)).then(|| self.bounds().0)
    }

    /// How far apart the moments are at which packets may be asked for, against their timestamps.
    fn grid(&self) -> u32 {
        let (mut a, mut b) = (self.clock / 50, self.packet);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a.max(1)
    }

    fn units(&self, ms: u32) -> u32 {
        self.clock / 1000 * ms
    }

    fn us(&self, units: u32) -> u64 {
        u64::from(units) * 1_000_000 / u64::from(self.clock)
    }

    /// How long the quickest packet of this timestamp would have waited if it were heard at `at`.
    fn delay_of(&self, timestamp: u32, at: u64) -> i32 {
        self.delay.above_base(timestamp, at).unwrap_or(0)
    }

    fn is_far(&self, packet: &Arriving<'_>, now: u64) -> bool {
        let Some(newest) = self.newest else {
            return false;
        };
        let ahead = packet.sequence.wrapping_sub(newest as u16) as i16;
        if !(-MAX_BEHIND..=MAX_AHEAD).contains(&ahead) {
            return true;
        }
        let sound = matches!(packet.content, Content::Audio(_));
        let above = self.delay.above_base(packet.timestamp, now).filter(|_| sound);
        above.is_some_and(|above| above.unsigned_abs() > self.units(FAR_MS))
    }

    fn confirms_suspect(&self, packet: &Arriving<'_>, now: u64) -> bool {
        self.suspect.is_some_and(|(sequence, timestamp, at)| {
            let numbers = packet.sequence.wrapping_sub(sequence);
            let transit = |ts: u32, at: u64| units_at(self.clock, at).wrapping_sub(ts);
            let apart = transit(packet.timestamp, now).wrapping_sub(transit(timestamp, at)) as i32;
            (1..=16).contains(&numbers) && apart.unsigned_abs() < self.units(FAR_MS) / 2
        })
    }

    fn late(&mut self) -> Inserted {
        self.figures.late += 1;
        self.late_in_a_row += 1;
        if self.late_in_a_row >= LATE_IN_A_ROW {
            // The network became slower for good: wait anew.
            self.reset();
            self.figures.restarts += 1;
        }
        Inserted::Late
    }

    /// The first packet with sound, or with the description of silence.
    fn first_sound(&self) -> Option<Entry> {
        if self.ring.waiting() == 0 {
            return None;
        }
        let from = self.next.max(self.newest?.saturating_sub(SLOTS as u64 - 1));
        (from..from + SLOTS as u64).find_map(|n| self.ring.get(n).filter(|e| e.content != Content::Other)).copied()
    }

    /// Packets missing between what was played and this number; events in between are not.
    fn missing_before(&self, sequence: u64) -> u64 {
        let gap = sequence.saturating_sub(self.next);
        if self.fresh {
            return 0;
        }
        let near = gap.min(SLOTS as u64);
        gap - (sequence - near..sequence).filter(|&n| self.ring.get(n).is_some()).count() as u64
    }

    fn count_missing(&mut self, sequence: u64) {
        let missing = self.missing_before(sequence);
        self.figures.lost += missing;
        self.figures.bursts += u64::from(missing > 0);
        for n in self.next.max(sequence.saturating_sub(SLOTS as u64))..sequence {
            self.ring.take(n);
        }
    }

    /// Passes over a packet.
    fn give_up(&mut self, entry: &Entry) {
        self.count_missing(entry.sequence);
        self.ring.take(entry.sequence);
        self.next = entry.sequence + 1;
    }

    fn play(&mut self, entry: &Entry, skip: u32, heard_at: u64) -> Next<'_> {
        let missing = self.missing_before(entry.sequence);
        let gap = self.position.or(self.left_at).map_or(0, |p| (entry.timestamp.wrapping_sub(p) as i32).max(0) as u32);
        let explained = if missing == 0 { gap } else { 0 };
        self.count_concealed(self.unsure.saturating_sub(explained));
        self.unsure = 0;
        self.left_at = None;
        self.count_missing(entry.sequence);
        // A step over time that nothing filled.
        let stepped = self.position.is_some_and(|p| p != entry.timestamp.wrapping_add(skip));
        let joint = std::mem::take(&mut self.joint) || (stepped && !self.silent && self.empty == 0);
        self.ring.take(entry.sequence);
        self.next = entry.sequence + 1;
        self.fresh = false;
        self.empty = 0;
        let Content::Audio(codec) = entry.content else {
            self.silent = true;
            return Next::ComfortNoise { payload: self.ring.payload(entry.sequence).unwrap_or_default() };
        };
        self.silent = false;
        let delay = self.delay_of(entry.timestamp.wrapping_add(skip), heard_at).max(0) as u32;
        let (delay_us, length_us) = (self.us(delay), self.us(entry.duration - skip));
        self.position = Some(entry.end());
        self.figures.played_us += length_us;
        self.delay_sum += u128::from(delay_us) * u128::from(length_us);
        self.figures.max_delay_us = self.figures.max_delay_us.max(delay_us.min(u64::from(u32::MAX)) as u32);
        match self.ring.payload(entry.sequence) {
            Some(payload) => Next::Packet { codec, payload, duration: entry.duration, skip, joint },
            None => Next::Conceal { duration: entry.duration - skip, following: None },
        }
    }

    /// Fills the time before a packet that is here already.
    fn bridge(&mut self, entry: &Entry, missing: u64, ahead: i32, wanted: u32) -> Next<'_> {
        let mut duration = wanted;
        if ahead > 0 {
            // A lost packet is made up as a whole.
            let most = if missing > 0 { wanted.max(self.packet) } else { wanted };
            duration = most.min(ahead as u32);
            self.position = self.position.map(|p| p.wrapping_add(duration));
        }
        if missing == 0 {
            return Next::Silence { duration };
        }
        self.count_concealed(duration);
        let following = self.ring.payload(entry.sequence).filter(|_| missing == 1 && entry.duration > 0);
        Next::Conceal { duration, following }
    }

    fn nothing_there(&mut self, heard_at: u64, wanted: u32) -> Next<'_> {
        if self.silent {
            return Next::Silence { duration: wanted };
        }
        let Some(position) = self.position else {
            return Next::Nothing { duration: wanted };
        };
        self.empty += wanted;
        if self.empty > self.units(IDLE_MS) {
            self.left_at = self.position.take();
            return Next::Nothing { duration: wanted };
        }
        self.unsure += wanted;
        let wait = self.fixed().is_none() && self.delay_of(position, heard_at) < self.bounds().1 as i32;
        if !wait {
            self.position = Some(position.wrapping_add(wanted));
        }
        Next::Conceal { duration: wanted, following: None }
    }

    fn count_concealed(&mut self, units: u32) {
        let us = self.us(units);
        self.figures.concealed_us += us;
        self.figures.played_us += us;
        let mean = self.delay_sum.checked_div(u128::from(self.figures.played_us - us)).unwrap_or(0);
        self.delay_sum += mean * u128::from(us);
    }

    /// Drops packets when more is in store than the longest delay allows.
    fn drop_surplus(&mut self, heard_at: u64) {
        let (Some(position), Some(first)) = (self.position, self.first_sound()) else {
            return;
        };
        let most = self.bounds().1 + self.units(OVERFLOW_MS);
        if (self.newest_end.wrapping_sub(first.timestamp) as i32) <= most as i32 {
            return;
        }
        let keep = (self.target(heard_at) + self.packet) as i32;
        while let Some(entry) = self.first_sound() {
            if (self.newest_end.wrapping_sub(entry.timestamp) as i32) <= keep {
                if (entry.timestamp.wrapping_sub(position) as i32) > 0 {
                    self.position = Some(entry.timestamp);
                }
                break;
            }
            self.give_up(&entry);
            self.figures.discarded += 1;
        }
        self.joint = true;
    }
}

impl std::fmt::Debug for JitterBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JitterBuffer")
            .field("mode", &self.mode)
            .field("waiting", &self.ring.waiting())
            .finish_non_exhaustive()
    }
}

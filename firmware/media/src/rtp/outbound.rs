//! One continuous stream towards a party, whatever feeds it: a peer's packets, a prompt, a mix, digits.
//!
//! A receiver sees one SSRC with sequence numbers without holes of our making and timestamps that follow time, so that hold,
//! prompts and transfers do not upset its jitter buffer (RFC 3550 §5.1, RFC 7667 "topologies").
//!
//! Times are in units of the codec's RTP clock since any origin.

use super::packet::Header;

/// Sequence numbers further ahead than this belong to a restarted sender.
const MAX_AHEAD: u16 = 3000;
/// Sequence numbers further behind than this belong to a restarted sender.
const MAX_BEHIND: u16 = 200;
/// A forwarded timestamp further than this from the clock belongs to a restarted sender: two seconds, in milliseconds.
const MAX_SKEW: u32 = 2000;
/// Pause after which a generated packet starts a new talk spurt, in milliseconds.
const SPURT_PAUSE: u64 = 100;

/// How the packets of one source are renumbered.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    ssrc: u32,
    sequence_offset: u16,
    timestamp_offset: u32,
    /// Renumbered packets up to here were sent before this mapping, or are not its own.
    floor: u16,
    /// Others were sent in between: numbers move on, time does not.
    interrupted: bool,
}

/// Sender state of a stream.
#[derive(Clone, Debug)]
pub struct Outbound {
    ssrc: u32,
    last_sequence: u16,
    last_timestamp: u32,
    /// Samples in the newest packet.
    last_samples: u32,
    last_at: Option<u64>,
    mapping: Option<Mapping>,
    generated: bool,
    packets: u64,
    octets: u64,
    /// Units of the clock in a millisecond.
    per_millisecond: u32,
}

impl Outbound {
    /// A stream with a random SSRC and random first sequence number and timestamp (RFC 3550 §5.1).
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Outbound {
            ssrc,
            last_sequence: sequence,
            last_timestamp: timestamp,
            last_samples: 0,
            last_at: None,
            mapping: None,
            generated: false,
            packets: 0,
            octets: 0,
            per_millisecond: 8,
        }
    }

    /// The codec's clock changes, Hz (8000 at first). `before` and `now` are this moment in units of the old clock and the new one. The
    /// time line goes on from here (RFC 7160 §4.1: what was sent before keeps its timestamps).
    pub fn set_clock(&mut self, hz: u32, before: u64, now: u64) {
        if self.per_millisecond == hz / 1000 {
            return;
        }
        self.per_millisecond = hz / 1000;
        self.last_timestamp = later(self.last_timestamp.wrapping_add(self.last_samples), self.timestamp_at(before));
        self.last_samples = 0;
        self.last_at = self.last_at.map(|_| now);
        self.generated = false;
        self.mapping = None;
    }

    /// Our synchronisation source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Another synchronisation source, after a collision. Numbers and time go on.
    pub fn set_ssrc(&mut self, ssrc: u32) {
        self.ssrc = ssrc;
    }

    /// Packets sent.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Payload bytes sent.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The timestamp of this moment, for a sender report or the start of an event.
    pub fn timestamp_at(&self, now: u64) -> u32 {
        let elapsed = self.last_at.map_or(0, |at| now.saturating_sub(at));
        self.last_timestamp.wrapping_add(elapsed as u32)
    }

    /// Header of a packet of our own making with this many samples, following the one before.
    pub fn generated(&mut self, payload_type: u8, samples: u32, now: u64) -> Header {
        let follows = self.generated
            && self.last_at.is_some_and(|at| {
                now.saturating_sub(at) <= u64::from(self.last_samples) + SPURT_PAUSE * u64::from(self.per_millisecond)
            });
        let next = self.last_timestamp.wrapping_add(self.last_samples);
        let timestamp = if follows { next } else { later(next, self.timestamp_at(now)) };
        self.generated = true;
        self.interrupt();
        self.emit(payload_type, !follows, self.last_sequence.wrapping_add(1), timestamp, samples, now)
    }

    /// Header of a packet of a telephone event that began at `timestamp` (RFC 4733 §2.5.1).
    pub fn event(&mut self, payload_type: u8, marker: bool, timestamp: u32, now: u64) -> Header {
        self.interrupt();
        if marker {
            // The event's start is a point of the stream's time line like any other.
            (self.last_timestamp, self.last_samples, self.last_at) = (timestamp, 0, Some(now));
        }
        self.last_sequence = self.last_sequence.wrapping_add(1);
        Header { marker, payload_type, sequence: self.last_sequence, timestamp, ssrc: self.ssrc }
    }

    /// Header of a peer's packet passed on; `None` when it is too late to be of use. A packet of no samples is a telephone event:
    /// its timestamp stands still while it lasts.
    pub fn forwarded(&mut self, incoming: &Header, payload_type: u8, samples: u32, now: u64) -> Option<Header> {
        self.generated = false;
        if let Some(mapping) = &mut self.mapping
            && mapping.ssrc == incoming.ssrc
            // After an interruption the source's time must not fall behind what was sent meanwhile.
            && !(mapping.interrupted
                && (incoming.timestamp.wrapping_add(mapping.timestamp_offset).wrapping_sub(self.last_timestamp) as i32) <= 0)
        {
            if mapping.interrupted {
                mapping.interrupted = false;
                mapping.floor = self.last_sequence;
                mapping.sequence_offset = self.last_sequence.wrapping_add(1).wrapping_sub(incoming.sequence);
            }
            let mapping = *mapping;
            let sequence = incoming.sequence.wrapping_add(mapping.sequence_offset);
            let timestamp = incoming.timestamp.wrapping_add(mapping.timestamp_offset);
            let skew = timestamp.wrapping_sub(self.timestamp_at(now)) as i32;
            let ahead = sequence.wrapping_sub(self.last_sequence);
            let near = samples == 0 || skew.unsigned_abs() < MAX_SKEW * self.per_millisecond;
            if near && (1..=MAX_AHEAD).contains(&ahead) {
                return Some(self.emit(payload_type, incoming.marker, sequence, timestamp, samples, now));
            }
            if near && ahead.wrapping_neg() <= MAX_BEHIND {
                // Reordered or doubled on the way: passed on as it came, unless it is older than this mapping.
                let own = (sequence.wrapping_sub(mapping.floor) as i16) > 0;
                return own.then(|| {
                    self.packets += 1;
                    Header { marker: incoming.marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
                });
            }
        }
        let next = self.last_timestamp.wrapping_add(self.last_samples);
        let timestamp = later(next, self.timestamp_at(now));
        let sequence = self.last_sequence.wrapping_add(1);
        self.mapping = Some(Mapping {
            ssrc: incoming.ssrc,
            sequence_offset: sequence.wrapping_sub(incoming.sequence),
            timestamp_offset: timestamp.wrapping_sub(incoming.timestamp),
            floor: self.last_sequence,
            interrupted: false,
        });
        Some(self.emit(payload_type, true, sequence, timestamp, samples, now))
    }

    /// Counts payload bytes handed to the network.
    pub fn count_octets(&mut self, payload: usize) {
        self.octets += payload as u64;
    }

    fn interrupt(&mut self) {
        self.packets += 1;
        if let Some(mapping) = &mut self.mapping {
            mapping.interrupted = true;
        }
    }

    fn emit(
        &mut self,
        payload_type: u8,
        marker: bool,
        sequence: u16,
        timestamp: u32,
        samples: u32,
        now: u64,
    ) -> Header {
        if !self.generated {
            self.packets += 1;
        }
        self.last_sequence = sequence;
        if samples > 0 || self.last_at.is_none() {
            self.last_timestamp = timestamp;
            self.last_samples = samples;
            self.last_at = Some(now);
        }
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }
}

/// The later of two timestamps.
fn later(a: u32, b: u32) -> u32 {
    if (b.wrapping_sub(a) as i32) > 0 { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
    }

    #[test]
    fn sources_change_and_the_stream_goes_on() {
        let mut out = Outbound::new(9, 65530, u32::MAX - 300);
        let mut sent = Vec::new();
        let mut now = 1000;
        let mut step = |header: Header, now: &mut u64| {
            sent.push(header);
            *now += 160;
        };
        for n in 0..10 {
            step(out.generated(8, 160, now), &mut now);
            let _ = n;
        }
        for n in 0..10u16 {
            step(out.forwarded(&incoming(1, 500 + n, 5000 + u32::from(n) * 160), 8, 160, now).unwrap(), &mut now);
        }
        now += 1600; // hold for 200 ms more
        step(out.generated(8, 160, now), &mut now);
        for n in 20..30u16 {
            step(out.forwarded(&incoming(1, 500 + n, 5000 + u32::from(n) * 160), 8, 160, now).unwrap(), &mut now);
        }
        for n in 0..10u16 {
            step(out.forwarded(&incoming(2, n, u32::from(n) * 160), 8, 160, now).unwrap(), &mut now);
        }
        for pair in sent.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
            assert!((160..=1920).contains(&step), "{step}");
            assert_eq!(pair[1].ssrc, 9);
        }
        assert!(sent[0].marker && sent[10].marker && sent[20].marker && !sent[11].marker);
        assert_eq!(out.packets(), sent.len() as u64);
    }

    #[test]
    fn another_clock_goes_on_where_the_first_one_was() {
        let mut out = Outbound::new(9, 0, 1000);
        let a = out.generated(8, 160, 8000);
        out.set_clock(48_000, 8160, 48_960);
        let b = out.generated(96, 960, 48_960);
        let c = out.generated(96, 960, 49_920);
        assert_eq!((b.timestamp, c.timestamp), (a.timestamp + 160, a.timestamp + 1120));
        // Half a second of silence, then the old clock again.
        out.set_clock(8000, 48_000 * 2, 16_000);
        let d = out.generated(8, 160, 16_000);
        assert_eq!(d.timestamp, c.timestamp + 48_000 * 2 - 49_920);
        assert!(d.marker);
    }

    #[test]
    fn loss_and_reordering_stay_visible_but_never_reach_behind_a_change() {
        let mut out = Outbound::new(9, 0, 0);
        let a = out.forwarded(&incoming(1, 10, 1600), 8, 160, 0).unwrap();
        let c = out.forwarded(&incoming(1, 12, 1920), 8, 160, 320).unwrap();
        let b = out.forwarded(&incoming(1, 11, 1760), 8, 160, 330).unwrap();
        assert_eq!(c.sequence, a.sequence + 2);
        assert_eq!((b.sequence, b.timestamp), (a.sequence + 1, a.timestamp + 160));
        assert_eq!(out.forwarded(&incoming(1, 9, 1440), 8, 160, 340), None);
        let event = out.event(101, true, out.timestamp_at(480), 480);
        let d = out.forwarded(&incoming(1, 14, 2240), 8, 160, 640).unwrap();
        assert_eq!((event.sequence, d.sequence), (c.sequence + 1, c.sequence + 2));
        assert_eq!(d.timestamp, a.timestamp + 640);
    }

    #[test]
    fn a_sender_that_jumps_is_taken_as_a_new_one() {
        let mut out = Outbound::new(9, 0, 0);
        let a = out.forwarded(&incoming(1, 10, 1600), 8, 160, 0).unwrap();
        let b = out.forwarded(&incoming(1, 40000, 77_000_000), 8, 160, 160).unwrap();
        let c = out.forwarded(&incoming(1, 40001, 5), 8, 160, 320).unwrap();
        assert_eq!((b.sequence, b.timestamp), (a.sequence + 1, a.timestamp + 160));
        assert_eq!((c.sequence, c.timestamp), (a.sequence + 2, a.timestamp + 320));
    }
}

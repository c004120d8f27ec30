//! Telephone events: DTMF digits in RTP (RFC 4733).

use crate::command::Digit;

/// Events and their digits: RFC 4733 §3.2.
const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// A digit is told once it lasted so many milliseconds (shorter ones at their end).
const TELL_AFTER: u32 = 40;
/// An event without news for so long is over: 200 ms in units of the local clock.
const EXPIRE: u64 = 1600;
/// Power of what we send: −10 dBm0 (RFC 4733 §2.3.4 counts it without the sign).
const VOLUME: u8 = 10;

/// The event code of a digit.
pub fn code(digit: Digit) -> Option<u8> {
    let digit = digit.to_ascii_uppercase();
    DIGITS.iter().position(|&d| d == digit).and_then(|n| u8::try_from(n).ok())
}

/// The digit of an event code.
pub fn digit(code: u8) -> Option<Digit> {
    DIGITS.get(usize::from(code)).copied()
}

/// The four bytes of RFC 4733 §2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Event code.
    pub event: u8,
    /// E bit: the event is over.
    pub end: bool,
    /// Power in −dBm0, 0–63.
    pub volume: u8,
    /// How long so far, in timestamp units.
    pub duration: u16,
}

impl Payload {
    /// Reads the first event block; later blocks (RFC 4733 §2.5.2.2 redundancy belongs to RFC 2198) are not ours.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[event, flags, d0, d1] = bytes.first_chunk::<4>()?;
        Some(Payload { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration: u16::from_be_bytes([d0, d1]) })
    }

    /// Its four bytes.
    pub fn to_bytes(self) -> [u8; 4] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.event, (self.volume & 0x3f) | if self.end { 0x80 } else { 0 }, d0, d1]
    }
}

#[derive(Clone, Copy, Debug)]
struct Current {
    timestamp: u32,
    event: u8,
    duration: u16,
    ended: bool,
    told: bool,
    heard_at: u64,
}

/// Turns received event packets into digits, each told once.
#[derive(Clone, Debug, Default)]
pub struct EventReceiver {
    current: Option<Current>,
    /// The clock of durations, Hz; 0 for the usual 8000.
    clock: u32,
}

impl EventReceiver {
    /// The clock the peer counts durations in, Hz (8000 at first): that of the codec beside it (RFC 4733 §2.1).
    pub fn set_clock(&mut self, hz: u32) {
        self.clock = hz;
    }

    /// Takes a packet that arrived at `now` (in units of 125 µs of a local clock). Returns the digits it completes: usually none or one, two when
    /// it shows that the digit before had lost its end.
    pub fn packet(&mut self, timestamp: u32, marker: bool, payload: Payload, now: u64) -> [Option<Digit>; 2] {
        if digit(payload.event).is_none() {
            return [None, None]; // Flash and other events are not digits.
        }
        let mut lost_end = None;
        match &mut self.current {
            Some(current) if current.continues(timestamp, marker, payload, now) => {
                current.timestamp = timestamp;
                current.duration = current.duration.max(payload.duration);
                current.ended |= payload.end;
                current.heard_at = now;
            }
            // Older than what we know: reordered, already told.
            Some(current)
                if (timestamp.wrapping_sub(current.timestamp) as i32) < 0 && now < current.heard_at + EXPIRE => {}
            current => {
                lost_end = current.as_mut().and_then(Current::tell);
                *current = Some(Current {
                    timestamp,
                    event: payload.event,
                    duration: payload.duration,
                    ended: payload.end,
                    told: false,
                    heard_at: now,
                });
            }
        }
        // 40 ms at 48 kHz are 1920 units; a field of 16 bits holds 1.3 s of them.
        let enough = TELL_AFTER * if self.clock == 0 { 8 } else { self.clock / 1000 };
        let told = self.current.as_mut().filter(|c| c.ended || u32::from(c.duration) >= enough).and_then(Current::tell);
        [lost_end, told]
    }

    /// The digit whose packets stopped coming before 40 ms and without an end, once that is certain.
    pub fn expire(&mut self, now: u64) -> Option<Digit> {
        self.current.as_mut().filter(|c| now >= c.heard_at + EXPIRE).and_then(Current::tell)
    }

    /// Forgets all; for a new peer.
    pub fn reset(&mut self) {
        self.current = None;
    }
}

impl Current {
    fn continues(&self, timestamp: u32, marker: bool, payload: Payload, now: u64) -> bool {
        if timestamp == self.timestamp {
            return payload.event == self.event || self.ended;
        }
        if self.ended || marker || payload.event != self.event || now > self.heard_at + EXPIRE {
            return false;
        }
        let step = timestamp.wrapping_sub(self.timestamp);
        // A long event goes on in a new segment that begins where the last one ended (RFC 4733 §2.5.1.3), which is near the greatest
        // duration, whatever packets before it were lost …
        let segment = (0xfe00..=0xffff).contains(&step) && self.duration >= 0xe000;
        // … and some senders move the timestamp together with the duration.
        let moving = payload.duration > self.duration && step == u32::from(payload.duration - self.duration);
        segment || moving
    }

    fn tell(&mut self) -> Option<Digit> {
        if std::mem::replace(&mut self.told, true) { None } else { digit(self.event) }
    }
}

/// One packet of an event to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// What to send.
    pub payload: Payload,
    /// First packet of the event.
    pub marker: bool,
    /// Timestamp of the event's (or segment's) start.
    pub timestamp: u32,
}

/// Sends one digit as an event: a packet per tick while it lasts, its end three times (RFC 4733 §2.5.1.4).
#[derive(Clone, Debug)]
pub struct EventSender {
    event: u8,
    timestamp: u32,
    /// Samples of it so far in this segment, and still to come.
    elapsed: u32,
    remaining: u32,
    first: bool,
    ends_left: u8,
}

impl EventSender {
    /// A digit of so many samples that starts at a timestamp; `None` when it is no digit.
    pub fn new(digit: Digit, samples: u32, timestamp: u32) -> Option<Self> {
        let event = code(digit)?;
        Some(EventSender { event, timestamp, elapsed: 0, remaining: samples.max(1), first: true, ends_left: 3 })
    }

    /// The next packet, one per `step` samples; `None` when all were sent.
    pub fn next(&mut self, step: u32) -> Option<EventPacket> {
        if self.remaining > 0 {
            let part = step.min(self.remaining);
            if self.elapsed + part > u32::from(u16::MAX) {
                self.timestamp = self.timestamp.wrapping_add(self.elapsed);
                self.elapsed = 0;
            }
            self.elapsed += part;
            self.remaining -= part;
        }
        let end = self.remaining == 0;
        if end {
            self.ends_left = self.ends_left.checked_sub(1)?;
        }
        let duration = u16::try_from(self.elapsed).unwrap_or(u16::MAX);
        let payload = Payload { event: self.event, end, volume: VOLUME, duration };
        Some(EventPacket { payload, marker: std::mem::take(&mut self.first), timestamp: self.timestamp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds (timestamp, marker, digit, end, duration) 20 ms apart; returns the digits told.
    fn told(packets: &[(u32, bool, char, bool, u16)]) -> String {
        let mut receiver = EventReceiver::default();
        let mut out = String::new();
        let mut now = 0;
        for &(timestamp, marker, digit, end, duration) in packets {
            now += 160;
            let payload = Payload { event: code(digit).unwrap(), end, volume: 10, duration };
            out.extend(receiver.packet(timestamp, marker, payload, now).into_iter().flatten());
        }
        out.extend(receiver.expire(now + EXPIRE));
        out
    }

    #[test]
    fn each_press_is_told_once() {
        let whole = [
            (0, true, '5', false, 160),
            (0, false, '5', false, 320),
            (0, false, '5', true, 480),
            (0, false, '5', true, 480),
        ];
        assert_eq!(told(&whole), "5");
        // Without marker.
        assert_eq!(told(&[(0, false, '5', false, 160), (0, false, '5', true, 480)]), "5");
        // Only end packets arrive.
        assert_eq!(told(&[(0, false, '#', true, 480), (0, false, '#', true, 480)]), "#");
        // All ends lost, the next digit follows; then the same digit again.
        assert_eq!(
            told(&[(0, true, '1', false, 160), (900, true, '2', false, 160), (1800, true, '2', false, 160)]),
            "122"
        );
        // A single packet and nothing more.
        assert_eq!(told(&[(0, true, '*', false, 160)]), "*");
        // An end packet of the first digit comes after the second began.
        assert_eq!(
            told(&[
                (0, true, '1', false, 400),
                (900, true, '2', false, 400),
                (0, false, '1', true, 480),
                (900, false, '2', true, 800)
            ]),
            "12"
        );
        // A new digit reuses the timestamp of the one that ended: sloppy, but a duplicate is likelier.
        assert_eq!(told(&[(0, true, '1', true, 400), (0, false, '1', true, 400)]), "1");
    }

    #[test]
    fn long_events_are_one_digit() {
        let mut packets = Vec::new();
        let mut sender = EventSender::new('7', 100_000, 5000).unwrap();
        while let Some(p) = sender.next(160) {
            packets.push((p.timestamp, p.marker, '7', p.payload.end, p.payload.duration));
        }
        assert!(packets.iter().any(|p| p.0 != 5000));
        assert_eq!(told(&packets), "7");
        // A sender that moves the timestamp with the duration.
        assert_eq!(
            told(&[(0, true, '3', false, 160), (160, false, '3', false, 320), (320, false, '3', false, 480)]),
            "3"
        );
    }

    #[test]
    fn a_digit_is_sent_with_marker_and_three_ends() {
        let mut sender = EventSender::new('b', 800, 1234).unwrap();
        let packets: Vec<_> = std::iter::from_fn(|| sender.next(160)).collect();
        assert_eq!(packets.iter().map(|p| p.payload.duration).collect::<Vec<_>>(), [160, 320, 480, 640, 800, 800, 800]);
        assert_eq!(packets.iter().filter(|p| p.payload.end).count(), 3);
        assert_eq!(packets.iter().filter(|p| p.marker).count(), 1);
        assert!(packets[0].marker && packets.iter().all(|p| p.timestamp == 1234 && p.payload.event == 13));
        assert!(EventSender::new('x', 800, 0).is_none());
        let payload = packets[6].payload;
        assert_eq!(Payload::parse(&payload.to_bytes()), Some(payload));
        assert_eq!(Payload::parse(&[1, 2, 3]), None);
    }
}

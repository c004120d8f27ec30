//! The transport of facsimile packets over UDP: ITU-T T.38 §9.1 (UDPTL). Every datagram repeats the packets before it (redundancy),
//! or carries parities of them (forward error correction); we send the former and read both.

use thiserror::Error;

/// Longest facsimile packet taken: a bound of ours, far above a frame of T.4 Annex A.
pub const MAX_IFP: usize = 512;
/// Packets repeated at most.
pub const MAX_REDUNDANCY: usize = 7;
/// Packets kept to be rebuilt from parities.
const KEPT: usize = 32;
/// A sequence number so far ahead is a new beginning, not a loss.
const FAR: u16 = 256;

/// Why a datagram cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UdptlError {
    /// It ends before it is over.
    #[error("the datagram is cut off")]
    CutOff,
    /// A length that the encoding does not allow here, or is beyond our bounds.
    #[error("the datagram is malformed")]
    Malformed,
}

/// Writes datagrams.
#[derive(Clone, Debug)]
pub struct UdptlSender {
    sequence: u16,
    redundancy: usize,
    /// Newest first.
    before: [Kept; MAX_REDUNDANCY],
    count: usize,
}

impl UdptlSender {
    /// A sender that repeats so many packets in each datagram (`T38FaxUdpEC:t38UDPRedundancy`), [`MAX_REDUNDANCY`] at most.
    pub fn new(redundancy: usize) -> Self {
        let redundancy = redundancy.min(MAX_REDUNDANCY);
        UdptlSender { sequence: 0, redundancy, before: [Kept::EMPTY; MAX_REDUNDANCY], count: 0 }
    }

    /// Makes the datagram of a packet; `most` is the peer's `T38FaxMaxDatagram`: repetitions that do not fit are left out.
    /// False when the packet itself is too long: nothing is written then.
    pub fn packet(&mut self, ifp: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
        let head = 2 + length_octets(ifp.len()) + ifp.len() + 2;
        if ifp.len() > MAX_IFP || head > most {
            return false;
        }
        out.clear();
        out.extend(self.sequence.to_be_bytes());
        write_open(ifp, out);
        out.push(0);
        let mut room = most - head;
        let fitting = self.before.iter().take(self.count).take_while(|kept| {
            let needed = length_octets(kept.length) + kept.length;
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        });
        let fitting = fitting.count();
        out.push(fitting as u8);
        self.before.iter().take(fitting).for_each(|kept| write_open(kept.octets(), out));
        if self.redundancy > 0 {
            self.before.rotate_right(1);
            self.before[0] = Kept::new(self.sequence, ifp);
            self.count = (self.count + 1).min(self.redundancy);
        }
        self.sequence = self.sequence.wrapping_add(1);
        true
    }
}

/// Reads datagrams and gives the packets in order, each once.
#[derive(Clone, Debug)]
pub struct UdptlReceiver {
    expected: Option<u16>,
    kept: [Kept; KEPT],
    lost: u64,
    recovered: u64,
}

impl Default for UdptlReceiver {
    fn default() -> Self {
        UdptlReceiver { expected: None, kept: [Kept::EMPTY; KEPT], lost: 0, recovered: 0 }
    }
}

impl UdptlReceiver {
    /// Packets that never came, and those that were rebuilt from later datagrams.
    pub fn losses(&self) -> (u64, u64) {
        (self.lost, self.recovered)
    }

    /// Takes a datagram and gives the packets that are new with it, oldest first.
    ///
    /// # Errors
    /// [`UdptlError`]; packets read before the fault are not given.
    pub fn datagram(&mut self, bytes: &[u8], mut give: impl FnMut(&[u8])) -> Result<(), UdptlError> {
        let (sequence, rest) = bytes.split_first_chunk::<2>().ok_or(UdptlError::CutOff)?;
        let sequence = u16::from_be_bytes(*sequence);
        let (primary, rest) = read_open(rest)?;
        let recovery = Recovery::read(rest)?;
        let expected = self.expected.unwrap_or(sequence);
        let ahead = sequence.wrapping_sub(expected);
        let (first, missing) = match ahead {
            // Late or twice: it was given, or given up.
            0x8000.. if expected.wrapping_sub(sequence) < FAR => return Ok(()),
            FAR.. => (sequence, 0),
            missing => (expected, missing),
        };
        self.keep(sequence, primary);
        if missing > 0 {
            recovery.rebuild(sequence, self)?;
        }
        for number in (0..missing).map(|n| first.wrapping_add(n)) {
            match self.find(number) {
                Some(kept) => {
                    give(kept.octets());
                    self.recovered += 1;
                }
                None => self.lost += 1,
            }
        }
        give(primary);
        self.expected = Some(sequence.wrapping_add(1));
        Ok(())
    }

    fn keep(&mut self, sequence: u16, octets: &[u8]) {
        if let Some(place) = self.kept.get_mut(usize::from(sequence) % KEPT) {
            *place = Kept::new(sequence, octets);
        }
    }

    fn find(&self, sequence: u16) -> Option<&Kept> {
        self.kept.get(usize::from(sequence) % KEPT).filter(|kept| kept.sequence == Some(sequence))
    }
}

/// The second half of a datagram.
struct Recovery<'a> {
    /// Span of a parity in packets; 0 for repetitions.
    span: usize,
    count: usize,
    octets: &'a [u8],
}

impl<'a> Recovery<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, UdptlError> {
        let (&choice, mut rest) = bytes.split_first().ok_or(UdptlError::CutOff)?;
        let mut span = 0;
        if choice & 0x80 != 0 {
            // An INTEGER: its length, then its value.
            let (&[length, value], after) = rest.split_first_chunk::<2>().ok_or(UdptlError::CutOff)?;
            if length != 1 || value == 0 || usize::from(value) > KEPT {
                return Err(UdptlError::Malformed);
            }
            (span, rest) = (usize::from(value), after);
        }
        let (&count, octets) = rest.split_first().ok_or(UdptlError::CutOff)?;
        if usize::from(count) > KEPT {
            return Err(UdptlError::Malformed);
        }
        let recovery = Recovery { span, count: usize::from(count), octets };
        // Whole, or not at all.
        recovery.parts().try_for_each(|part| part.map(|_| ()))?;
        Ok(recovery)
    }

    fn parts(&self) -> impl Iterator<Item = Result<&'a [u8], UdptlError>> {
        let mut rest = self.octets;
        (0..self.count).map(move |_| {
            let (part, after) = read_open(rest)?;
            rest = after;
            Ok(part)
        })
    }

    /// Puts what can be rebuilt where packets are kept.
    fn rebuild(&self, sequence: u16, receiver: &mut UdptlReceiver) -> Result<(), UdptlError> {
        for (n, part) in self.parts().enumerate() {
            let part = part?;
            if self.span == 0 {
                // Repetitions: the newest first.
                let number = sequence.wrapping_sub(1 + n as u16);
                if receiver.find(number).is_none() {
                    receiver.keep(number, part);
                }
                continue;
            }
            // A parity of every `count`-th packet of the `span` × `count` before this one, beginning with the n-th.
            let oldest = sequence.wrapping_sub((self.span * self.count) as u16);
            let members = (0..self.span).map(|k| oldest.wrapping_add((n + k * self.count) as u16));
            let mut missing = None;
            let mut octets = Kept::new(0, part);
            let mut whole = true;
            for number in members {
                match receiver.find(number) {
                    Some(kept) => octets.combine(kept),
                    None if missing.is_none() => missing = Some(number),
                    None => whole = false,
                }
            }
            if let Some(number) = missing.filter(|_| whole) {
                // The parity is as long as the longest: the packet's own length is not known; its encoding tells its end.
                receiver.keep(number, octets.octets());
            }
        }
        Ok(())
    }
}

/// A packet that is kept.
#[derive(Clone, Copy, Debug)]
struct Kept {
    sequence: Option<u16>,
    length: usize,
    octets: [u8; MAX_IFP],
}

impl Kept {
    const EMPTY: Kept = Kept { sequence: None, length: 0, octets: [0; MAX_IFP] };

    fn new(sequence: u16, octets: &[u8]) -> Kept {
        let mut kept = Kept { sequence: Some(sequence), ..Kept::EMPTY };
        kept.octets.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        kept.length = octets.len().min(MAX_IFP);
        kept
    }

    fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    fn combine(&mut self, other: &Kept) {
        self.octets.iter_mut().zip(&other.octets).for_each(|(a, b)| *a ^= b);
        self.length = self.length.max(other.length);
    }
}

fn length_octets(length: usize) -> usize {
    if length < 128 { 1 } else { 2 }
}

/// Writes an open type (X.691 §11.2): its length, its octets.
fn write_open(octets: &[u8], out: &mut Vec<u8>) {
    if octets.len() < 128 {
        out.push(octets.len() as u8);
    } else {
        out.extend((0x8000 | octets.len() as u16).to_be_bytes());
    }
    out.extend(octets);
}

fn read_open(bytes: &[u8]) -> Result<(&[u8], &[u8]), UdptlError> {
    let (&first, rest) = bytes.split_first().ok_or(UdptlError::CutOff)?;
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        0x80..0xc0 => {
            let (&second, rest) = rest.split_first().ok_or(UdptlError::CutOff)?;
            (usize::from(first & 0x3f) << 8 | usize::from(second), rest)
        }
        // Fragments of 16 kB: longer than a datagram.
        _ => return Err(UdptlError::Malformed),
    };
    if length > MAX_IFP {
        return Err(UdptlError::Malformed);
    }
    rest.split_at_checked(length).ok_or(UdptlError::CutOff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(n: u8) -> Vec<u8> {
        vec![n; 1 + usize::from(n) * 7 % 300]
    }

    fn receive(receiver: &mut UdptlReceiver, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut got = Vec::new();
        receiver.datagram(datagram, |octets| got.push(octets.to_vec())).unwrap();
        got
    }

    #[test]
    fn a_datagram_is_as_on_the_wire() {
        let mut sender = UdptlSender::new(1);
        let mut out = Vec::new();
        assert!(sender.packet(&[0x06], 400, &mut out));
        assert_eq!(out, [0, 0, 1, 0x06, 0, 0]);
        assert!(sender.packet(&[0xc0, 1, 0x80, 0, 0, 0xff], 400, &mut out));
        assert_eq!(out, [0, 1, 6, 0xc0, 1, 0x80, 0, 0, 0xff, 0, 1, 1, 0x06]);
        // What does not fit is left out; what is too long itself is refused.
        assert!(sender.packet(&[7; 190], 200, &mut out));
        assert_eq!(out.len(), 2 + 2 + 190 + 2);
        assert!(!sender.packet(&[7; 300], 200, &mut out));
    }

    #[test]
    fn lost_datagrams_are_rebuilt_from_repetitions_in_order() {
        let mut sender = UdptlSender::new(3);
        let mut receiver = UdptlReceiver::default();
        let mut got = Vec::new();
        for n in 0..100u8 {
            let mut out = Vec::new();
            assert!(sender.packet(&packet(n), 4000, &mut out));
            // Three in a row are lost again and again, and one comes twice.
            if n < 2 || n % 10 > 2 {
                got.extend(receive(&mut receiver, &out));
            }
            if n % 7 == 0 && n % 10 > 2 {
                assert!(receive(&mut receiver, &out).is_empty());
            }
        }
        assert_eq!(got, (0..100u8).map(packet).collect::<Vec<_>>());
        assert_eq!(receiver.losses(), (0, 28));
        // Four are one too many.
        let mut out = Vec::new();
        for n in 100..105u8 {
            assert!(sender.packet(&packet(n), 4000, &mut out));
        }
        assert_eq!(receive(&mut receiver, &out), (101..105u8).map(packet).collect::<Vec<_>>());
        assert_eq!(receiver.losses().0, 1);
    }

    #[test]
    fn a_lost_datagram_is_rebuilt_from_parities() {
        // Two parities, each of three packets: of 0, 2, 4 and of 1, 3, 5.
        let packets: Vec<Vec<u8>> = (0..7u8).map(|n| vec![n * 17 + 1; 10]).collect();
        let mut receiver = UdptlReceiver::default();
        let plain = |n: usize| {
            let mut out = (n as u16).to_be_bytes().to_vec();
            write_open(&packets[n], &mut out);
            out.extend([0, 0]);
            out
        };
        let mut got = Vec::new();
        for n in [0, 1, 2, 3] {
            got.extend(receive(&mut receiver, &plain(n)));
        }
        let mut last = 6u16.to_be_bytes().to_vec();
        write_open(&packets[6], &mut last);
        last.extend([0x80, 1, 3, 2]);
        for first in [0, 1] {
            let parity: Vec<u8> =
                (0..10).map(|i| packets[first][i] ^ packets[first + 2][i] ^ packets[first + 4][i]).collect();
            write_open(&parity, &mut last);
        }
        got.extend(receive(&mut receiver, &last));
        assert_eq!(got, packets);
    }

    #[test]
    fn a_jump_is_a_new_beginning_and_nonsense_is_refused() {
        let mut receiver = UdptlReceiver::default();
        assert_eq!(receive(&mut receiver, &[0, 5, 1, 9, 0, 0]).len(), 1);
        assert_eq!(receive(&mut receiver, &[0x40, 5, 1, 9, 0, 0]).len(), 1);
        assert_eq!(receiver.losses(), (0, 0));
        let error = |bytes: &[u8]| UdptlReceiver::default().datagram(bytes, |_| ()).unwrap_err();
        assert_eq!(error(&[0]), UdptlError::CutOff);
        assert_eq!(error(&[0, 0, 5, 1]), UdptlError::CutOff);
        assert_eq!(error(&[0, 0, 1, 1]), UdptlError::CutOff);
        assert_eq!(error(&[0, 0, 0xc1, 1]), UdptlError::Malformed);
        assert_eq!(error(&[0, 0, 1, 1, 0, 200]), UdptlError::Malformed);
        assert_eq!(error(&[0, 0, 1, 1, 0x80, 1, 0, 1, 1, 1]), UdptlError::Malformed);
    }

    proptest! {
        #[test]
        fn any_bytes_are_harmless(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..40)) {
            let mut receiver = UdptlReceiver::default();
            for datagram in datagrams {
                let _ = receiver.datagram(&datagram, |octets| assert!(octets.len() <= MAX_IFP));
            }
        }
    }
}

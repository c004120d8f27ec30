//! HDLC framing as T.30 uses it (ITU-T T.30 §5.3, ISO/IEC 13239): flags, bit stuffing, a frame check sequence of 16 bits.
//!
//! Bits of an octet go least significant first on the line. Octets here are as on the line; T.30's own fields are read with the
//! first bit sent as the most significant, which is up to who reads them.

/// Octets of the longest frame, without its check sequence: a partial page frame of T.4 Annex A (256 and five before).
pub const MAX_FRAME_OCTETS: usize = 264;
/// A flag.
const FLAG: u8 = 0x7e;
/// Flags in a row that are no accident.
pub const PREAMBLE_FLAGS: u32 = 5;

/// What the receiver found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HdlcEvent<'a> {
    /// The fifth flag in a row: a preamble, or the pause between frames.
    Flags,
    /// A whole octet of a frame that is not over yet (the check sequence comes along too, for nobody knows yet that it is it).
    Octet(u8),
    /// A frame whose check sequence is right, without it.
    Frame(&'a [u8]),
    /// A frame that is broken: check sequence wrong, too long, or not of whole octets.
    Broken,
    /// Seven ones or more: the sender gave up, or there is no signal.
    Abort,
}

/// Takes bits, tells frames.
#[derive(Clone, Debug)]
pub struct HdlcReceiver {
    ones: u32,
    octet: u8,
    bits: u32,
    /// Between flags.
    inside: bool,
    flags: u32,
    buffer: [u8; MAX_FRAME_OCTETS + 2],
    length: usize,
    too_long: bool,
    crc: u16,
}

impl Default for HdlcReceiver {
    fn default() -> Self {
        HdlcReceiver {
            ones: 0,
            octet: 0,
            bits: 0,
            inside: false,
            flags: 0,
            buffer: [0; MAX_FRAME_OCTETS + 2],
            length: 0,
            too_long: false,
            crc: 0xffff,
        }
    }
}

impl HdlcReceiver {
    /// Forgets everything: a new signal begins.
    pub fn reset(&mut self) {
        *self = HdlcReceiver::default();
    }

    /// Takes one bit.
    pub fn bit(&mut self, bit: bool) -> Option<HdlcEvent<'_>> {
        if bit {
            self.ones += 1;
            if self.ones == 7 {
                self.flags = 0;
                let was_inside = std::mem::replace(&mut self.inside, false);
                return was_inside.then_some(HdlcEvent::Abort);
            }
            if self.ones > 7 {
                return None;
            }
        } else {
            let ones = std::mem::replace(&mut self.ones, 0);
            match ones {
                5 => return None, // stuffed
                6 => return self.flag(),
                7.. => return None,
                _ => {}
            }
        }
        if !self.inside {
            return None;
        }
        self.octet = (self.octet >> 1) | if bit { 0x80 } else { 0 };
        self.bits += 1;
        if self.bits < 8 {
            return None;
        }
        self.bits = 0;
        self.flags = 0;
        match self.buffer.get_mut(self.length) {
            Some(place) => *place = self.octet,
            None => self.too_long = true,
        }
        self.length += usize::from(!self.too_long);
        self.crc = crc_step(self.crc, self.octet);
        Some(HdlcEvent::Octet(self.octet))
    }

    fn flag(&mut self) -> Option<HdlcEvent<'_>> {
        // The flag's first seven bits were taken for data: a frame of whole octets has exactly those over.
        let whole = self.bits == 7;
        let (length, crc, inside, too_long) = (self.length, self.crc, self.inside, self.too_long);
        (self.inside, self.bits, self.octet, self.length, self.crc) = (true, 0, 0, 0, 0xffff);
        self.too_long = false;
        if !inside || length == 0 {
            self.flags = if whole || !inside { self.flags + 1 } else { 1 };
            return (self.flags == PREAMBLE_FLAGS).then_some(HdlcEvent::Flags);
        }
        self.flags = 1;
        if !whole || too_long || length < 3 || crc != CRC_GOOD {
            return Some(HdlcEvent::Broken);
        }
        self.buffer.get(..length - 2).map(HdlcEvent::Frame)
    }
}

/// Gives the bits of flags and frames.
#[derive(Clone, Debug)]
pub struct HdlcSender {
    buffer: [u8; MAX_FRAME_OCTETS + 2],
    length: usize,
    octet: usize,
    bit: u32,
    ones: u32,
    sending: bool,
}

impl Default for HdlcSender {
    fn default() -> Self {
        HdlcSender { buffer: [0; MAX_FRAME_OCTETS + 2], length: 0, octet: 0, bit: 0, ones: 0, sending: false }
    }
}

impl HdlcSender {
    /// Begins a frame after the flag that is being sent. False when one is being sent, or it is too long or empty.
    pub fn frame(&mut self, octets: &[u8]) -> bool {
        if self.sending || self.length > 0 || octets.is_empty() || octets.len() > MAX_FRAME_OCTETS {
            return false;
        }
        let crc = !octets.iter().fold(0xffff, |crc, octet| crc_step(crc, *octet));
        let whole = octets.iter().copied().chain(crc.to_le_bytes());
        self.buffer.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        self.length = octets.len() + 2;
        true
    }

    /// A frame waits or is on its way.
    pub fn is_busy(&self) -> bool {
        self.length > 0
    }

    /// The next bit: of the frame, or of flags for ever.
    pub fn next_bit(&mut self) -> bool {
        if self.sending {
            if self.ones == 5 {
                self.ones = 0;
                return false;
            }
            if let Some(octet) = self.buffer.get(self.octet).filter(|_| self.octet < self.length) {
                let bit = octet >> self.bit & 1 == 1;
                self.ones = if bit { self.ones + 1 } else { 0 };
                self.bit += 1;
                if self.bit == 8 {
                    (self.bit, self.octet) = (0, self.octet + 1);
                }
                return bit;
            }
            (self.sending, self.length, self.octet, self.bit) = (false, 0, 0, 0);
        }
        let bit = FLAG >> self.bit & 1 == 1;
        self.bit += 1;
        if self.bit == 8 {
            self.bit = 0;
            self.ones = 0;
            self.sending = self.length > 0;
        }
        bit
    }
}

/// What the check sequence of a right frame leaves (ITU-T T.30 §5.3.7, CRC-16 of X.25).
const CRC_GOOD: u16 = 0xf0b8;

fn crc_step(mut crc: u16, octet: u8) -> u16 {
    crc ^= u16::from(octet);
    for _ in 0..8 {
        crc = if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn receive(receiver: &mut HdlcReceiver, bits: impl IntoIterator<Item = bool>) -> (Vec<Vec<u8>>, u32) {
        let (mut frames, mut broken) = (Vec::new(), 0);
        for bit in bits {
            match receiver.bit(bit) {
                Some(HdlcEvent::Frame(frame)) => frames.push(frame.to_vec()),
                Some(HdlcEvent::Broken) => broken += 1,
                _ => {}
            }
        }
        (frames, broken)
    }

    #[test]
    fn the_check_sequence_is_that_of_x25() {
        let crc = !b"123456789".iter().fold(0xffff, |crc, octet| crc_step(crc, *octet));
        assert_eq!(crc, 0x906e);
    }

    #[test]
    fn flags_are_told_once_and_a_bad_bit_is_seen() {
        let mut sender = HdlcSender::default();
        let mut receiver = HdlcReceiver::default();
        let flags: Vec<u32> =
            (0..80).filter(|_| matches!(receiver.bit(sender.next_bit()), Some(HdlcEvent::Flags))).collect();
        assert_eq!(flags, [39]);
        assert!(sender.frame(&[0xff, 0xc8, 0x01, 0xff, 0xff, 0xff, 0x7e]));
        assert!(!sender.frame(&[1]));
        let mut bits: Vec<bool> = (0..120).map(|_| sender.next_bit()).collect();
        bits[30] = !bits[30];
        let (frames, broken) = receive(&mut receiver, bits);
        assert!(frames.is_empty() && broken >= 1);
    }

    #[test]
    fn too_long_and_empty_are_refused() {
        let mut sender = HdlcSender::default();
        assert!(!sender.frame(&[]));
        assert!(!sender.frame(&[0; MAX_FRAME_OCTETS + 1]));
        // An endless frame is broken, not a panic.
        let mut receiver = HdlcReceiver::default();
        let flag = [false, true, true, true, true, true, true, false];
        let endless = flag.into_iter().chain((0..10_000).map(|n| n % 3 == 0)).chain(flag);
        assert_eq!(receive(&mut receiver, endless), (vec![], 1));
    }

    proptest! {
        #[test]
        fn frames_come_as_sent(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..MAX_FRAME_OCTETS), 1..5), lead in 0usize..20) {
            let mut sender = HdlcSender::default();
            let mut receiver = HdlcReceiver::default();
            let mut got = Vec::new();
            receive(&mut receiver, (0..lead).map(|n| n % 2 == 0));
            for frame in &frames {
                (0..24).for_each(|_| got.extend(receive(&mut receiver, [sender.next_bit()]).0));
                prop_assert!(sender.frame(frame));
                while sender.is_busy() {
                    got.extend(receive(&mut receiver, [sender.next_bit()]).0);
                }
            }
            (0..24).for_each(|_| got.extend(receive(&mut receiver, [sender.next_bit()]).0));
            prop_assert_eq!(got, frames);
        }

        #[test]
        fn any_bits_are_harmless(bits in proptest::collection::vec(any::<bool>(), 0..5000)) {
            receive(&mut HdlcReceiver::default(), bits);
        }
    }
}

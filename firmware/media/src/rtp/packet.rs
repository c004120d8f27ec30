//! RTP packets (RFC 3550 §5.1).

use thiserror::Error;

/// Largest packet taken from or put on the network, bytes. Above an Ethernet frame nothing of ours is sent and nothing
/// legitimate is received.
pub const MAX_PACKET: usize = 1500;

/// Fixed part of the header, bytes.
pub const HEADER: usize = 12;

/// Why bytes are not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PacketError {
    /// Shorter than its header, extension or padding says.
    #[error("RTP packet cut short")]
    Short,
    /// Not version 2.
    #[error("RTP version {0}")]
    Version(u8),
    /// The padding length is 0 or longer than the payload.
    #[error("RTP padding of {0} bytes")]
    Padding(u8),
    /// Longer than [`MAX_PACKET`].
    #[error("RTP packet of {0} bytes")]
    Long(usize),
}

/// Fixed header fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Marker: start of a talk spurt (RFC 3551 §4.1) or of a telephone event (RFC 4733 §2.3).
    pub marker: bool,
    /// Payload type, 0–127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Media timestamp, in units of the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// Header extension (RFC 3550 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Meaning is defined by the profile.
    pub profile: u16,
    /// Its bytes, a multiple of 4.
    pub data: &'a [u8],
}

/// A parsed packet, borrowing the received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Fixed header fields.
    pub header: Header,
    /// Contributing sources, 4 bytes each, at most 15.
    pub csrc: &'a [u8],
    /// Extension, when there is one.
    pub extension: Option<Extension<'a>>,
    /// Payload without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`PacketError`] when the bytes are not a whole RTP packet; nothing is read past their end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        if bytes.len() > MAX_PACKET {
            return Err(PacketError::Long(bytes.len()));
        }
        let (fixed, mut rest) = bytes.split_first_chunk::<HEADER>().ok_or(PacketError::Short)?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if first >> 6 != 2 {
            return Err(PacketError::Version(first >> 6));
        }
        let (csrc, after) = rest.split_at_checked(usize::from(first & 0x0f) * 4).ok_or(PacketError::Short)?;
        rest = after;
        let mut extension = None;
        if first & 0x10 != 0 {
            let (&[p0, p1, l0, l1], after) = rest.split_first_chunk::<4>().ok_or(PacketError::Short)?;
            let length = usize::from(u16::from_be_bytes([l0, l1])) * 4;
            let (data, after) = after.split_at_checked(length).ok_or(PacketError::Short)?;
            extension = Some(Extension { profile: u16::from_be_bytes([p0, p1]), data });
            rest = after;
        }
        if first & 0x20 != 0 {
            let &padding = rest.last().ok_or(PacketError::Short)?;
            let end = rest.len().checked_sub(usize::from(padding)).filter(|_| padding > 0);
            rest = rest.get(..end.ok_or(PacketError::Padding(padding))?).ok_or(PacketError::Short)?;
        }
        Ok(Packet {
            header: Header {
                marker: second & 0x80 != 0,
                payload_type: second & 0x7f,
                sequence: u16::from_be_bytes([s0, s1]),
                timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
                ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            },
            csrc,
            extension,
            payload: rest,
        })
    }
}

impl Header {
    /// The twelve bytes of a header without padding, extension or contributing sources.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let second = (self.payload_type & 0x7f) | if self.marker { 0x80 } else { 0 };
        [0x80, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }

    /// Writes header and payload into `out`; returns the packet's length, `None` when it does not fit.
    pub fn write(self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        let length = HEADER + payload.len();
        let (head, tail) = out.get_mut(..length)?.split_at_mut(HEADER);
        head.copy_from_slice(&self.to_bytes());
        tail.copy_from_slice(payload);
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_csrc_extension_and_padding() {
        let bytes = [
            0xb2, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, // V=2 P X CC=2, marker, PT 8
            0, 0, 0, 1, 0, 0, 0, 2, // CSRC
            0xbe, 0xde, 0, 1, 1, 2, 3, 4, // extension of one word
            0xd5, 0xd5, 0, 0, 3, // two bytes of payload, three of padding
        ];
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(
            packet.header,
            Header { marker: true, payload_type: 8, sequence: 0x1234, timestamp: 160, ssrc: 0xdead_beef }
        );
        assert_eq!(packet.csrc, [0, 0, 0, 1, 0, 0, 0, 2]);
        assert_eq!(packet.extension, Some(Extension { profile: 0xbede, data: &[1, 2, 3, 4] }));
        assert_eq!(packet.payload, [0xd5, 0xd5]);
    }

    #[test]
    fn refuses_what_is_not_whole() {
        let good = Header { payload_type: 8, ..Header::default() }.to_bytes();
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.to_vec();
            change(&mut bytes);
            Packet::parse(&bytes).map(|_| ()).unwrap_err()
        };
        assert_eq!(with(&|b| b.truncate(11)), PacketError::Short);
        assert_eq!(with(&|b| b[0] = 0x40), PacketError::Version(1));
        assert_eq!(with(&|b| b[0] = 0x81), PacketError::Short); // a CSRC that is not there
        assert_eq!(with(&|b| b[0] = 0x90), PacketError::Short); // an extension that is not there
        assert_eq!(
            with(&|b| {
                b[0] = 0x90;
                b.extend([0, 0, 0xff, 0xff, 1, 2])
            }),
            PacketError::Short
        );
        assert_eq!(with(&|b| b[0] = 0xa0), PacketError::Short); // padding without a byte to tell it
        assert_eq!(
            with(&|b| {
                b[0] = 0xa0;
                b.push(0)
            }),
            PacketError::Padding(0)
        );
        assert_eq!(
            with(&|b| {
                b[0] = 0xa0;
                b.push(2)
            }),
            PacketError::Padding(2)
        );
        assert_eq!(with(&|b| b.resize(1501, 0)), PacketError::Long(1501));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..1600)) {
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert!(packet.payload.len() + HEADER <= bytes.len());
                prop_assert!(packet.csrc.len() <= 60);
            }
        }

        #[test]
        fn what_is_written_is_read(marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
                                   payload in proptest::collection::vec(any::<u8>(), 0..400)) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let mut out = [0; MAX_PACKET];
            let length = header.write(&payload, &mut out).unwrap();
            let packet = Packet::parse(&out[..length]).unwrap();
            prop_assert_eq!(packet.header, header);
            prop_assert_eq!(packet.payload, &payload[..]);
        }
    }
}

//! Ogg pages (RFC 3533 §6): made, and read from a stream that may be damaged.

use std::io::{self, Read};

/// Bytes of a page's header before its lacing values.
const HEADER: usize = 27;
/// Longest page: 255 lacing values of 255 bytes.
pub const MAX_PAGE: usize = HEADER + 255 + 255 * 255;
/// Garbage skipped at most in search of a page.
const MAX_GARBAGE: usize = 1 << 20;

/// The first page of a stream.
pub const FIRST: u8 = 2;
/// The last page of a stream.
pub const LAST: u8 = 4;
/// The page begins with the rest of a packet.
pub const CONTINUED: u8 = 1;

/// CRC of RFC 3533 §6: polynomial 0x04c11db7, not reflected, from 0.
const CRC: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut n = 0;
    while n < 256 {
        let mut value = (n as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 0x8000_0000 != 0 { (value << 1) ^ 0x04c1_1db7 } else { value << 1 };
            bit += 1;
        }
        table[n] = value;
        n += 1;
    }
    table
};

fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, &byte| (crc << 8) ^ CRC[usize::from((crc >> 24) as u8 ^ byte)])
}

/// Lacing values a packet of this length takes.
pub fn lacing(length: usize) -> usize {
    length / 255 + 1
}

/// Appends a page of whole packets to `out`. False, and nothing appended, when they do not fit into one page.
pub fn write(out: &mut Vec<u8>, flags: u8, granule: u64, serial: u32, sequence: u32, packets: &[&[u8]]) -> bool {
    let segments: usize = packets.iter().map(|p| lacing(p.len())).sum();
    let Ok(count) = u8::try_from(segments) else { return false };
    let start = out.len();
    out.extend(b"OggS\0");
    out.push(flags);
    out.extend(granule.to_le_bytes());
    out.extend(serial.to_le_bytes());
    out.extend(sequence.to_le_bytes());
    out.extend([0; 4]);
    out.push(count);
    for packet in packets {
        out.extend(std::iter::repeat_n(255, packet.len() / 255));
        out.push((packet.len() % 255) as u8);
    }
    packets.iter().for_each(|packet| out.extend(*packet));
    let sum = crc(out.get(start..).unwrap_or_default()).to_le_bytes();
    if let Some(place) = out.get_mut(start + 22..start + 26) {
        place.copy_from_slice(&sum);
    }
    true
}

/// A page that was read whole and undamaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// [`FIRST`], [`LAST`], [`CONTINUED`].
    pub flags: u8,
    /// Position at its end; `u64::MAX` when no packet ends in it.
    pub granule: u64,
    /// Which logical stream.
    pub serial: u32,
    /// Its number.
    pub sequence: u32,
    /// Where it begins in the file, and where it ends.
    pub span: (u64, u64),
    /// Length of each packet; the last may go on in the next page.
    lengths: Vec<usize>,
    body: Vec<u8>,
    /// The last packet goes on.
    pub unfinished: bool,
}

impl Page {
    /// Its packets, or parts of them.
    pub fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        self.lengths.iter().map(move |length| {
            at += length;
            self.body.get(at - length..at).unwrap_or_default()
        })
    }
}

/// Reads pages one after the other and passes over what is damaged.
#[derive(Debug)]
pub struct Pages<R> {
    input: R,
    buffer: Vec<u8>,
    /// Place in the file of the buffer's first byte.
    position: u64,
    ended: bool,
    /// Bytes passed over.
    garbage: usize,
}

impl<R: Read> Pages<R> {
    /// Reads from here.
    pub fn new(input: R) -> Self {
        Pages { input, buffer: Vec::new(), position: 0, ended: false, garbage: 0 }
    }

    /// Bytes that were passed over because they are no page.
    pub fn garbage(&self) -> usize {
        self.garbage
    }

    /// The next whole page; `None` at the end, or after a mebibyte of garbage.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_page(&mut self) -> io::Result<Option<Page>> {
        while self.garbage <= MAX_GARBAGE {
            self.fill(MAX_PAGE)?;
            match parse(&self.buffer) {
                Some((mut page, length)) => {
                    page.span = (self.position, self.position + length as u64);
                    self.buffer.drain(..length);
                    self.position += length as u64;
                    return Ok(Some(page));
                }
                None if self.buffer.is_empty() => return Ok(None),
                None => {
                    let from = self.buffer.get(1..).unwrap_or_default();
                    let skip = from.windows(4).position(|w| w == b"OggS").map_or_else(
                        || if self.ended { self.buffer.len() } else { self.buffer.len() - 3 },
                        |at| at + 1,
                    );
                    self.buffer.drain(..skip);
                    self.position += skip as u64;
                    self.garbage += skip;
                }
            }
        }
        Ok(None)
    }

    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.buffer.len() < wanted && !self.ended {
            // Twice as much as needed, so that what is left is not moved for every page.
            let missing = (2 * wanted - self.buffer.len()) as u64;
            let got = self.input.by_ref().take(missing).read_to_end(&mut self.buffer)?;
            self.ended = (got as u64) < missing;
        }
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Option<(Page, usize)> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let &[b'O', b'g', b'g', b'S', 0, flags, ..] = header else {
        return None;
    };
    let lacing = rest.get(..usize::from(*header.get(26)?))?;
    let body_length: usize = lacing.iter().map(|&n| usize::from(n)).sum();
    let length = HEADER + lacing.len() + body_length;
    let mut whole = bytes.get(..length)?.to_vec();
    let sum = u32::from_le_bytes(field(header, 22)?);
    whole.get_mut(22..26)?.fill(0);
    if crc(&whole) != sum {
        return None;
    }
    let mut lengths = Vec::new();
    let mut packet = 0;
    for &n in lacing {
        packet += usize::from(n);
        if n < 255 {
            lengths.push(packet);
            packet = 0;
        }
    }
    let unfinished = lacing.last() == Some(&255);
    if unfinished {
        lengths.push(packet);
    }
    let page = Page {
        flags,
        granule: u64::from_le_bytes(field(header, 6)?),
        serial: u32::from_le_bytes(field(header, 14)?),
        sequence: u32::from_le_bytes(field(header, 18)?),
        span: (0, 0),
        lengths,
        body: whole.split_off(HEADER + lacing.len()),
        unfinished,
    };
    Some((page, length))
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pages(bytes: &[u8]) -> Vec<Page> {
        let mut pages = Pages::new(bytes);
        std::iter::from_fn(|| pages.next_page().unwrap()).collect()
    }

    #[test]
    fn what_is_written_is_read_and_damage_costs_its_page_alone() {
        let packets: Vec<Vec<u8>> = [0usize, 1, 254, 255, 256, 700].iter().map(|&n| vec![n as u8; n]).collect();
        let slices: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
        let mut file = Vec::new();
        for n in 0..3 {
            assert!(write(&mut file, if n == 0 { FIRST } else { 0 }, n * 960, 7, n as u32, &slices));
        }
        let whole = pages(&file);
        assert_eq!(whole.len(), 3);
        for page in &whole {
            assert_eq!(page.packets().collect::<Vec<_>>(), slices);
        }
        let length = file.len() / 3;
        file[length + 100] ^= 1;
        let left = pages(&file);
        assert_eq!(left.iter().map(|p| p.sequence).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(left[1].span, (2 * length as u64, 3 * length as u64));
        assert!(!write(&mut file, 0, 0, 0, 0, &[&vec![0; 255 * 255]]), "too long for a page");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0usize..600) {
            let page = { let mut p = Vec::new(); write(&mut p, 0, 5, 1, 0, &[b"hello"]); p };
            let at = at.min(bytes.len());
            bytes.splice(at..at, page);
            prop_assert!(pages(&bytes).iter().any(|p| p.packets().next() == Some(b"hello".as_slice())));
        }
    }
}

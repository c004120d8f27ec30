//! Reading Ogg Opus: any file of up to eight channels, given as one or two.

use std::io::{self, Read};

use opus::MSDecoder;
use thiserror::Error;

use super::GRANULE_RATE;
use super::page::{CONTINUED, Pages};
use crate::sound::Rate;

/// Longest packet taken: far more than any 120 ms of sound.
const MAX_PACKET: usize = 64 * 1024;
/// Samples of the longest packet, 120 ms, at 48 kHz.
const MAX_SAMPLES: usize = 5760;
/// Most channels (family 1).
const MAX_CHANNELS: usize = 8;
/// Damaged packets in a row after which the rest is given up.
const MAX_DAMAGED: u32 = 500;

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum OggError {
    /// The disk.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No Ogg page, or no Opus in it.
    #[error("not an Ogg Opus file")]
    NotOpus,
    /// A head that nobody could have meant.
    #[error("the file's head is damaged or of a kind that is not supported")]
    Head,
    /// The decoder refused its settings.
    #[error("the sound cannot be decoded: {0}")]
    Decoder(&'static str),
}

/// Reads the sound of a file, packet by packet.
#[derive(Debug)]
pub struct OpusReader<R> {
    pages: Pages<R>,
    serial: u32,
    decoder: MSDecoder,
    channels: usize,
    rate: Rate,
    /// Samples per channel still to be thrown away at the start.
    skip: u64,
    /// Samples per channel given so far, with those thrown away; at `rate`.
    position: u64,
    queue: std::collections::VecDeque<(Vec<u8>, Option<u64>)>,
    part: Vec<u8>,
    tags_left: bool,
    buffer: Vec<i16>,
    damaged: u32,
}

impl<R: Read> OpusReader<R> {
    /// Opens a file; sound comes at this rate.
    ///
    /// # Errors
    /// [`OggError`] when it is no Ogg Opus file.
    pub fn open(input: R, rate: Rate) -> Result<Self, OggError> {
        let mut pages = Pages::new(input);
        // The first page of one of the streams is ours.
        for _ in 0..16 {
            let page = pages.next_page()?.ok_or(OggError::NotOpus)?;
            let Some(head) = page.packets().next().and_then(|p| p.strip_prefix(b"OpusHead")) else {
                continue;
            };
            let head = Head::parse(head).ok_or(OggError::Head)?;
            let decoder = MSDecoder::new(rate.hz(), head.streams, head.coupled, &head.mapping)
                .map_err(|e| OggError::Decoder(e.description()))?;
            return Ok(OpusReader {
                pages,
                serial: page.serial,
                decoder,
                channels: head.mapping.len(),
                rate,
                skip: u64::from(head.pre_skip) * u64::from(rate.hz()) / GRANULE_RATE,
                position: 0,
                queue: std::collections::VecDeque::new(),
                part: Vec::new(),
                tags_left: true,
                buffer: vec![0; MAX_SAMPLES * head.mapping.len()],
                damaged: 0,
            });
        }
        Err(OggError::NotOpus)
    }

    /// Its channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The next samples, channels in turn; `None` at the end. Damaged packets are passed over.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_samples(&mut self) -> io::Result<Option<&[i16]>> {
        loop {
            let Some((packet, granule)) = self.queue.pop_front() else {
                if !self.next_page()? {
                    return Ok(None);
                }
                continue;
            };
            let Ok(count) = self.decoder.decode(&packet, &mut self.buffer, false) else {
                self.damaged += 1;
                if self.damaged > MAX_DAMAGED {
                    return Ok(None);
                }
                continue;
            };
            self.damaged = 0;
            let skipped = self.skip.min(count as u64);
            self.skip -= skipped;
            self.position += count as u64;
            // The last page may say that the sound ends before its packets do.
            let end = granule.map(|g| g.saturating_mul(u64::from(self.rate.hz())) / GRANULE_RATE);
            let surplus = end.map_or(0, |end| self.position.saturating_sub(end)).min(count as u64 - skipped);
            let range = skipped as usize * self.channels..(count - surplus as usize) * self.channels;
            if !range.is_empty() {
                return Ok(self.buffer.get(range));
            }
        }
    }

    fn next_page(&mut self) -> io::Result<bool> {
        loop {
            let Some(page) = self.pages.next_page()? else {
                return Ok(false);
            };
            if page.serial != self.serial {
                continue;
            }
            if page.flags & CONTINUED == 0 {
                self.part.clear();
            }
            let ends = page.flags & super::page::LAST != 0;
            let count = page.packets().count();
            for (n, packet) in page.packets().enumerate() {
                let whole = !(page.unfinished && n + 1 == count);
                if self.part.len() + packet.len() <= MAX_PACKET {
                    self.part.extend(packet);
                }
                if whole {
                    let packet = std::mem::take(&mut self.part);
                    if std::mem::take(&mut self.tags_left) || packet.is_empty() {
                        continue;
                    }
                    self.queue.push_back((packet, (ends && n + 1 == count).then_some(page.granule)));
                }
            }
            if !self.queue.is_empty() {
                return Ok(true);
            }
        }
    }
}

/// The channel mapping of a file.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    pre_skip: u16,
    streams: u8,
    coupled: u8,
    mapping: Vec<u8>,
}

impl Head {
    /// RFC 7845 §5.1, after the magic.
    fn parse(bytes: &[u8]) -> Option<Head> {
        let &[version, channels, p0, p1, _, _, _, _, _, _, family, ref table @ ..] = bytes else {
            return None;
        };
        let pre_skip = u16::from_le_bytes([p0, p1]);
        if version > 15 {
            return None;
        }
        match (family, channels) {
            (0, 1) => Some(Head { pre_skip, streams: 1, coupled: 0, mapping: vec![0] }),
            (0, 2) => Some(Head { pre_skip, streams: 1, coupled: 1, mapping: vec![0, 1] }),
            (1 | 255, 1..) if usize::from(channels) <= MAX_CHANNELS => {
                let (&[streams, coupled], mapping) = table.split_first_chunk()?;
                let mapping = mapping.get(..usize::from(channels))?;
                let decoded = u16::from(streams) + u16::from(coupled);
                let known = mapping.iter().all(|&n| n == 255 || u16::from(n) < decoded);
                (streams > 0 && coupled <= streams && decoded <= 16 && known).then(|| Head {
                    pre_skip,
                    streams,
                    coupled,
                    mapping: mapping.to_vec(),
                })
            }
            _ => None,
        }
    }
}

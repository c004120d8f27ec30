//! An Ogg Opus recording on disk that survives a power cut.
//!
//! Written under a temporary name like [`crate::wav::file`]. Pages of 300 ms go to the file as they fill; who owns the writer syncs the file
//! ([`OpusWriter::handle`]). A file cut anywhere plays up to its last whole page; [`super::recover`] gives it its name.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opus::{Application, Bitrate, MSEncoder};

use super::tags::{self, MAX_MARKS};
use super::{GRANULE_RATE, Mark, page};
use crate::sound::Rate;
use crate::wav::file::temporary_name;

/// Packets of 20 ms in a page: 300 ms.
const PACKETS: usize = 15;
/// Longest packet of the encoder.
const MAX_PACKET: usize = 1500;

/// An Ogg Opus file of two channels being written.
#[derive(Debug)]
pub struct OpusWriter {
    file: Arc<File>,
    encoder: MSEncoder,
    rate: Rate,
    serial: u32,
    sequence: u32,
    pre_skip: u64,
    /// Packets that wait for their page, one after the other, and their lengths.
    waiting: Vec<u8>,
    lengths: Vec<usize>,
    /// Packets made so far.
    packets: u64,
    /// Samples per channel so far, at `rate`.
    samples: u64,
    marks: Vec<Mark>,
    page: Vec<u8>,
}

/// Bits per second of one channel. Speech of this bandwidth is then as good as it came.
fn bit_rate(rate: Rate) -> i32 {
    match rate {
        Rate::Narrow => 14_000,
        Rate::Wide => 20_000,
        Rate::Full => 28_000,
    }
}

fn opus_error(error: &opus::Error) -> io::Error {
    io::Error::other(format!("opus: {}", error.description()))
}

impl OpusWriter {
    /// Starts a file; what had the temporary name is replaced. `serial` is any number that differs from file to file.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn create(path: &Path, rate: Rate, serial: u32) -> io::Result<Self> {
        let mut encoder = MSEncoder::new(rate.hz(), 2, 0, &[0, 1], Application::Voip).map_err(|e| opus_error(&e))?;
        let set = encoder
            .set_bitrate(Bitrate::Bits(2 * bit_rate(rate)))
            .and_then(|()| encoder.set_vbr(true))
            .and_then(|()| encoder.set_complexity(0));
        set.map_err(|e| opus_error(&e))?;
        let pre_skip =
            encoder.get_lookahead().map_err(|e| opus_error(&e))? as u64 * GRANULE_RATE / u64::from(rate.hz());
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(temporary_name(path))?;
        let mut start = Vec::new();
        page::write(&mut start, page::FIRST, 0, serial, 0, &[&tags::head(pre_skip as u16, rate.hz())]);
        start.extend(tags::tags_page(serial, &[]));
        file.write_all(&start)?;
        Ok(OpusWriter {
            file: Arc::new(file),
            encoder,
            rate,
            serial,
            sequence: 2,
            pre_skip,
            waiting: Vec::new(),
            lengths: Vec::new(),
            packets: 0,
            samples: 0,
            marks: Vec::new(),
            page: Vec::new(),
        })
    }

    /// The file, to be synced by another thread.
    pub fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Appends 20 ms: the channels' samples in turn, twice [`Rate::frame`] of them.
    ///
    /// # Errors
    /// When the disk is full or fails; what is written stays readable.
    pub fn append(&mut self, frame: &[i16]) -> io::Result<()> {
        self.encode(frame)?;
        self.samples += self.rate.frame() as u64;
        // Held back one packet: the last page must not be empty, for it carries the end.
        if self.lengths.len() > PACKETS { self.flush(PACKETS, 0) } else { Ok(()) }
    }

    fn encode(&mut self, frame: &[i16]) -> io::Result<()> {
        let start = self.waiting.len();
        self.waiting.resize(start + MAX_PACKET, 0);
        let room = self.waiting.get_mut(start..).unwrap_or_default();
        let length = self.encoder.encode(frame, room).map_err(|e| opus_error(&e))?;
        self.waiting.truncate(start + length);
        self.lengths.push(length);
        self.packets += 1;
        Ok(())
    }

    /// Writes the first so many of the waiting packets as a page.
    fn flush(&mut self, count: usize, flags: u8) -> io::Result<()> {
        let count = count.min(self.lengths.len());
        let mut packets: Vec<&[u8]> = Vec::with_capacity(count);
        let mut rest = self.waiting.as_slice();
        for &length in self.lengths.iter().take(count) {
            let (packet, after) = rest.split_at_checked(length).unwrap_or_default();
            packets.push(packet);
            rest = after;
        }
        let used = self.waiting.len() - rest.len();
        let done = self.packets - (self.lengths.len() - count) as u64;
        // The last page says where the sound ends (RFC 7845 §4.4); before, the end of its packets.
        let all = done * GRANULE_RATE / 50;
        let end = self.pre_skip + self.samples * GRANULE_RATE / u64::from(self.rate.hz());
        let granule = if flags & page::LAST != 0 { end.min(all) } else { all };
        self.page.clear();
        if !page::write(&mut self.page, flags, granule, self.serial, self.sequence, &packets) {
            return Err(io::Error::other("packets too long for a page"));
        }
        (&*self.file).write_all(&self.page)?;
        self.sequence += 1;
        self.waiting.drain(..used);
        self.lengths.drain(..count);
        Ok(())
    }

    /// Notes that the recording was paused here. Only the first 40 are kept.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn mark(&mut self, paused: Duration) -> io::Result<()> {
        if self.marks.len() >= MAX_MARKS {
            return Ok(());
        }
        self.marks.push(Mark { at: self.length(), paused });
        let first = page_length(self.pre_skip, self.rate);
        self.file.write_all_at(&tags::tags_page(self.serial, &self.marks), first)
    }

    /// Length of the sound so far.
    pub fn length(&self) -> Duration {
        Duration::from_micros(self.samples * 1_000_000 / u64::from(self.rate.hz()))
    }

    /// Writes the end. The file is not synced yet and has its temporary name.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn end(mut self) -> io::Result<Arc<File>> {
        // What the encoder holds back comes out with silence after the end.
        if self.samples > 0 {
            let silence = vec![0; 2 * self.rate.frame()];
            self.encode(&silence)?;
        }
        while self.lengths.len() > PACKETS {
            self.flush(PACKETS, 0)?;
        }
        self.flush(PACKETS, page::LAST)?;
        Ok(self.file)
    }
}

/// Bytes before the comment page.
fn page_length(pre_skip: u64, rate: Rate) -> u64 {
    27 + 1 + tags::head(pre_skip as u16, rate.hz()).len() as u64
}

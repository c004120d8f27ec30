//! A recording on disk that survives a power cut.
//!
//! It is written under a temporary name (`…​.part`), its header is brought up to date at least every second of sound, and when
//! it is closed it is synced and renamed. A file cut anywhere opens and plays what its header or its length says.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A WAV file being written: 16 bit PCM.
#[derive(Debug)]
pub struct WavWriter {
    file: Arc<File>,
    marks: Vec<u32>,
    channels: u16,
    rate: u32,
    written: u64,
    in_header: u64,
}

/// The temporary name of a recording.
pub fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

impl WavWriter {
    /// Starts a file; what had the temporary name is replaced.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn create(path: &Path, channels: u16, rate: u32) -> io::Result<Self> {
        let temporary = temporary_name(path);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
        file.write_all(&super::header(channels, rate, 0))?;
        Ok(WavWriter { file: Arc::new(file), marks: Vec::new(), channels, rate, written: 0, in_header: 0 })
    }

    /// Appends samples, given as little-endian bytes (channels interleaved).
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self.file).write_all(bytes)?;
        self.written += bytes.len() as u64;
        let second = u64::from(self.rate) * u64::from(self.channels) * 2;
        if self.written - self.in_header >= second {
            self.update_header()?;
        }
        Ok(())
    }

    fn update_header(&mut self) -> io::Result<()> {
        self.file.write_all_at(&super::header(self.channels, self.rate, self.written), 0)?;
        self.in_header = self.written;
        Ok(())
    }

    /// Samples per channel so far.
    pub fn samples(&self) -> u64 {
        self.written / (u64::from(self.channels) * 2)
    }

    /// Notes this place: it becomes a cue point when the file ends. Only the first hundred are kept.
    pub fn mark(&mut self) {
        if self.marks.len() < 100 {
            self.marks.push(u32::try_from(self.samples()).unwrap_or(u32::MAX));
        }
    }

    /// The file, to be synced by another thread.
    pub fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Completes the file. It is not synced yet and has its temporary name: see [`keep`].
    ///
    /// # Errors
    /// When the disk fails; the temporary file stays.
    pub fn end(mut self) -> io::Result<Arc<File>> {
        self.update_header()?;
        if !self.marks.is_empty() {
            let mut cue = b"cue ".to_vec();
            cue.extend((4 + 24 * self.marks.len() as u32).to_le_bytes());
            cue.extend((self.marks.len() as u32).to_le_bytes());
            for (n, at) in (1u32..).zip(&self.marks) {
                let fields = [n, *at, u32::from_le_bytes(*b"data"), 0, 0, *at];
                cue.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
            }
            (&*self.file).write_all(&cue)?;
            let riff = (self.written + 36 + cue.len() as u64).min(u64::from(u32::MAX)) as u32;
            self.file.write_all_at(&riff.to_le_bytes(), 4)?;
        }
        Ok(self.file)
    }
}

/// Syncs a complete recording and gives it its name.
///
/// # Errors
/// When the disk fails; the temporary file stays.
pub fn keep(file: &File, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    std::fs::rename(temporary_name(path), path)?;
    // The name itself is only safe once the directory is.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::read;
    use super::*;

    #[test]
    fn the_file_opens_at_every_moment() {
        let dir = std::env::temp_dir().join(format!("offhook-wav-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("a.wav");
        let mut writer = WavWriter::create(&path, 2, 8000).unwrap();
        let part = temporary_name(&path);
        for n in 1..=200usize {
            writer.append(&[1; 640]).unwrap();
            let bytes = std::fs::read(&part).unwrap();
            let said = u32::from_le_bytes(bytes[40..44].try_into().unwrap()) as usize;
            assert!(said <= n * 640 && said + 32_000 > n * 640, "at most a second behind");
            if n >= 50 {
                assert!(read(&bytes, 10).is_ok());
            }
        }
        assert!(!path.exists());
        assert_eq!(writer.samples(), 200 * 160);
        writer.mark();
        keep(&writer.end().unwrap(), &path).unwrap();
        assert!(!part.exists());
        assert_eq!(read(&std::fs::read(&path).unwrap(), 10).unwrap().len(), 200 * 160);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

//! Recordings that a power cut left under their temporary names.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::page::Pages;
use super::{GRANULE_RATE, tags};
use crate::wav;

/// A recording that was found and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Its file, under its own name again.
    pub path: PathBuf,
    /// Its length.
    pub duration: Duration,
}

/// What was found in a directory.
#[derive(Debug, Default)]
pub struct Found {
    /// Kept, under their own names.
    pub kept: Vec<Recovered>,
    /// Left as they are, and why.
    pub failed: Vec<(PathBuf, io::Error)>,
}

/// Keeps what the recordings of a directory hold that were being written when the box stopped: cuts off what is torn, syncs, and gives
/// them their names. One without any sound is removed. To be called before recordings begin.
///
/// # Errors
/// When the directory cannot be read.
pub fn recover(directory: &Path) -> io::Result<Found> {
    let (mut kept, mut failed) = (Vec::new(), Vec::new());
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "part") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    for temporary in found {
        let path = temporary.with_extension("");
        let repaired = match path.extension().and_then(|e| e.to_str()) {
            Some("wav") => repair_wav(&temporary),
            Some("opus") => repair_opus(&temporary),
            _ => continue,
        };
        let done = repaired.and_then(|length| {
            match length {
                Some(duration) => {
                    fs::rename(&temporary, &path)?;
                    kept.push(Recovered { path, duration });
                }
                None => fs::remove_file(&temporary)?,
            }
            Ok(())
        });
        if let Err(error) = done {
            failed.push((temporary, error));
        }
    }
    File::open(directory)?.sync_all()?;
    Ok(Found { kept, failed })
}

fn repair_opus(path: &Path) -> io::Result<Option<Duration>> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut pages = Pages::new(BufReader::new(&file));
    let Some(head) = pages.next_page()?.filter(|p| p.packets().next().is_some_and(|p| p.starts_with(b"OpusHead")))
    else {
        return Ok(None);
    };
    let pre_skip =
        head.packets().next().and_then(|p| p.get(10..12)).map_or(0, |b| u64::from(b[0]) | u64::from(b[1]) << 8);
    let (mut end, mut granule) = (0, None);
    while let Some(page) = pages.next_page()? {
        let follows = page.span.0 == end || end == 0;
        if page.serial != head.serial || !follows {
            break;
        }
        end = page.span.1;
        if page.sequence >= 2 {
            granule = Some(page.granule);
        }
    }
    drop(pages);
    let Some(granule) = granule else { return Ok(None) };
    let tags_end = head.span.1 + tags::TAGS_PAGE as u64;
    let mut tags = vec![0; tags::TAGS_PAGE];
    file.read_exact_at(&mut tags, head.span.1)?;
    if Pages::new(tags.as_slice()).next_page()?.is_none() {
        // Torn while a mark was written: the sound counts more than its marks.
        file.write_all_at(&tags::tags_page(head.serial, &[]), head.span.1)?;
    }
    file.set_len(end.max(tags_end))?;
    file.sync_all()?;
    let samples = granule.saturating_sub(pre_skip);
    Ok(Some(Duration::from_micros(samples.saturating_mul(1_000_000) / GRANULE_RATE)))
}

fn repair_wav(path: &Path) -> io::Result<Option<Duration>> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut header = [0; wav::HEADER];
    if length <= wav::HEADER as u64 || file.read_exact_at(&mut header, 0).is_err() {
        return Ok(None);
    }
    let channels = u16::from_le_bytes([header[22], header[23]]);
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
    if &header[..4] != b"RIFF" || !(1..=2).contains(&channels) || rate == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a recording of ours"));
    }
    let block = u64::from(channels) * 2;
    let blocks = (length - wav::HEADER as u64) / block;
    file.write_all_at(&wav::header(channels, rate, blocks * block), 0)?;
    file.set_len(wav::HEADER as u64 + blocks * block)?;
    file.sync_all()?;
    Ok((blocks > 0).then(|| Duration::from_micros(blocks * 1_000_000 / u64::from(rate))))
}

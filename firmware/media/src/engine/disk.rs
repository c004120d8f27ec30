//! The thread that syncs recordings: a disk that takes its time holds up nobody else.
//!
//! Files being written are synced every 300 ms. Few are synced one by one; many at once through their file system, for a memory card takes
//! tens of milliseconds for each single sync. With 200 ms until the writer's turn and 300 ms for a page, a power cut loses less than a second.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::command::{Event, RecordingId};
use crate::wav::file::{keep, temporary_name};

/// Time between two syncs.
const PERIOD: Duration = Duration::from_millis(300);
/// More files than this are synced through their file system.
const ONE_BY_ONE: usize = 4;

/// What a writer asks.
#[derive(Debug)]
pub(super) enum Job {
    /// Sync this file now and then.
    Watch(RecordingId, Arc<File>),
    /// Sync it, give it its name and tell.
    Finish { recording: RecordingId, file: Option<Arc<File>>, path: PathBuf, duration: Duration, error: Option<String> },
}

/// Syncs until nobody asks any more.
pub(super) fn run_disk(jobs: &Receiver<Job>, events: &Sender<Event>) {
    let mut watched: BTreeMap<RecordingId, Arc<File>> = BTreeMap::new();
    let mut synced = Instant::now();
    loop {
        let next = if watched.is_empty() { Duration::from_secs(3600) } else { PERIOD.saturating_sub(synced.elapsed()) };
        match jobs.recv_timeout(next) {
            Ok(Job::Watch(recording, file)) => {
                if watched.is_empty() {
                    synced = Instant::now();
                }
                watched.insert(recording, file);
            }
            Ok(Job::Finish { recording, file, path, duration, mut error }) => {
                watched.remove(&recording);
                if let Err(failed) = finish(file.as_deref(), &path, duration) {
                    error.get_or_insert(failed.to_string());
                }
                let _nobody_listens = events.send(Event::Recorded { recording, duration, error });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if synced.elapsed() >= PERIOD {
            sync(watched.values());
            synced = Instant::now();
        }
    }
}

/// What cannot be synced now is synced, and its failure told, when it is finished.
fn sync<'a>(files: impl ExactSizeIterator<Item = &'a Arc<File>>) {
    if files.len() <= ONE_BY_ONE {
        files.for_each(|file| _ = file.sync_data());
        return;
    }
    let mut done = Vec::new();
    for file in files {
        let Ok(device) = file.metadata().map(|m| m.dev()) else { continue };
        if !done.contains(&device) {
            done.push(device);
            let _later = nix::unistd::syncfs(file);
        }
    }
}

fn finish(file: Option<&File>, path: &Path, duration: Duration) -> io::Result<()> {
    match file {
        Some(file) => keep(file, path),
        // It failed on its way. What there is of it is kept, unless that is nothing.
        None if duration.is_zero() => Ok(()),
        None => keep(&File::open(temporary_name(path))?, path),
    }
}

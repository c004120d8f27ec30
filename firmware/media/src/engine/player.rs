//! Players, and the thread that reads their files.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender};

use crate::command::StreamId;
use crate::prompt;
use crate::tone::generator::ToneGenerator;
use crate::{FRAME, Frame};

/// Longest prompt, seconds.
const MAX_SECONDS: u32 = 1800;
/// Largest file read, bytes: half an hour of 16 kHz stereo.
const MAX_FILE: u64 = 16_000 * 4 * MAX_SECONDS as u64 + 65_536;

/// What a stream's party hears instead of its bridge.
#[derive(Debug)]
pub(super) enum Player {
    Tone(ToneGenerator),
    Samples { samples: Arc<[i16]>, position: usize, repeats_left: Option<u32> },
}

impl Player {
    /// Samples to play so many times; `None` without end.
    pub(super) fn samples(samples: Arc<[i16]>, repeat: Option<u32>) -> Self {
        Player::Samples { samples, position: 0, repeats_left: repeat }
    }

    /// Writes the next 20 ms; returns false when it was over before them.
    pub(super) fn frame(&mut self, out: &mut Frame) -> bool {
        match self {
            Player::Tone(generator) => generator.frame(out),
            Player::Samples { samples, position, repeats_left } => {
                *out = [0; FRAME];
                let mut filled = 0;
                while filled < FRAME && *repeats_left != Some(0) && !samples.is_empty() {
                    let from = samples.get(*position..).unwrap_or_default();
                    let to = out.get_mut(filled..).unwrap_or_default();
                    let count = from.len().min(to.len());
                    to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
                    filled += count;
                    *position += count;
                    if *position >= samples.len() {
                        *position = 0;
                        *repeats_left = repeats_left.map(|n| n - 1);
                    }
                }
                filled > 0
            }
        }
    }
}

/// A file to be read for a stream.
#[derive(Debug)]
pub(super) struct LoadRequest {
    pub(super) stream: StreamId,
    /// Which of the stream's `Play` commands asked.
    pub(super) generation: u64,
    pub(super) path: PathBuf,
    pub(super) repeat: Option<u32>,
}

/// The file read, or why not.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) stream: StreamId,
    pub(super) generation: u64,
    pub(super) repeat: Option<u32>,
    pub(super) samples: Result<Arc<[i16]>, String>,
}

/// Reads files until nobody asks any more.
pub(super) fn run_loader(requests: &Receiver<LoadRequest>, loaded: &Sender<Loaded>, cache_samples: usize) {
    let mut cache = Cache { files: VecDeque::new(), samples: 0, most: cache_samples };
    for LoadRequest { stream, generation, path, repeat } in requests {
        let samples = cache.get(&path);
        if loaded.send(Loaded { stream, generation, repeat, samples }).is_err() {
            return;
        }
    }
}

struct CachedFile {
    path: PathBuf,
    changed: Option<SystemTime>,
    length: u64,
    samples: Arc<[i16]>,
}

/// Files as linear samples, least recently used first.
struct Cache {
    files: VecDeque<CachedFile>,
    samples: usize,
    most: usize,
}

impl Cache {
    fn get(&mut self, path: &Path) -> Result<Arc<[i16]>, String> {
        let file = File::open(path).map_err(|e| e.to_string())?;
        let metadata = file.metadata().map_err(|e| e.to_string())?;
        if !metadata.is_file() {
            return Err("not a file".to_owned());
        }
        let (changed, length) = (metadata.modified().ok(), metadata.len());
        if let Some(at) = self.files.iter().position(|f| f.path == path)
            && let Some(known) = self.files.remove(at)
        {
            if known.changed == changed && known.length == length {
                let samples = Arc::clone(&known.samples);
                self.files.push_back(known);
                return Ok(samples);
            }
            self.samples -= known.samples.len();
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        let samples: Arc<[i16]> = prompt::read(bytes, MAX_SECONDS).map_err(|e| e.to_string())?.into();
        if samples.len() <= self.most {
            self.samples += samples.len();
            self.files.push_back(CachedFile { path: path.to_owned(), changed, length, samples: Arc::clone(&samples) });
            while self.samples > self.most {
                self.samples -= self.files.pop_front().map_or(self.samples, |f| f.samples.len());
            }
        }
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_join_without_a_gap_and_end() {
        let mut player = Player::samples((0..100).collect(), Some(3));
        let mut out = [0; FRAME];
        assert!(player.frame(&mut out));
        assert_eq!((out[99], out[100], out[159]), (99, 0, 59));
        assert!(player.frame(&mut out));
        assert_eq!((out[0], out[139], out[140]), (60, 99, 0));
        assert!(!player.frame(&mut out));
        assert!(!Player::samples(Arc::new([]), None).frame(&mut out));
    }

    #[test]
    fn the_cache_keeps_what_is_used_and_sees_changes() {
        let dir = std::env::temp_dir().join(format!("offhook-cache-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let write = |name: &str, samples: usize| {
            let mut bytes = crate::wav::header(1, 8000, samples as u64 * 2).to_vec();
            bytes.resize(44 + samples * 2, 1);
            std::fs::write(dir.join(name), bytes).unwrap();
            dir.join(name)
        };
        let mut cache = Cache { files: VecDeque::new(), samples: 0, most: 1000 };
        let (a, b, big) = (write("a", 400), write("b", 400), write("big", 4000));
        let first = cache.get(&a).unwrap();
        cache.get(&b).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get(&a).unwrap()));
        assert_eq!(cache.get(&big).unwrap().len(), 4000);
        assert_eq!(cache.samples, 800);
        write("b", 500);
        assert_eq!(cache.get(&b).unwrap().len(), 500);
        write("c", 300);
        cache.get(&dir.join("c")).unwrap();
        assert_eq!(cache.samples, 800, "the least recently used one went");
        assert!(cache.get(&dir.join("none")).is_err());
        assert!(cache.get(&dir).is_err());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

//! Other programs that judge our sounds: sox, multimon-ng, minimodem.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of sound files that goes away with it.
#[derive(Debug)]
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("offhook-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for sounds");
        Files(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes samples of 8 kHz mono.
    pub(crate) fn wav(&self, name: &str, samples: &[i16]) -> PathBuf {
        let path = self.path(&format!("{name}.wav"));
        let mut bytes = offhook_media::wav::header(1, 8000, samples.len() as u64 * 2).to_vec();
        samples.iter().for_each(|s| bytes.extend(s.to_le_bytes()));
        std::fs::write(&path, bytes).expect("the sound is written");
        path
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// What multimon-ng's demodulator says of a WAV file.
pub(crate) fn multimon(demodulator: &str, wav: &Path) -> String {
    let raw = wav.with_extension("raw");
    // multimon-ng reads 22050 Hz.
    run(Command::new("sox")
        .arg(wav)
        .args(["-t", "raw", "-e", "signed", "-b", "16", "-r", "22050", "-c", "1"])
        .arg(&raw));
    run(Command::new("multimon-ng").args(["-q", "-a", demodulator, "-t", "raw"]).arg(&raw))
}

/// Runs a judge; its output as text.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e} (tools/install test)"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

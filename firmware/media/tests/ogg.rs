//! Ogg Opus files, judged by ffmpeg, ffprobe and sox.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use offhook_media::level;
use offhook_media::ogg::file::OpusWriter;
use offhook_media::ogg::reader::OpusReader;
use offhook_media::ogg::recover::{Found, recover};
use offhook_media::sound::Rate;
use offhook_media::tone::goertzel::power;
use offhook_media::wav::file::temporary_name;

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("offhook-ogg-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a directory of our own");
    path
}

/// 20 ms: a tone at −10 dBm0 on each channel.
fn frame(rate: Rate, n: usize, tones: [f64; 2]) -> Vec<i16> {
    let amplitude = f64::from(level::sine_amplitude(-10.0));
    (n * rate.frame()..(n + 1) * rate.frame())
        .flat_map(|at| {
            tones.map(|hz| (amplitude * (std::f64::consts::TAU * hz * at as f64 / f64::from(rate.hz())).sin()) as i16)
        })
        .collect()
}

fn write(path: &Path, rate: Rate, frames: usize) -> OpusWriter {
    let mut writer = OpusWriter::create(path, rate, 7).expect("a new file");
    for n in 0..frames {
        writer.append(&frame(rate, n, [440.0, 900.0])).expect("room on the disk");
    }
    writer
}

/// The file as 8 kHz samples per channel, decoded by ffmpeg.
fn by_ffmpeg(path: &Path) -> [Vec<i16>; 2] {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-i"])
        .arg(path)
        .args(["-f", "s16le", "-ar", "8000", "-"])
        .output()
        .expect("ffmpeg, which tools/install test brings");
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    let samples: Vec<i16> = out.stdout.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    [0, 1].map(|n| samples.iter().skip(n).step_by(2).copied().collect())
}

fn level_of(samples: &[i16], hz: f64) -> f32 {
    level::mean_square_dbm0(power(samples, hz))
}

fn assert_channels([left, right]: &[Vec<i16>; 2]) {
    for (channel, own, other) in [(left, 440.0, 900.0), (right, 900.0, 440.0)] {
        let settled = &channel[800..channel.len() - 800];
        let (own, other) = (level_of(settled, own), level_of(settled, other));
        assert!((own + 10.0).abs() < 0.5, "the tone is at {own} dBm0");
        assert!(other < -60.0, "the other party is at {other} dBm0");
    }
}

#[test]
fn players_open_it_and_each_party_has_its_channel() {
    let directory = directory("open");
    for rate in [Rate::Narrow, Rate::Wide] {
        let path = directory.join(format!("{}.opus", rate.hz()));
        write(&path, rate, 151).end().expect("the end");
        std::fs::rename(temporary_name(&path), &path).expect("its name");
        let channels = by_ffmpeg(&path);
        assert_channels(&channels);
        assert_eq!(channels[0].len(), 151 * 160, "to the sample");
        let probe = Command::new("ffprobe")
            .args(["-v", "error", "-show_entries", "stream=codec_name,channels:format=duration,bit_rate", "-of", "csv"])
            .arg(&path)
            .output()
            .expect("ffprobe");
        let text = String::from_utf8_lossy(&probe.stdout).into_owned();
        assert!(text.contains("opus,2"), "{text}");
        assert!(text.contains("3.02"), "{text}");
        // Our own reader agrees.
        let mut reader = OpusReader::open(std::fs::File::open(&path).expect("the file"), Rate::Narrow).expect("ours");
        let mut samples = Vec::new();
        while let Some(more) = reader.next_samples().expect("the disk") {
            samples.extend_from_slice(more);
        }
        let channels = [0, 1].map(|n| samples.iter().skip(n).step_by(2).copied().collect::<Vec<_>>());
        assert_eq!(channels[0].len(), 151 * 160);
        assert_channels(&channels);
    }
    std::fs::remove_dir_all(directory).expect("our own directory");
}

#[test]
fn sox_finds_the_levels() {
    let directory = directory("sox");
    let path = directory.join("a.opus");
    write(&path, Rate::Narrow, 100).end().expect("the end");
    let wav = directory.join("a.wav");
    // Sox of Debian reads no Opus: ffmpeg decodes for it.
    let decoded = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(temporary_name(&path)).arg(&wav).status();
    assert!(decoded.expect("ffmpeg").success());
    let out =
        Command::new("sox").arg(&wav).args(["-n", "remix", "1", "trim", "0.2", "1.5", "stats"]).output().expect("sox");
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    let rms: f32 = text
        .lines()
        .find_map(|line| line.strip_prefix("RMS lev dB"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{text}"));
    // A sine at −10 dBm0 peaks 13.14 dB below full scale: its RMS lies 3.01 dB below that.
    assert!((rms + 16.15).abs() < 0.5, "{rms} dB");
    std::fs::remove_dir_all(directory).expect("our own directory");
}

#[test]
fn pauses_are_chapters() {
    let directory = directory("marks");
    let path = directory.join("a.opus");
    let mut writer = write(&path, Rate::Narrow, 100);
    writer.mark(Duration::from_secs(61)).expect("room on the disk");
    for n in 0..100 {
        writer.append(&frame(Rate::Narrow, n, [440.0, 900.0])).expect("room on the disk");
    }
    writer.end().expect("the end");
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-show_chapters", "-f", "ogg"])
        .arg(temporary_name(&path))
        .output()
        .expect("ffprobe");
    let text = String::from_utf8_lossy(&probe.stdout).into_owned();
    assert!(text.contains("start_time=2.000000") && text.contains("paused for 61 s"), "{text}");
    std::fs::remove_dir_all(directory).expect("our own directory");
}

#[test]
fn a_file_cut_anywhere_is_recovered_and_opens() {
    let directory = directory("cut");
    let whole = {
        let path = directory.join("whole.opus");
        let writer = write(&path, Rate::Narrow, 100);
        let bytes = std::fs::read(temporary_name(&path)).expect("the file");
        drop(writer);
        std::fs::remove_file(temporary_name(&path)).expect("our own file");
        bytes
    };
    for (n, cut) in [10, 60, 4000, 4150, 5000, 6000, whole.len() - 1, whole.len()].into_iter().enumerate() {
        let path = directory.join(format!("{n}.opus"));
        let mut bytes = whole[..cut].to_vec();
        // A disk that had grown the file before it wrote its sound.
        bytes.extend([0; 300]);
        if n == 7 {
            bytes[100] ^= 0xff; // The comment page torn while a mark was written.
        }
        std::fs::write(temporary_name(&path), &bytes).expect("room on the disk");
    }
    std::fs::write(directory.join("a.wav.part"), [&offhook_media::wav::header(2, 8000, 0)[..], &[1; 64_003]].concat())
        .expect("room on the disk");
    let Found { kept, failed } = recover(&directory).expect("the directory");
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(kept.len(), 5, "those with sound: {kept:?}");
    for recovered in &kept {
        if recovered.path.ends_with("a.wav") {
            assert_eq!(recovered.duration, Duration::from_secs(2));
            continue;
        }
        let [left, _] = by_ffmpeg(&recovered.path);
        let heard = Duration::from_micros(left.len() as u64 * 125);
        assert!(heard.abs_diff(recovered.duration) < Duration::from_millis(20), "{heard:?}: {recovered:?}");
    }
    let longest = kept.iter().map(|r| r.duration).max().expect("one");
    assert!(longest > Duration::from_millis(1600), "{longest:?} of two seconds");
    assert!(std::fs::read_dir(&directory).expect("it").all(|e| !e.expect("it").path().ends_with(".part")));
    std::fs::remove_dir_all(directory).expect("our own directory");
}

//! DTMF before other judges: multimon-ng hears what we make, and we hear what sox makes.

mod sound;

use std::process::Command;
use std::time::Duration;

use offhook_media::tone::detector::DtmfDetector;
use offhook_media::tone::dtmf;
use sound::judge::{self, Files};
use sound::{Chance, add_noise, alaw, pcm};

const DIGITS: &str = "1234567890*#ABCD";

#[test]
fn multimon_ng_hears_the_digits_we_make() {
    let files = Files::new("dtmf-ours");
    for (name, ms, noise) in [("clean", 70, None), ("long", 200, None), ("noisy", 100, Some(-27.0))] {
        let mut samples = vec![0.0; 1600];
        let mut frame = [0; 160];
        for digit in DIGITS.chars() {
            let mut tone = dtmf::DigitTone::new(digit, Duration::from_millis(ms)).expect("a digit");
            while tone.frame(&mut frame) {
                samples.extend(frame.iter().map(|&s| f64::from(s)));
            }
        }
        if let Some(level) = noise {
            add_noise(&mut samples, level, &mut Chance::new(9));
        }
        let path = files.wav(name, &alaw(&pcm(&samples)));
        let heard = judge::multimon("DTMF", &path);
        let digits: String = heard.lines().filter_map(|l| l.strip_prefix("DTMF: ")).map(str::trim).collect();
        assert_eq!(digits, DIGITS, "{name}: {heard}");
    }
}

#[test]
fn the_digits_sox_makes_are_heard() {
    let files = Files::new("dtmf-theirs");
    for digit in DIGITS.chars() {
        let (low, high) = dtmf::frequencies(digit).expect("a digit");
        let path = files.path("sox.wav");
        let status = Command::new("sox")
            .args(["-n", "-r", "8000", "-c", "1", "-e", "a-law"])
            .arg(&path)
            .args(["synth", "0.05", "sine", &low.to_string(), "sine", "mix", &high.to_string()])
            .args(["gain", "-12", "pad", "0.1", "0.05", "repeat", "2"])
            .status()
            .expect("sox runs");
        assert!(status.success());
        let samples =
            offhook_media::wav::reader::read(&std::fs::read(&path).expect("sox wrote it"), 10).expect("a WAV");
        let mut detector = DtmfDetector::default();
        let heard: String = samples.chunks(160).filter_map(|c| detector.samples(c)).collect();
        assert_eq!(heard, String::from(digit).repeat(3), "{digit}");
    }
}

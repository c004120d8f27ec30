//! Prompts of every format, made by ffmpeg, sound as they should; hostile files are refused in words.

use std::process::Command;

use offhook_media::level::mean_square_dbm0;
use offhook_media::prompt::{PromptError, read};
use offhook_media::tone::goertzel::power;
use proptest::prelude::*;

/// Two seconds of 1 kHz as a file of this kind.
fn made(name: &str, arguments: &[&str]) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!("offhook-prompt-{}-{name}", std::process::id()));
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "sine=frequency=1000:duration=2:sample_rate=48000"])
        .args(arguments)
        .arg(&path)
        .status()
        .expect("ffmpeg, which tools/install test brings");
    assert!(status.success());
    let bytes = std::fs::read(&path).expect("the file");
    std::fs::remove_file(&path).expect("our own file");
    bytes
}

#[test]
fn every_format_gives_the_same_sound() {
    for (name, arguments) in [
        ("a.wav", &["-ar", "8000"][..]),
        ("b.mp3", &["-ar", "44100", "-b:a", "128k"]),
        ("c.mp3", &["-ar", "22050", "-ac", "2", "-q:a", "4"]),
        ("d.opus", &["-b:a", "32k"]),
        ("e.ogg", &["-c:a", "libopus", "-ac", "2"]),
    ] {
        let samples = read(made(name, arguments), 10).unwrap_or_else(|e| panic!("{name}: {e}"));
        // Encoders of MP3 add silence before and after.
        assert!((15_900..=17_000).contains(&samples.len()), "{name}: {} samples", samples.len());
        let level = mean_square_dbm0(power(&samples[4000..12_000], 1000.0));
        // ffmpeg's sine peaks at an eighth of full scale: 18.06 dB down, that is −14.92 dBm0; it gives 3 dB less to each of two
        // channels, and the MP3 encoder takes off up to half a decibel.
        let expected = if arguments.contains(&"-ac") { -17.93 } else { -14.92 };
        assert!((level - expected).abs() < 0.6, "{name}: {level} dBm0");
        assert!(
            matches!(read(made(name, arguments), 1), Err(e) if e.to_string().contains("longer than 1 s")),
            "{name}"
        );
    }
}

#[test]
fn what_cannot_be_played_is_refused_in_words() {
    assert!(matches!(read(b"hello".to_vec(), 10), Err(PromptError::Unknown)));
    assert!(matches!(read(Vec::new(), 10), Err(PromptError::Unknown)));
    assert!(read(b"OggS and nothing more".to_vec(), 10).is_err());
    assert!(read([&b"ID3"[..], &[0xff; 5000]].concat(), 10).is_err());
    let flac = made("f.ogg", &["-c:a", "flac"]);
    assert!(read(flac, 10).is_err_and(|e| e.to_string().contains("not an Ogg Opus file")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_files_are_read_without_harm(
        kind in 0usize..3,
        holes in proptest::collection::vec((0usize..9000, any::<u8>()), 0..40),
        cut in 0usize..9000,
    ) {
        use std::sync::LazyLock;
        static FILES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
            [made("g.mp3", &["-ar", "16000"]), made("g.opus", &["-b:a", "24k"]), made("g.wav", &["-ar", "8000"])]
        });
        let mut bytes = FILES[kind].clone();
        bytes.truncate(cut.max(4));
        for (at, value) in holes {
            if let Some(byte) = bytes.get_mut(at.max(4)) {
                *byte = value;
            }
        }
        if let Ok(samples) = read(bytes, 10) {
            prop_assert!(samples.len() <= 80_000);
        }
    }
}

//! Talk-off: speech and music that are taken for digits.

mod sound;

use offhook_media::tone::detector::DtmfDetector;
use sound::music::Music;
use sound::speech::Speech;

/// Digits that a detector hears in so many minutes of speech and of music.
fn false_digits(minutes: usize, seed: u64) -> (usize, usize) {
    let run = |add: &mut dyn FnMut(&mut [f64])| {
        let mut detector = DtmfDetector::default();
        let mut block = [0.0; 160];
        (0..minutes * 3000)
            .filter(|_| {
                block.fill(0.0);
                add(&mut block);
                detector.samples(&sound::alaw(&sound::pcm(&block))).is_some()
            })
            .count()
    };
    let (mut speech, mut music) = (Speech::new(seed), Music::new(seed));
    (run(&mut |block| speech.add(block)), run(&mut |block| music.add(block)))
}

#[test]
fn minutes_of_speech_and_music_hold_no_digit() {
    assert_eq!(false_digits(10, 1), (0, 0));
}

/// Ten hours of each. Music is the harder one: a chord of two nearly pure tones (organ, whistle) on a pair of the keypad *is* a digit by
/// Q.24, and the band here plays many of them.
#[test]
#[ignore = "hours of sound: started by tools/test --full"]
#[expect(clippy::print_stdout, reason = "the figure")]
fn hours_of_speech_and_music_hold_hardly_a_digit() {
    let (mut speech, mut music) = (0, 0);
    for seed in 0..10 {
        let (s, m) = false_digits(60, 100 + seed);
        (speech, music) = (speech + s, music + m);
    }
    println!("talk-off: {speech} digits in 10 h of speech, {music} in 10 h of music");
    assert!(speech <= 5 && music <= 200, "{speech} {music}");
}

//! Hang-up tones: learned from one call, heard in the next, on lines that differ; never heard in speech and music.

mod sound;

use std::time::Duration;

use offhook_media::command::ToneSegment;
use offhook_media::tone::hang_up::{HangUpDetector, HangUpLearner, NotLearned, ToneProfile};
use sound::music::Music;
use sound::speech::Speech;
use sound::{Chance, add_noise, alaw, pcm, sines};

/// How a line's exchange says that the far side is gone.
#[derive(Clone, Debug)]
struct Line {
    parts: Vec<(f64, f64)>,
    /// Sound and silence, ms.
    cadence: Vec<(f64, f64)>,
    noise_dbm0: f64,
}

impl Line {
    fn any(chance: &mut Chance) -> Line {
        let level = chance.between(-30.0, -8.0);
        let first = chance.between(320.0, 640.0);
        let parts = match chance.below(4) {
            0 => vec![(480.0, level), (620.0, level)],
            1 => vec![(first, level), (first + chance.between(85.0, 300.0), level + chance.between(-4.0, 4.0))],
            _ => vec![(first, level)],
        };
        let time = |chance: &mut Chance| chance.between(150.0, 1000.0);
        let cadence = match chance.below(5) {
            // Sound and silence alike, as most are.
            0..=2 => vec![(time(chance), 0.0)].into_iter().map(|(on, _)| (on, on)).collect(),
            3 => vec![(time(chance), time(chance))],
            _ => vec![(time(chance), time(chance)), (time(chance), time(chance))],
        };
        let noise_dbm0 = chance.between(-65.0, level - 15.0);
        Line { parts, cadence, noise_dbm0 }
    }

    fn cycle_ms(&self) -> f64 {
        self.cadence.iter().map(|(on, off)| on + off).sum()
    }

    /// A call: talk, then so many cycles of the tone, all with the line's noise. Returns the sound and where the tone begins.
    fn call(&self, talk_seconds: f64, cycles: f64, seed: u64) -> (Vec<i16>, usize) {
        let mut chance = Chance::new(seed);
        let mut all = vec![0.0; (talk_seconds * 8000.0) as usize];
        Speech::new(seed).add(&mut all);
        let begins = all.len();
        // From call to call the exchange's clock differs a little.
        let scale = chance.between(0.98, 1.02);
        let wanted = begins + (cycles * self.cycle_ms() * scale * 8.0) as usize;
        let mut n = 0;
        while all.len() < wanted {
            let (on, off) = self.cadence[n % self.cadence.len()];
            all.extend(sines(&self.parts, (on * scale * 8.0) as usize));
            all.extend(vec![0.0; (off * scale * 8.0) as usize]);
            n += 1;
        }
        all.truncate(wanted);
        add_noise(&mut all, self.noise_dbm0, &mut chance);
        (alaw(&pcm(&all)), begins)
    }
}

/// Where the detector hears the hang-up, in samples.
fn heard_at(detector: &mut HangUpDetector, samples: &[i16]) -> Option<usize> {
    samples.chunks(160).position(|chunk| detector.samples(chunk)).map(|n| (n + 1) * 160)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure")]
fn of_two_hundred_lines_the_tone_is_learned_and_heard_within_three_cycles() {
    let mut chance = Chance::new(200);
    let (mut heard, mut missed, mut early) = (0, Vec::new(), Vec::new());
    for n in 0..200u64 {
        let line = Line::any(&mut chance);
        let (lesson, _) = line.call(chance.between(0.0, 3.0), 5_000.0 / line.cycle_ms() + 3.0, 1000 + n);
        let mut learner = HangUpLearner::default();
        learner.samples(&lesson);
        let profile = match learner.learn() {
            Ok(profile) => profile,
            Err(error) => {
                missed.push(format!("{error}: {line:?}"));
                continue;
            }
        };
        // Through its text, as it is kept.
        let profile: ToneProfile = profile.to_string().parse().expect("the profile is text");
        let (call, begins) = line.call(chance.between(2.0, 6.0), 6.0, 5000 + n);
        let by = begins + (3.0 * line.cycle_ms() * 1.02 * 8.0) as usize + 320;
        match heard_at(&mut HangUpDetector::new(std::slice::from_ref(&profile)), &call) {
            Some(at) if at < begins => early.push(format!("{profile} {line:?}")),
            Some(at) if at <= by => heard += 1,
            other => missed.push(format!("{other:?} of {by}, {profile}: {line:?}")),
        }
    }
    println!("hang-ups heard within three cycles: {heard} of 200");
    assert!(early.is_empty(), "heard in talk: {early:#?}");
    assert!(heard >= 198, "{missed:#?}");
}

fn profiles() -> Vec<ToneProfile> {
    ["425: 500/500", "480+620: 250/250", "440: 500/500", "400: 375/375"].iter().map(|t| t.parse().expect(t)).collect()
}

fn false_hang_ups(minutes: usize, seed: u64) -> usize {
    let (mut speech, mut music) = (Speech::new(seed), Music::new(seed));
    let (mut a, mut b) = (HangUpDetector::new(&profiles()), HangUpDetector::new(&profiles()));
    let mut count = 0;
    let mut block = [0.0; 160];
    for _ in 0..minutes * 1500 {
        block.fill(0.0);
        speech.add(&mut block);
        count += usize::from(a.samples(&alaw(&pcm(&block))));
        block.fill(0.0);
        music.add(&mut block);
        count += usize::from(b.samples(&alaw(&pcm(&block))));
    }
    count
}

#[test]
fn minutes_of_speech_and_music_are_no_hang_up() {
    assert_eq!(false_hang_ups(10, 3), 0);
}

#[test]
#[ignore = "hours of sound: started by tools/test --full"]
fn ten_hours_of_speech_and_music_are_no_hang_up() {
    for seed in 0..10 {
        assert_eq!(false_hang_ups(60, 300 + seed), 0, "seed {seed}");
    }
}

fn segment(hz: &[f32], ms: u64) -> ToneSegment {
    ToneSegment { hz: hz.to_vec(), duration: Some(Duration::from_millis(ms)), ..ToneSegment::default() }
}

#[test]
fn tones_of_the_table_are_profiles_and_ringing_is_no_hang_up() {
    let busy = ToneProfile::of_tone(&[segment(&[425.0], 500), segment(&[], 500)]).expect("busy tone");
    assert_eq!(busy.to_string(), "425.0: 500/500");
    assert!(ToneProfile::of_tone(&[segment(&[950.0], 330), segment(&[1400.0], 330)]).is_err());
    let mut detector = HangUpDetector::new(&[busy]);
    let ringing = Line { parts: vec![(425.0, -10.0)], cadence: vec![(1000.0, 4000.0)], noise_dbm0: -60.0 };
    assert_eq!(heard_at(&mut detector, &ringing.call(2.0, 6.0, 1).0), None);
    let faster = Line { cadence: vec![(200.0, 200.0)], ..ringing.clone() };
    assert_eq!(heard_at(&mut detector, &faster.call(2.0, 20.0, 2).0), None);
    let other = Line { parts: vec![(480.0, -10.0)], cadence: vec![(500.0, 500.0)], ..ringing.clone() };
    assert_eq!(heard_at(&mut detector, &other.call(2.0, 10.0, 3).0), None);
    let busy = Line { cadence: vec![(500.0, 500.0)], ..ringing };
    let (call, _) = busy.call(2.0, 10.0, 4);
    let told = call.chunks(160).filter(|chunk| detector.samples(chunk)).count();
    assert_eq!(told, 1, "told once");
}

#[test]
fn a_tone_without_end_is_learned_and_silence_and_talk_teach_nothing() {
    let endless = Line { parts: vec![(440.0, -15.0)], cadence: vec![(20_000.0, 1.0)], noise_dbm0: -60.0 };
    let mut learner = HangUpLearner::default();
    learner.samples(&endless.call(3.0, 0.5, 1).0);
    let profile = learner.learn().expect("a tone");
    assert!(profile.cadence_ms().is_empty() && (profile.hz()[0] - 440.0).abs() < 1.0, "{profile}");
    assert!(heard_at(&mut HangUpDetector::new(&[profile]), &endless.call(3.0, 0.5, 2).0).is_some());
    let mut learner = HangUpLearner::default();
    assert_eq!(learner.learn(), Err(NotLearned::NoTone));
    learner.samples(&[0; 80_000]);
    assert_eq!(learner.learn(), Err(NotLearned::NoTone));
    let mut talk = vec![0.0; 240_000];
    Speech::new(5).add(&mut talk);
    learner.samples(&pcm(&talk));
    assert!(learner.learn().is_err());
}

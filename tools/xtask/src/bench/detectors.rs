//! What each detector of sounds costs: processor time per second of one party's sound.

use std::hint::black_box;
use std::time::Duration;

use nix::sys::time::TimeValLike;
use offhook_media::FRAME;
use offhook_media::tone::detector::DtmfDetector;
use offhook_media::tone::dtmf::DigitTone;
use offhook_media::tone::fax::FaxDetector;
use offhook_media::tone::hang_up::{HangUpDetector, HangUpLearner};

/// Seconds of sound per figure.
const SECONDS: usize = 60;

/// Prints the figures.
pub(crate) fn run() {
    let mut noise = vec![0i16; SECONDS * 8000];
    let mut state = 1u32;
    for sample in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = (state >> 16) as i16 >> 3;
    }
    let mut digits = noise.clone();
    let keys = "123A456B789C*0#D".chars().cycle();
    let tones = keys.filter_map(|key| DigitTone::new(key, Duration::from_millis(100)));
    let mut frames = tones.flat_map(|mut tone| {
        std::iter::from_fn(move || {
            let mut frame = [0; FRAME];
            tone.frame(&mut frame).then_some(frame)
        })
    });
    for chunk in digits.chunks_exact_mut(FRAME) {
        chunk.copy_from_slice(&frames.next().unwrap_or([0; FRAME]));
    }
    let silence = vec![0; SECONDS * 8000];
    for (what, sound) in [("silence", &silence), ("noise", &noise), ("digits without end", &digits)] {
        let mut detector = DtmfDetector::default();
        figure(&format!("DTMF detector, {what}"), sound, |frame| _ = black_box(detector.samples(frame)));
    }
    let profiles: Vec<_> = ["425: 500/500", "480+620: 250/250"].into_iter().filter_map(|p| p.parse().ok()).collect();
    let mut detector = HangUpDetector::new(&profiles);
    figure("hang-up detector, two tones, noise", &noise, |frame| _ = black_box(detector.samples(frame)));
    let mut learner = HangUpLearner::default();
    figure("hang-up learner, noise", &noise, |frame| learner.samples(frame));
    black_box(learner.learn().is_ok());
    let mut detector = FaxDetector::default();
    figure("fax tone detector, noise", &noise, |frame| _ = black_box(detector.samples(frame)));
}

/// Runs something over sound and prints what a second of it cost.
fn figure(name: &str, sound: &[i16], mut each: impl FnMut(&[i16])) {
    let Ok(before) = processor_time() else { return };
    sound.chunks_exact(FRAME).for_each(&mut each);
    let Ok(after) = processor_time() else { return };
    let micros = (after - before) / SECONDS as f64;
    #[expect(clippy::print_stdout, reason = "a benchmark's figures")]
    {
        println!("{name:40} {micros:7.0} µs/s per party   {:5.2} % of a core", micros / 1e4);
    }
}

/// Of this thread, in microseconds.
fn processor_time() -> nix::Result<f64> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_THREAD)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64)
}

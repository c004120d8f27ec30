use super::*;
use crate::level;
use crate::tone::goertzel::power;

/// 20 ms of a tone at −10 dBm0.
pub(super) fn sine(rate: Rate, hz: f64, frame: usize, phase: f64) -> Sound {
    let amplitude = f64::from(level::sine_amplitude(-10.0));
    let mut sound = Sound::silence(rate);
    for (n, sample) in sound.samples_mut().iter_mut().enumerate() {
        let at = (frame * rate.frame() + n) as f64 / f64::from(rate.hz());
        *sample = (amplitude * (std::f64::consts::TAU * (hz * at + phase)).sin()).round() as i16;
    }
    sound
}

/// The loudest 20 ms, in dBm0, of what lies above 2 kHz (a windowed-sinc high-pass filter of 8 ms).
pub(super) fn above_2khz(rate: Rate, samples: &[i16]) -> f32 {
    let taps = 8 * rate.per_millisecond() + 1;
    let cut = 2000.0 / f64::from(rate.hz());
    let middle = (taps / 2) as f64;
    let low: Vec<f64> = (0..taps)
        .map(|n| {
            let x = n as f64 - middle;
            let sinc =
                if x == 0.0 { 2.0 * cut } else { (std::f64::consts::TAU * cut * x).sin() / (std::f64::consts::PI * x) };
            let turn = std::f64::consts::TAU * n as f64 / (taps - 1) as f64;
            sinc * (0.358_75 - 0.488_29 * turn.cos() + 0.141_28 * (2.0 * turn).cos() - 0.011_68 * (3.0 * turn).cos())
        })
        .collect();
    let gain: f64 = low.iter().sum();
    let high: Vec<f64> = samples
        .windows(taps)
        .map(|window| {
            let sum: f64 = window.iter().zip(&low).map(|(s, tap)| f64::from(*s) * tap).sum();
            f64::from(window[taps / 2]) - sum / gain
        })
        .collect();
    high.chunks(rate.frame())
        .map(|part| level::mean_square_dbm0(part.iter().map(|s| s * s).sum::<f64>() / rate.frame() as f64))
        .fold(f32::NEG_INFINITY, f32::max)
}

fn talks(number: u16) -> Party {
    Party { number, gain: 1.0, hears: Vec::new() }
}

fn listens(number: u16) -> Party {
    Party { gain: 0.0, ..talks(number) }
}

fn plan(parties: &[Party]) -> Plan {
    Plan { parties: parties.to_vec() }
}

/// Runs ticks in which every party says its own tone; gives what each heard.
fn run(conference: &mut Conference, rate: Rate, from: usize, ticks: usize, numbers: &[u16]) -> Vec<Vec<i16>> {
    let mut heard = vec![Vec::new(); numbers.len()];
    for frame in from..from + ticks {
        conference.begin(rate);
        for &number in numbers {
            conference.say(number, &sine(rate, tone(number), frame, 0.0));
        }
        for (&number, heard) in numbers.iter().zip(&mut heard) {
            let mut out = Sound::default();
            if conference.hear(number, rate, &mut out) {
                heard.extend_from_slice(out.samples());
            } else {
                heard.resize(heard.len() + rate.frame(), 0);
            }
        }
        conference.end();
    }
    heard
}

/// Tones 50 Hz apart, whole periods in 20 ms: they do not leak into each other's measure.
fn tone(number: u16) -> f64 {
    300.0 + 50.0 * f64::from(number)
}

/// Level of a party's tone.
fn of(number: u16, samples: &[i16]) -> f32 {
    level::mean_square_dbm0(power(samples, tone(number)))
}

#[test]
fn each_of_thirty_two_hears_the_others_and_not_itself() {
    let mut conference = Conference::new(32);
    let numbers: Vec<u16> = (0..32).collect();
    // Quiet, so that the sum of 31 is not limited.
    let parties: Vec<Party> = numbers.iter().map(|&n| Party { gain: 0.1, ..talks(n) }).collect();
    conference.arrange(&plan(&parties));
    let heard = run(&mut conference, Rate::Narrow, 0, 20, &numbers);
    for (own, heard) in numbers.iter().zip(&heard) {
        let settled = &heard[1600..];
        for other in &numbers {
            let level = of(*other, settled);
            if other == own {
                assert!(level < -75.0, "{own} hears itself at {level}");
            } else {
                assert!((level + 30.0).abs() < 0.3, "{own} hears {other} at {level}");
            }
        }
    }
}

#[test]
fn a_whisper_is_heard_by_one_side_alone() {
    let (caller, agent, supervisor) = (1, 2, 9);
    let mut conference = Conference::new(4);
    let whisper = [talks(caller), Party { hears: vec![(supervisor, 1.0)], ..talks(agent) }, listens(supervisor)];
    conference.arrange(&plan(&whisper));
    let heard = run(&mut conference, Rate::Narrow, 0, 20, &[caller, agent, supervisor]);
    let level = |listener: usize, number: u16| of(number, &heard[listener][800..]);
    assert!((level(1, supervisor) + 10.0).abs() < 0.1, "the agent hears the whisper");
    assert!((level(1, caller) + 10.0).abs() < 0.1);
    let leak = level(0, supervisor);
    assert!(leak < -80.0, "the caller hears the whisper at {leak}");
    assert!((level(0, agent) + 10.0).abs() < 0.1);
    assert!((level(2, agent) + 10.0).abs() < 0.1 && (level(2, caller) + 10.0).abs() < 0.1, "the supervisor hears both");
    // A recording of the agent's leg keeps the whisper out of the caller's channel.
    conference.begin(Rate::Narrow);
    for number in [caller, agent, supervisor] {
        conference.say(number, &sine(Rate::Narrow, tone(number), 30, 0.0));
    }
    let mut public = Sound::default();
    assert!(conference.hear_public(agent, Rate::Narrow, &mut public));
    assert!(of(supervisor, public.samples()) < -75.0);
    assert!((of(caller, public.samples()) + 10.0).abs() < 0.1);
    assert!(!conference.hear_public(caller, Rate::Narrow, &mut public), "the caller hears what everybody hears");
}

#[test]
fn listening_barging_muting_and_gains() {
    let numbers = [1, 2, 3];
    let mut conference = Conference::new(4);
    let mut from = 0;
    let mut level = |parties: &[Party], listener: usize, number: u16| {
        conference.arrange(&plan(parties));
        let heard = run(&mut conference, Rate::Narrow, from, 10, &numbers);
        from += 10;
        of(number, &heard[listener][800..])
    };
    let listen = [talks(1), talks(2), listens(3)];
    assert!(level(&listen, 0, 3) < -80.0);
    assert!((level(&listen, 2, 1) + 10.0).abs() < 0.1);
    let barge = [talks(1), talks(2), talks(3)];
    assert!((level(&barge, 0, 3) + 10.0).abs() < 0.1);
    assert!((level(&barge, 1, 3) + 10.0).abs() < 0.1);
    let deaf = [Party { hears: vec![(2, 0.0)], ..talks(1) }, talks(2), talks(3)];
    assert!(level(&deaf, 0, 2) < -75.0, "muted for one listener");
    assert!((level(&deaf, 2, 2) + 10.0).abs() < 0.1, "and for nobody else");
    let louder = [talks(1), Party { gain: 2.0, ..talks(2) }, Party { hears: vec![(2, 0.5)], ..talks(3) }];
    assert!((level(&louder, 0, 2) + 3.98).abs() < 0.1);
    assert!((level(&louder, 2, 2) + 16.02).abs() < 0.1);
}

#[test]
fn joining_leaving_and_changing_roles_make_no_click() {
    let whisper = [talks(1), Party { hears: vec![(2, 1.0)], ..talks(3) }, listens(2)];
    let plans: [&[Party]; 6] = [
        &[listens(1), talks(2), listens(3)],
        &[talks(1), listens(2), listens(3)],
        &[talks(1), talks(2), listens(3)],
        &whisper,
        &[listens(1), listens(3)],
        &[talks(1), listens(3)],
    ];
    for rate in Rate::ALL {
        for before in plans {
            for after in plans {
                // Whatever moment of the wave: 370 Hz frames do not begin alike.
                for start in 0..5 {
                    let mut conference = Conference::new(4);
                    conference.arrange(&plan(before));
                    let mut heard = Vec::new();
                    for frame in start..start + 10 {
                        if frame == start + 5 {
                            conference.arrange(&plan(after));
                        }
                        conference.begin(rate);
                        for number in [1, 2, 3] {
                            conference.say(number, &sine(rate, 370.0 + 37.0 * f64::from(number), frame, 0.0));
                        }
                        let mut out = Sound::default();
                        conference.hear(3, rate, &mut out);
                        conference.end();
                        if frame > start {
                            heard.extend_from_slice(out.samples());
                        }
                    }
                    let click = above_2khz(rate, &heard);
                    assert!(click < CLICK_DBM0, "{click} dBm0 at {rate:?} from {before:?} to {after:?}");
                }
            }
        }
    }
}

#[test]
fn parties_of_different_rates_hear_each_other() {
    let mut conference = Conference::new(4);
    conference.arrange(&plan(&[talks(1), talks(2), talks(3)]));
    let rates = [Rate::Narrow, Rate::Wide, Rate::Full];
    let mut heard = vec![Vec::new(); 3];
    for frame in 0..20 {
        conference.begin(Rate::Full);
        for (number, rate) in (1..).zip(rates) {
            conference.say(number, &sine(rate, tone(number), frame, 0.0));
        }
        for ((number, rate), heard) in (1..).zip(rates).zip(&mut heard) {
            let mut out = Sound::default();
            conference.hear(number, rate, &mut out);
            assert_eq!(out.rate(), rate);
            heard.extend_from_slice(out.samples());
        }
        conference.end();
    }
    for (listener, (rate, heard)) in rates.into_iter().zip(&heard).enumerate() {
        for number in 1..=3u16 {
            let scaled = tone(number) * 8000.0 / f64::from(rate.hz());
            let level = level::mean_square_dbm0(power(&heard[rate.frame() * 5..], scaled));
            if usize::from(number) == listener + 1 {
                assert!(level < -60.0, "{number} hears itself at {level}");
            } else {
                assert!((level + 10.0).abs() < 0.2, "{listener} hears {number} at {level}");
            }
        }
    }
}

#[test]
fn a_larger_conference_goes_on_where_the_smaller_one_was() {
    let mut small = Conference::new(2);
    small.arrange(&plan(&[talks(1), talks(2)]));
    run(&mut small, Rate::Narrow, 0, 5, &[1, 2]);
    let mut large = Conference::new(4);
    large.take_over(&mut small);
    large.arrange(&plan(&[talks(1), talks(2), talks(3)]));
    let heard = run(&mut large, Rate::Narrow, 5, 5, &[1, 2, 3]);
    assert!((of(2, &heard[0][..160]) + 10.0).abs() < 1.5, "the first frame already");
    assert!((of(3, &heard[0][320..]) + 10.0).abs() < 0.1);
}

#[test]
fn the_rate_is_the_highest_two_members_can_use() {
    use Rate::{Full, Narrow, Wide};
    for (members, expected) in [
        (&[][..], Narrow),
        (&[Full], Narrow),
        (&[Full, Narrow], Narrow),
        (&[Full, Wide, Narrow], Wide),
        (&[Wide, Narrow, Wide], Wide),
        (&[Full, Narrow, Full, Narrow], Full),
        (&[Narrow, Narrow, Narrow], Narrow),
    ] {
        assert_eq!(super::rate(members.iter().copied()), expected, "{members:?}");
    }
}

#[test]
fn two_who_talked_before_the_conference_go_on_without_a_dip() {
    let mut conference = Conference::new(4);
    let three = plan(&[talks(1), talks(2), talks(3)]);
    conference.arrange(&three);
    conference.settle(&[1, 2]);
    let heard = run(&mut conference, Rate::Narrow, 0, 2, &[1, 2, 3]);
    assert!((of(1, &heard[1][..160]) + 10.0).abs() < 1.5);
    assert!(heard[0][2].abs() > 500, "no fade at the start: {:?}", &heard[0][..4]);
    let mut numbers = [0; 2];
    assert_eq!(conference.talkers(&mut numbers), 3);
}

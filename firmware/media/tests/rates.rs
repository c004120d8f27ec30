//! Parties at different rates and packet times in one bridge: each hears the others at its own rate, at their level.

mod support;

use std::time::Duration;

use offhook_media::command::{BridgeId, Codec, Command};
use offhook_media::engine::EngineConfig;
use offhook_media::sound::Rate;
use support::{Party, level_at, start};

const WIDE: Codec = Codec::L16(Rate::Wide);

/// Somewhere there is half a second in which each wanted tone is heard at −10 dBm0 within 1 dB, and no unwanted one above −45 dBm0.
fn hears(samples: &[i16], rate: Rate, wanted: &[f64], unwanted: &[f64]) -> bool {
    samples.windows(rate.frame() * 25).step_by(rate.frame()).any(|part| {
        wanted.iter().all(|hz| (level_at(part, *hz, rate) + 10.0).abs() < 1.0)
            && unwanted.iter().all(|hz| level_at(part, *hz, rate) < -45.0)
    })
}

/// All talk, one packet each per packet heard by the first, until everybody heard the others well.
fn until_all_hear(parties: &mut [Party], tones: &[f64], expected: impl Fn(usize) -> Vec<f64>) {
    let mut heard: Vec<Vec<i16>> = vec![Vec::new(); parties.len()];
    let mut got = Vec::new();
    for round in 0.. {
        assert!(round < 1500, "they do not hear each other well");
        for (party, hz) in parties.iter_mut().zip(tones) {
            party.say(*hz);
        }
        for (party, heard) in parties.iter_mut().zip(&mut heard) {
            party.hear_waiting(&mut got);
            for got in got.drain(..) {
                heard.extend(party.decode(&got));
            }
        }
        // The first party's packets are the clock.
        let first = parties[0].hear();
        heard[0].extend(parties[0].decode(&first));
        let all = parties.iter().zip(&heard).enumerate().all(|(n, (party, heard))| {
            let wanted = expected(n);
            let unwanted: Vec<f64> = tones.iter().copied().filter(|hz| !wanted.contains(hz)).collect();
            hears(heard, party.codec.rate(), &wanted, &unwanted)
        });
        if round % 50 == 49 && all {
            return;
        }
    }
}

#[test]
fn two_parties_at_different_rates_hear_each_other() {
    for codecs in [[Codec::Pcma, WIDE], [WIDE, Codec::L16(Rate::Narrow)]] {
        let b = start(EngineConfig::default());
        let mut parties = [b.party(1, codecs[0]), b.party(2, codecs[1])];
        b.command(Command::Bridge { bridge: BridgeId(1), members: parties.iter().map(|p| p.stream).collect() });
        until_all_hear(&mut parties, &[440.0, 1700.0], |n| vec![[1700.0, 440.0][n]]);
    }
}

#[test]
fn two_wide_parties_of_a_conference_keep_what_the_third_cannot_hear() {
    let b = start(EngineConfig::default());
    let mut parties = [b.party(1, WIDE), b.party(2, WIDE), b.party(3, Codec::Pcmu)];
    b.command(Command::Bridge { bridge: BridgeId(1), members: parties.iter().map(|p| p.stream).collect() });
    let tones = [5500.0, 6400.0, 880.0];
    until_all_hear(&mut parties, &tones, |n| match n {
        0 => vec![6400.0, 880.0],
        1 => vec![5500.0, 880.0],
        _ => Vec::new(),
    });
}

#[test]
fn packet_times_may_differ() {
    for (one, other) in [(10, 60), (30, 20), (50, 40)] {
        let b = start(EngineConfig::default());
        let mut parties = [b.party(1, Codec::Pcma), b.party(2, Codec::Pcmu)];
        for (party, ptime) in parties.iter().zip([one, other]) {
            let parameters = Duration::from_millis(ptime);
            let parameters = offhook_media::command::RtpParameters { ptime: parameters, ..party.parameters() };
            b.command(Command::SetRtp { stream: party.stream, parameters });
        }
        b.command(Command::Bridge { bridge: BridgeId(1), members: parties.iter().map(|p| p.stream).collect() });
        let mut said = [0usize; 2];
        let mut heard = [Vec::new(), Vec::new()];
        let clock = b.metronome(9);
        for round in 1.. {
            assert!(round < 1500, "they do not hear each other well");
            clock.hear();
            for (n, (party, ptime)) in parties.iter_mut().zip([one as usize, other as usize]).enumerate() {
                while said[n] + ptime <= round * 20 {
                    party.say_samples([440.0, 880.0][n], ptime * 8);
                    said[n] += ptime;
                }
                let mut got = Vec::new();
                party.hear_waiting(&mut got);
                for got in got {
                    // The first packets may still be of the packet time before.
                    assert!(round < 25 || got.payload.len() == ptime * 8, "{}", got.payload.len());
                    heard[n].extend(party.decode(&got));
                }
            }
            let narrow = Rate::Narrow;
            if round % 50 == 0
                && hears(&heard[0], narrow, &[880.0], &[440.0])
                && hears(&heard[1], narrow, &[440.0], &[880.0])
            {
                break;
            }
        }
    }
}

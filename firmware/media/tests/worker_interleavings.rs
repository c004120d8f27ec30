//! Whatever joins, leaves, holds, whispers, is recorded and played to, in whatever order, on the engine itself: packets go in and come out by
//! its sockets, in stepped time. Every party hears those it should, by their tones, and nobody else; its recording holds what everybody hears.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::{Path, PathBuf};

use offhook_media::command::{
    BridgeId, Codec, Command, Event, Member, RecordingId, Role, Source, StreamId, ToneSegment,
};
use offhook_media::level::mean_square_dbm0;
use offhook_media::tone::goertzel::power;
use offhook_media::wav;
use proptest::prelude::*;
use support::{Got, Party, Running, start_stepped};

const PARTIES: usize = 4;
/// Ticks between two changes: what was heard before has left the jitter buffers after half of them, and the last are measured.
const TICKS: usize = 30;
/// 200 ms hold whole periods of all tones.
const MEASURED: usize = 10;
/// The tone that is played to a party.
const PLAYED: f64 = 1310.0;

/// Where a party is, and what it does there.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// On hold, or not in the call: it is in no bridge.
    Away,
    Talks,
    Listens,
    Whispers(usize),
    /// Talks, and does not hear this one.
    Mutes(usize),
}

/// One change of the office.
#[derive(Clone, Copy, Debug)]
enum Change {
    Part(usize, Part),
    /// Starts playing to a party, or stops.
    Play(usize, bool),
    /// Starts recording a party, or stops.
    Record(usize, bool),
    /// A party talks and the box forwards its packets again after another codec was agreed.
    Codec(usize, Codec),
}

fn change() -> impl Strategy<Value = Change> {
    let part = prop_oneof![
        2 => Just(Part::Away),
        4 => Just(Part::Talks),
        1 => Just(Part::Listens),
        2 => (0..PARTIES).prop_map(Part::Whispers),
        1 => (0..PARTIES).prop_map(Part::Mutes),
    ];
    let codec = prop_oneof![Just(Codec::Pcma), Just(Codec::Pcmu), Just(Codec::G722)];
    prop_oneof![
        6 => (0..PARTIES, part).prop_map(|(n, part)| Change::Part(n, part)),
        2 => (0..PARTIES, any::<bool>()).prop_map(|(n, on)| Change::Play(n, on)),
        2 => (0..PARTIES, any::<bool>()).prop_map(|(n, on)| Change::Record(n, on)),
        1 => (0..PARTIES, codec).prop_map(|(n, codec)| Change::Codec(n, codec)),
    ]
}

fn tone(n: usize) -> f64 {
    300.0 + 70.0 * n as f64
}

/// What should be, said apart from the code under test.
#[derive(Debug)]
struct Office {
    parts: [Part; PARTIES],
    played: [bool; PARTIES],
    recorded: [bool; PARTIES],
}

impl Office {
    /// Does `listener` hear `speaker` in the bridge? `public`: what everybody hears, without whispers and own wishes.
    fn bridged(&self, listener: usize, speaker: usize, public: bool) -> bool {
        listener != speaker
            && self.parts[listener] != Part::Away
            && (public || self.parts[listener] != Part::Mutes(speaker))
            && match self.parts[speaker] {
                Part::Away | Part::Listens => false,
                Part::Talks | Part::Mutes(_) => true,
                Part::Whispers(to) => to == listener && !public,
            }
    }

    /// The frequencies a party hears; a recording of it (`public`) holds them too.
    fn heard(&self, listener: usize, public: bool) -> Vec<f64> {
        if self.played[listener] {
            return vec![PLAYED];
        }
        (0..PARTIES).filter(|&speaker| self.bridged(listener, speaker, public)).map(tone).collect()
    }

    fn members(&self, streams: &[StreamId]) -> Vec<Member> {
        let member = |n: usize| {
            let mut member = Member::from(streams[n]);
            match self.parts[n] {
                Part::Listens => member.role = Role::Listen,
                Part::Whispers(to) => member.role = Role::Whisper(streams[to]),
                Part::Mutes(from) if from != n => {
                    member.hears = vec![offhook_media::command::Hears { from: streams[from], gain_db: None }];
                }
                Part::Away | Part::Talks | Part::Mutes(_) => {}
            }
            member
        };
        (0..PARTIES).filter(|&n| self.parts[n] != Part::Away).map(member).collect()
    }
}

/// A recording under way: its file, its number, and which ticks of it were settled, with what should be in them.
struct Recording {
    id: RecordingId,
    path: PathBuf,
    party: usize,
    began: usize,
    settled: Vec<(usize, Vec<f64>)>,
}

/// Checks that samples hold these tones, and of the others none. The levels are wide: jitter buffers may stretch a little.
fn check(samples: &[i16], wanted: &[f64], rate: f64, what: &str) -> Result<(), TestCaseError> {
    for hz in (0..PARTIES).map(tone).chain([PLAYED]) {
        let level = mean_square_dbm0(power(samples, hz * 8000.0 / rate));
        if wanted.contains(&hz) {
            prop_assert!((level + 24.0).abs() < 1.5, "{}: {} Hz at {} dBm0", what, hz, level);
        } else {
            prop_assert!(level < -48.0, "{}: {} Hz at {} dBm0 should not be", what, hz, level);
        }
    }
    Ok(())
}

struct Test {
    running: Running,
    parties: Vec<Party>,
    streams: Vec<StreamId>,
    office: Office,
    recordings: Vec<Recording>,
    ended: Vec<Recording>,
    tick: usize,
    directory: PathBuf,
}

impl Test {
    fn new(directory: &Path) -> Self {
        let running = start_stepped();
        let parties: Vec<Party> = (0..PARTIES).map(|n| running.party(n as u64 + 1, Codec::Pcma)).collect();
        let streams = parties.iter().map(|p| p.stream).collect();
        running.step(1);
        let office = Office { parts: [Part::Away; PARTIES], played: [false; PARTIES], recorded: [false; PARTIES] };
        let directory = directory.to_owned();
        Test { running, parties, streams, office, recordings: Vec::new(), ended: Vec::new(), tick: 0, directory }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Part(n, part) => {
                self.office.parts[n] = part;
                let members = self.office.members(&self.streams);
                self.running.command(Command::Conference { bridge: BridgeId(1), members });
            }
            Change::Play(n, on) => {
                self.office.played[n] = on;
                let stream = self.streams[n];
                let segments = vec![ToneSegment { hz: vec![PLAYED as f32], ..ToneSegment::default() }];
                let source = Source::Tone { segments, level_dbm0: -24.0 };
                self.running.command(if on { Command::Play { stream, source } } else { Command::Stop { stream } });
            }
            Change::Record(n, true) if !self.office.recorded[n] => {
                self.office.recorded[n] = true;
                let id = RecordingId((self.recordings.len() + self.ended.len()) as u64);
                let path = self.directory.join(format!("{}.wav", id.0));
                let command = Command::Record { recording: id, stream: self.streams[n], path: path.clone() };
                self.running.command(command);
                self.recordings.push(Recording { id, path, party: n, began: self.tick, settled: Vec::new() });
            }
            Change::Record(n, false) if self.office.recorded[n] => {
                self.office.recorded[n] = false;
                if let Some(at) = self.recordings.iter().position(|r| r.party == n) {
                    let recording = self.recordings.remove(at);
                    self.running.command(Command::StopRecording { recording: recording.id });
                    self.ended.push(recording);
                }
            }
            Change::Record(..) => {}
            // A recording keeps the rate it began with; its party stays with its codec.
            Change::Codec(n, _) if self.office.recorded[n] => {}
            Change::Codec(n, codec) => {
                let party = &mut self.parties[n];
                party.codec = codec;
                let parameters = party.parameters();
                party.coder = offhook_media::codec::Coder::new(&parameters);
                self.running.command(Command::SetRtp { stream: self.streams[n], parameters });
            }
        }
    }

    /// Lets everybody talk, and checks who hears what.
    fn talk(&mut self) -> Result<(), TestCaseError> {
        let mut heard: Vec<Vec<i16>> = vec![Vec::new(); PARTIES];
        for _ in 0..TICKS {
            for (n, party) in self.parties.iter_mut().enumerate() {
                party.say_at(tone(n), -24.0, party.codec.rate().frame());
            }
            self.running.step(1);
            for (party, heard) in self.parties.iter_mut().zip(&mut heard) {
                let mut got: Vec<Got> = Vec::new();
                party.hear_waiting(&mut got);
                heard.extend(got.iter().flat_map(|got| party.decode(got)));
            }
            self.tick += 1;
        }
        for (n, heard) in heard.iter().enumerate() {
            let wanted = self.office.heard(n, false);
            let what = format!("party {n} in {:?}", self.office);
            let rate = self.parties[n].codec.rate();
            let measured = rate.frame() * MEASURED;
            // Where nothing is to be heard nothing needs to be sent.
            if wanted.is_empty() && heard.len() < measured {
                continue;
            }
            prop_assert!(heard.len() >= measured, "{}: only {} samples", what, heard.len());
            check(&heard[heard.len() - measured..], &wanted, f64::from(rate.hz()), &what)?;
        }
        for recording in &mut self.recordings {
            let wanted = self.office.heard(recording.party, true);
            recording.settled.push((self.tick - recording.began - MEASURED, wanted));
        }
        Ok(())
    }

    /// Ends all recordings and checks what is in them.
    fn finish(mut self) -> Result<(), TestCaseError> {
        for n in 0..PARTIES {
            self.apply(Change::Record(n, false));
        }
        self.running.step(1);
        let mut open = self.ended.len();
        while open > 0 {
            self.running.wait(|e| matches!(e, Event::Recorded { .. }).then_some(()));
            open -= 1;
        }
        for recording in &self.ended {
            let bytes = std::fs::read(&recording.path).unwrap();
            let (rate, channels) = channels(&bytes);
            let step = rate as usize / 50;
            for (from, wanted) in &recording.settled {
                let part = |samples: &[i16]| samples[from * step..(from + MEASURED) * step].to_vec();
                let what = format!("recording of {} from its tick {from}", recording.party);
                check(&part(&channels[1]), wanted, f64::from(rate), &what)?;
                check(&part(&channels[0]), &[tone(recording.party)], f64::from(rate), &format!("{what}, said"))?;
            }
        }
        self.running.engine.shutdown();
        Ok(())
    }
}

/// Rate and the two channels of a recording.
fn channels(bytes: &[u8]) -> (u32, [Vec<i16>; 2]) {
    let rate = u32::from_le_bytes(bytes[24..28].try_into().unwrap());
    let header = wav::header(2, rate, 0).len();
    let samples: Vec<i16> = bytes[header..].as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
    let channel = |n: usize| samples.iter().skip(n).step_by(2).copied().collect();
    (rate, [channel(0), channel(1)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_party_of_the_engine_hears_whom_it_should_and_no_other(
        changes in proptest::collection::vec(change(), 1..14),
    ) {
        let directory = std::env::temp_dir().join(format!("offhook-interleavings-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut test = Test::new(&directory);
        for change in &changes {
            test.apply(*change);
            test.talk()?;
        }
        test.finish()?;
        std::fs::remove_dir_all(directory).unwrap();
    }
}

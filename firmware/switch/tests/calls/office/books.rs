//! The book-keeper: records, legs, media. Checks truths 1 and 2.

use std::collections::{BTreeMap, BTreeSet};

use offhook_media::command::{BridgeId, Command, RecordingId, Source, StreamId};
use offhook_switch::exchange::{Live, LiveCall, Output};
use offhook_switch::id::{CallId, LegId, UserId};
use offhook_switch::record::{CallRecord, LegQuality, LegRecord, LegStatus, OpenLeg};

/// See the module.
#[derive(Default)]
pub struct Books {
    pub calls: BTreeMap<CallId, CallRecord>,
    /// In the order they were first written.
    pub order: Vec<CallId>,
    pub offered: BTreeMap<LegId, Option<UserId>>,
    /// Legs offered that have no record yet.
    pub open: BTreeMap<LegId, OpenLeg>,
    pub legs: Vec<LegRecord>,
    pub qualities: BTreeMap<LegId, LegQuality>,
    pub rtp: BTreeMap<StreamId, std::net::SocketAddr>,
    pub lines: BTreeMap<StreamId, u16>,
    /// Hang-up tones that the engine listens for.
    pub listening: BTreeMap<StreamId, Vec<String>>,
    pub parameters: BTreeMap<StreamId, offhook_media::command::RtpParameters>,
    pub bridges: BTreeMap<BridgeId, Vec<StreamId>>,
    pub playing: BTreeMap<StreamId, Source>,
    pub recordings: BTreeSet<RecordingId>,
    pub recorded: Vec<std::path::PathBuf>,
    pub digits: Vec<(StreamId, char)>,
    pub live: BTreeMap<CallId, LiveCall>,
    pub bindings: BTreeMap<String, usize>,
}

impl Books {
    pub fn enter(&mut self, output: Output) {
        match output {
            Output::Call(record) => {
                if let Some(old) = self.calls.get(&record.id) {
                    assert!(old.ended.is_none(), "a closed record is written again");
                } else {
                    self.order.push(record.id);
                }
                self.calls.insert(record.id, record);
            }
            Output::LegOffered(leg) => {
                assert!(self.calls.contains_key(&leg.call), "a leg of a call that is not written down");
                assert!(self.offered.insert(leg.id, leg.user).is_none(), "a leg is offered twice");
                self.open.insert(leg.id, leg);
            }
            Output::LegAnswered(leg) => {
                let before = self.open.insert(leg.id, leg.clone()).expect("answered, but not offered");
                assert_eq!((before.answered, before.outgoing), (None, leg.outgoing), "answered once");
                assert!(leg.answered.is_some());
            }
            Output::Leg(record) => {
                assert!(self.offered.contains_key(&record.id), "a leg that was not offered");
                assert!(self.legs.iter().all(|leg| leg.id != record.id), "two records of a leg");
                assert!(record.ended >= record.started);
                // Had the box crashed just before, the record would have said the same.
                let open = self.open.remove(&record.id).expect("open");
                assert_eq!((open.answered, open.outgoing), (record.answered, record.status == LegStatus::Out));
                assert_eq!((open.user, open.started, &open.number), (record.user, record.started, &record.number));
                self.legs.push(record);
            }
            Output::LegQuality(quality) => {
                assert!(self.offered.contains_key(&quality.leg), "the sound of a leg that was not offered");
                assert!(self.qualities.insert(quality.leg, quality).is_none(), "the sound of a leg is told twice");
            }
            Output::Bindings { aor, bindings } => {
                self.bindings.insert(aor, bindings.len());
            }
            Output::Live(Live::Call { call }) => {
                self.live.insert(call.id, call);
            }
            Output::Live(Live::CallEnded { id }) => {
                self.live.remove(&id);
            }
            Output::Live(_) => {}
            Output::Media(command) => self.media(command),
            Output::Sip(_) | Output::Fxs(..) | Output::Fxo(..) => unreachable!("taken before"),
        }
    }

    fn media(&mut self, command: Command) {
        match command {
            Command::OpenRtp { stream, local } => {
                assert_eq!(local.port() % 2, 0);
                assert!(!self.rtp.values().any(|other| *other == local), "a port is opened twice");
                assert!(self.rtp.insert(stream, local).is_none());
            }
            Command::OpenLine { stream, port } => {
                self.lines.insert(stream, port.0);
            }
            Command::SetRtp { stream, parameters } => {
                assert!(self.rtp.contains_key(&stream), "parameters without a stream");
                self.parameters.insert(stream, parameters);
            }
            Command::Protect { stream, .. } => {
                assert!(self.rtp.contains_key(&stream), "protection without a stream");
            }
            Command::Close { stream } => {
                assert!(self.rtp.remove(&stream).is_some() || self.lines.remove(&stream).is_some());
                self.parameters.remove(&stream);
                self.playing.remove(&stream);
                for members in self.bridges.values_mut() {
                    members.retain(|member| *member != stream);
                }
            }
            Command::Bridge { bridge, members } => {
                for member in &members {
                    assert!(self.rtp.contains_key(member) || self.lines.contains_key(member), "no such stream");
                    for others in self.bridges.values_mut() {
                        others.retain(|other| other != member);
                    }
                }
                if members.is_empty() {
                    self.bridges.remove(&bridge);
                } else {
                    self.bridges.insert(bridge, members);
                }
            }
            Command::Play { stream, source } => {
                assert!(self.rtp.contains_key(&stream) || self.lines.contains_key(&stream));
                self.playing.insert(stream, source);
            }
            Command::Stop { stream } => {
                self.playing.remove(&stream);
            }
            Command::Listen { stream, hang_up, .. } => {
                assert!(self.lines.contains_key(&stream), "only lines have tones of a hang-up");
                self.listening.insert(stream, hang_up.iter().map(ToString::to_string).collect());
            }
            Command::SendDigit { stream, digit, .. } => self.digits.push((stream, digit)),
            Command::Record { recording, path, .. } => {
                self.recordings.insert(recording);
                self.recorded.push(path);
            }
            Command::Conference { .. } | Command::PauseRecording { .. } | Command::MuteDigits { .. } => {
                panic!("call control does not ask for this yet")
            }
            Command::StopRecording { recording } => {
                assert!(self.recordings.remove(&recording));
            }
        }
    }

    /// Streams of the one bridge there is.
    pub fn bridge(&self) -> Vec<StreamId> {
        let full: Vec<&Vec<StreamId>> = self.bridges.values().filter(|members| members.len() > 1).collect();
        match full.as_slice() {
            [] => Vec::new(),
            [one] => (*one).clone(),
            _ => panic!("several bridges"),
        }
    }

    /// The stream of a port.
    pub fn line_stream(&self, port: u16) -> StreamId {
        *self.lines.iter().find(|(_, number)| **number == port).unwrap().0
    }

    /// Statuses of a user's legs, in the order they were closed.
    pub fn statuses(&self, user: UserId) -> Vec<LegStatus> {
        self.legs.iter().filter(|leg| leg.user == Some(user)).map(|leg| leg.status).collect()
    }

    /// The record of the n-th call.
    pub fn call(&self, n: usize) -> &CallRecord {
        &self.calls[&self.order[n]]
    }

    /// Truths 1 and 2 after everybody has gone.
    pub fn check(&self) {
        for record in self.calls.values() {
            assert!(record.ended.is_some(), "a call without an end");
            assert!(record.cause.is_some());
            assert!(record.answered.is_none_or(|answered| answered >= record.started));
        }
        let closed: BTreeSet<LegId> = self.legs.iter().map(|leg| leg.id).collect();
        let offered: BTreeSet<LegId> = self.offered.keys().copied().collect();
        assert_eq!(offered, closed, "one record per leg offered");
        assert!(self.rtp.is_empty(), "streams left: {:?}", self.rtp);
        assert!(self.bridges.is_empty(), "bridges left: {:?}", self.bridges);
        assert!(self.recordings.is_empty(), "recordings left");
        assert!(self.live.is_empty(), "live calls left");
        assert!(self.playing.is_empty(), "something plays to nobody: {:?}", self.playing);
    }
}

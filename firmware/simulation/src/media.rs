//! The media engine as a model: which streams are open, who is in a bridge with whom, who is played to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use offhook_media::command::{
    BridgeId, Command, Event, LinePort, RecordingId, RtpParameters, Source, StreamId, StreamStatistics,
};

/// Who is at the far end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// An analog port.
    Line(u16),
    /// A SIP party, by the address it wants RTP at.
    Rtp(SocketAddr),
    /// A SIP party that has not said where.
    Unknown,
}

#[derive(Debug)]
struct Stream {
    line: Option<LinePort>,
    local: Option<SocketAddr>,
    parameters: Option<RtpParameters>,
    playing: bool,
}

/// How long a file plays once.
const FILE: u64 = 4000;
/// How long the built-in prompt plays once.
const CHIME: u64 = 3000;

/// The model. Whatever call control must not do is noted in `faults`.
#[derive(Debug, Default)]
pub struct Media {
    streams: BTreeMap<StreamId, Stream>,
    used: BTreeSet<StreamId>,
    bridges: BTreeMap<BridgeId, Vec<StreamId>>,
    recordings: BTreeMap<RecordingId, StreamId>,
    due: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    faults: Vec<String>,
}

impl Media {
    /// Carries out a command.
    pub fn command(&mut self, now: u64, command: Command) {
        match command {
            Command::OpenRtp { stream, local } => {
                let taken = self.streams.values().any(|s| s.local == Some(local));
                if taken || local.port() % 2 == 1 {
                    self.fault(format!("{stream:?} opened on {local}, which is taken or odd"));
                }
                self.open(stream, None, Some(local));
            }
            Command::OpenLine { stream, port } => {
                if self.streams.values().any(|s| s.line == Some(port)) {
                    self.fault(format!("{port:?} opened twice"));
                }
                self.open(stream, Some(port), None);
            }
            Command::SetRtp { stream, parameters } => match self.streams.get_mut(&stream) {
                Some(found) if found.local.is_some() => found.parameters = Some(parameters),
                _ => self.fault(format!("SetRtp on {stream:?}, which is not an open RTP stream")),
            },
            Command::Protect { stream, .. } => {
                if self.streams.get(&stream).is_none_or(|found| found.local.is_none()) {
                    self.fault(format!("Protect on {stream:?}, which is not an open RTP stream"));
                }
            }
            Command::Close { stream } => {
                let closed = self.streams.remove(&stream);
                if closed.is_none() {
                    self.fault(format!("Close of {stream:?}, which is not open"));
                }
                // A party that was told where to send has sent.
                let spoke = closed.is_some_and(|closed| closed.parameters.is_some());
                for members in self.bridges.values_mut() {
                    members.retain(|member| *member != stream);
                }
                let ended: Vec<RecordingId> =
                    self.recordings.iter().filter(|(_, s)| **s == stream).map(|(id, _)| *id).collect();
                for recording in ended {
                    self.recorded(now, recording);
                }
                let received = u64::from(spoke);
                let statistics = StreamStatistics { received, ..StreamStatistics::default() };
                self.later(now + 5, Event::Closed { stream, statistics });
            }
            Command::Bridge { bridge, members } => self.bridge(bridge, members),
            Command::Conference { bridge, members } => {
                self.bridge(bridge, members.into_iter().map(|member| member.stream).collect());
            }
            Command::Play { stream, source } => {
                let ends = match source {
                    Source::File { repeat: Some(times), .. } => Some(u64::from(times) * FILE),
                    Source::Chime { repeat: Some(times) } => Some(u64::from(times) * CHIME),
                    Source::File { repeat: None, .. } | Source::Chime { repeat: None } | Source::Tone { .. } => None,
                };
                match self.streams.get_mut(&stream) {
                    Some(found) => found.playing = true,
                    None => self.fault(format!("Play into {stream:?}, which is not open")),
                }
                if let Some(after) = ends {
                    self.later(now + after, Event::PlayEnded { stream });
                }
            }
            Command::Stop { stream } => match self.streams.get_mut(&stream) {
                Some(found) => found.playing = false,
                None => self.fault(format!("Stop of {stream:?}, which is not open")),
            },
            Command::SendDigit { stream, duration, .. } => {
                if !self.streams.contains_key(&stream) {
                    self.fault(format!("SendDigit into {stream:?}, which is not open"));
                }
                if duration < Duration::from_millis(40) || duration > Duration::from_secs(6) {
                    self.fault(format!("SendDigit of {duration:?}"));
                }
            }
            Command::Listen { stream, .. } => {
                if !self.streams.contains_key(&stream) {
                    self.fault(format!("Listen on {stream:?}, which is not open"));
                }
            }
            Command::Record { recording, stream, .. } => {
                if !self.streams.contains_key(&stream) {
                    self.fault(format!("Record of {stream:?}, which is not open"));
                }
                self.recordings.insert(recording, stream);
            }
            Command::PauseRecording { .. } | Command::MuteDigits { .. } => {}
            Command::StopRecording { recording } => self.recorded(now, recording),
        }
    }

    fn bridge(&mut self, bridge: BridgeId, members: Vec<StreamId>) {
        let unique: BTreeSet<&StreamId> = members.iter().collect();
        if unique.len() != members.len() || members.len() > 32 {
            self.fault(format!("{bridge:?} with members twice or too many: {members:?}"));
        }
        for member in &members {
            if !self.streams.contains_key(member) {
                self.fault(format!("{bridge:?} has {member:?}, which is not open"));
            }
            for (other, list) in &mut self.bridges {
                if *other != bridge {
                    list.retain(|m| m != member);
                }
            }
        }
        if members.is_empty() {
            self.bridges.remove(&bridge);
        } else {
            self.bridges.insert(bridge, members);
        }
    }

    /// When the next event is due.
    pub fn next(&self) -> Option<u64> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next event that is due.
    pub fn take(&mut self, now: u64) -> Option<Event> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let event = entry.remove();
        if let Event::PlayEnded { stream } = &event
            && let Some(found) = self.streams.get_mut(stream)
        {
            found.playing = false;
        }
        Some(event)
    }

    /// What call control did wrong since the last call.
    pub fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    /// The party of a stream.
    pub fn party(&self, stream: StreamId) -> Party {
        let Some(found) = self.streams.get(&stream) else {
            return Party::Unknown;
        };
        match (found.line, found.parameters.as_ref().and_then(|p| p.remote)) {
            (Some(port), _) => Party::Line(port.0),
            (None, Some(remote)) => Party::Rtp(remote),
            (None, None) => Party::Unknown,
        }
    }

    /// All open streams.
    pub fn parties(&self) -> Vec<(StreamId, Party)> {
        self.streams.keys().map(|stream| (*stream, self.party(*stream))).collect()
    }

    /// The parties of each bridge with two members and more.
    pub fn conversations(&self) -> Vec<Vec<Party>> {
        let parties = |members: &Vec<StreamId>| {
            let mut parties: Vec<Party> = members.iter().map(|stream| self.party(*stream)).collect();
            parties.sort_unstable();
            parties
        };
        self.bridges.values().filter(|members| members.len() > 1).map(parties).collect()
    }

    /// `listener` hears `speaker`: same bridge, nothing is played instead, media flows both from the one and to the other.
    pub fn hears(&self, listener: Party, speaker: Party) -> bool {
        self.bridges.values().any(|members| {
            let find = |party| members.iter().copied().find(|stream| self.party(*stream) == party);
            let (Some(ear), Some(mouth)) = (find(listener), find(speaker)) else {
                return false;
            };
            let (Some(ear), Some(mouth)) = (self.streams.get(&ear), self.streams.get(&mouth)) else {
                return false;
            };
            let sends = ear.parameters.as_ref().is_none_or(|p| p.send);
            let receives = mouth.parameters.as_ref().is_none_or(|p| p.receive);
            !ear.playing && sends && receives
        })
    }

    /// The stream of a party.
    pub fn stream_of(&self, party: Party) -> Option<StreamId> {
        self.streams.keys().copied().find(|stream| self.party(*stream) == party)
    }

    /// What is open besides the lines' own streams, in words; empty when nothing is left.
    pub fn left_over(&self) -> Vec<String> {
        let mut left = Vec::new();
        for (id, stream) in &self.streams {
            if let Some(local) = stream.local {
                left.push(format!("{id:?} on {local} to {:?}", self.party(*id)));
            } else if stream.playing {
                left.push(format!("{id:?} of a line is played to"));
            }
        }
        left.extend(self.bridges.iter().map(|(id, members)| format!("{id:?} with {members:?}")));
        left.extend(self.recordings.keys().map(|id| format!("{id:?}")));
        left
    }

    fn open(&mut self, stream: StreamId, line: Option<LinePort>, local: Option<SocketAddr>) {
        if !self.used.insert(stream) {
            self.fault(format!("{stream:?} used again"));
        }
        self.streams.insert(stream, Stream { line, local, parameters: None, playing: false });
    }

    fn recorded(&mut self, now: u64, recording: RecordingId) {
        if self.recordings.remove(&recording).is_some() {
            self.later(now + 5, Event::Recorded { recording, duration: Duration::from_secs(1), error: None });
        }
    }

    fn later(&mut self, at: u64, event: Event) {
        self.sequence += 1;
        self.due.insert((at, self.sequence), event);
    }

    fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }
}

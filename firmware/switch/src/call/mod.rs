//! A call: the legs that are accounted together.

mod answer;
mod end;
mod forward;
mod inbound;
mod ring;
mod setup;
mod stage;

use offhook_media::command::{BridgeId, RecordingId, StreamId};

pub(crate) use inbound::Caller;
pub(crate) use ring::name_addr;
pub(crate) use stage::{Purpose, Stage, StageKind};

use crate::call::forward::DiversionReason;
use crate::config::Announcement;
use crate::exchange::{Exchange, Output};
use crate::id::{CallId, LegId, TrunkId, UserId};
use crate::pii::Pii;
use crate::record::{CallRecord, Direction, UnixMillis};
use crate::timer::TimerKey;

/// Most forwards of one call, of whatever kind: then it is a loop.
pub(crate) const MOST_FORWARDS: u8 = 5;
/// Most phones that ring at once for one user.
pub(crate) const MOST_RINGING: usize = 32;

/// See the module.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) direction: Direction,
    pub(crate) caller: Pii<String>,
    pub(crate) caller_name: Pii<Option<String>>,
    pub(crate) caller_user: Option<UserId>,
    pub(crate) called: Pii<String>,
    pub(crate) trunk: Option<TrunkId>,
    pub(crate) answered_by: Option<UserId>,
    pub(crate) started: UnixMillis,
    pub(crate) answered: Option<UnixMillis>,
    pub(crate) emergency: bool,
    /// All legs in it: the caller's, ringing ones, connected ones.
    pub(crate) legs: Vec<LegId>,
    /// Whom it is trying to reach now.
    pub(crate) stage: Option<Stage>,
    /// Open leg records of users who missed it.
    pub(crate) missed: Vec<LegId>,
    pub(crate) forwards: u8,
    /// Who sent it on to where it is going now, first one first.
    pub(crate) diversions: Vec<(UserId, DiversionReason)>,
    /// The caller has been told that it rings.
    pub(crate) alerted: bool,
    pub(crate) bridge: Option<BridgeId>,
    /// Members last told to the engine.
    pub(crate) members: Vec<StreamId>,
    pub(crate) announcement: Option<Announcement>,
    pub(crate) recording: Option<Recording>,
    pub(crate) longest: Option<TimerKey>,
    /// A fax runs over it; for as long as it lasts.
    pub(crate) fax: bool,
    /// File name of its recording, also when it is over.
    pub(crate) recorded: Option<String>,
}

/// A recording under way.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) id: RecordingId,
    /// The party recorded.
    pub(crate) leg: LegId,
}

impl Call {
    /// The record as of now; `end`: when, why, and whether the called side hung up.
    pub(crate) fn record(&self, end: Option<(UnixMillis, u8, bool)>) -> CallRecord {
        CallRecord {
            id: self.id,
            direction: self.direction,
            caller: self.caller.0.clone(),
            caller_name: self.caller_name.0.clone(),
            called: self.called.0.clone(),
            caller_user: self.caller_user,
            answered_by: self.answered_by,
            trunk: self.trunk,
            started: self.started,
            answered: self.answered,
            ended: end.map(|(at, ..)| at),
            cause: end.map(|(_, cause, _)| cause),
            ended_by_callee: end.is_some_and(|(.., callee)| callee),
            interrupted: false,
            recording: self.recorded.clone(),
        }
    }
}

impl Exchange {
    /// Writes the call record as it is now.
    pub(crate) fn write_call(&mut self, call: CallId) {
        let Some(found) = self.calls.get(&call) else {
            return;
        };
        let record = found.record(None);
        self.outputs.push_back(Output::Call(record));
        self.dirty.insert(call);
    }
}

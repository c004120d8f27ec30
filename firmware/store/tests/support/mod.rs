//! What tests of the store share.
#![allow(dead_code, reason = "not every test uses all of it")]

use offhook_switch::id::{CallId, LegId, UserId};
use offhook_switch::record::{CallRecord, Direction, LegRecord, LegStatus, OpenLeg};
use uuid::Uuid;

/// A directory of its own, removed at the end.
pub(crate) struct Directory(pub(crate) std::path::PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("offhook-store-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&path).expect("made");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn call(number: u128, started: i64) -> CallRecord {
    CallRecord {
        id: CallId(Uuid::from_u128(number)),
        direction: Direction::Internal,
        caller: "1001".into(),
        caller_name: Some("Reception".into()),
        called: "1002".into(),
        caller_user: Some(UserId(Uuid::from_u128(1))),
        answered_by: None,
        trunk: None,
        started,
        answered: None,
        ended: None,
        cause: None,
        ended_by_callee: false,
        interrupted: false,
        recording: None,
    }
}

pub(crate) fn ended(mut record: CallRecord, answered: Option<i64>, at: i64) -> CallRecord {
    record.answered = answered;
    record.answered_by = answered.map(|_| UserId(Uuid::from_u128(2)));
    record.ended = Some(at);
    record.cause = Some(16);
    record
}

pub(crate) fn leg(number: u128, call: &CallRecord, user: u128, status: LegStatus) -> LegRecord {
    LegRecord {
        id: LegId(Uuid::from_u128(number)),
        call: call.id,
        user: Some(UserId(Uuid::from_u128(user))),
        device: None,
        trunk: None,
        number: "1002".into(),
        interface: Some("FXS 1".into()),
        status,
        started: call.started,
        answered: call.answered,
        ended: call.ended.unwrap_or(call.started),
        cause: 16,
    }
}

/// A leg as offered, `after` milliseconds into the call.
pub(crate) fn open_leg(number: u128, call: &CallRecord, user: u128, after: i64) -> OpenLeg {
    OpenLeg {
        id: LegId(Uuid::from_u128(number)),
        call: call.id,
        user: Some(UserId(Uuid::from_u128(user))),
        device: None,
        trunk: None,
        number: format!("100{user}"),
        interface: None,
        outgoing: false,
        started: call.started + after,
        answered: None,
    }
}

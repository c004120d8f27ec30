//! A stage: one attempt of a call to reach someone.

use std::collections::VecDeque;

use crate::cause::Release;
use crate::id::{LegId, UserId};
use crate::policy::OutboundPermit;
use crate::timer::TimerKey;

/// Why a party is being looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The caller wants to speak with it.
    Setup,
    /// A party that is in the call hands the others over to it.
    Transfer {
        /// The leg that asked; it may be gone by now.
        by: LegId,
    },
}

/// An attempt under way.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) purpose: Purpose,
    pub(crate) kind: StageKind,
    pub(crate) timer: Option<TimerKey>,
}

/// Whom.
#[derive(Debug)]
pub(crate) enum StageKind {
    /// All phones of a user ring together.
    User {
        user: UserId,
        /// The leg record.
        entry: LegId,
        /// Phones still ringing.
        legs: Vec<LegId>,
        /// The best refusal so far (see [`better`]).
        refusal: Option<Release>,
        /// Where a phone's 302 points.
        redirect: Option<String>,
    },
    /// A number outside, trunk after trunk.
    Trunk {
        permit: OutboundPermit,
        /// Positions in the permit's ways, still to try.
        remaining: VecDeque<usize>,
        /// The leg on the trunk tried now.
        leg: Option<LegId>,
        /// The OUT record of who pays, when that is not the caller's own.
        entry: Option<LegId>,
        /// What the last trunk said.
        refusal: Option<Release>,
    },
}

impl Stage {
    /// Legs that are being offered.
    pub(crate) fn legs(&self) -> Vec<LegId> {
        match &self.kind {
            StageKind::User { legs, .. } => legs.clone(),
            StageKind::Trunk { leg, .. } => leg.iter().copied().collect(),
        }
    }
}

/// Of two refusals by phones of one user, the one that tells more about the person: a refusal by hand, then a phone that said
/// nobody is there, then one that could not be reached, then an error.
pub(crate) fn better(old: Option<Release>, new: Release) -> Release {
    fn rank(release: Release) -> u8 {
        match release.sip {
            Some(486 | 600 | 603) => 0,
            Some(300..=399) => 1,
            Some(480 | 487) => 2,
            Some(408 | 503) => 3,
            _ => 4,
        }
    }
    match old {
        Some(old) if rank(old) <= rank(new) => old,
        _ => new,
    }
}

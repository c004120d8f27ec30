//! Release causes: ITU-T Q.850 and SIP, both ways by the tables of RFC 3398. Busy and no answer are not errors.

use serde::{Deserialize, Serialize};

/// A Q.850 cause value, 1–127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseCause(pub u8);

impl ReleaseCause {
    /// Unallocated number.
    pub const UNALLOCATED: Self = Self(1);
    /// Preemption: the line was needed for an emergency call.
    pub const PREEMPTION: Self = Self(8);
    /// Normal call clearing.
    pub const NORMAL: Self = Self(16);
    /// User busy.
    pub const BUSY: Self = Self(17);
    /// No user responding.
    pub const NO_USER_RESPONDING: Self = Self(18);
    /// No answer from user (user alerted).
    pub const NO_ANSWER: Self = Self(19);
    /// Subscriber absent.
    pub const ABSENT: Self = Self(20);
    /// Call rejected.
    pub const REJECTED: Self = Self(21);
    /// Exchange routing error: a loop.
    pub const ROUTING_ERROR: Self = Self(25);
    /// Invalid number format.
    pub const INVALID_NUMBER: Self = Self(28);
    /// Normal, unspecified.
    pub const UNSPECIFIED: Self = Self(31);
    /// No circuit or channel available.
    pub const NO_CIRCUIT: Self = Self(34);
    /// Network out of order.
    pub const OUT_OF_ORDER: Self = Self(38);
    /// Temporary failure.
    pub const TEMPORARY: Self = Self(41);
    /// Switching equipment congestion.
    pub const CONGESTION: Self = Self(42);
    /// Outgoing calls barred.
    pub const BARRED: Self = Self(55);
    /// Bearer capability not implemented: no common codec.
    pub const NO_CODEC: Self = Self(65);
    /// Recovery on timer expiry.
    pub const TIMER: Self = Self(102);
    /// Interworking, unspecified.
    pub const INTERWORKING: Self = Self(127);

    /// The cause of a SIP failure (RFC 3398 §8.2.6.1). Where the table has none (487 and what came later) the class decides.
    pub fn from_sip(status: u16) -> Self {
        Self(match status {
            400 | 481 | 500 | 503 => 41,
            401..=403 | 407 | 603 => 21,
            404 | 485 | 604 => 1,
            405 => 63,
            406 | 415 | 501 => 79,
            408 | 504 => 102,
            410 => 22,
            413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => 127,
            480 => 18,
            482 | 483 => 25,
            484 => 28,
            486 | 600 => 17,
            488 | 606 => 65,
            502 => 38,
            487 => 31,
            200..=299 => 16,
            300..=499 => 31,
            500..=599 => 41,
            _ => 127,
        })
    }

    /// The SIP status that says the same (RFC 3398 §7.2.4.1).
    pub fn to_sip(self) -> u16 {
        match self.0 {
            1..=3 | 26 => 404,
            17 => 486,
            18 => 408,
            16 | 19 | 20 | 31 => 480,
            21 | 55 | 57 | 87 => 403,
            22 | 23 => 410,
            25 => 483,
            27 => 502,
            28 => 484,
            29 | 79 => 501,
            8 | 34 | 38 | 41 | 42 | 47 | 58 | 88 => 503,
            65 | 70 => 488,
            102 => 504,
            _ => 500,
        }
    }

    /// A `Reason` header value (RFC 3326).
    pub fn reason(self) -> String {
        format!("Q.850;cause={}", self.0)
    }
}

/// Why a leg or a call ends: the cause, and the SIP status as it came when a SIP party said it (passed on unchanged to a SIP caller).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The cause.
    pub cause: ReleaseCause,
    /// The status as received, 300–699.
    pub sip: Option<u16>,
}

impl Release {
    /// From a status of a SIP peer.
    pub fn from_sip(status: u16) -> Self {
        Release { cause: ReleaseCause::from_sip(status), sip: Some(status) }
    }

    /// The status for a SIP caller. Challenges and statuses about our own request are ours, not the caller's.
    pub fn status(self) -> u16 {
        match self.sip {
            Some(
                status @ (403 | 404 | 410 | 480 | 484 | 486 | 488 | 500 | 502 | 503 | 504 | 600 | 603 | 604 | 606),
            ) => status,
            Some(408) => 480,
            _ => self.cause.to_sip(),
        }
    }
}

impl From<ReleaseCause> for Release {
    fn from(cause: ReleaseCause) -> Self {
        Release { cause, sip: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3398 §8.2.6.1, row by row.
    #[test]
    fn sip_to_q850() {
        let rows = [
            (400, 41),
            (401, 21),
            (402, 21),
            (403, 21),
            (404, 1),
            (405, 63),
            (406, 79),
            (407, 21),
            (408, 102),
            (410, 22),
            (413, 127),
            (414, 127),
            (415, 79),
            (416, 127),
            (420, 127),
            (421, 127),
            (423, 127),
            (480, 18),
            (481, 41),
            (482, 25),
            (483, 25),
            (484, 28),
            (485, 1),
            (486, 17),
            (500, 41),
            (501, 79),
            (502, 38),
            (503, 41),
            (504, 102),
            (505, 127),
            (513, 127),
            (600, 17),
            (603, 21),
            (604, 1),
        ];
        for (status, cause) in rows {
            assert_eq!(ReleaseCause::from_sip(status), ReleaseCause(cause), "{status}");
        }
    }

    /// RFC 3398 §7.2.4.1, row by row.
    #[test]
    fn q850_to_sip() {
        let rows = [
            (1, 404),
            (2, 404),
            (3, 404),
            (17, 486),
            (18, 408),
            (19, 480),
            (20, 480),
            (21, 403),
            (22, 410),
            (23, 410),
            (26, 404),
            (27, 502),
            (28, 484),
            (29, 501),
            (31, 480),
            (34, 503),
            (38, 503),
            (41, 503),
            (42, 503),
            (47, 503),
            (55, 403),
            (57, 403),
            (58, 503),
            (65, 488),
            (70, 488),
            (79, 501),
            (87, 403),
            (88, 503),
            (102, 504),
            (111, 500),
            (127, 500),
        ];
        for (cause, status) in rows {
            assert_eq!(ReleaseCause(cause).to_sip(), status, "{cause}");
        }
    }

    #[test]
    fn every_status_and_cause_maps() {
        for status in 0..=u16::MAX {
            assert!((1..=127).contains(&ReleaseCause::from_sip(status).0));
        }
        for cause in 0..=u8::MAX {
            assert!((400..=699).contains(&ReleaseCause(cause).to_sip()));
        }
    }
}

//! How the sound of a leg was. The engine tells the figures of a stream when it has closed it: after the leg is gone. Until then the
//! stream is remembered with the leg record it belongs to.

use offhook_media::command::{StreamId, StreamStatistics};

use crate::exchange::{Exchange, Output};
use crate::id::LegId;
use crate::leg::Phase;
use crate::record::{LegQuality, PeerQuality};

/// Most streams whose end the engine has still to tell. Beyond, the oldest one's figures are given up.
pub(crate) const MOST_CLOSING: usize = 4096;

impl Exchange {
    /// The stream of a leg is being closed. Its figures are kept when they are those of a leg record: of the telephone that answered,
    /// or of who made the call. A telephone that only rang has said nothing, or not to anybody.
    pub(crate) fn await_quality(&mut self, leg: LegId, stream: StreamId) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let connected = found.phase == Phase::Connected;
        let Some((id, entry)) = found.entry.and_then(|id| self.entries.get_mut(&id).map(|entry| (id, entry))) else {
            return;
        };
        if entry.measured || !(connected || entry.leg.outgoing) {
            return;
        }
        entry.measured = true;
        if self.closing.len() >= MOST_CLOSING {
            // Streams are numbered in order: the first is the oldest.
            self.closing.pop_first();
        }
        self.closing.insert(stream, id);
    }

    /// The engine has closed a stream.
    pub(crate) fn stream_closed(&mut self, stream: StreamId, statistics: &StreamStatistics) {
        if let Some(leg) = self.closing.remove(&stream)
            && statistics.received > 0
        {
            self.outputs.push_back(Output::LegQuality(quality(leg, statistics)));
        }
    }
}

fn quality(leg: LegId, statistics: &StreamStatistics) -> LegQuality {
    let peer = &statistics.peer;
    LegQuality {
        leg,
        received: statistics.received,
        lost: statistics.lost,
        sent: statistics.sent,
        discarded: statistics.discarded,
        jitter_us: statistics.jitter_us,
        round_trip_us: Some(statistics.round_trip_us).filter(|time| *time > 0),
        mean_delay_us: statistics.mean_delay_us,
        max_delay_us: statistics.max_delay_us,
        concealed_ppm: statistics.concealed_ppm,
        burst_ratio_permille: statistics.burst_ratio_permille,
        rating_tenths: statistics.rating_tenths,
        peer: peer.reported.then_some(PeerQuality {
            lost: peer.lost,
            jitter_us: peer.jitter_us,
            rating: peer.rating,
            mos_tenths: peer.mos_tenths,
            delay_ms: peer.delay_ms,
        }),
    }
}

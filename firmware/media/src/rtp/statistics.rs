//! What was received: sequence numbers, loss and jitter (RFC 3550 §6.4.1, A.1, A.3, A.8).

use super::burst::Bursts;

/// A jump of the sequence number ahead by more than this is a restart of the sender, not a loss (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3000;
/// Packets this far behind are reordered, not a restart (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;

/// How a packet's sequence number relates to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The next, or ahead by a gap.
    InOrder,
    /// Behind the newest: reordered or a duplicate.
    Behind,
    /// The first of a source, or the source started anew.
    Restart,
    /// Far from all seen before; taken only when the next one follows it.
    Suspect,
}

/// Reception figures of one source.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    ssrc: Option<u32>,
    max_sequence: u16,
    cycles: u32,
    base: u32,
    bad_sequence: Option<u16>,
    received: u64,
    /// Totals of sources that ended (SSRC change or restart).
    finished_received: u64,
    finished_expected: u64,
    expected_prior: u64,
    received_prior: u64,
    transit: Option<u32>,
    /// Jitter times 16, in timestamp units (RFC 3550 A.8).
    jitter16: u32,
    /// The clock of timestamps, Hz; 0 for the usual 8000.
    clock: u32,
    bursts: Bursts,
}

/// The figures of one RTCP report block, in wire units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportFigures {
    /// Source the report is about.
    pub ssrc: u32,
    /// Fraction lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, clamped to 24 bits signed.
    pub cumulative_lost: i32,
    /// Extended highest sequence number received.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
}

impl Reception {
    /// The codec's clock changes, Hz (8000 at first): jitter is measured anew.
    pub fn set_clock(&mut self, hz: u32) {
        if hz != self.clock() {
            (self.clock, self.transit, self.jitter16) = (hz, None, 0);
        }
    }

    /// The clock of timestamps, Hz.
    pub fn clock(&self) -> u32 {
        if self.clock == 0 { 8000 } else { self.clock }
    }

    /// Interarrival jitter in microseconds.
    pub fn jitter_us(&self) -> u32 {
        (u64::from(self.jitter()) * 1_000_000 / u64::from(self.clock())) as u32
    }

    /// Counts a packet. `arrival` is its time of arrival in timestamp units (any origin, modulo 2³²).
    pub fn packet(&mut self, ssrc: u32, sequence: u16, timestamp: u32, arrival: u32) -> Arrival {
        let verdict = self.sequence(ssrc, sequence);
        if verdict == Arrival::Suspect {
            return verdict;
        }
        self.received += 1;
        if verdict == Arrival::Restart {
            self.transit = None;
        }
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A jump of more than a second is a new talk spurt with another clock, not jitter.
            if difference < self.clock() {
                let estimate = i64::from(self.jitter16) + i64::from(difference) - (i64::from(self.jitter16) + 8) / 16;
                self.jitter16 = u32::try_from(estimate.max(0)).unwrap_or(u32::MAX);
            }
        }
        self.transit = Some(transit);
        verdict
    }

    fn sequence(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        if self.ssrc != Some(ssrc) {
            self.restart(ssrc, sequence);
            return Arrival::Restart;
        }
        let ahead = sequence.wrapping_sub(self.max_sequence);
        if ahead == 0 || ahead > u16::MAX - MAX_MISORDER {
            return Arrival::Behind;
        }
        if ahead < MAX_DROPOUT {
            if sequence < self.max_sequence {
                self.cycles = self.cycles.wrapping_add(1 << 16);
            }
            self.max_sequence = sequence;
            self.bad_sequence = None;
            self.bursts.received_after(u64::from(ahead - 1));
            return Arrival::InOrder;
        }
        if self.bad_sequence == Some(sequence) {
            // Two in a row: the sender restarted without telling.
            self.restart(ssrc, sequence);
            return Arrival::Restart;
        }
        self.bad_sequence = Some(sequence.wrapping_add(1));
        Arrival::Suspect
    }

    fn restart(&mut self, ssrc: u32, sequence: u16) {
        self.finished_expected += self.expected_of_source();
        self.finished_received += self.received;
        self.ssrc = Some(ssrc);
        self.max_sequence = sequence;
        self.base = u32::from(sequence);
        self.cycles = 0;
        self.bad_sequence = None;
        self.received = 0;
        self.expected_prior = 0;
        self.received_prior = 0;
    }

    fn expected_of_source(&self) -> u64 {
        match self.ssrc {
            Some(_) => u64::from((self.cycles + u32::from(self.max_sequence)).wrapping_sub(self.base)) + 1,
            None => 0,
        }
    }

    /// The source now received.
    pub fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// How losses lie together. A packet that comes out of order counts as lost here.
    pub fn bursts(&self) -> &Bursts {
        &self.bursts
    }

    /// Packets received, of all sources.
    pub fn received(&self) -> u64 {
        self.finished_received + self.received
    }

    /// Packets that never came, of all sources. Duplicates can hide a loss, as RFC 3550 A.3 has it.
    pub fn lost(&self) -> u64 {
        (self.finished_expected + self.expected_of_source()).saturating_sub(self.received())
    }

    /// Interarrival jitter in timestamp units.
    pub fn jitter(&self) -> u32 {
        self.jitter16 >> 4
    }

    /// The figures for a report block, and the start of the next interval. `None` when nothing was received yet.
    pub fn report(&mut self) -> Option<ReportFigures> {
        let ssrc = self.ssrc?;
        let expected = self.expected_of_source();
        let expected_interval = expected.saturating_sub(self.expected_prior);
        let received_interval = self.received.saturating_sub(self.received_prior);
        self.expected_prior = expected;
        self.received_prior = self.received;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval << 8).checked_div(expected_interval).unwrap_or(0).min(255);
        let lost = i64::try_from(expected).unwrap_or(0) - i64::try_from(self.received).unwrap_or(0);
        Some(ReportFigures {
            ssrc,
            fraction_lost: fraction as u8,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: self.cycles.wrapping_add(u32::from(self.max_sequence)),
            jitter: self.jitter(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_loss_across_a_wrap_and_reordering() {
        let mut r = Reception::default();
        let mut arrival = 0;
        for n in 0..100u32 {
            let sequence = 65500u16.wrapping_add(n as u16);
            arrival += 160;
            if n % 10 == 5 {
                continue; // ten are lost
            }
            let verdict = r.packet(7, sequence, n * 160, arrival);
            assert_eq!(verdict, if n == 0 { Arrival::Restart } else { Arrival::InOrder });
        }
        assert_eq!((r.received(), r.lost()), (90, 10));
        let report = r.report().unwrap();
        assert_eq!(report.highest_sequence, 65536 + 63);
        assert_eq!(report.cumulative_lost, 10);
        assert_eq!(report.fraction_lost, (10 * 256 / 100) as u8);
        assert_eq!(r.packet(7, 40, 0, 0), Arrival::Behind);
        assert_eq!((r.received(), r.lost()), (91, 9));
        assert_eq!(r.report().unwrap().fraction_lost, 0);
    }

    #[test]
    fn a_steady_sender_has_no_jitter_and_an_unsteady_one_converges() {
        let mut r = Reception::default();
        for n in 0..1000u32 {
            r.packet(1, n as u16, n * 160, n * 160 + 77);
        }
        assert_eq!(r.jitter(), 0);
        for n in 1000..3000u32 {
            // Alternately 5 ms early and late: each transit differs by 80 units from the one before.
            r.packet(1, n as u16, n * 160, n * 160 + 77 + if n % 2 == 0 { 80 } else { 0 });
        }
        assert!((78..=81).contains(&r.jitter()), "{}", r.jitter());
    }

    #[test]
    fn a_new_source_or_a_restart_is_not_loss() {
        let mut r = Reception::default();
        for n in 0..10u16 {
            r.packet(1, n, 0, 0);
        }
        assert_eq!(r.packet(2, 40000, 0, 0), Arrival::Restart);
        assert_eq!(r.packet(2, 40001, 0, 0), Arrival::InOrder);
        assert_eq!(r.packet(2, 10000, 0, 0), Arrival::Suspect);
        assert_eq!(r.packet(2, 10001, 0, 0), Arrival::Restart);
        assert_eq!(r.lost(), 0);
        assert_eq!(r.received(), 13);
    }
}

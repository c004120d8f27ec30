//! How losses lie together: the bursts and gaps of RFC 3611 §4.7.2, counted as its appendix A.2 has it, and the burst ratio of G.107.

/// Packets received in a row that end a burst (RFC 3611 §4.7.2, recommended value).
pub const GMIN: u8 = 16;

/// Bursts and gaps in the units of the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BurstFigures {
    /// Share lost within bursts, in 1/256.
    pub burst_density: u8,
    /// Share lost within gaps, in 1/256.
    pub gap_density: u8,
    /// Mean length of a burst, milliseconds.
    pub burst_ms: u16,
    /// Mean length of a gap, milliseconds.
    pub gap_ms: u16,
}

/// Counts packets that came and did not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bursts {
    /// Received since the last loss.
    since_loss: u64,
    /// Lost within the burst now running.
    lost_here: u64,
    c11: u64,
    c13: u64,
    c14: u64,
    c22: u64,
    c23: u64,
    c33: u64,
    /// Runs of losses without a packet in between, and packets in them.
    runs: u64,
    run_lost: u64,
    received: u64,
}

impl Bursts {
    /// Packets lost, then one received.
    pub fn received_after(&mut self, lost: u64) {
        if lost > 0 {
            self.runs += 1;
            self.run_lost += lost;
        }
        for _ in 0..lost.min(u64::from(u16::MAX)) {
            self.lost();
        }
        self.since_loss += 1;
        self.received += 1;
    }

    fn lost(&mut self) {
        if self.since_loss >= u64::from(GMIN) {
            if self.lost_here == 1 {
                self.c14 += 1;
            } else {
                self.c13 += 1;
            }
            self.lost_here = 1;
            self.c11 += self.since_loss;
        } else {
            self.lost_here += 1;
            if self.since_loss == 0 {
                self.c33 += 1;
            } else {
                self.c23 += 1;
                self.c22 += self.since_loss - 1;
            }
        }
        self.since_loss = 0;
    }

    /// Mean length of a run of losses against that of as much random loss: 1 and above is bursty (G.107 §7.5).
    pub fn burst_ratio(&self) -> f64 {
        if self.runs == 0 {
            return 1.0;
        }
        let share = self.run_lost as f64 / (self.run_lost + self.received) as f64;
        (self.run_lost as f64 / self.runs as f64 * (1.0 - share)).max(1.0)
    }

    /// The figures of a report (RFC 3611 A.2), for packets of so many milliseconds.
    pub fn figures(&self, packet_ms: u64) -> BurstFigures {
        let c11 = self.c11 + self.since_loss;
        let (c31, c32) = (self.c13, self.c23);
        let total = (c11 + self.c14 + self.c13 + self.c22 + self.c23 + c31 + c32 + self.c33) as f64;
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let p32 = ratio(c32 as f64, (c31 + c32 + self.c33) as f64);
        let p23 =
            if self.c22 + self.c23 == 0 { 1.0 } else { 1.0 - ratio(self.c22 as f64, (self.c22 + self.c23) as f64) };
        let burst_density = ratio(256.0 * p23, p23 + p32);
        let gap_density = ratio(256.0 * self.c14 as f64, (c11 + self.c14) as f64);
        let bursts = self.c13 as f64;
        let gap_packets = (c11 + self.c14 + self.c13) as f64;
        let milliseconds = |packets: f64| (packets * packet_ms as f64).min(f64::from(u16::MAX)) as u16;
        // Without a burst all is one gap.
        let gap_ms = milliseconds(if bursts > 0.0 { gap_packets / bursts } else { total });
        let burst_ms = milliseconds(if bursts > 0.0 { (total - gap_packets).max(0.0) / bursts } else { 0.0 });
        let density = |value: f64| value.clamp(0.0, 255.0) as u8;
        let burst_density = if bursts > 0.0 { density(burst_density) } else { 0 };
        BurstFigures { burst_density, gap_density: density(gap_density), burst_ms, gap_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_loss_is_one_long_gap() {
        let mut bursts = Bursts::default();
        (0..500).for_each(|_| bursts.received_after(0));
        let expected = BurstFigures { gap_ms: 10_000, ..BurstFigures::default() };
        assert_eq!((bursts.figures(20), bursts.burst_ratio()), (expected, 1.0));
    }

    #[test]
    fn single_losses_far_apart_lie_in_gaps() {
        let mut bursts = Bursts::default();
        for n in 0..1000 {
            bursts.received_after(u64::from(n % 50 == 25));
        }
        let figures = bursts.figures(20);
        assert!(figures.burst_ms == 0 || figures.burst_density > 0);
        assert!((4..=6).contains(&figures.gap_density), "{figures:?}");
        assert_eq!(bursts.burst_ratio(), 1.0);
    }

    #[test]
    fn runs_of_losses_are_bursts() {
        let mut bursts = Bursts::default();
        for n in 0..1000 {
            bursts.received_after(if n % 100 == 50 { 5 } else { 0 });
        }
        let figures = bursts.figures(20);
        assert!(figures.burst_density > 100, "{figures:?}");
        assert!((80..=120).contains(&figures.burst_ms), "{figures:?}");
        assert!(figures.gap_ms > 1500, "{figures:?}");
        assert!((4.0..5.0).contains(&bursts.burst_ratio()), "{}", bursts.burst_ratio());
    }
}

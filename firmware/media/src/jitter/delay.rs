//! How long packets take, and how long to wait for them.
//!
//! A packet's *transit* is its arrival minus its timestamp; only differences mean something. The smallest transit of the last
//! seconds is the *base*: a packet without any waiting on its way. How far the others lie above it is counted in a histogram;
//! the delay aimed for covers 98 of 100 packets, and the rare long waits when they come back (a Wi-Fi scan, an LTE handover).
//! The base follows a sender whose clock drifts, in both directions.

/// Seconds the base looks back.
const WINDOW: usize = 8;
/// Bins of the histogram, 5 ms each: half a second.
const BINS: usize = 100;
const BIN_MS: u32 = 5;
/// Packets after which old counts weigh half: some twenty seconds of them.
const HALVE_AT: u32 = 1024;
/// Share of packets that need not be in time, per mille.
const LATE_PER_MILLE: u32 = 20;
/// Before so many packets were seen the delay is not below the first one.
const LEARNING: u32 = 50;
/// Peaks kept, and how long one counts, seconds.
const PEAKS: usize = 4;
const PEAK_SECONDS: u64 = 12;
/// A peak lies so far above what nine packets of ten take.
const PEAK_MS: u32 = 30;
const OFTEN_PER_MILLE: u32 = 100;

/// A rare long wait.
#[derive(Clone, Copy, Debug)]
struct Peak {
    /// Microseconds.
    at: u64,
    /// Timestamp units.
    height: u32,
}

/// Measures packets of one source.
#[derive(Clone, Debug)]
pub(super) struct DelayEstimator {
    /// Timestamp units per second.
    clock: u32,
    /// The first transit: the others are relative to it.
    origin: Option<u32>,
    /// Smallest transit per second, newest last.
    minima: [Option<i32>; WINDOW],
    second: u64,
    base: i32,
    /// The base that the histogram's beginning stands for.
    bins_at: i32,
    bins: [u16; BINS],
    /// Bins that hold anything end here.
    used: usize,
    total: u32,
    peaks: [Option<Peak>; PEAKS],
    /// What all but a few packets, and what most take, timestamp units.
    quantile: u32,
    often: u32,
}

impl DelayEstimator {
    pub(super) fn new(clock: u32) -> Self {
        DelayEstimator {
            clock,
            origin: None,
            minima: [None; WINDOW],
            second: 0,
            base: 0,
            bins_at: 0,
            bins: [0; BINS],
            used: 0,
            total: 0,
            peaks: [None; PEAKS],
            quantile: 0,
            often: 0,
        }
    }

    /// Another source or time line: transits before mean nothing. What was learnt of the network stays.
    pub(super) fn new_time_line(&mut self) {
        self.origin = None;
        self.minima = [None; WINDOW];
    }

    /// How far a packet that arrives now lies above the base; `None` before the first.
    pub(super) fn above_base(&self, timestamp: u32, now: u64) -> Option<i32> {
        let transit = self.transit(timestamp, now).wrapping_sub(self.origin?) as i32;
        Some(transit.wrapping_sub(self.base))
    }

    /// A talk spurt begins with this packet: the sender may have stopped its clock in the pause.
    pub(super) fn rebase(&mut self, timestamp: u32, now: u64) {
        self.new_time_line();
        self.origin = Some(self.transit(timestamp, now));
        self.base = 0;
        self.bins_at = 0;
        self.second = now / 1_000_000;
    }

    /// Counts a packet; `limit` is the most the delay may be, in timestamp units.
    pub(super) fn packet(&mut self, timestamp: u32, now: u64, limit: u32) {
        if self.origin.is_none() {
            self.rebase(timestamp, now);
        }
        let transit = self.transit(timestamp, now).wrapping_sub(self.origin.unwrap_or(0)) as i32;
        self.roll(now / 1_000_000, limit);
        let newest = &mut self.minima[WINDOW - 1];
        *newest = Some(newest.map_or(transit, |m| m.min(transit)));
        self.find_base();
        let above = transit.saturating_sub(self.base).max(0) as u32;
        self.peak(above, now);
        let bin = ((above / self.units(BIN_MS).max(1)) as usize).min(BINS - 1);
        if let Some(count) = self.bins.get_mut(bin) {
            *count += 1;
        }
        self.used = self.used.max(bin + 1);
        self.total += 1;
        if self.total >= HALVE_AT {
            self.bins.iter_mut().for_each(|count| *count /= 2);
            self.total = self.bins.iter().map(|&count| u32::from(count)).sum();
            self.used = self.bins.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
        }
        self.quantile = self.find_quantile(LATE_PER_MILLE);
        self.often = self.find_quantile(OFTEN_PER_MILLE);
    }

    /// The delay to aim for at this moment, in timestamp units, before bounds.
    pub(super) fn target(&self, first: u32, now: u64) -> u32 {
        let recent = |p: &&Peak| now.saturating_sub(p.at) < PEAK_SECONDS * 1_000_000;
        let (mut count, mut highest) = (0, 0);
        for peak in self.peaks.iter().flatten().filter(recent) {
            count += 1;
            highest = highest.max(peak.height);
        }
        let peaks = if count >= 2 { highest } else { 0 };
        let learning = if self.total < LEARNING { first } else { 0 };
        self.quantile.max(peaks).max(learning)
    }

    fn units(&self, ms: u32) -> u32 {
        self.clock / 1000 * ms
    }

    fn transit(&self, timestamp: u32, now: u64) -> u32 {
        units_at(self.clock, now).wrapping_sub(timestamp)
    }

    /// Makes room for the seconds that passed.
    fn roll(&mut self, second: u64, limit: u32) {
        let passed = second.saturating_sub(self.second).min(WINDOW as u64) as usize;
        if passed == 0 {
            return;
        }
        self.second = second;
        // A whole second in which everything came later than we may wait: the way has become longer for good.
        if let Some(last) = self.minima[WINDOW - 1]
            && last.saturating_sub(self.base) > limit as i32
        {
            self.minima = [None; WINDOW];
            self.minima[WINDOW - 1] = Some(last);
        }
        self.minima.rotate_left(passed);
        self.minima.iter_mut().rev().take(passed).for_each(|m| *m = None);
    }

    fn find_base(&mut self) {
        if let Some(least) = self.minima.iter().flatten().min() {
            self.base = *least;
        }
        // The way became longer: what was counted high above the old base lies low above the new one. The other way round nothing is
        // moved: a clock that drifts lowers the base all the time.
        let bin = self.units(BIN_MS).max(1) as i32;
        self.bins_at = self.bins_at.min(self.base);
        let by = self.base.saturating_sub(self.bins_at) / bin;
        if by > 0 {
            self.bins_at += by * bin;
            self.lower(by as usize);
        }
    }

    /// Moves the histogram down by so many bins; what leaves it gathers at its end.
    fn lower(&mut self, by: usize) {
        let before = self.bins;
        self.bins = [0; BINS];
        for (n, count) in before.into_iter().enumerate() {
            let to = n.saturating_sub(by);
            self.bins[to] = self.bins[to].saturating_add(count);
        }
    }

    fn peak(&mut self, above: u32, now: u64) {
        if self.total < LEARNING || above <= self.often + self.units(PEAK_MS) {
            return;
        }
        // All that comes at the end of one wait is one peak.
        if let Some(last) = self.peaks.iter_mut().flatten().max_by_key(|p| p.at)
            && now.saturating_sub(last.at) < 1_000_000
        {
            last.height = last.height.max(above);
            return;
        }
        let oldest = self.peaks.iter_mut().min_by_key(|p| p.map_or(0, |p| p.at + 1));
        if let Some(place) = oldest {
            *place = Some(Peak { at: now, height: above });
        }
    }

    /// What is exceeded by no more than so many of a thousand packets.
    fn find_quantile(&self, per_mille: u32) -> u32 {
        let allowed = self.total * per_mille / 1000;
        let mut above = 0;
        for (bin, &count) in self.bins.iter().enumerate().take(self.used).rev() {
            above += u32::from(count);
            if above > allowed {
                return self.units(BIN_MS) * (bin as u32 + 1);
            }
        }
        0
    }
}

/// Microseconds as timestamp units, modulo 2³².
pub(super) fn units_at(clock: u32, now: u64) -> u32 {
    // Second by second: the product of all would not fit into 64 bits, and 128 are dear.
    let (seconds, rest) = (now / 1_000_000, now % 1_000_000);
    (seconds.wrapping_mul(u64::from(clock)).wrapping_add(rest * u64::from(clock) / 1_000_000)) as u32
}

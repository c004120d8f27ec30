//! Packet-loss concealment after ITU-T G.711 Appendix I, at 8 and 16 kHz.
//!
//! Where sound is missing, the last pitch period of what was heard is repeated: one period for 10 ms, two for the next, three from then
//! on, so that it does not buzz. From 10 ms on it fades by a fifth each 10 ms and is silent after 60 ms. When sound comes back it is
//! faded in over the made-up one.
//!
//! Two things differ from the Appendix. It delays all sound by 3.75 ms, to be able to smooth the last quarter period before a gap;
//! here nothing is delayed: the step from the last sample to the repeated period is spread over a quarter of it. And it is
//! used for G.722 too, on the decoder's samples at 16 kHz with all times doubled in samples (G.722 Appendix IV does that and more in its
//! sub-bands; the decoder's state is left as it was).

/// Longest and shortest pitch period, and the window compared, in samples at 8 kHz: 66 to 200 Hz, 20 ms.
const PITCH_MAX: usize = 120;
const PITCH_MIN: usize = 40;
const WINDOW: usize = 160;
/// What is kept of the sound before: three of the longest periods and a quarter of one (Appendix I: 48.75 ms).
const HISTORY: usize = 390;
/// 10 ms.
const BLOCK: usize = 80;
/// Longer by so much with each 10 ms lost is the fade back to real sound: 4 ms, up to 10 ms.
const FADE_STEP: usize = 32;
/// Lost share of the level per 10 ms.
const ATTENUATION: f32 = 0.2;
/// Blocks of 10 ms after which there is silence.
const BLOCKS: usize = 6;
/// Twice everything at 16 kHz.
const MOST: usize = 2;
/// Energy of a window below which nothing is compared, in the Appendix's units.
const MIN_POWER: f32 = 250.0;

/// What conceals one stream.
#[derive(Clone, Debug)]
pub struct Concealment {
    /// 1 at 8 kHz, 2 at 16 kHz.
    scale: usize,
    /// The newest sound last.
    history: [f32; HISTORY * MOST],
    /// The sound before the gap, its end joined to its last period's beginning.
    periods: [f32; HISTORY * MOST],
    pitch: usize,
    /// Samples of `periods`, counted from its end, that are repeated, and where in them.
    repeated: usize,
    offset: usize,
    /// Blocks begun in this gap; 0 when there is none.
    blocks: usize,
    /// The block being given, and what is left of it.
    block: [f32; BLOCK * MOST],
    left: usize,
}

impl Concealment {
    /// For 8 kHz (`scale` 1) or 16 kHz (2).
    pub fn new(scale: usize) -> Self {
        Concealment {
            scale: scale.clamp(1, MOST),
            history: [0.0; HISTORY * MOST],
            periods: [0.0; HISTORY * MOST],
            pitch: PITCH_MAX,
            repeated: PITCH_MAX,
            offset: 0,
            blocks: 0,
            block: [0.0; BLOCK * MOST],
            left: 0,
        }
    }

    /// Forgets the sound before.
    pub fn reset(&mut self) {
        self.history = [0.0; HISTORY * MOST];
        self.blocks = 0;
        self.left = 0;
    }

    /// Takes sound that came. After a gap its beginning is changed: it fades in over what was made up.
    pub fn heard(&mut self, samples: &mut [i16]) {
        if self.blocks > 0 {
            self.fade_in(samples);
        }
        self.blocks = 0;
        self.left = 0;
        self.remember(samples.iter().map(|s| f32::from(*s)), samples.len());
    }

    /// Makes up for sound that did not come.
    pub fn missing(&mut self, out: &mut [i16]) {
        let mut rest = out;
        while !rest.is_empty() {
            if self.left == 0 {
                self.next_block();
            }
            let size = BLOCK * self.scale;
            let count = self.left.min(rest.len());
            let from = size - self.left;
            let (now, later) = rest.split_at_mut(count);
            let block = self.block;
            let made = block.get(from..from + count).unwrap_or_default();
            now.iter_mut().zip(made).for_each(|(to, from)| *to = from.round() as i16);
            self.remember(made.iter().copied(), count);
            self.left -= count;
            rest = later;
        }
    }

    fn remember(&mut self, samples: impl Iterator<Item = f32>, count: usize) {
        let size = HISTORY * self.scale;
        let Some(history) = self.history.get_mut(..size) else { return };
        let skip = count.saturating_sub(size);
        let new = count - skip;
        history.copy_within(new.., 0);
        let end = history.get_mut(size - new..).unwrap_or_default();
        end.iter_mut().zip(samples.skip(skip)).for_each(|(to, from)| *to = from);
    }

    fn next_block(&mut self) {
        let size = BLOCK * self.scale;
        self.left = size;
        self.blocks = (self.blocks + 1).min(BLOCKS + 1);
        let mut made = [0.0; BLOCK * MOST];
        let (Some(out), blocks) = (made.get_mut(..size), self.blocks) else { return };
        match blocks {
            1 => {
                self.pitch = self.find_pitch();
                self.periods = self.history;
                self.join(1);
                self.repeat(out);
                // The beginning: the step from the last sample to the period is spread over a quarter of it.
                let quarter = self.pitch / 4;
                let end = HISTORY * self.scale - 1;
                let at = |n: usize| self.history.get(n).copied().unwrap_or(0.0);
                let step = at(end) - at(end - self.pitch);
                for (n, to) in out.iter_mut().take(quarter).enumerate() {
                    *to += step * (1.0 - (n + 1) as f32 / (quarter + 1) as f32);
                }
            }
            2 | 3 => {
                // One period more; the old ones fade into the new.
                let quarter = self.pitch / 4;
                let mut old = [0.0; PITCH_MAX * MOST / 4];
                let before = self.offset;
                if let Some(old) = old.get_mut(..quarter) {
                    self.repeat(old);
                }
                self.offset = before % self.pitch;
                self.join(blocks);
                self.repeat(out);
                for (n, (to, old)) in out.iter_mut().zip(&old).take(quarter).enumerate() {
                    let share = (n + 1) as f32 / quarter as f32;
                    *to = *to * share + old * (1.0 - share);
                }
            }
            _ if blocks <= BLOCKS => self.repeat(out),
            _ => {}
        }
        if blocks > 1 {
            let from = 1.0 - (blocks - 2) as f32 * ATTENUATION;
            for (n, sample) in out.iter_mut().enumerate() {
                *sample *= (from - ATTENUATION * n as f32 / size as f32).max(0.0);
            }
        }
        self.block = made;
    }

    /// Takes the last `count` periods of the sound before, and joins their end to their beginning over a quarter period.
    fn join(&mut self, count: usize) {
        let size = HISTORY * self.scale;
        let quarter = self.pitch / 4;
        // Three of the longest periods and a quarter fit.
        self.repeated = (count * self.pitch).min(size - quarter);
        let start = size - self.repeated;
        for n in 0..quarter {
            let share = (n + 1) as f32 / quarter as f32;
            let last = self.history.get(size - quarter + n).copied().unwrap_or(0.0);
            let first = self.history.get(start - quarter + n).copied().unwrap_or(0.0);
            // The history went on with what was made up: the sound before the gap is in `periods`.
            let (last, first) = if count == 1 {
                (last, first)
            } else {
                let at = |n: usize| self.periods.get(n).copied().unwrap_or(0.0);
                (at(size - quarter + n), at(start - quarter + n))
            };
            if let Some(place) = self.periods.get_mut(size - quarter + n) {
                *place = last * (1.0 - share) + first * share;
            }
        }
        self.offset %= self.repeated.max(1);
        if count == 1 {
            self.offset = 0;
        }
    }

    fn repeat(&mut self, out: &mut [f32]) {
        let size = HISTORY * self.scale;
        let source = self.periods.get(size - self.repeated..size).unwrap_or_default();
        for sample in out {
            *sample = source.get(self.offset).copied().unwrap_or(0.0);
            self.offset = (self.offset + 1) % self.repeated.max(1);
        }
    }

    fn fade_in(&mut self, samples: &mut [i16]) {
        // A block that was not given to its end is gone on with.
        let unused = self.left % self.repeated.max(1);
        self.offset = (self.offset + self.repeated - unused) % self.repeated.max(1);
        let length = (self.pitch / 4 + (self.blocks - 1) * FADE_STEP * self.scale).min(BLOCK * self.scale);
        let gain = if self.blocks > BLOCKS { 0.0 } else { (1.0 - (self.blocks - 1) as f32 * ATTENUATION).max(0.0) };
        let mut made = [0.0; BLOCK * MOST];
        let Some(made) = made.get_mut(..length) else { return };
        self.repeat(made);
        for (n, (sample, made)) in samples.iter_mut().zip(made).enumerate() {
            let share = (n + 1) as f32 / length as f32;
            *sample = (f32::from(*sample) * share + *made * (1.0 - share) * gain).round() as i16;
        }
    }

    /// The period, by the best correlation of the last 20 ms with what was 5 to 15 ms before: every second sample first, then each
    /// around the best (Appendix I §I.2.2).
    fn find_pitch(&self) -> usize {
        let size = HISTORY * self.scale;
        let history = self.history.get(..size).unwrap_or_default();
        let window = WINDOW * self.scale;
        let recent = history.get(size - window..).unwrap_or_default();
        let step = 2 * self.scale;
        let match_at = |lag: usize| {
            let before = history.get(size - window - lag..).unwrap_or_default();
            let (mut product, mut energy) = (0.0f32, 0.0f32);
            for (a, b) in recent.iter().zip(before).step_by(step) {
                product += a * b;
                energy += b * b;
            }
            product / energy.max(MIN_POWER).sqrt()
        };
        let best = |lags: &mut dyn Iterator<Item = usize>, start: usize| {
            let mut found = (start, f32::NEG_INFINITY);
            for lag in lags {
                let likeness = match_at(lag);
                if likeness > found.1 {
                    found = (lag, likeness);
                }
            }
            found.0
        };
        let (shortest, longest) = (PITCH_MIN * self.scale, PITCH_MAX * self.scale);
        let coarse = best(&mut (shortest..=longest).step_by(step), shortest);
        let around = coarse.saturating_sub(step - 1).max(shortest)..=(coarse + step - 1).min(longest);
        best(&mut around.into_iter(), coarse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(scale: usize, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| {
                let t = n as f64 / (8000 * scale) as f64;
                (1..8)
                    .map(|k| 3000.0 / f64::from(k) * (std::f64::consts::TAU * 125.0 * f64::from(k) * t).sin())
                    .sum::<f64>() as i16
            })
            .collect()
    }

    #[test]
    fn a_steady_voice_goes_on_where_it_was() {
        for scale in [1, 2] {
            let block = BLOCK * scale;
            let whole = voice(scale, block * 20);
            let mut concealment = Concealment::new(scale);
            let mut heard = whole.clone();
            for (n, part) in heard.chunks_mut(block).enumerate() {
                if n == 12 {
                    concealment.missing(part);
                } else {
                    concealment.heard(part);
                }
            }
            let range = block * 12..block * 14;
            let error: f64 = range.clone().map(|n| (f64::from(whole[n]) - f64::from(heard[n])).powi(2)).sum();
            let signal: f64 = range.map(|n| f64::from(whole[n]).powi(2)).sum();
            let ratio = 10.0 * (signal / error.max(1.0)).log10();
            assert!(ratio > 20.0, "{scale}: {ratio:.1} dB");
        }
    }

    #[test]
    fn there_is_no_click_and_silence_after_sixty_milliseconds() {
        for scale in [1, 2] {
            let step = |samples: &[i16]| {
                samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
            };
            let whole = voice(scale, 1600 * scale);
            let mut heard = whole.clone();
            let mut concealment = Concealment::new(scale);
            for (n, part) in heard.chunks_mut(56 * scale).enumerate() {
                if (10..22).contains(&n) {
                    concealment.missing(part);
                } else {
                    concealment.heard(part);
                }
            }
            assert!(step(&heard) <= step(&whole) * 3 / 2, "{scale}: {} {}", step(&heard), step(&whole));
            let gap = 56 * scale * 10;
            assert!(heard[gap + 70 * 8 * scale..56 * scale * 22].iter().all(|s| *s == 0));
            assert!(heard[56 * scale * 24..] == whole[56 * scale * 24..], "it is itself again");
        }
    }

    #[test]
    fn silence_and_noise_are_harmless() {
        let mut concealment = Concealment::new(1);
        let mut out = [1; 333];
        concealment.missing(&mut out);
        assert_eq!(out, [0; 333]);
        let mut state = 1u32;
        for n in 0..2000usize {
            let mut part: Vec<i16> = (0..n % 161)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 16) as i16
                })
                .collect();
            if state.is_multiple_of(3) { concealment.missing(&mut part) } else { concealment.heard(&mut part) }
        }
    }
}

//! What ends or changes in the middle of a wave, made to die away.

use std::sync::LazyLock;

use super::ramp;
use crate::sound::{Rate, Sound};

/// Length of a tail, in milliseconds.
const TAIL_MS: usize = 5;
/// Its samples at the highest rate.
const MAX_TAIL: usize = TAIL_MS * 48;

/// From 1 to 0 over a tail, one for each rate.
static FADES: LazyLock<[Vec<f32>; 3]> =
    LazyLock::new(|| Rate::ALL.map(|rate| ramp::curve(TAIL_MS * rate.per_millisecond()).into_iter().rev().collect()));

fn fade(rate: Rate) -> &'static [f32] {
    let [narrow, wide, full] = &*FADES;
    match rate {
        Rate::Narrow => narrow,
        Rate::Wide => wide,
        Rate::Full => full,
    }
}

/// Sounds that ended, dying away within 5 ms.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    rate: Rate,
    samples: [f32; MAX_TAIL],
    waits: bool,
}

impl Default for Tail {
    fn default() -> Self {
        let _made = fade(Rate::Narrow);
        Tail { rate: Rate::Narrow, samples: [0.0; MAX_TAIL], waits: false }
    }
}

impl Tail {
    /// Goes on from the end of a sound, for the next frame: its last samples mirrored at the last one, in time and in height, so that
    /// wave and slope go on, and faded out.
    pub(super) fn add(&mut self, ended: &Sound, gain: f32) {
        self.continue_from(ended.rate(), ended.samples(), gain);
    }

    fn continue_from(&mut self, rate: Rate, before: &[i16], gain: f32) {
        let Some(&last) = before.last() else { return };
        if gain == 0.0 || (self.waits && self.rate != rate) {
            return;
        }
        (self.rate, self.waits) = (rate, true);
        let twice = 2.0 * f32::from(last);
        for ((sum, &sample), fade) in self.samples.iter_mut().zip(before.iter().rev().skip(1)).zip(fade(rate)) {
            *sum += gain * fade * (twice - f32::from(sample));
        }
    }

    /// Adds what waits to a frame of this rate.
    pub(super) fn give(&mut self, rate: Rate, sum: &mut [f32]) {
        if std::mem::take(&mut self.waits) {
            if self.rate == rate {
                sum.iter_mut().zip(&self.samples).for_each(|(sum, tail)| *sum += tail);
            }
            self.samples = [0.0; MAX_TAIL];
        }
    }
}

/// Joins one source of sound to another without a click: what was heard dies away, what comes rises.
#[derive(Clone, Debug)]
pub struct Declick {
    rate: Rate,
    last: [i16; MAX_TAIL],
}

impl Default for Declick {
    fn default() -> Self {
        let _made = (fade(Rate::Narrow), ramp::at(Rate::Narrow));
        Declick { rate: Rate::Narrow, last: [0; MAX_TAIL] }
    }
}

impl Declick {
    /// Nothing of ours was heard: what comes next has nothing to be joined to.
    pub fn silence(&mut self) {
        self.last = [0; MAX_TAIL];
    }

    /// Passes a frame on. `switched`: it is the first of another source. Does not allocate.
    pub fn frame(&mut self, sound: &mut Sound, switched: bool) {
        let rate = sound.rate();
        let length = TAIL_MS * rate.per_millisecond();
        if switched {
            let curve = ramp::at(rate);
            for (sample, part) in sound.samples_mut().iter_mut().zip(curve) {
                *sample = (f32::from(*sample) * part) as i16;
            }
            if self.rate == rate {
                let mut tail = Tail::default();
                tail.continue_from(rate, self.last.get(..length).unwrap_or_default(), 1.0);
                for (sample, tail) in sound.samples_mut().iter_mut().zip(&tail.samples).take(length) {
                    *sample = (f32::from(*sample) + tail) as i16; // The cast saturates.
                }
            }
        }
        self.rate = rate;
        let samples = sound.samples();
        if let (Some(last), Some(end)) = (self.last.get_mut(..length), samples.get(samples.len() - length..)) {
            last.copy_from_slice(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conference::tests::{above_2khz, sine};

    #[test]
    fn one_tone_follows_another_without_a_click() {
        for rate in Rate::ALL {
            let mut worst = f32::NEG_INFINITY;
            let mut raw: f32 = f32::NEG_INFINITY;
            // Wherever the wave is cut.
            for phase in 0..20 {
                let mut declick = Declick::default();
                let (mut heard, mut torn) = (Vec::new(), Vec::new());
                for frame in 0..8 {
                    let hz = if frame < 4 { 400.0 } else { 523.0 };
                    let mut sound = sine(rate, hz, frame, f64::from(phase) / 20.0);
                    torn.extend_from_slice(sound.samples());
                    declick.frame(&mut sound, frame == 4);
                    heard.extend_from_slice(sound.samples());
                }
                worst = worst.max(above_2khz(rate, &heard));
                raw = raw.max(above_2khz(rate, &torn));
            }
            assert!(worst < super::super::CLICK_DBM0, "{rate:?}: {worst} dBm0, without: {raw}");
            assert!(raw > -45.0, "the measure finds a click: {raw}");
        }
    }
}

//! Sound that carries its rate.
//!
//! Everything inside the engine moves in steps of 20 ms. A [`Sound`] is one such step at 8, 16 or 48 kHz: [`Sound::rate`] says
//! which, [`Sound::samples`] gives exactly that many samples (160, 320 or 960). A leg speaks and hears at the rate of its codec, an
//! analog line at 8 kHz. What wants another rate keeps a [`crate::resample::Converter`] and converts what it is given. What
//! knows 8 kHz only (tones, detectors, lines) uses [`Frame`], and [`Sound::frame`] gives one when the sound is at 8 kHz.

use crate::{FRAME, Frame};

/// Samples in 20 ms at the highest rate.
pub const MAX_FRAME: usize = 960;

/// A sample rate of the engine. Ordered: a higher rate is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rate {
    /// 8 kHz: G.711, analog lines.
    #[default]
    Narrow,
    /// 16 kHz: G.722.
    Wide,
    /// 48 kHz: Opus.
    Full,
}

impl Rate {
    /// All of them, lowest first.
    pub const ALL: [Rate; 3] = [Rate::Narrow, Rate::Wide, Rate::Full];

    /// Samples per second.
    pub const fn hz(self) -> u32 {
        match self {
            Rate::Narrow => 8000,
            Rate::Wide => 16_000,
            Rate::Full => 48_000,
        }
    }

    /// Samples in 20 ms.
    pub const fn frame(self) -> usize {
        self.hz() as usize / 50
    }

    /// Samples in a millisecond.
    pub const fn per_millisecond(self) -> usize {
        self.hz() as usize / 1000
    }

    /// The rate of so many samples per second, if it is one of ours.
    pub fn from_hz(hz: u32) -> Option<Rate> {
        Rate::ALL.into_iter().find(|rate| rate.hz() == hz)
    }
}

/// 20 ms of linear sound, `i16` mono, at a rate of its own. Kept in place and overwritten: it is 2 kB, so pass it by reference.
#[derive(Clone)]
pub struct Sound {
    rate: Rate,
    samples: [Frame; MAX_FRAME / FRAME],
}

impl Default for Sound {
    /// Silence at 8 kHz.
    fn default() -> Self {
        Sound { rate: Rate::Narrow, samples: [[0; FRAME]; MAX_FRAME / FRAME] }
    }
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sound").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl PartialEq for Sound {
    /// The same samples at the same rate.
    fn eq(&self, other: &Sound) -> bool {
        self.rate == other.rate && self.samples() == other.samples()
    }
}

impl Eq for Sound {}

impl Sound {
    /// Silence at this rate.
    pub fn silence(rate: Rate) -> Self {
        Sound { rate, samples: [[0; FRAME]; MAX_FRAME / FRAME] }
    }

    /// Its rate.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Its samples: [`Rate::frame`] of them.
    pub fn samples(&self) -> &[i16] {
        self.samples.as_flattened().get(..self.rate.frame()).unwrap_or_default()
    }

    /// Its samples, to be written.
    pub fn samples_mut(&mut self) -> &mut [i16] {
        self.samples.as_flattened_mut().get_mut(..self.rate.frame()).unwrap_or_default()
    }

    /// Takes this rate and gives the samples to be written over. What they hold is not said.
    pub fn at(&mut self, rate: Rate) -> &mut [i16] {
        self.rate = rate;
        self.samples_mut()
    }

    /// Becomes silence of this rate.
    pub fn silence_at(&mut self, rate: Rate) {
        self.at(rate).fill(0);
    }

    /// Becomes a copy of another: copies no more than its samples.
    pub fn copy_from(&mut self, other: &Sound) {
        self.at(other.rate).copy_from_slice(other.samples());
    }

    /// The frame of 160 samples, when it is at 8 kHz.
    pub fn frame(&self) -> Option<&Frame> {
        if self.rate == Rate::Narrow { self.samples.first() } else { None }
    }

    /// Becomes 8 kHz and gives the frame of 160 samples to be written over.
    pub fn frame_mut(&mut self) -> &mut Frame {
        self.rate = Rate::Narrow;
        let [frame, ..] = &mut self.samples;
        frame
    }
}

impl From<&Frame> for Sound {
    fn from(frame: &Frame) -> Self {
        let mut sound = Sound::default();
        *sound.frame_mut() = *frame;
        sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_has_the_samples_of_its_rate() {
        for (rate, samples) in [(Rate::Narrow, 160), (Rate::Wide, 320), (Rate::Full, 960)] {
            let mut sound = Sound::silence(rate);
            assert_eq!((sound.rate(), sound.samples().len(), rate.frame()), (rate, samples, samples));
            sound.samples_mut().fill(7);
            let mut copy = Sound::default();
            copy.copy_from(&sound);
            assert_eq!(copy, sound);
            assert_eq!(copy.frame().is_some(), rate == Rate::Narrow);
            assert_eq!(copy.frame_mut(), &[7; FRAME]);
            assert_eq!(copy.rate(), Rate::Narrow);
            assert_eq!(Rate::from_hz(rate.hz()), Some(rate));
        }
        assert_eq!(Rate::from_hz(44_100), None);
        assert!(Rate::Narrow < Rate::Wide && Rate::Wide < Rate::Full);
    }
}

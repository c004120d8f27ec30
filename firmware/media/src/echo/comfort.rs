//! Comfort noise: what the other party hears while residual echo is taken away, so that the line does not seem to die.
//!
//! Level and spectrum follow the quietest stretches of the last second and a half, so that neither speech nor echo is taken for
//! background; the synthesis is random phases under that spectrum, overlapped, so that a block has no edge.

use super::adaptive::Block;
use super::fft::{BINS, BLOCK, Fft, Spectrum};

/// Frames of 20 ms in a stretch whose quietest counts.
const STRETCH: u32 = 10;
/// Stretches looked back: 1.6 s.
const STRETCHES: usize = 8;
/// Loudest background believed, as a mean square of full scale: -38 dBm0. What is louder for long is a tone or music.
const LOUDEST: f32 = 3.85e-5;

/// The background of a line.
#[derive(Debug)]
pub(super) struct ComfortNoise {
    /// Power spectrum of blocks of background.
    background: [f32; BINS],
    /// Sums over the frame that runs.
    frame: [f32; BINS],
    energy: f32,
    blocks: u32,
    quietest: [f32; STRETCHES],
    stretch: usize,
    frames: u32,
    known: bool,
    overlap: Block,
    window: [f32; 2 * BLOCK],
    random: u32,
}

impl ComfortNoise {
    pub(super) fn new() -> Self {
        ComfortNoise {
            background: [0.0; BINS],
            frame: [0.0; BINS],
            energy: 0.0,
            blocks: 0,
            quietest: [f32::INFINITY; STRETCHES],
            stretch: 0,
            frames: 0,
            known: false,
            overlap: [0.0; BLOCK],
            window: std::array::from_fn(|n| (std::f32::consts::PI * (n as f32 + 0.5) / (2 * BLOCK) as f32).sin()),
            random: 0x9e37_79b9,
        }
    }

    /// Mean square of the background; `None` while unknown.
    pub(super) fn level(&self) -> Option<f32> {
        self.known.then(|| floor(&self.quietest))
    }

    /// Learns from 4 ms of near-end signal without its echo.
    pub(super) fn learn(&mut self, spectrum: &Spectrum, mean_square: f32) {
        for (sum, power) in self.frame.iter_mut().zip(spectrum.power()) {
            *sum += power;
        }
        self.energy += mean_square;
        self.blocks += 1;
        if self.blocks < 5 {
            return;
        }
        let energy = self.energy / 5.0;
        let frame = std::mem::replace(&mut self.frame, [0.0; BINS]);
        (self.energy, self.blocks) = (0.0, 0);
        // Digital silence is a gap in the line's sound, not its background.
        if energy < 1e-10 {
            return;
        }
        if let Some(quietest) = self.quietest.get_mut(self.stretch) {
            *quietest = quietest.min(energy);
        }
        self.frames += 1;
        if self.frames >= STRETCH {
            self.frames = 0;
            self.stretch = (self.stretch + 1) % STRETCHES;
            if let Some(quietest) = self.quietest.get_mut(self.stretch) {
                *quietest = f32::INFINITY;
            }
        }
        let floor = floor(&self.quietest);
        if energy > 1.8 * floor || energy > LOUDEST {
            return;
        }
        let share = if self.known { 0.1 } else { 1.0 };
        for (background, sum) in self.background.iter_mut().zip(frame) {
            *background += share * (sum / 5.0 - *background);
        }
        self.known = true;
    }

    /// Makes 4 ms of it.
    pub(super) fn block(&mut self, fft: &Fft) -> Block {
        let mut spectrum = Spectrum::ZERO;
        // The shape is an average and follows slowly; the level never exceeds what the quietest stretches say (2 dB below the mean).
        let average: f32 = self.background.iter().sum::<f32>() / (BLOCK * BLOCK) as f32;
        let excess = (1.6 * floor(&self.quietest) / average.max(1e-12)).min(1.0);
        for (n, power) in self.background.iter().enumerate().take(BLOCK).skip(1) {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            let (c, s) = fft.unit((self.random >> 26) as usize);
            // The spectrum learned is of half as many samples.
            let amplitude = (2.0 * excess * power).sqrt();
            spectrum.re[n] = amplitude * c;
            spectrum.im[n] = amplitude * s;
        }
        let points = fft.inverse(&spectrum);
        let mut out = self.overlap;
        for (n, sample) in out.iter_mut().enumerate() {
            *sample += points[n] * self.window[n];
            self.overlap[n] = points[BLOCK + n] * self.window[BLOCK + n];
        }
        out
    }
}

fn floor(quietest: &[f32]) -> f32 {
    quietest.iter().copied().fold(f32::INFINITY, f32::min)
}

//! The adaptive filter: a model of the echo path that follows it, and keeps still while both parties speak.
//!
//! A partitioned-block Kalman filter in the frequency domain (G. Enzner and P. Vary, "Frequency-domain adaptive Kalman filter for
//! acoustic echo control", 2006; partitioned as by F. Kuech, E. Mabande and G. Enzner, 2014). For each partition and frequency it
//! knows how sure it is of its model; near-end speech counts as noise of the observation and makes steps small by itself. Twice
//! the work of one filter buys safety: the *background* filter learns, the *foreground* filter cancels and takes over what the
//! background learned only once that is better (two-path structure of K. Ochiai, 1977).
//!
//! Chosen by cost: a 64 ms tail in the time domain takes 1024 multiplications a sample for filter and adaptation (NLMS), and
//! converges slowly on speech; here it is some 250, and each frequency converges at its own pace.

use super::fft::{BINS, BLOCK, Fft, POINTS, Spectrum};

/// Before anything was learned: how large the square of the path's gain may be, by partition.
const DOUBT: f32 = 0.02;
/// Kept of a model per block; the rest is doubt that it may have changed.
const KEPT: f32 = 0.999_9;
/// Smoothing of the near-end noise, per block.
const NOISE_SMOOTHING: f32 = 0.7;
/// Smoothing of errors that are compared, per block: 32 ms.
const ERROR_SMOOTHING: f32 = 0.875;
/// Partitions constrained to their own 4 ms in each block, in turn.
const CONSTRAINED: usize = 4;
/// Power of a spectrum of rounding noise: below this nothing is learned.
const FLOOR: f32 = 1e-8;
/// Blocks in a row that decide: 32 ms.
const DECISION: u32 = 8;

/// Block of 32 samples, full scale 1.0.
pub(super) type Block = [f32; BLOCK];

/// What one block gave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cancelled {
    /// What is left of the near-end signal.
    pub(super) error: Block,
    /// Its spectrum (zeros before the block).
    pub(super) spectrum: Spectrum,
    /// Mean squares: of the near-end signal, the echo that was taken away, and what is left.
    pub(super) near: f32,
    pub(super) echo: f32,
    pub(super) left: f32,
}

/// The filter.
#[derive(Debug)]
pub(super) struct AdaptiveFilter {
    /// Spectra of the far-end signal, newest at `head`.
    far: Vec<Spectrum>,
    head: usize,
    before: Block,
    background: Vec<Spectrum>,
    foreground: Vec<Spectrum>,
    /// Variance of the background model's error.
    doubt: Vec<[f32; BINS]>,
    noise: [f32; BINS],
    turn: usize,
    adapting: bool,
    near_power: f32,
    background_error: f32,
    foreground_error: f32,
    better: u32,
    worse: u32,
    harmful: u32,
    changed: u32,
    /// Smoothed products of near-end signal and background echo estimate, and of the latter with itself.
    cross: f32,
    model: f32,
    converged: bool,
}

impl AdaptiveFilter {
    /// A filter of so many blocks of 4 ms.
    pub(super) fn new(partitions: usize) -> Self {
        let partitions = partitions.max(1);
        AdaptiveFilter {
            far: vec![Spectrum::ZERO; partitions],
            head: 0,
            before: [0.0; BLOCK],
            background: vec![Spectrum::ZERO; partitions],
            foreground: vec![Spectrum::ZERO; partitions],
            doubt: vec![[DOUBT; BINS]; partitions],
            noise: [0.0; BINS],
            turn: 0,
            adapting: false,
            near_power: 0.0,
            background_error: 0.0,
            foreground_error: 0.0,
            better: 0,
            worse: 0,
            harmful: 0,
            changed: 0,
            cross: 0.0,
            model: 0.0,
            converged: false,
        }
    }

    /// Forgets the echo path and the far-end signal.
    pub(super) fn reset(&mut self) {
        self.far.fill(Spectrum::ZERO);
        self.before = [0.0; BLOCK];
        self.forget_path();
    }

    /// The foreground has a model that cancels.
    pub(super) fn is_converged(&self) -> bool {
        self.converged
    }

    /// Takes 4 ms of both sides. `adapt`: the far-end signal may teach something.
    pub(super) fn block(&mut self, fft: &Fft, far: &Block, near: &Block, adapt: bool) -> Cancelled {
        self.push(fft, far);
        let foreground_echo = self.estimate(fft, &self.foreground);
        let background_echo = self.estimate(fft, &self.background);
        let error: Block = std::array::from_fn(|n| near[n] - foreground_echo[n]);
        let background_error: Block = std::array::from_fn(|n| near[n] - background_echo[n]);
        if adapt {
            self.learn(fft, &background_error);
        } else if self.adapting {
            // What was learned since the last comparison may be the beginning of what is not to be learned.
            self.background.copy_from_slice(&self.foreground);
            self.better = 0;
        }
        self.adapting = adapt;
        let powers = (mean_square(near), mean_square(&error), mean_square(&background_error));
        let dot = near.iter().zip(&background_echo).map(|(a, b)| a * b).sum::<f32>() / BLOCK as f32;
        self.judge(powers, dot, mean_square(&background_echo));
        let echo = mean_square(&foreground_echo);
        // A model that adds more than it takes away is not used, before it is given up.
        let harmful = powers.1 > powers.0 && self.foreground_error > self.near_power;
        let error = if harmful { *near } else { error };
        Cancelled {
            error,
            spectrum: second_half(fft, &error),
            near: powers.0,
            echo: if harmful { 0.0 } else { echo },
            left: mean_square(&error),
        }
    }

    fn push(&mut self, fft: &Fft, far: &Block) {
        let mut points = [0.0; POINTS];
        points[..BLOCK].copy_from_slice(&self.before);
        points[BLOCK..].copy_from_slice(far);
        self.before = *far;
        self.head = (self.head + self.far.len() - 1) % self.far.len();
        self.far[self.head] = fft.forward(&points);
    }

    /// Far-end spectra, newest first: one for each partition.
    fn history(&self) -> impl Iterator<Item = &Spectrum> {
        let (newer, older) = self.far.split_at(self.head);
        older.iter().chain(newer)
    }

    fn estimate(&self, fft: &Fft, filter: &[Spectrum]) -> Block {
        let mut sum = Spectrum::ZERO;
        for (weights, far) in filter.iter().zip(self.history()) {
            sum.add_product(weights, far);
        }
        let points = fft.inverse(&sum);
        std::array::from_fn(|n| points[BLOCK + n])
    }

    /// One step of the Kalman filter.
    fn learn(&mut self, fft: &Fft, error: &Block) {
        let spectrum = second_half(fft, error);
        for (noise, power) in self.noise.iter_mut().zip(spectrum.power()) {
            *noise = NOISE_SMOOTHING * *noise + (1.0 - NOISE_SMOOTHING) * power;
        }
        // The variance of the error that the model and the noise explain; half, for a block is half of the points.
        let mut expected = [0.0; BINS];
        let (newer, older) = self.far.split_at(self.head);
        for (far, doubt) in older.iter().chain(newer).zip(&self.doubt) {
            for (((sum, re), im), doubt) in expected.iter_mut().zip(&far.re).zip(&far.im).zip(doubt) {
                *sum += (re * re + im * im) * doubt;
            }
        }
        let mut gain = [0.0; BINS];
        for ((gain, expected), noise) in gain.iter_mut().zip(&expected).zip(&self.noise) {
            *gain = 1.0 / (0.5 * expected + noise + FLOOR);
        }
        for ((far, doubt), weights) in
            older.iter().chain(newer).zip(self.doubt.iter_mut()).zip(self.background.iter_mut())
        {
            for n in 0..BINS {
                let step = doubt[n] * gain[n];
                let (xr, xi) = (far.re[n], far.im[n]);
                let (er, ei) = (spectrum.re[n], spectrum.im[n]);
                let (wr, wi) = (weights.re[n] + step * (xr * er + xi * ei), weights.im[n] + step * (xr * ei - xi * er));
                weights.re[n] = wr;
                weights.im[n] = wi;
                let power = xr * xr + xi * xi;
                doubt[n] = KEPT * (1.0 - 0.5 * step * power) * doubt[n] + (1.0 - KEPT) * (wr * wr + wi * wi);
            }
        }
        for _ in 0..CONSTRAINED {
            self.turn = (self.turn + 1) % self.background.len();
            if let Some(weights) = self.background.get_mut(self.turn) {
                let mut points = fft.inverse(weights);
                points[BLOCK..].fill(0.0);
                *weights = fft.forward(&points);
            }
        }
    }

    /// Compares the filters and decides which is right.
    fn judge(&mut self, (near, foreground, background): (f32, f32, f32), dot: f32, model: f32) {
        let smooth = |value: &mut f32, new: f32| *value += (1.0 - ERROR_SMOOTHING) * (new - *value);
        smooth(&mut self.near_power, near);
        smooth(&mut self.foreground_error, foreground);
        smooth(&mut self.background_error, background);
        self.cross += 0.03 * (dot - self.cross);
        self.model += 0.03 * (model - self.model);
        let count = |counter: &mut u32, condition: bool| *counter = if condition { *counter + 1 } else { 0 };
        let better = self.background_error < 0.8 * self.foreground_error
            && self.background_error < 0.5 * self.near_power
            && self.near_power > 1e-8;
        count(&mut self.better, better);
        count(&mut self.worse, self.background_error > 2.0 * self.foreground_error && self.converged);
        count(&mut self.harmful, self.foreground_error > 1.2 * self.near_power);
        // Near-end speech does not change how much of the model is found in the signal; another path does.
        count(&mut self.changed, self.model > 1e-7 && self.cross < 0.4 * self.model);
        if self.better >= DECISION {
            self.foreground.copy_from_slice(&self.background);
            self.foreground_error = self.background_error;
            self.converged = true;
            self.better = 0;
        }
        if self.worse >= 4 * DECISION {
            self.background.copy_from_slice(&self.foreground);
            self.background_error = self.foreground_error;
            self.worse = 0;
        }
        if self.harmful >= DECISION {
            self.foreground.fill(Spectrum::ZERO);
            self.foreground_error = self.near_power;
            self.converged = false;
            self.harmful = 0;
        }
        if self.changed >= 4 * DECISION || !self.background_error.is_finite() {
            self.forget_path();
        }
    }

    fn forget_path(&mut self) {
        self.background.fill(Spectrum::ZERO);
        self.foreground.fill(Spectrum::ZERO);
        self.doubt.fill([DOUBT; BINS]);
        self.noise = [0.0; BINS];
        self.background_error = self.near_power;
        self.foreground_error = self.near_power;
        (self.better, self.worse, self.harmful, self.changed) = (0, 0, 0, 0);
        (self.cross, self.model) = (0.0, 0.0);
        self.converged = false;
    }
}

fn second_half(fft: &Fft, block: &Block) -> Spectrum {
    let mut points = [0.0; POINTS];
    points[BLOCK..].copy_from_slice(block);
    fft.forward(&points)
}

pub(super) fn mean_square(block: &Block) -> f32 {
    block.iter().map(|x| x * x).sum::<f32>() / BLOCK as f32
}

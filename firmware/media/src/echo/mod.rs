//! Echo canceller of a line (ITU-T G.168): takes what the far end said out of what the near end says.
//!
//! The far end is what the line was given to hear, the near end is what the line says; a hybrid, somewhere, sends part of the one
//! back in the other. Pure: two frames in, one out, no delay, nothing allocated after [`EchoCanceller::new`]. What is done of the
//! recommendation, and with which figures, is in `tests/echo`; done differently:
//! - *Test 8* (tones of compelled signalling that both ends send) is met by not learning from tones at all, which leaves the echo
//!   of a tone that begins a call in place.
//! - The disabler hears 2100 Hz with reversals in both directions (§7) and the canceller comes back after 250 ms of silence of both.

mod adaptive;
mod answer_tone;
mod comfort;
mod fft;
mod residue;

use std::time::Duration;

use adaptive::{AdaptiveFilter, Block};
use comfort::ComfortNoise;
use fft::{BLOCK, Fft};
use residue::NonLinear;

pub use answer_tone::{AnswerTone, AnswerToneDetector};

use crate::{FRAME, Frame, RATE, level};

/// Both directions quieter than this end a disabled state, dBm0 (G.168 §7.6).
const RELEASE_DBM0: f32 = -36.0;
/// For so many frames: 260 ms (G.168 §7.6: 250 ms ± 150 ms).
const RELEASE_FRAMES: u32 = 13;
/// Frames of a far-end tone after which it is no vowel.
const NARROW_FRAMES: u32 = 4;

/// How a canceller works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoConfig {
    /// Longest echo, from the sample given to the line to the end of what comes back: 64 to 128 ms, in steps of 4 ms. What lies
    /// between us and the hybrid (queues, a driver's buffers) counts.
    pub tail: Duration,
    /// Take away what the filter leaves while only the far end speaks.
    pub non_linear: bool,
    /// Put background noise in its place.
    pub comfort_noise: bool,
    /// 2100 Hz with phase reversals switches the canceller off (modems cancel their own echo).
    pub tone_disabler: bool,
}

impl Default for EchoConfig {
    fn default() -> Self {
        EchoConfig { tail: Duration::from_millis(128), non_linear: true, comfort_noise: true, tone_disabler: true }
    }
}

/// What a canceller does and achieves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EchoFigures {
    /// It is switched off, by a tone or by [`EchoCanceller::disable`].
    pub disabled: bool,
    /// It has found an echo and cancels it.
    pub converged: bool,
    /// Echo return loss enhancement of the filter alone in dB, over the last seconds in which the far end spoke; 0 when unknown.
    pub enhancement_db: f32,
    /// Level of the near end's background in dBm0; `None` while unknown.
    pub background_dbm0: Option<f32>,
}

/// The canceller of one line.
#[derive(Debug)]
pub struct EchoCanceller {
    config: EchoConfig,
    fft: Fft,
    filter: AdaptiveFilter,
    non_linear: NonLinear,
    comfort: ComfortNoise,
    far_high_pass: HighPass,
    near_high_pass: HighPass,
    far_tone: AnswerToneDetector,
    near_tone: AnswerToneDetector,
    /// Switched off from outside.
    off: bool,
    /// Switched off by a tone.
    tone: bool,
    silent: u32,
    narrow: u32,
    near: f32,
    left: f32,
}

impl EchoCanceller {
    /// A canceller that knows nothing of its line.
    pub fn new(config: EchoConfig) -> Self {
        let tail = config.tail.clamp(Duration::from_millis(64), Duration::from_millis(128));
        let blocks = (tail.as_millis() as usize * RATE as usize / 1000).div_ceil(BLOCK);
        EchoCanceller {
            config,
            fft: Fft::new(),
            filter: AdaptiveFilter::new(blocks),
            non_linear: NonLinear::new(blocks),
            comfort: ComfortNoise::new(),
            far_high_pass: HighPass::default(),
            near_high_pass: HighPass::default(),
            far_tone: AnswerToneDetector::default(),
            near_tone: AnswerToneDetector::default(),
            off: false,
            tone: false,
            silent: 0,
            narrow: 0,
            near: 0.0,
            left: 0.0,
        }
    }

    /// Switches it off until [`EchoCanceller::enable`]: sound passes untouched. What it knows of the line is kept.
    pub fn disable(&mut self) {
        self.off = true;
    }

    /// Switches it on again, even when a tone had switched it off.
    pub fn enable(&mut self) {
        (self.off, self.tone) = (false, false);
        self.far_tone.reset();
        self.near_tone.reset();
    }

    /// Forgets the line: another call may have another echo.
    pub fn reset(&mut self) {
        self.filter.reset();
        self.non_linear.reset();
        self.comfort = ComfortNoise::new();
        (self.far_high_pass, self.near_high_pass) = (HighPass::default(), HighPass::default());
        (self.near, self.left, self.narrow) = (0.0, 0.0, 0);
        self.enable();
    }

    /// What it does and achieves.
    pub fn figures(&self) -> EchoFigures {
        let converged = self.filter.is_converged();
        let known = converged && self.left > 0.0 && self.near > 0.0;
        EchoFigures {
            disabled: self.is_disabled(),
            converged,
            enhancement_db: if known { 10.0 * (self.near / self.left).log10() } else { 0.0 },
            background_dbm0: self
                .comfort
                .level()
                .map(|power| level::mean_square_dbm0(f64::from(power) * 32768.0 * 32768.0)),
        }
    }

    /// Takes 20 ms of both directions: `far` is what the line was given to hear, `near` what it said in the same time (an echo may
    /// lie in it at the earliest at the sample that caused it) and becomes what is left without the echo.
    pub fn process(&mut self, far: &Frame, near: &mut Frame) {
        if self.config.tone_disabler {
            self.hear_tones(far, near);
        }
        if self.is_disabled() {
            return;
        }
        self.narrow = if is_tone(far) { self.narrow + 1 } else { 0 };
        let narrow = self.narrow >= NARROW_FRAMES;
        for (far, near) in far.as_chunks::<BLOCK>().0.iter().zip(near.as_chunks_mut::<BLOCK>().0) {
            let far = self.far_high_pass.block(far);
            let said = self.near_high_pass.block(near);
            let far_power = adaptive::mean_square(&far);
            let cancelled = self.filter.block(&self.fft, &far, &said, self.narrow == 0);
            if cancelled.echo > 1e-6 {
                self.near += 0.002 * (cancelled.near - self.near);
                self.left += 0.002 * (cancelled.left - self.left);
            }
            let mut out = cancelled.error;
            if self.config.non_linear {
                let converged = self.filter.is_converged();
                let (from, to) = self.non_linear.block(far_power, &cancelled, converged, narrow);
                self.comfort.learn(&cancelled.spectrum, cancelled.left);
                let noise = if from < 1.0 || to < 1.0 { self.comfort(&cancelled.error) } else { [0.0; BLOCK] };
                for (n, (out, noise)) in out.iter_mut().zip(noise).enumerate() {
                    let gain = from + (to - from) * (n as f32 + 0.5) / BLOCK as f32;
                    *out = gain * *out + (1.0 - gain * gain).max(0.0).sqrt() * noise;
                }
            }
            for (sample, x) in near.iter_mut().zip(out) {
                *sample = (x * 32768.0).round() as i16;
            }
        }
    }

    /// It is switched off, by a tone or by [`EchoCanceller::disable`].
    pub fn is_disabled(&self) -> bool {
        self.off || self.tone
    }

    /// Residual echo is being taken away now.
    pub fn is_suppressing(&self) -> bool {
        self.config.non_linear && self.non_linear.is_closed()
    }

    fn comfort(&mut self, left: &Block) -> Block {
        if !self.config.comfort_noise {
            return [0.0; BLOCK];
        }
        if self.comfort.level().is_none() {
            // Nothing is known yet: silence, for anything else would be made up.
            return left.map(|_| 0.0);
        }
        self.comfort.block(&self.fft)
    }

    fn hear_tones(&mut self, far: &Frame, near: &Frame) {
        let reversals = self.far_tone.samples(far).reversals | self.near_tone.samples(near).reversals;
        if !self.tone {
            self.tone = reversals;
            self.silent = 0;
            return;
        }
        let silent = level::dbm0(far) < RELEASE_DBM0 && level::dbm0(near) < RELEASE_DBM0;
        self.silent = if silent { self.silent + 1 } else { 0 };
        if self.silent >= RELEASE_FRAMES {
            self.tone = false;
            self.far_tone.reset();
            self.near_tone.reset();
        }
    }
}

/// Takes direct current out of a signal, below 20 Hz, and scales it to 1.0.
#[derive(Clone, Copy, Debug, Default)]
struct HighPass {
    input: f32,
    output: f32,
}

impl HighPass {
    fn block(&mut self, samples: &[i16; BLOCK]) -> Block {
        let mut out = [0.0; BLOCK];
        for (out, &sample) in out.iter_mut().zip(samples) {
            let x = f32::from(sample) / 32768.0;
            self.output = x - self.input + 0.985 * self.output;
            self.input = x;
            *out = self.output;
        }
        out
    }
}

/// The frame is one sinusoid or two: a predictor of order four leaves less than 0.3 % of its power.
fn is_tone(frame: &Frame) -> bool {
    const ORDER: usize = 4;
    let mut windowed = [0.0f64; FRAME];
    for (n, (out, &sample)) in windowed.iter_mut().zip(frame).enumerate() {
        let angle = std::f64::consts::TAU * (n as f64 + 0.5) / FRAME as f64;
        *out = f64::from(sample) * 0.5 * (1.0 - angle.cos());
    }
    let mut correlation = [0.0f64; ORDER + 1];
    for (lag, sum) in correlation.iter_mut().enumerate() {
        *sum = windowed.iter().skip(lag).zip(&windowed).map(|(a, b)| a * b).sum();
    }
    // Quieter than about -50 dBm0: its echo is not worth the question.
    if correlation[0] < 160.0 * 0.375 * 5000.0 {
        return false;
    }
    // Levinson and Durbin.
    let mut error = correlation[0];
    let mut predictor = [0.0f64; ORDER + 1];
    for order in 1..=ORDER {
        let sum: f64 = (1..order).map(|n| predictor[n] * correlation[order - n]).sum();
        let reflection = (correlation[order] - sum) / error;
        let before = predictor;
        predictor[order] = reflection;
        for n in 1..order {
            predictor[n] = before[n] - reflection * before[order - n];
        }
        error *= 1.0 - reflection * reflection;
        if error <= 0.003 * correlation[0] {
            return true;
        }
    }
    false
}

//! The non-linear processor: takes away what the filter leaves, while only the far end speaks.
//!
//! It compares what is left with what the filter is known to leave of such an echo. More than that is the near end: the way opens
//! within a block and stays open for a moment, so that words are not cut. It never closes on background louder than the residual
//! echo: then the true background hides it, and nothing pumps.

use super::adaptive::Cancelled;

/// Loss of the worst hybrid (6 dB), assumed until the line is known; as a ratio of powers.
const WORST_HYBRID: f32 = 0.25;
/// Before the filter knows the path, what is louder than this part of the far end's power (-4.5 dB) cannot be echo: a digit dialled
/// into a prompt must pass.
const UNKNOWN: f32 = 0.35;
/// What is left may exceed what is expected by so much (9 dB) and still be echo.
const MARGIN: f32 = 8.0;
/// Quieter echo than this mean square (-67 dBm0) is not heard.
const INAUDIBLE: f32 = 5e-8;
/// Blocks the way stays open after near-end sound: 60 ms.
const HOLD: u32 = 15;

/// The processor.
#[derive(Debug)]
pub(super) struct NonLinear {
    /// Powers of the far end, as long as its echo lasts.
    far: Vec<f32>,
    place: usize,
    /// What the filter leaves of an echo, as a ratio of powers.
    leak: f32,
    /// Power of near-end signal by that of the far end, at its lowest.
    coupling: f32,
    near: f32,
    left: f32,
    echo: f32,
    echo_peak: f32,
    hold: u32,
    gain: f32,
}

impl NonLinear {
    /// For echoes of so many blocks.
    pub(super) fn new(blocks: usize) -> Self {
        NonLinear {
            far: vec![0.0; blocks.max(1)],
            place: 0,
            leak: 0.5,
            coupling: WORST_HYBRID,
            near: 0.0,
            left: 0.0,
            echo: 0.0,
            echo_peak: 0.0,
            hold: 0,
            gain: 1.0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.far.fill(0.0);
        (self.leak, self.coupling) = (0.5, WORST_HYBRID);
        (self.near, self.left, self.echo, self.echo_peak) = (0.0, 0.0, 0.0, 0.0);
        (self.hold, self.gain) = (0, 1.0);
    }

    /// Nothing but echo is left.
    pub(super) fn is_closed(&self) -> bool {
        self.gain < 0.5
    }

    /// The gain at the beginning and at the end of this block; the rest is to be filled with comfort noise. `converged`: the filter
    /// knows the path. `narrow`: the far end is a tone, of which nothing is learned.
    pub(super) fn block(&mut self, far: f32, cancelled: &Cancelled, converged: bool, narrow: bool) -> (f32, f32) {
        self.place = (self.place + 1) % self.far.len();
        if let Some(place) = self.far.get_mut(self.place) {
            // The tail of a tone that nothing was learned from says as little as the tone.
            *place = if narrow && !converged { 0.0 } else { far };
        }
        let far_peak = self.far.iter().copied().fold(0.0, f32::max);
        let far_least = self.far.iter().copied().fold(f32::INFINITY, f32::min);
        self.near += 0.2 * (cancelled.near - self.near);
        self.left += 0.2 * (cancelled.left - self.left);
        self.echo += 0.2 * (cancelled.echo - self.echo);
        self.echo_peak = cancelled.echo.max(self.echo).max(0.9 * self.echo_peak);
        if far_least > 0.1 * far_peak && far_peak > 1e-6 {
            follow(&mut self.coupling, self.near / far_peak, WORST_HYBRID);
        }
        if converged && self.echo > 1e-7 {
            follow(&mut self.leak, self.left / self.echo, 0.5);
        }
        let expected = match (converged, narrow) {
            (true, _) => MARGIN * self.leak * self.echo_peak,
            (false, true) => 0.0,
            (false, false) => (0.5 * MARGIN * self.coupling).min(UNKNOWN) * far_peak,
        };
        let near_end = self.left > expected || cancelled.left > 4.0 * expected;
        self.hold = if near_end { HOLD } else { self.hold.saturating_sub(1) };
        let begin = self.gain;
        self.gain = if self.hold > 0 || expected < INAUDIBLE { 1.0 } else { (begin - 0.25).max(0.0) };
        (begin, self.gain)
    }
}

/// Follows a ratio down at once, up by 20 dB a second, and only 2 dB a second when it is so far up that near-end sound raises it.
fn follow(tracked: &mut f32, ratio: f32, most: f32) {
    *tracked = if ratio < *tracked {
        *tracked + 0.05 * (ratio - *tracked)
    } else {
        (*tracked * if ratio < 8.0 * *tracked { 1.02 } else { 1.002 }).min(ratio)
    };
    *tracked = tracked.clamp(1e-5, most);
}

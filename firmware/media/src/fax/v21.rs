//! The modem of T.30's control signals: ITU-T V.21 channel 2, 300 bit/s, 1 is 1650 Hz and 0 is 1850 Hz, both ways.

use std::f64::consts::TAU;

use crate::level;
use crate::{FRAME, Frame, RATE};

/// Bits per second.
pub const BIT_RATE: u32 = 300;
/// Frequency of a one.
pub const MARK_HZ: f64 = 1650.0;
/// Frequency of a zero.
pub const SPACE_HZ: f64 = 1850.0;
/// Weakest signal taken, dBm0 (T.30 §5.2: receivers work down to -43 dBm).
const WEAKEST_DBM0: f32 = -46.0;
/// Samples of a bit, to the next whole one below.
const WINDOW: usize = (RATE / BIT_RATE) as usize;
/// Points of the reference table; a second has a whole number of periods of both tones, and so have 160 samples (20 ms).
const TABLE: usize = FRAME;
/// How hard a transition pulls the bit clock.
const PULL: f32 = 0.25;

/// Makes the signal.
#[derive(Clone, Debug)]
pub struct V21Modulator {
    phase: f64,
    /// Part of the bit that was sent.
    clock: u32,
    bit: bool,
    amplitude: f64,
}

impl V21Modulator {
    /// A modulator of a level in dBm0 (-12 is usual).
    pub fn new(dbm0: f32) -> Self {
        V21Modulator { phase: 0.0, clock: RATE, bit: true, amplitude: f64::from(level::sine_amplitude(dbm0)) }
    }

    /// Writes 20 ms; `bits` is asked for each bit in turn.
    pub fn frame(&mut self, out: &mut Frame, mut bits: impl FnMut() -> bool) {
        for sample in out {
            self.clock += BIT_RATE;
            if self.clock >= RATE {
                self.clock -= RATE;
                self.bit = bits();
            }
            *sample = (self.amplitude * (TAU * self.phase).sin()) as i16;
            let hz = if self.bit { MARK_HZ } else { SPACE_HZ };
            self.phase = (self.phase + hz / f64::from(RATE)).fract();
        }
    }
}

/// Hears the signal: correlates the last bit's time with both tones and recovers the clock of the bits.
#[derive(Clone, Debug)]
pub struct V21Demodulator {
    /// Cosine and sine of mark and space, scaled by 2^10: whole numbers, so that running sums never drift.
    table: [[i32; 4]; TABLE],
    products: [[i32; 4]; WINDOW],
    energies: [i64; WINDOW],
    sums: [i64; 4],
    energy: i64,
    /// Where in the table and in the window the next sample goes.
    place: usize,
    slot: usize,
    /// Bits since the last transition, as a fraction.
    phase: f32,
    mark: bool,
    good: u32,
    bad: u32,
    present: bool,
}

impl Default for V21Demodulator {
    fn default() -> Self {
        let table = std::array::from_fn(|n| {
            let angle = |hz: f64| TAU * hz * n as f64 / f64::from(RATE);
            let whole = |x: f64| (x * 1024.0).round() as i32;
            [MARK_HZ, SPACE_HZ]
                .map(angle)
                .map(|a| [whole(a.cos()), whole(a.sin())])
                .as_flattened()
                .try_into()
                .unwrap_or_default()
        });
        V21Demodulator {
            table,
            products: [[0; 4]; WINDOW],
            energies: [0; WINDOW],
            sums: [0; 4],
            energy: 0,
            place: 0,
            slot: 0,
            phase: 0.0,
            mark: true,
            good: 0,
            bad: 0,
            present: false,
        }
    }
}

impl V21Demodulator {
    /// A signal is there.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Takes samples and gives their bits. Nothing is given without a signal.
    pub fn samples(&mut self, samples: &[i16], mut bits: impl FnMut(bool)) {
        for &sample in samples {
            self.sample(sample);
            let [mi, mq, si, sq] = self.sums.map(|x| x as f64);
            let (mark, space) = (mi * mi + mq * mq, si * si + sq * sq);
            self.watch(mark.max(space));
            let is_mark = mark > space;
            let before = self.phase;
            self.phase += BIT_RATE as f32 / RATE as f32;
            // The decision crosses half a bit after the tones do; the eye is widest half a bit later.
            if before < 0.5 && self.phase >= 0.5 && self.present {
                bits(is_mark);
            }
            if is_mark != self.mark {
                self.mark = is_mark;
                let early = if self.phase < 0.5 { self.phase } else { self.phase - 1.0 };
                // Never past the middle of a bit: it would be given twice or not at all.
                self.phase -= PULL * early;
            }
            if self.phase >= 1.0 {
                self.phase -= 1.0;
            }
        }
    }

    fn sample(&mut self, sample: i16) {
        let x = i32::from(sample);
        let Some(reference) = self.table.get(self.place) else { return };
        let new = reference.map(|r| x * r);
        if let Some(old) = self.products.get_mut(self.slot) {
            for (sum, (new, old)) in self.sums.iter_mut().zip(new.iter().zip(old.iter())) {
                *sum += i64::from(*new) - i64::from(*old);
            }
            *old = new;
        }
        if let Some(old) = self.energies.get_mut(self.slot) {
            let energy = i64::from(x) * i64::from(x);
            self.energy += energy - *old;
            *old = energy;
        }
        self.place = (self.place + 1) % TABLE;
        self.slot = (self.slot + 1) % WINDOW;
    }

    /// Decides whether a signal is there: most of the energy is in one of the tones, for a while.
    fn watch(&mut self, strongest: f64) {
        let energy = self.energy as f64;
        let loud = level::mean_square_dbm0(energy / WINDOW as f64) > WEAKEST_DBM0;
        // A pure tone of amplitude a: sums² = (a·n/2·2^10)², energy = a²·n/2.
        let share = strongest / (energy.max(1.0) * WINDOW as f64 / 2.0 * 1024.0 * 1024.0);
        if loud && share > 0.55 {
            self.good += 1;
            self.bad = self.bad.saturating_sub(1);
        } else {
            self.bad += 1;
            if self.bad > 6 {
                self.good = 0;
            }
        }
        if self.good >= 120 {
            self.present = true;
            self.bad = self.bad.min(60);
        }
        if self.bad >= 60 || !loud && self.bad > 30 {
            self.present = false;
            (self.good, self.bad) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SILENCE;
    use crate::fax::hdlc::{HdlcEvent, HdlcReceiver, HdlcSender};

    /// Sends a preamble and frames over a line, and gives the frames that arrive.
    fn over(level: f32, frames: &[Vec<u8>], mut line: impl FnMut(usize, f64) -> f64, skip: usize) -> Vec<Vec<u8>> {
        let mut modulator = V21Modulator::new(level);
        let mut sender = HdlcSender::default();
        let mut waiting = frames.iter();
        let mut samples = vec![0i16; 4000];
        let mut left = 400;
        for n in 0.. {
            let mut frame = SILENCE;
            // A second of flags before (T.30 §5.3.1), and a few after.
            modulator.frame(&mut frame, || {
                if n >= 50
                    && !sender.is_busy()
                    && let Some(next) = waiting.next()
                {
                    assert!(sender.frame(next));
                }
                sender.next_bit()
            });
            samples.extend(frame);
            if n > 50 && waiting.len() == 0 && !sender.is_busy() {
                left -= 40;
            }
            if left == 0 {
                break;
            }
        }
        samples.extend([0; 4000]);
        let heard: Vec<i16> = samples
            .iter()
            .enumerate()
            .skip(skip)
            .map(|(n, s)| line(n, f64::from(*s)).clamp(-32768.0, 32767.0) as i16)
            .collect();
        let mut demodulator = V21Demodulator::default();
        let mut receiver = HdlcReceiver::default();
        let mut got = Vec::new();
        demodulator.samples(&heard, |bit| {
            if let Some(HdlcEvent::Frame(frame)) = receiver.bit(bit) {
                got.push(frame.to_vec());
            }
        });
        assert!(!demodulator.is_present(), "the end of the signal is heard");
        got
    }

    fn frames() -> Vec<Vec<u8>> {
        // A digital identification signal, all ones, all zeros, and something in between.
        vec![
            vec![0xff, 0xc8, 0x01, 0x00, 0x77, 0x1e, 0x22],
            vec![0xff; 40],
            vec![0x00; 40],
            (0..60u8).map(|n| n.wrapping_mul(37)).collect(),
        ]
    }

    #[test]
    fn frames_arrive_at_all_levels_and_sampling_instants() {
        for level in [-43.0f32, -30.0, -12.0, 0.0] {
            assert_eq!(over(level, &frames(), |_, s| s, 0), frames(), "{level} dBm0");
        }
        for skip in 0..27 {
            assert_eq!(over(-15.0, &frames(), |_, s| s, skip), frames(), "{skip}");
        }
    }

    #[test]
    fn frames_arrive_through_noise_g711_and_a_frequency_offset() {
        let mut seed = 5u32;
        let noisy = over(
            -25.0,
            &frames(),
            |_, s| {
                let mut noise = 0.0;
                for _ in 0..6 {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    noise += f64::from(seed >> 8) / 8_388_608.0 - 1.0;
                }
                // White noise 12 dB below the signal.
                s + noise * f64::from(level::sine_amplitude(-37.0))
            },
            0,
        );
        assert_eq!(noisy, frames());
        let coded = over(
            -20.0,
            &frames(),
            |_, s| {
                let coded = crate::codec::g711::alaw_encode(s as i16);
                f64::from(crate::codec::g711::ALAW_DECODE[usize::from(coded)])
            },
            0,
        );
        assert_eq!(coded, frames());
        // An echo of itself 10 dB down, 9 ms later.
        let mut past = std::collections::VecDeque::from(vec![0.0; 72]);
        let echoed = over(
            -20.0,
            &frames(),
            |_, s| {
                past.push_back(s);
                s + 0.316 * past.pop_front().unwrap()
            },
            0,
        );
        assert_eq!(echoed, frames());
    }
}

//! Tests of the buffer in virtual time, with a network and a sender's clock of their own.

mod behaviour;
mod drift;
mod network;
mod properties;
mod traces;

use std::time::Duration;

use super::playout::{Decode, Heard, Playout};
use super::*;
use crate::codec::g711;
use crate::sound::Rate;

/// A tick.
const TICK_US: u64 = 20_000;

/// A decoder of A-law that counts what it was asked.
#[derive(Default)]
struct Probe {
    concealed: usize,
    silent: usize,
    /// Codes decoded last.
    codes: Vec<u8>,
    descriptions: Vec<Vec<u8>>,
    followings: usize,
    last: i16,
}

impl Decode for Probe {
    fn decode(&mut self, _codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        let count = payload.len().min(out.len());
        for (sample, &code) in out.iter_mut().zip(payload) {
            *sample = g711::ALAW_DECODE[usize::from(code)];
        }
        self.codes.push(payload[0]);
        self.last = out[..count].last().copied().unwrap_or(0);
        count
    }

    fn conceal(&mut self, following: Option<&[u8]>, out: &mut [i16]) {
        self.concealed += out.len();
        self.followings += usize::from(following.is_some());
        out.fill(self.last);
    }

    fn comfort_noise(&mut self, description: &[u8]) {
        self.descriptions.push(description.to_vec());
    }

    fn silence(&mut self, out: &mut [i16]) {
        self.silent += out.len();
        out.fill(0);
    }
}

fn audio(sequence: u16, timestamp: u32, payload: &[u8]) -> Arriving<'_> {
    Arriving {
        sequence,
        timestamp,
        duration: payload.len() as u32,
        marker: false,
        content: Content::Audio(Codec::Pcma),
        payload,
    }
}

fn at(us: u64) -> Duration {
    Duration::from_micros(us)
}

/// A pseudo-random number that depends on a seed alone.
#[derive(Clone)]
struct Random(u64);

impl Random {
    /// 0 ≤ x < 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 >> 33) ^ (self.0 >> 12);
        (mixed & 0xff_ffff) as f64 / f64::from(1 << 24)
    }

    /// Exponentially distributed with this mean.
    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.next()).ln()
    }
}

/// One call from a sender to a buffer.
struct Sender {
    /// Milliseconds per packet.
    packet_ms: u32,
    /// How much faster than ours its clock runs, in parts per million.
    ppm: f64,
    clock: u32,
    mode: Mode,
}

impl Default for Sender {
    fn default() -> Self {
        Sender { packet_ms: 20, ppm: 0.0, clock: 8000, mode: Mode::SPEECH }
    }
}

/// What came out of a call.
struct Outcome {
    figures: JitterFigures,
    /// Ticks in which nothing at all was heard after the first sound.
    nothing: usize,
    /// Largest step between samples.
    step: u16,
    probe: Probe,
}

impl Outcome {
    /// Share of the sound that was made up.
    fn concealed(&self) -> f64 {
        self.figures.concealed_us as f64 / self.figures.played_us.max(1) as f64
    }

    fn mean_ms(&self) -> f64 {
        f64::from(self.figures.mean_delay_us) / 1000.0
    }
}

impl Sender {
    /// Sends packets whose delays in milliseconds the closure gives (`None`: lost). What is said is a sound of 200 Hz that pauses now and then.
    fn call(
        &self,
        packets: u64,
        mut delay_ms: impl FnMut(u64) -> Option<f64>,
        mut each: impl FnMut(&Playout),
    ) -> Outcome {
        let samples = (self.clock / 1000 * self.packet_ms) as usize;
        let mut playout = Playout::new(self.clock, Rate::from_hz(self.clock).expect("a rate of ours"), self.mode);
        let mut probe = Probe::default();
        let mut out = vec![0; self.clock as usize / 50];
        let (mut nothing, mut begun, mut step, mut last) = (0, false, 0u16, 0i16);
        let packet_us = f64::from(self.packet_ms) * 1000.0 * (1.0 - self.ppm / 1e6);
        // Packets on their way: (arrival, number).
        let mut way: std::collections::VecDeque<(u64, u64)> = std::collections::VecDeque::new();
        let mut sent = 0;
        let mut payload = vec![0; samples];
        let end = (packets as f64 * packet_us) as u64;
        let mut now = 7_000;
        while now < end {
            // Half a second ahead: nothing overtakes by more.
            while sent < packets && (sent as f64 * packet_us) as u64 <= now + 500_000 {
                if let Some(ms) = delay_ms(sent) {
                    let arrival = (sent as f64 * packet_us + ms * 1000.0) as u64;
                    let place = way.iter().rposition(|w| w.0 <= arrival).map_or(0, |p| p + 1);
                    way.insert(place, (arrival, sent));
                }
                sent += 1;
            }
            while way.front().is_some_and(|w| w.0 <= now) {
                let Some((arrival, n)) = way.pop_front() else { break };
                let first = n * samples as u64;
                for (k, code) in payload.iter_mut().enumerate() {
                    *code = code_at(first + k as u64, self.clock);
                }
                playout.insert(&audio(n as u16, first as u32, &payload), at(arrival));
            }
            let heard = playout.frame(at(now), &mut probe, &mut out);
            probe.codes.clear();
            begun |= heard == Heard::Sound;
            nothing += usize::from(begun && heard == Heard::Nothing);
            for &sample in &out {
                step = step.max(sample.abs_diff(last));
                last = sample;
            }
            each(&playout);
            now += TICK_US;
        }
        Outcome { figures: playout.figures(), nothing, step, probe }
    }
}

/// What is said: 200 Hz, and every third second nothing.
fn code_at(n: u64, clock: u32) -> u8 {
    if n / u64::from(clock) % 3 == 2 {
        return 0xd5;
    }
    let phase = (n * 200 % u64::from(clock)) as f64 / f64::from(clock);
    g711::alaw_encode((6000.0 * (std::f64::consts::TAU * phase).sin()) as i16)
}

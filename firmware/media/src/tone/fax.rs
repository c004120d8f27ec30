//! Tones of fax machines and modems: calling (CNG), answering (CED, ANS, ANSam) and its phase reversals.
//!
//! - CNG: 1100 ± 38 Hz, 0.5 s on, 3 s off (ITU-T T.30 §4.2, V.25 §3).
//! - CED: 2100 ± 15 Hz, 2.6 to 4 s (T.30 §4.3); ANSam: the same, its amplitude modulated by a fifth with 15 Hz (V.8 §3).
//! - A phase reversal every 450 ms asks echo cancellers to go (V.25 §3.3); cancellers obey to 2100 ± 21 Hz down to −31 dBm0 whose phase
//!   jumps by 180 ± 25°, and must not to jumps of less than 110° (G.168 §7).

use super::look::{Follower, HOP_MS, Look, Windows};
use crate::level::sine_amplitude;

/// Followed at two places, so that each sees its half of the tolerance well.
const CALLING_HZ: [f32; 2] = [1080.0, 1120.0];
const ANSWERING_HZ: f32 = 2100.0;
/// How far off a tone may be, Hz.
const CALLING_OFF_HZ: f32 = 22.0;
const ANSWERING_OFF_HZ: f32 = 23.0;
/// Weakest tone, dBm0.
const MIN_LEVEL_DBM0: f32 = -36.0;
/// Share of the power that the tone makes up.
const PURITY: f32 = 0.8;
/// Length of a calling tone, ms (T.30: 0.5 s ± 15 %), and how much silence must follow it.
const CALLING_MS: std::ops::RangeInclusive<u32> = 400..=600;
const SILENCE_MS: u32 = 300;
/// An answering tone is told after this long, ms.
const ANSWERING_MS: u32 = 800;
/// A machine's frequency stands still, Hz; a whistle's does not.
const STEADY_HZ: f32 = 5.0;
/// A jump blurs the looks that it lies in, 40 ms: a tone that is back after so many looks was not gone.
const BLURRED: u32 = 6;
/// The tone settles, ms.
const EDGE_MS: u32 = 80;
/// The phase is compared with that of so many looks ago.
const APART: usize = 3;
/// Cosine of the smallest jump that counts, 145°: between 110° and 155°.
const REVERSED: f32 = -0.819;
/// Cosine of the largest angle of a phase that did not jump.
const ALONG: f32 = 0.8;
/// Greatest against smallest amplitude of a modulated tone (V.8: 1.2 against 0.8, less what the looks smooth).
const MODULATED: f32 = 1.2;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaxTone {
    /// A fax machine calls (CNG).
    Calling,
    /// A fax machine or modem answers: 2100 Hz; `modulated`: ANSam of V.8 (V.34 fax, modems).
    Answering {
        /// With the 15 Hz modulation.
        modulated: bool,
    },
    /// The answering tone's phase was reversed: echo cancellers are to be disabled (V.25, G.168). Told once per tone.
    PhaseReversal,
}

/// Listens for them; never allocates.
#[derive(Clone, Debug)]
pub struct FaxDetector {
    windows: Windows,
    calling: Calling,
    answering: Answering,
}

#[derive(Clone, Debug)]
struct Calling {
    followers: [Follower; 2],
    lasted_ms: u32,
    greatest: f32,
    /// Silence since a tone of the right length.
    silent_ms: Option<u32>,
}

#[derive(Clone, Debug)]
struct Answering {
    follower: Follower,
    lasted_ms: u32,
    /// The sums of the last looks, newest first, how many of them are clear, and the mean distance from nominal.
    phasors: [(f32, f32); APART + 1],
    clear: usize,
    /// A sum from before the tone was blurred, and how many looks ago that was.
    before: Option<((f32, f32), u32)>,
    offset: f32,
    /// Amplitude squared, least and greatest, of clear looks.
    least: f32,
    greatest: f32,
    told: bool,
    reversal_told: bool,
}

impl Default for FaxDetector {
    fn default() -> Self {
        FaxDetector {
            windows: Windows::new(),
            calling: Calling { followers: CALLING_HZ.map(Follower::new), lasted_ms: 0, greatest: 0.0, silent_ms: None },
            answering: Answering::new(Follower::new(ANSWERING_HZ)),
        }
    }
}

impl FaxDetector {
    /// Takes samples of any number; returns what they complete (at most one per call of up to 20 ms).
    pub fn samples(&mut self, mut samples: &[i16]) -> Option<FaxTone> {
        let mut heard = None;
        while !samples.is_empty() {
            let (look, rest) = self.windows.take(samples);
            samples = rest;
            if let Some(look) = look {
                heard = heard.or(self.calling.look(&look)).or(self.answering.look(&look));
            }
        }
        heard
    }
}

fn is_tone(power: f32, look: &Look) -> bool {
    power >= 0.5 * sine_amplitude(MIN_LEVEL_DBM0).powi(2) && power >= PURITY * look.total
}

impl Calling {
    fn look(&mut self, look: &Look) -> Option<FaxTone> {
        let power = self
            .followers
            .each_mut()
            .map(|f| f.look(look))
            .into_iter()
            .filter(|(_, offset)| offset.abs() <= CALLING_OFF_HZ)
            .fold(0.0, |most: f32, (power, _)| most.max(power));
        if is_tone(power, look) {
            self.lasted_ms += HOP_MS;
            self.greatest = self.greatest.max(power);
            self.silent_ms = None;
            return None;
        }
        // A look is clear only when most of it lies in the tone: both edges together hide some 20 ms of it.
        let lasted = std::mem::take(&mut self.lasted_ms);
        if lasted > 0 {
            self.silent_ms = CALLING_MS.contains(&(lasted + 20)).then_some(0);
        }
        let silent = self.silent_ms.as_mut()?;
        *silent += HOP_MS;
        if *silent > 40 && look.total > 0.1 * self.greatest {
            // Something goes on: it was a part of speech or music.
            (self.silent_ms, self.greatest) = (None, 0.0);
            return None;
        }
        if *silent < SILENCE_MS {
            return None;
        }
        (self.silent_ms, self.greatest) = (None, 0.0);
        Some(FaxTone::Calling)
    }
}

impl Answering {
    fn new(follower: Follower) -> Self {
        Answering {
            follower,
            lasted_ms: 0,
            phasors: [(0.0, 0.0); APART + 1],
            clear: 0,
            before: None,
            offset: 0.0,
            least: f32::MAX,
            greatest: 0.0,
            told: false,
            reversal_told: false,
        }
    }

    fn look(&mut self, look: &Look) -> Option<FaxTone> {
        let (power, offset) = self.follower.look(look);
        self.phasors.copy_within(..APART, 1);
        self.phasors[0] = self.follower.phasor();
        let clear = is_tone(power, look) && offset.abs() <= ANSWERING_OFF_HZ;
        if self.lasted_ms == 0 && !clear {
            return None;
        }
        self.lasted_ms += HOP_MS;
        if let Some((phasor, looks)) = self.before {
            self.before = Some((phasor, looks + 1));
            if looks + 1 < APART as u32 + BLURRED {
                return None;
            }
            let jumped = self.along(phasor, looks + 1) < REVERSED;
            (self.before, self.clear) = (None, 0);
            if !clear {
                *self = Answering::new(self.follower);
            } else if jumped && self.told && !std::mem::replace(&mut self.reversal_told, true) {
                return Some(FaxTone::PhaseReversal);
            }
            return None;
        }
        if self.lasted_ms <= EDGE_MS {
            if !clear {
                *self = Answering::new(self.follower);
                return None;
            }
            // The edge; then the frequency's mean over what follows.
            self.offset = if self.lasted_ms > EDGE_MS / 2 { 0.5 * (self.offset + offset) } else { offset };
            return None;
        }
        self.clear += 1;
        let then = self.phasors[APART];
        if !clear || self.clear > APART && self.along(then, APART as u32) < ALONG {
            self.before = Some((then, APART as u32));
            return None;
        }
        if (offset - self.offset).abs() > STEADY_HZ {
            *self = Answering::new(self.follower);
            return None;
        }
        self.offset += 0.05 * (offset - self.offset);
        self.least = self.least.min(power);
        self.greatest = self.greatest.max(power);
        if self.lasted_ms >= ANSWERING_MS && !std::mem::replace(&mut self.told, true) {
            let modulated = self.greatest > MODULATED * MODULATED * self.least;
            return Some(FaxTone::Answering { modulated });
        }
        None
    }

    /// Cosine of the angle between the phase and what it would be had the tone of so many looks ago gone on.
    fn along(&self, (re_before, im_before): (f32, f32), looks: u32) -> f32 {
        let (re, im) = self.phasors[0];
        let turn = std::f32::consts::TAU * (ANSWERING_HZ + self.offset) * (looks * HOP_MS) as f32 / 1000.0;
        let (sine, cosine) = turn.sin_cos();
        let (re_then, im_then) = (re_before * cosine - im_before * sine, re_before * sine + im_before * cosine);
        let size = ((re * re + im * im) * (re_then * re_then + im_then * im_then)).sqrt();
        (re * re_then + im * im_then) / size.max(f32::MIN_POSITIVE)
    }
}

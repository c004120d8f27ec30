//! Learns a line's hang-up tone from the sound of a call that the far side has ended.

use thiserror::Error;

use super::cadence::tolerance;
use super::profile::MOST_SOUNDS;
use super::{APART_HZ, Follower, HOP_MS, InvalidProfile, Look, MIN_LEVEL_DBM0, ToneProfile, Windows};
use crate::level::sine_amplitude;

/// Frequencies looked for, Hz: every 40 from 275 to 1995.
const FIRST_HZ: f32 = 275.0;
const STEP_HZ: f32 = 40.0;
const BANDS: usize = 44;
/// Looks kept: the last 40 s. What was before was talk.
const MOST_LOOKS: usize = 4000;
/// Of a tone the strongest one or two frequencies make up this share of the power.
const PURITY: f32 = 0.75;
/// A second frequency is at most 9 dB weaker than the first.
const SECOND: f32 = 0.125;
/// Frequencies of one tone differ by less than this from look to look.
const NEAR_HZ: f32 = 12.0;
/// Looks with the tone before it counts: 400 ms.
const LEAST_LOOKS: usize = 40;
/// A tone that lasts this long, ms, has no cadence.
const ENDLESS_MS: u32 = 5000;

/// Why nothing was learned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotLearned {
    /// There is no tone in the sound.
    #[error("no tone was heard: let the far side hang up, and stay on the line for ten seconds")]
    NoTone,
    /// A tone without a cadence that repeats.
    #[error("the tone did not repeat itself: stay on the line for ten seconds after the far side has hung up")]
    NoCadence,
    /// Not a tone that could be told from others.
    #[error("the tone cannot be used: {0}")]
    Unusable(#[from] InvalidProfile),
}

/// The strongest frequencies of one look.
#[derive(Clone, Copy, Debug, Default)]
struct Peaks {
    hz: [f32; 2],
    power: [f32; 2],
    total: f32,
}

/// Takes the sound of a call to its end, then says what the tone is.
#[derive(Clone, Debug)]
pub struct HangUpLearner {
    windows: Windows,
    bands: Vec<Follower>,
    looks: std::collections::VecDeque<Peaks>,
}

impl Default for HangUpLearner {
    fn default() -> Self {
        let bands = (0..BANDS).map(|n| Follower::new(FIRST_HZ + STEP_HZ * n as f32)).collect();
        HangUpLearner { windows: Windows::new(), bands, looks: std::collections::VecDeque::new() }
    }
}

impl HangUpLearner {
    /// Takes what the line says, of any length; the last 40 s count. Costs a few per cent of a core: not for the media tick of many.
    pub fn samples(&mut self, mut samples: &[i16]) {
        let least = least_power();
        while !samples.is_empty() {
            let (look, rest) = self.windows.take(samples);
            samples = rest;
            let Some(look) = look else { continue };
            if self.looks.len() == MOST_LOOKS {
                self.looks.pop_front();
            }
            let peaks = if look.total >= least { peaks(&mut self.bands, &look) } else { Peaks::default() };
            self.looks.push_back(peaks);
        }
    }

    /// The tone of what was heard so far.
    ///
    /// # Errors
    /// When there is no tone, or it does not repeat.
    pub fn learn(&self) -> Result<ToneProfile, NotLearned> {
        let hz = self.frequencies().ok_or(NotLearned::NoTone)?;
        let (lengths, sounds_at_end) = self.lengths(&hz).ok_or(NotLearned::NoTone)?;
        if sounds_at_end >= ENDLESS_MS {
            return Ok(ToneProfile::new(&hz, &[])?);
        }
        let cadence = cadence(&lengths).ok_or(NotLearned::NoCadence)?;
        Ok(ToneProfile::new(&hz, &cadence)?)
    }

    fn tonal(&self) -> impl Iterator<Item = &Peaks> {
        let least = least_power();
        self.looks.iter().filter(move |p| p.power[0] >= least && p.power[0] + p.power[1] >= PURITY * p.total)
    }

    /// The frequency most often heard, and the one heard with it.
    fn frequencies(&self) -> Option<Vec<f32>> {
        let all = || self.tonal().flat_map(|p| p.hz).filter(|hz| *hz > 0.0);
        let near = |center: f32| all().filter(move |hz| (hz - center).abs() <= NEAR_HZ);
        let mean = |center: f32| {
            let (sum, count) = near(center).fold((0.0, 0usize), |(sum, count), hz| (sum + hz, count + 1));
            (sum / count.max(1) as f32, count)
        };
        let centers = || (0..360).map(|n| FIRST_HZ + 5.0 * n as f32);
        let first = centers().max_by_key(|&c| near(c).count())?;
        let (first, count) = mean(first);
        if count < LEAST_LOOKS {
            return None;
        }
        let away = centers().filter(|c| (c - first).abs() > APART_HZ);
        let second = away.max_by_key(|&c| near(c).count()).map(mean);
        Some(match second {
            Some((second, with)) if with * 5 >= count * 3 && (second - first).abs() >= APART_HZ => vec![first, second],
            _ => vec![first],
        })
    }

    /// Lengths of sound (true) and silence, ms, without the first and last, which are cut; and how long the tone sounds at the end.
    fn lengths(&self, hz: &[f32]) -> Option<(Vec<(bool, u32)>, u32)> {
        let power = |p: &Peaks| {
            let of_tone = p.hz.iter().zip(p.power).filter(|(h, _)| hz.iter().any(|f| (**h - f).abs() <= 2.0 * NEAR_HZ));
            of_tone.map(|(_, power)| power).sum::<f32>()
        };
        let mut powers: Vec<f32> = self.tonal().map(power).filter(|p| *p > 0.0).collect();
        powers.sort_by(f32::total_cmp);
        let usual = *powers.get(powers.len() * 3 / 4)?;
        let mut lengths: Vec<(bool, u32)> = Vec::new();
        for peaks in &self.looks {
            let sounds = power(peaks) >= 0.25 * usual;
            match lengths.last_mut() {
                Some((sounding, ms)) if *sounding == sounds => *ms += HOP_MS,
                _ => lengths.push((sounds, HOP_MS)),
            }
        }
        let (last_sounds, last_ms) = lengths.pop()?;
        Some((lengths, if last_sounds { last_ms } else { 0 }))
    }
}

/// Mean square of the weakest tone.
fn least_power() -> f32 {
    0.5 * sine_amplitude(MIN_LEVEL_DBM0).powi(2)
}

/// The two strongest bands that are apart.
fn peaks(bands: &mut [Follower], look: &Look) -> Peaks {
    let mut found = [(0.0, 0.0, 0.0); BANDS];
    for (place, band) in found.iter_mut().zip(bands) {
        let (power, offset) = band.look(look);
        *place = (band.hz, power, offset);
    }
    let strongest = |away: Option<f32>| {
        found
            .iter()
            .filter(|(hz, ..)| away.is_none_or(|from| (hz - from).abs() > APART_HZ - STEP_HZ / 2.0))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or((0.0, 0.0), |&(hz, power, offset)| (hz + offset.clamp(-STEP_HZ, STEP_HZ), power))
    };
    let first = strongest(None);
    let second = strongest(Some(first.0));
    let second = if second.1 >= SECOND * first.1 { second } else { (0.0, 0.0) };
    Peaks { hz: [first.0, second.0], power: [first.1, second.1], total: look.total }
}

/// The shortest cadence that the last lengths repeat at least twice.
fn cadence(lengths: &[(bool, u32)]) -> Option<Vec<(u32, u32)>> {
    for sounds in 1..=MOST_SOUNDS {
        let period = 2 * sounds;
        // The last whole cycles: from the end back as far as they agree, a cycle and a half more than one at least.
        let agrees = |n: &usize| {
            let (Some(a), Some(b)) = (lengths.get(*n), lengths.get(*n + period)) else { return false };
            a.0 == b.0 && a.1.abs_diff(b.1) <= tolerance(a.1.min(b.1)) && a.1 >= 80
        };
        let last = lengths.len().checked_sub(period)?;
        let agreeing = (0..last).rev().take_while(agrees).count();
        if agreeing < period.max(3) {
            continue;
        }
        // Of all that agree, the means; the cadence begins with the sound after the longest silence.
        let start = last - agreeing;
        let mean = |phase: usize| {
            let all: Vec<u32> = lengths.iter().skip(start + phase).step_by(period).map(|(_, ms)| *ms).collect();
            all.iter().sum::<u32>() / all.len().max(1) as u32
        };
        let sound_first = usize::from(!lengths.get(start)?.0);
        let mut out: Vec<(u32, u32)> =
            (0..sounds).map(|n| (mean(sound_first + 2 * n), mean((sound_first + 2 * n + 1) % period))).collect();
        let longest = out.iter().enumerate().max_by_key(|(_, (_, off))| *off).map_or(0, |(n, _)| n);
        out.rotate_left((longest + 1) % sounds);
        return Some(out);
    }
    None
}

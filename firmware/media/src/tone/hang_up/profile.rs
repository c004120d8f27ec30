//! What a line's hang-up tone is like.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::APART_HZ;
use crate::command::ToneSegment;

/// Frequencies of one tone, and sounds of one cadence, at most.
pub(super) const MOST_HZ: usize = 2;
pub(super) const MOST_SOUNDS: usize = 4;

/// A tone and its cadence. Written as text: `425: 500/500`, `480+620: 250/250`, `400: 400/350 225/525`; without times it lasts:
/// `440:`.
#[derive(Clone, Debug, PartialEq)]
pub struct ToneProfile {
    /// One or two frequencies, Hz, rising.
    hz: Vec<f32>,
    /// Lengths of sound and of the silence after it, ms; none for a tone without end.
    cadence_ms: Vec<(u32, u32)>,
}

/// Why a text or a tone is no profile.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidProfile {
    /// Not one or two frequencies from 200 to 3400 Hz.
    #[error("a hang-up tone has one or two frequencies from 200 to 3400 Hz, at least 75 Hz apart")]
    Frequencies,
    /// Not up to four sounds.
    #[error("a cadence has one to four sounds of 80 to 5000 ms, each with a silence as long")]
    Cadence,
}

impl ToneProfile {
    /// A profile of one or two frequencies (Hz) and up to four sounds with their silences (ms); no sounds for a tone without end.
    ///
    /// # Errors
    /// When the numbers are out of the bounds that the error names.
    pub fn new(hz: &[f32], cadence_ms: &[(u32, u32)]) -> Result<Self, InvalidProfile> {
        let mut hz = hz.to_vec();
        hz.sort_by(f32::total_cmp);
        let apart = hz.windows(2).all(|pair| pair[1] - pair[0] >= APART_HZ);
        if !(1..=MOST_HZ).contains(&hz.len()) || !apart || !hz.iter().all(|hz| (200.0..=3400.0).contains(hz)) {
            return Err(InvalidProfile::Frequencies);
        }
        let fits = |ms: &u32| (80..=5000).contains(ms);
        if cadence_ms.len() > MOST_SOUNDS || !cadence_ms.iter().all(|(on, off)| fits(on) && fits(off)) {
            return Err(InvalidProfile::Cadence);
        }
        Ok(ToneProfile { hz, cadence_ms: cadence_ms.to_vec() })
    }

    /// The profile of a tone of the country table: its first sound's frequencies and its cadence.
    ///
    /// # Errors
    /// When it has no cadence that could be told from other tones.
    pub fn of_tone(segments: &[ToneSegment]) -> Result<Self, InvalidProfile> {
        let hz = segments.iter().find(|s| !s.hz.is_empty()).map(|s| s.hz.clone()).unwrap_or_default();
        let mut cadence = Vec::new();
        for pair in segments.chunks(2) {
            match pair {
                [on, off] if on.hz == hz && off.hz.is_empty() => {
                    let ms = |s: &ToneSegment| s.duration.and_then(|d| u32::try_from(d.as_millis()).ok());
                    cadence.push(ms(on).zip(ms(off)).ok_or(InvalidProfile::Cadence)?);
                }
                _ => return Err(InvalidProfile::Cadence),
            }
        }
        ToneProfile::new(&hz, &cadence)
    }

    /// Its frequencies, Hz, rising.
    pub fn hz(&self) -> &[f32] {
        &self.hz
    }

    /// Lengths of each sound and the silence after it, ms.
    pub fn cadence_ms(&self) -> &[(u32, u32)] {
        &self.cadence_ms
    }
}

impl fmt::Display for ToneProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, hz) in self.hz.iter().enumerate() {
            write!(f, "{}{hz:.1}", if n > 0 { "+" } else { "" })?;
        }
        f.write_str(":")?;
        self.cadence_ms.iter().try_for_each(|(on, off)| write!(f, " {on}/{off}"))
    }
}

impl FromStr for ToneProfile {
    type Err = InvalidProfile;

    fn from_str(text: &str) -> Result<Self, InvalidProfile> {
        let (hz, cadence) = text.split_once(':').ok_or(InvalidProfile::Frequencies)?;
        let hz: Result<Vec<f32>, _> = hz.split('+').take(MOST_HZ + 1).map(|f| f.trim().parse()).collect();
        let sound = |pair: &str| {
            let (on, off) = pair.split_once('/')?;
            Some((on.parse().ok()?, off.parse().ok()?))
        };
        let cadence: Option<Vec<(u32, u32)>> = cadence.split_whitespace().take(MOST_SOUNDS + 1).map(sound).collect();
        ToneProfile::new(&hz.map_err(|_| InvalidProfile::Frequencies)?, &cadence.ok_or(InvalidProfile::Cadence)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_text_and_back() {
        for text in ["425.0: 500/500", "480.0+620.0: 250/250", "400.0: 400/350 225/525", "440.0:"] {
            assert_eq!(text.parse::<ToneProfile>().map(|p| p.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(
            "620+480: 250/250".parse::<ToneProfile>().map(|p| p.to_string()).as_deref(),
            Ok("480.0+620.0: 250/250")
        );
        for text in ["", "425", "x: 1/1", "425: 500", "425: 500/5", "425: 500/50000", "1+2+3: 500/500", "NaN: 500/500"]
        {
            assert!(text.parse::<ToneProfile>().is_err(), "{text}");
        }
        assert!("425+430: 500/500".parse::<ToneProfile>().is_err(), "too close");
        assert!("425: 100/100 100/100 100/100 100/100 100/100".parse::<ToneProfile>().is_err());
    }
}

//! Who speaks at the moment.

use super::MAX_PARTIES;

/// Below this mean square nobody speaks: −40 dBm0.
const FLOOR: f32 = 26_000.0;
/// One who takes over is louder than the one before by this factor: 4 dB …
const LOUDER: f32 = 2.5;
/// … for so many ticks: 300 ms. A cough does not turn heads.
const TAKE_OVER: u8 = 15;
/// Ticks of quiet after which nobody is the active speaker: 2 s.
const QUIET: u8 = 100;
/// Weight of the newest 20 ms in a party's level: about 100 ms of memory.
const WEIGHT: f32 = 0.2;

/// Finds the active speaker, with hysteresis: pauses between words and short noises change nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveSpeaker {
    levels: [f32; MAX_PARTIES],
    active: Option<u8>,
    candidate: Option<u8>,
    ticks: u8,
    quiet: u8,
}

impl Default for ActiveSpeaker {
    fn default() -> Self {
        ActiveSpeaker { levels: [0.0; MAX_PARTIES], active: None, candidate: None, ticks: 0, quiet: 0 }
    }
}

impl ActiveSpeaker {
    /// The active speaker's seat.
    pub fn active(&self) -> Option<usize> {
        self.active.map(usize::from)
    }

    /// Takes the mean square, in sample units squared, of what a seat said in this tick.
    pub fn said(&mut self, seat: usize, mean_square: f32) {
        if let Some(level) = self.levels.get_mut(seat) {
            *level += WEIGHT * (mean_square - *level);
        }
    }

    /// Somebody left the seat.
    pub fn left(&mut self, seat: usize) {
        if let Some(level) = self.levels.get_mut(seat) {
            *level = 0.0;
        }
        if self.candidate == Some(seat as u8) {
            self.candidate = None;
        }
        if self.active == Some(seat as u8) {
            // Told at once by the next tick.
            self.quiet = QUIET;
        }
    }

    /// The tick is over: true when another one, or nobody, is the active speaker from now on.
    pub fn tick(&mut self) -> bool {
        let loudest = (0u8..).zip(self.levels).max_by(|a, b| a.1.total_cmp(&b.1));
        let level = |seat: u8| self.levels.get(usize::from(seat)).copied().unwrap_or(0.0);
        let current = self.active.map_or(0.0, level);
        self.quiet = if current > FLOOR { 0 } else { self.quiet.saturating_add(1) };
        let candidate = loudest
            .filter(|&(seat, level)| level > FLOOR && Some(seat) != self.active && level > LOUDER * current)
            .map(|(seat, _)| seat);
        self.ticks = if candidate.is_some() && candidate == self.candidate { self.ticks + 1 } else { 0 };
        self.candidate = candidate;
        if candidate.is_some() && self.ticks >= TAKE_OVER {
            (self.active, self.candidate, self.ticks, self.quiet) = (candidate, None, 0, 0);
            return true;
        }
        if self.active.is_some() && self.quiet >= QUIET {
            self.active = None;
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: f32 = 5_000_000.0;

    /// Ticks until a change, with these seats at these levels.
    fn until(speaker: &mut ActiveSpeaker, levels: &[(usize, f32)], most: usize) -> Option<usize> {
        (0..most).find(|_| {
            levels.iter().for_each(|&(seat, level)| speaker.said(seat, level));
            speaker.tick()
        })
    }

    #[test]
    fn a_cough_changes_nothing_and_a_speech_does() {
        let mut speaker = ActiveSpeaker::default();
        assert!(until(&mut speaker, &[(3, LOUD), (4, 0.0)], 30).is_some());
        assert_eq!(speaker.active(), Some(3));
        // A cough of 160 ms, then the speaker goes on.
        assert_eq!(until(&mut speaker, &[(3, LOUD / 100.0), (4, LOUD)], 8), None);
        assert_eq!(until(&mut speaker, &[(3, LOUD), (4, 0.0)], 50), None);
        // As loud as the speaker: no change for ever.
        assert_eq!(until(&mut speaker, &[(3, LOUD), (4, LOUD * 1.5)], 500), None);
        // A pause of a second is nobody's turn.
        assert_eq!(until(&mut speaker, &[(3, 0.0), (4, 0.0)], 50), None);
        let ticks = until(&mut speaker, &[(3, 0.0), (4, LOUD)], 100).expect("the other one speaks");
        assert!((14..=30).contains(&ticks), "{ticks}");
        assert_eq!(speaker.active(), Some(4));
        assert!(until(&mut speaker, &[(3, 0.0), (4, 0.0)], 200).is_some());
        assert_eq!(speaker.active(), None);
    }

    #[test]
    fn one_who_leaves_is_not_the_speaker_any_more() {
        let mut speaker = ActiveSpeaker::default();
        assert!(until(&mut speaker, &[(0, LOUD)], 30).is_some());
        speaker.left(0);
        assert!(speaker.tick());
        assert_eq!(speaker.active(), None);
    }
}

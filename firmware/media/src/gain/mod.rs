//! Levels of a line: fixed gains of both directions, and automatic level control of what the line says (as ITU-T G.169 wants it).
//!
//! Automatic control follows active speech alone: it holds its gain in pauses, never brings background above
//! [`LOUDEST_BACKGROUND_DBM0`], leaves tones and modems untouched when told so, and moves slowly enough not to be heard. It is to
//! work after an echo canceller, never between the canceller and the line: a canceller cannot follow a gain that moves (G.169 §7).

use crate::{FRAME, Frame, level};

/// Fixed gains go from minus to plus this.
pub const MOST_FIXED_DB: f32 = 12.0;
/// Level that automatic control brings active speech to (G.169 §6: -15 to -22 dBm0).
pub const TARGET_DBM0: f32 = -19.0;
/// Automatic gain goes from minus to plus this.
pub const MOST_AUTOMATIC_DB: f32 = 12.0;
/// Background is not amplified above this.
pub const LOUDEST_BACKGROUND_DBM0: f32 = -50.0;
/// The gain rises by so much in a frame of speech, 3 dB a second.
const UP_DB: f32 = 0.06;
/// And falls, 9 dB a second.
const DOWN_DB: f32 = 0.18;
/// No correction within so much of the target.
const TOLERANCE_DB: f32 = 1.5;
/// Speech is louder than the background by so much, and louder than [`QUIETEST_DBM0`].
const ABOVE_BACKGROUND_DB: f32 = 12.0;
const QUIETEST_DBM0: f32 = -48.0;
/// Peaks are kept below this.
const LIMIT: f32 = 30_000.0;

/// A fixed gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedGain {
    factor: f32,
}

impl FixedGain {
    /// A gain in dB, bounded by [`MOST_FIXED_DB`] either way; what is not a number is 0 dB.
    pub fn new(db: f32) -> Self {
        let db = if db.is_finite() { db.clamp(-MOST_FIXED_DB, MOST_FIXED_DB) } else { 0.0 };
        FixedGain { factor: 10f32.powf(db / 20.0) }
    }

    /// Changes 20 ms of sound. 0 dB leaves them bit by bit.
    pub fn apply(self, frame: &mut Frame) {
        if self.factor != 1.0 {
            frame.iter_mut().for_each(|sample| *sample = (f32::from(*sample) * self.factor).round() as i16);
        }
    }
}

/// Automatic level control of one direction.
#[derive(Clone, Debug)]
pub struct LevelControl {
    gain_db: f32,
    /// Gain at the end of the last frame, with the limiter's part.
    factor: f32,
    /// Mean square of active speech, over about a second of it.
    speech: Option<f64>,
    background: Background,
}

impl Default for LevelControl {
    fn default() -> Self {
        LevelControl { gain_db: 0.0, factor: 1.0, speech: None, background: Background::default() }
    }
}

impl LevelControl {
    /// Changes 20 ms of sound. `hold`: it is no speech (a tone, a modem, nothing but echo): the gain stays.
    pub fn process(&mut self, frame: &mut Frame, hold: bool) {
        let power = mean_square(frame);
        if !hold {
            self.background.learn(power);
            self.follow(power);
        }
        let peak = frame.iter().map(|s| f32::from(*s).abs()).fold(0.0, f32::max);
        let wanted = 10f32.powf(self.gain_db / 20.0);
        // The limiter acts within the frame: at its beginning the old gain may be too much already.
        let limited = if peak > 0.0 { wanted.min((LIMIT / peak).max(1.0)) } else { wanted };
        let from = self.factor.min(if peak > 0.0 { (LIMIT / peak).max(1.0) } else { f32::MAX });
        if from != 1.0 || limited != 1.0 {
            for (n, sample) in frame.iter_mut().enumerate() {
                let gain = from + (limited - from) * (n as f32 + 1.0) / FRAME as f32;
                *sample = (f32::from(*sample) * gain).round() as i16;
            }
        }
        self.factor = limited;
    }

    /// The gain in dB.
    pub fn gain_db(&self) -> f32 {
        self.gain_db
    }

    fn follow(&mut self, power: f64) {
        let background = self.background.level_dbm0();
        let level = level::mean_square_dbm0(power);
        if level < QUIETEST_DBM0 || background.is_none_or(|floor| level < floor + ABOVE_BACKGROUND_DB) {
            return;
        }
        let speech = self.speech.get_or_insert(power);
        *speech += 0.02 * (power - *speech);
        let most = background.map_or(0.0, |floor| (LOUDEST_BACKGROUND_DBM0 - floor).clamp(0.0, MOST_AUTOMATIC_DB));
        let wanted = (TARGET_DBM0 - level::mean_square_dbm0(*speech)).clamp(-MOST_AUTOMATIC_DB, most);
        if (wanted - self.gain_db).abs() > TOLERANCE_DB || self.gain_db > most {
            self.gain_db += (wanted - self.gain_db).clamp(-DOWN_DB, UP_DB);
        }
    }
}

/// The quietest of the last seconds.
#[derive(Clone, Debug)]
struct Background {
    quietest: [f64; 8],
    place: usize,
    frames: u32,
    begun: u32,
}

impl Default for Background {
    fn default() -> Self {
        Background { quietest: [f64::INFINITY; 8], place: 0, frames: 0, begun: 0 }
    }
}

impl Background {
    /// Frames in one of eight stretches: half a second.
    const STRETCH: u32 = 25;

    fn learn(&mut self, power: f64) {
        let place = self.place;
        // Digital silence is a very quiet background.
        self.quietest[place] = self.quietest[place].min(power.max(1.0));
        self.begun = self.begun.saturating_add(1);
        self.frames += 1;
        if self.frames >= Background::STRETCH {
            self.frames = 0;
            self.place = (self.place + 1) % self.quietest.len();
            self.quietest[self.place] = f64::INFINITY;
        }
    }

    /// `None` in the first half second: a word may fill it.
    fn level_dbm0(&self) -> Option<f32> {
        (self.begun > Background::STRETCH)
            .then(|| level::mean_square_dbm0(self.quietest.iter().copied().fold(f64::INFINITY, f64::min)))
    }
}

fn mean_square(frame: &Frame) -> f64 {
    frame.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / FRAME as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{dbm0, sine_amplitude};

    /// Something like speech: half a second of syllables of a level, a quarter of a second of background.
    fn speech(dbm0: f32, background: f32, seconds: usize) -> Vec<Frame> {
        let mut seed = 7u32;
        let mut uniform = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..seconds * 50)
            .map(|n| {
                let level = if n % 37 < 25 { dbm0 } else { background };
                let amplitude = sine_amplitude(level) * (1.5f32).sqrt();
                std::array::from_fn(|_| (amplitude * uniform()) as i16)
            })
            .collect()
    }

    fn run(control: &mut LevelControl, frames: &[Frame]) -> Vec<Frame> {
        let run = |frame: &Frame| {
            let mut frame = *frame;
            control.process(&mut frame, false);
            frame
        };
        frames.iter().map(run).collect()
    }

    #[test]
    fn fixed_gains_are_exact_and_bounded() {
        let sine: Frame = std::array::from_fn(|n| (3000.0 * (n as f32 * 0.7).sin()) as i16);
        for db in [-12.0f32, -6.0, 3.0, 12.0, 40.0, -40.0] {
            let mut frame = sine;
            FixedGain::new(db).apply(&mut frame);
            assert!((dbm0(&frame) - dbm0(&sine) - db.clamp(-12.0, 12.0)).abs() < 0.05, "{db}");
        }
        let mut frame = [20_000, -20_000].repeat(80).try_into().unwrap();
        FixedGain::new(12.0).apply(&mut frame);
        assert_eq!(frame[..2], [32767, -32768]);
        let mut frame = sine;
        FixedGain::new(f32::NAN).apply(&mut frame);
        assert_eq!(frame, sine);
    }

    #[test]
    fn quiet_speech_is_raised_and_loud_speech_lowered_to_the_target() {
        for (level, expected) in [(-28.0, -19.0), (-10.0, -19.0), (-40.0, -28.0), (-19.0, -19.0)] {
            let mut control = LevelControl::default();
            let said = speech(level, -65.0, 20);
            let out = run(&mut control, &said);
            let (last, _) = out.iter().zip(&said).rfind(|(_, said)| dbm0(*said) > level - 3.0).unwrap();
            assert!((dbm0(last) - expected).abs() < 2.0, "{level}: {} dBm0, {} dB", dbm0(last), control.gain_db());
            // Never more than 9 dB a second down and 3 dB a second up.
            let mut control = LevelControl::default();
            let mut before = 0.0;
            for frame in speech(level, -65.0, 20) {
                control.process(&mut frame.clone(), false);
                let step = control.gain_db() - before;
                assert!((-0.181..=0.061).contains(&step), "{step}");
                before = control.gain_db();
            }
        }
    }

    #[test]
    fn it_holds_in_silence_and_does_not_amplify_noise() {
        let mut control = LevelControl::default();
        run(&mut control, &speech(-28.0, -65.0, 20));
        let gain = control.gain_db();
        assert!(gain > 7.0, "{gain}");
        run(&mut control, &speech(-65.0, -65.0, 60));
        assert_eq!(control.gain_db(), gain, "held in silence");
        // Nothing but noise, even loud noise, is never amplified.
        for noise in [-60.0, -45.0, -30.0] {
            let mut control = LevelControl::default();
            run(&mut control, &speech(noise, noise, 20));
            assert_eq!(control.gain_db(), 0.0, "{noise}");
        }
        // Quiet speech over a background of -55 dBm0: the background stays below -50.
        let mut control = LevelControl::default();
        run(&mut control, &speech(-35.0, -55.0, 20));
        assert!(control.gain_db() <= 5.5, "{}", control.gain_db());
    }

    #[test]
    fn a_shout_after_quiet_speech_is_not_clipped() {
        let mut control = LevelControl::default();
        run(&mut control, &speech(-35.0, -70.0, 20));
        let out = run(&mut control, &speech(-3.0, -70.0, 1));
        assert!(out.iter().flatten().all(|s| s.unsigned_abs() <= 30_010));
    }

    #[test]
    fn what_is_held_is_left_alone() {
        let mut control = LevelControl::default();
        for frame in speech(-35.0, -70.0, 10) {
            let mut out = frame;
            control.process(&mut out, true);
            assert_eq!(out, frame);
        }
    }
}

//! Hears known hang-up tones.

use super::cadence::Cadence;
use super::profile::MOST_HZ;
use super::{Follower, HOP_MS, Look, MIN_LEVEL_DBM0, ToneProfile, Windows};
use crate::level::sine_amplitude;

/// Tones listened for at once.
const MOST_PROFILES: usize = 4;
/// Share of the power that the tone's frequencies make up while it sounds.
const PURITY: f32 = 0.72;
/// The tone has ended when a quarter of its power is left: half of its amplitude, so that both edges are seen alike.
const ENDED: f32 = 0.25;
/// In the silence of a cadence at most this share of the tone's power is there, of whatever kind.
const SILENT: f32 = 0.3;
/// What is neither tone nor silence may last as long as an edge is under the window.
const EDGE_MS: u32 = 40;
/// Share of the power that the tone's frequencies make up while its edge is under the window.
const EDGE_PURITY: f32 = 0.4;
/// A tone's two frequencies differ by less than 9 dB.
const BALANCE: f32 = 8.0;

/// A frequency may be off by this much: exchanges keep theirs to 15 Hz.
fn tolerance_hz(hz: f32) -> f32 {
    0.02 * hz + 6.0
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Something else, or nothing.
    Other,
    /// The tone sounds, at its greatest with this power.
    Sound(f32),
    /// It was silent after such a sound.
    Silence(f32),
}

#[derive(Clone, Debug)]
struct Listener {
    followers: [Follower; MOST_HZ],
    count: usize,
    cadence: Cadence,
    state: State,
    lasted_ms: u32,
    strange_ms: u32,
    /// Told already.
    told: bool,
}

/// Listens for up to four tones; never allocates once made.
#[derive(Clone, Debug)]
pub struct HangUpDetector {
    windows: Windows,
    listeners: [Option<Listener>; MOST_PROFILES],
}

impl HangUpDetector {
    /// A detector of the first four of these.
    pub fn new(profiles: &[ToneProfile]) -> Self {
        let mut listeners = [const { None }; MOST_PROFILES];
        listeners.iter_mut().zip(profiles).for_each(|(place, profile)| *place = Some(Listener::new(profile)));
        HangUpDetector { windows: Windows::new(), listeners }
    }

    /// Takes samples of any number; true when one of the tones has sounded for two cycles. Told once until something else is heard.
    pub fn samples(&mut self, mut samples: &[i16]) -> bool {
        let mut heard = false;
        while !samples.is_empty() {
            let (look, rest) = self.windows.take(samples);
            samples = rest;
            if let Some(look) = look {
                for listener in self.listeners.iter_mut().flatten() {
                    heard |= listener.look(&look);
                }
            }
        }
        heard
    }
}

impl Listener {
    fn new(profile: &ToneProfile) -> Self {
        let mut followers = [Follower::default(); MOST_HZ];
        followers.iter_mut().zip(profile.hz()).for_each(|(f, hz)| *f = Follower::new(*hz));
        Listener {
            followers,
            count: profile.hz().len().min(MOST_HZ),
            cadence: Cadence::new(profile.cadence_ms()),
            state: State::Other,
            lasted_ms: 0,
            strange_ms: 0,
            told: false,
        }
    }

    fn look(&mut self, look: &Look) -> bool {
        let mut power = 0.0;
        let (mut weakest, mut strongest) = (f32::MAX, 0.0f32);
        let mut in_tune = true;
        for follower in self.followers.iter_mut().take(self.count) {
            let (part, offset) = follower.look(look);
            power += part;
            (weakest, strongest) = (weakest.min(part), strongest.max(part));
            in_tune &= offset.abs() <= tolerance_hz(follower.hz);
        }
        let least = 0.5 * sine_amplitude(MIN_LEVEL_DBM0).powi(2);
        let pure = power >= least && power >= PURITY * look.total && strongest <= BALANCE * weakest;
        self.lasted_ms = self.lasted_ms.saturating_add(HOP_MS);
        let lasted = self.lasted_ms;
        match self.state {
            State::Other => {
                if pure && in_tune {
                    self.begin(State::Sound(power));
                }
            }
            State::Sound(greatest) => {
                if power < ENDED * greatest {
                    self.begin(State::Silence(greatest));
                    return self.over(true, lasted);
                }
                self.state = State::Sound(greatest.max(power));
                if self.is_strange(power > 0.5 * greatest && !(pure && in_tune)) {
                    self.other();
                } else if self.cadence.lasts(lasted) {
                    return !std::mem::replace(&mut self.told, true);
                }
            }
            State::Silence(greatest) => {
                // Under the edge a tone is less pure than it will be.
                if power >= ENDED * greatest && power >= EDGE_PURITY * look.total {
                    self.begin(State::Sound(power));
                    return self.over(false, lasted);
                }
                if self.is_strange(look.total > SILENT * greatest) || self.cadence.is_too_long(lasted) {
                    self.other();
                }
            }
        }
        false
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.lasted_ms = 0;
        self.strange_ms = 0;
    }

    /// Counts looks that do not belong to the tone; true when there are more in a row than an edge or a crackle makes.
    fn is_strange(&mut self, strange: bool) -> bool {
        self.strange_ms = if strange { self.strange_ms + HOP_MS } else { 0 };
        self.strange_ms > EDGE_MS
    }

    fn other(&mut self) {
        self.begin(State::Other);
        self.cadence.reset();
        self.told = false;
    }

    fn over(&mut self, sound: bool, ms: u32) -> bool {
        let heard = self.cadence.over(sound, ms);
        heard && !std::mem::replace(&mut self.told, true)
    }
}

//! Speech by formants: a glottal pulse with pitch movement, jitter and shimmer through four moving resonances, fricatives, stops,
//! pauses; men, women and children, near and far from the microphone.

use super::{Chance, Resonator, amplitude};

/// First three formants of vowels and sonorants, Hz (Peterson and Barney's averages, rounded).
const SOUNDS: [[f64; 3]; 14] = [
    [270.0, 2290.0, 3010.0],
    [390.0, 1990.0, 2550.0],
    [530.0, 1840.0, 2480.0],
    [660.0, 1720.0, 2410.0],
    [730.0, 1090.0, 2440.0],
    [570.0, 840.0, 2410.0],
    [440.0, 1020.0, 2240.0],
    [300.0, 870.0, 2240.0],
    [640.0, 1190.0, 2390.0],
    [490.0, 1350.0, 1690.0],
    [250.0, 1000.0, 2200.0],
    [280.0, 1700.0, 2600.0],
    [310.0, 1050.0, 2900.0],
    [250.0, 2100.0, 2900.0],
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Voiced,
    Fricative,
    Pause,
}

/// An endless talker.
#[derive(Debug)]
pub(crate) struct Speech {
    chance: Chance,
    /// Size of the vocal tract against a man's, and pitch of the voice.
    tract: f64,
    pitch: f64,
    level: f64,
    manner: Manner,
    left: usize,
    /// Until the next talker.
    turn: usize,
    formants: [f64; 4],
    targets: [f64; 4],
    filters: [Resonator; 4],
    hiss: Resonator,
    phase: f64,
    period_scale: f64,
    shimmer: f64,
    glide: f64,
    contour: f64,
    envelope: f64,
    wanted: f64,
    tilt: f64,
    last: f64,
}

impl Speech {
    pub(crate) fn new(seed: u64) -> Self {
        let mut speech = Speech {
            chance: Chance::new(seed),
            tract: 1.0,
            pitch: 120.0,
            level: 1.0,
            manner: Manner::Pause,
            left: 0,
            turn: 0,
            formants: [500.0, 1500.0, 2500.0, 3300.0],
            targets: [500.0, 1500.0, 2500.0, 3300.0],
            filters: [Resonator::default(); 4],
            hiss: Resonator::default(),
            phase: 0.0,
            period_scale: 1.0,
            shimmer: 1.0,
            glide: 0.0,
            contour: 1.0,
            envelope: 0.0,
            wanted: 0.0,
            tilt: 0.0,
            last: 0.0,
        };
        speech.next_talker();
        speech
    }

    fn next_talker(&mut self) {
        let chance = &mut self.chance;
        (self.tract, self.pitch) = match chance.below(5) {
            0 | 1 => (1.0, chance.between(85.0, 155.0)),
            2 | 3 => (1.16, chance.between(160.0, 255.0)),
            _ => (1.3, chance.between(230.0, 400.0)),
        };
        self.level = amplitude(chance.between(-30.0, -8.0));
        self.turn = (chance.between(4.0, 20.0) * 8000.0) as usize;
    }

    fn next_sound(&mut self) {
        let chance = &mut self.chance;
        let (manner, ms) = match chance.below(20) {
            0 => (Manner::Pause, chance.between(150.0, 900.0)),
            1 | 2 => (Manner::Pause, chance.between(20.0, 90.0)),
            3..=6 => (Manner::Fricative, chance.between(40.0, 140.0)),
            // Sometimes a vowel is held: "hmm", "aah".
            7 => (Manner::Voiced, chance.between(300.0, 1200.0)),
            _ => (Manner::Voiced, chance.between(50.0, 220.0)),
        };
        self.manner = manner;
        self.left = (ms * 8.0) as usize + 1;
        match manner {
            Manner::Voiced => {
                let sound = SOUNDS[chance.below(SOUNDS.len())];
                for (target, hz) in self.targets.iter_mut().zip(sound) {
                    *target = (hz * self.tract * chance.between(0.93, 1.07)).min(3700.0);
                }
                self.targets[3] = (3300.0 * self.tract).min(3800.0);
                self.contour = chance.between(0.8, 1.3);
                self.glide = (chance.between(0.75, 1.35) / self.contour).powf(1.0 / self.left as f64);
                self.wanted = chance.between(0.3, 1.0);
            }
            Manner::Fricative => {
                self.hiss.tune(chance.between(1200.0, 3800.0), chance.between(300.0, 1500.0));
                self.wanted = chance.between(0.02, 0.25);
            }
            Manner::Pause => self.wanted = 0.0,
        }
    }

    fn sample(&mut self) -> f64 {
        if self.left == 0 {
            if self.turn == 0 {
                self.next_talker();
            }
            self.next_sound();
        }
        self.left -= 1;
        self.turn = self.turn.saturating_sub(1);
        self.envelope += (self.wanted - self.envelope) * 0.004;
        let source = match self.manner {
            Manner::Voiced => {
                self.contour *= self.glide;
                self.phase += self.pitch * self.contour * self.period_scale / 8000.0;
                if self.phase >= 1.0 {
                    self.phase -= 1.0;
                    self.period_scale = 1.0 + 0.012 * self.chance.normal();
                    self.shimmer = 1.0 + 0.06 * self.chance.normal();
                }
                // Rosenberg's pulse: opens for two fifths, closes for a sixth.
                let t = self.phase;
                let flow = if t < 0.4 {
                    0.5 - 0.5 * (std::f64::consts::PI * t / 0.4).cos()
                } else if t < 0.56 {
                    (std::f64::consts::FRAC_PI_2 * (t - 0.4) / 0.16).cos()
                } else {
                    0.0
                };
                let difference = flow - self.last;
                self.last = flow;
                (difference * 6.0 + 0.01 * self.chance.normal()) * self.shimmer
            }
            Manner::Fricative => self.hiss.filter(self.chance.normal()) * 0.8,
            Manner::Pause => 0.0,
        };
        if self.left.is_multiple_of(16) {
            for (n, ((formant, target), filter)) in
                self.formants.iter_mut().zip(self.targets).zip(&mut self.filters).enumerate()
            {
                *formant += (target - *formant) * 0.06;
                filter.tune(*formant, 60.0 + 35.0 * n as f64);
            }
        }
        let voiced = self.filters.iter_mut().fold(source * self.envelope, |s, filter| filter.filter(s));
        // The telephone's microphone lifts the high part (pre-emphasis).
        let out = voiced - 0.6 * self.tilt;
        self.tilt = voiced;
        out * self.level * 2.0
    }

    /// Adds to 20 ms or any other length.
    pub(crate) fn add(&mut self, out: &mut [f64]) {
        out.iter_mut().for_each(|s| *s += self.sample());
    }
}

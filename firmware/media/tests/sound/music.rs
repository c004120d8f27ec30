//! Music: chords and melodies of the tempered scale on instruments of different harmonics, with attack, decay and vibrato;
//! percussion; people who whistle.

use std::f64::consts::TAU;

use super::{Chance, amplitude};

const VOICES: usize = 5;

#[derive(Clone, Copy, Debug, Default)]
struct Note {
    hz: f64,
    phase: f64,
    gain: f64,
    /// Decay per sample; 1 for held notes.
    decay: f64,
    attack: f64,
    age: f64,
}

/// An endless band.
#[derive(Debug)]
pub(crate) struct Music {
    chance: Chance,
    notes: [Note; VOICES],
    harmonics: [f64; 10],
    vibrato_hz: f64,
    vibrato: f64,
    beat: usize,
    until_beat: usize,
    until_tune: usize,
    level: f64,
    drum: f64,
    scale: usize,
    root: f64,
    whistling: bool,
    time: f64,
}

impl Music {
    pub(crate) fn new(seed: u64) -> Self {
        let mut music = Music {
            chance: Chance::new(seed ^ 0x6d75_7369),
            notes: [Note::default(); VOICES],
            harmonics: [0.0; 10],
            vibrato_hz: 5.0,
            vibrato: 0.0,
            beat: 4000,
            until_beat: 0,
            until_tune: 0,
            level: 1.0,
            drum: 0.0,
            scale: 0,
            root: 220.0,
            whistling: false,
            time: 0.0,
        };
        music.next_tune();
        music
    }

    fn next_tune(&mut self) {
        let chance = &mut self.chance;
        self.whistling = chance.below(6) == 0;
        let roll_off = chance.between(0.6, 2.0);
        let odd = chance.below(3) == 0;
        for (n, gain) in self.harmonics.iter_mut().enumerate() {
            let random = chance.between(0.3, 1.0);
            *gain = if odd && n % 2 == 1 { 0.05 } else { random } / ((n + 1) as f64).powf(roll_off);
        }
        self.harmonics[0] = 1.0;
        if self.whistling {
            self.harmonics[1..].fill(0.0);
            self.harmonics[1] = 0.02;
        }
        self.vibrato_hz = chance.between(4.0, 7.0);
        self.vibrato = if chance.below(2) == 0 { 0.0 } else { chance.between(0.002, 0.015) };
        if self.whistling {
            self.vibrato = chance.between(0.003, 0.02);
        }
        self.beat = (60.0 / chance.between(60.0, 180.0) * 8000.0 / 2.0) as usize;
        self.level = amplitude(chance.between(-30.0, -12.0));
        self.root = 110.0 * 2f64.powf(chance.below(24) as f64 / 12.0) * chance.between(0.995, 1.005);
        self.scale = chance.below(2);
        self.until_tune = (chance.between(8.0, 25.0) * 8000.0) as usize;
        self.notes = [Note::default(); VOICES];
    }

    fn on_beat(&mut self) {
        const SCALES: [[f64; 7]; 2] = [[0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0], [0.0, 2.0, 3.0, 5.0, 7.0, 8.0, 10.0]];
        self.until_beat = self.beat;
        let chance = &mut self.chance;
        let scale = SCALES[self.scale];
        let count = if self.whistling { 1 } else { 1 + chance.below(VOICES) };
        let degree = chance.below(7);
        for (n, note) in self.notes.iter_mut().enumerate() {
            if n >= count || chance.below(4) == 0 {
                continue;
            }
            let step = (degree + 2 * n) % 7;
            let octave = (degree + 2 * n) / 7 + if self.whistling { 2 } else { chance.below(3) };
            let hz = self.root * 2f64.powf(scale[step] / 12.0 + octave as f64);
            *note = Note {
                hz: hz.min(3000.0),
                phase: 0.0,
                gain: chance.between(0.4, 1.0),
                decay: if self.whistling || chance.below(2) == 0 {
                    1.0
                } else {
                    1.0 - 1.0 / chance.between(800.0, 6000.0)
                },
                attack: chance.between(0.002, 0.03),
                age: 0.0,
            };
        }
        if !self.whistling && chance.below(3) == 0 {
            self.drum = 1.5;
        }
    }

    fn sample(&mut self) -> f64 {
        if self.until_tune == 0 {
            self.next_tune();
        }
        if self.until_beat == 0 {
            self.on_beat();
        }
        self.until_tune -= 1;
        self.until_beat -= 1;
        self.time += 1.0 / 8000.0;
        let bend = 1.0 + self.vibrato * (TAU * self.vibrato_hz * self.time).sin();
        let mut sum = 0.0;
        for note in self.notes.iter_mut().filter(|n| n.gain > 0.001) {
            note.phase = (note.phase + note.hz * bend / 8000.0).fract();
            note.age += 1.0;
            note.gain *= note.decay;
            let attack = 1.0 - (-note.age * note.attack).exp();
            // Harmonics by Chebyshev's recurrence: one sine and one cosine per note.
            let (sine, cosine) = (TAU * note.phase).sin_cos();
            let (mut before, mut current) = (0.0, sine);
            let mut voice = 0.0;
            for (n, gain) in self.harmonics.iter().enumerate() {
                if note.hz * (n + 1) as f64 > 3600.0 {
                    break;
                }
                voice += gain * current;
                (before, current) = (current, 2.0 * cosine * current - before);
            }
            sum += voice * note.gain * attack;
        }
        self.drum *= 0.997;
        let drum = if self.drum > 0.01 { self.drum * self.chance.normal() } else { 0.0 };
        (sum + drum) * self.level
    }

    /// Adds to 20 ms or any other length.
    pub(crate) fn add(&mut self, out: &mut [f64]) {
        out.iter_mut().for_each(|s| *s += self.sample());
    }
}

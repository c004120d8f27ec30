//! Conferences: who hears whom, and how loud.
//!
//! Each speaker has a gain for everybody; pairs may differ from it (a whisper, a listener who mutes somebody for himself). A tick
//! sums all speakers once, and takes each listener's own part out again: the cost grows with the parties, and with the pairs that
//! differ, but not with the square of the parties.
//!
//! **No click.** Every gain changes along a raised cosine of 10 ms ([`ramp`]). A party that is gone cannot be faded out, for its sound
//! has ended: its last 5 ms are mirrored at their end and faded out instead, so that neither the wave nor its slope has a step. The
//! measure of a click is the level, in dBm0 over 20 ms, of what a change of a 400 Hz tone at −10 dBm0 adds above 2 kHz; the bound is
//! [`CLICK_DBM0`]. The same change without ramps measures about −35 dBm0.
//!
//! Sums are kept below full scale by a [`limiter`] per listener. Pure: a frame per party in, a frame per party out; made by the control
//! thread, allocates nothing afterwards.

pub mod limiter;
pub mod ramp;
pub mod speaker;
mod tail;

pub use tail::Declick;

use limiter::Limiter;
use ramp::Ramp;
use speaker::ActiveSpeaker;
use tail::Tail;

use crate::resample::Converter;
use crate::sound::{MAX_FRAME, Rate, Sound};

/// Most parties of one bridge.
pub const MAX_PARTIES: usize = 32;

/// The bound of a click: see the head of this file.
pub const CLICK_DBM0: f32 = -60.0;

/// A member as a plan sees it. The engine calls parties by numbers of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Party {
    /// The party.
    pub number: u16,
    /// Gain of what it says for everybody, a factor; 0 when nobody hears it.
    pub gain: f32,
    /// Whom it hears otherwise than that, and how loud: number and factor.
    pub hears: Vec<(u16, f32)>,
}

/// Who takes part, and who hears whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The parties, at most [`MAX_PARTIES`]; more are left out.
    pub parties: Vec<Party>,
}

/// The rate to mix members of these rates at: the highest that at least two of them speak at or above, else 8 kHz. So two wide-band
/// telephones keep their quality, and one alone, whose full band nobody else could hear, costs nothing.
pub fn rate(members: impl Iterator<Item = Rate>) -> Rate {
    // The second highest: two members can use it.
    let (mut highest, mut second) = (Rate::Narrow, Rate::Narrow);
    for rate in members {
        second = second.max(rate.min(highest));
        highest = highest.max(rate);
    }
    second
}

struct Seat {
    number: Option<u16>,
    /// What it said last, at the conference's rate.
    said: Sound,
    spoke: bool,
    /// Its gain for everybody.
    base: Ramp,
    /// What is added to the gain of another seat for this one alone, and which seats that concerns.
    differs: [Ramp; MAX_PARTIES],
    mask: u32,
    tail: Tail,
    limiter: Limiter,
    public_limiter: Limiter,
    into: Converter,
    out: Converter,
    public_out: Converter,
}

impl Seat {
    fn new() -> Self {
        Seat {
            number: None,
            said: Sound::default(),
            spoke: false,
            base: Ramp::default(),
            differs: [Ramp::default(); MAX_PARTIES],
            mask: 0,
            tail: Tail::default(),
            limiter: Limiter::default(),
            public_limiter: Limiter::default(),
            into: Converter::default(),
            out: Converter::default(),
            public_out: Converter::default(),
        }
    }
}

/// A conference.
pub struct Conference {
    seats: Vec<Seat>,
    rate: Rate,
    sum: [f32; MAX_FRAME],
    speaker: ActiveSpeaker,
}

impl std::fmt::Debug for Conference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conference").field("seats", &self.seats.len()).field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Conference {
    /// An empty conference with room for so many parties, at most [`MAX_PARTIES`].
    pub fn new(parties: usize) -> Self {
        let _made = ramp::at(Rate::Narrow);
        Conference {
            seats: (0..parties.min(MAX_PARTIES)).map(|_| Seat::new()).collect(),
            rate: Rate::Narrow,
            sum: [0.0; MAX_FRAME],
            speaker: ActiveSpeaker::default(),
        }
    }

    /// How many parties find room.
    pub fn room(&self) -> usize {
        self.seats.len()
    }

    /// Goes on where another, smaller one was: takes its parties. Does not allocate.
    pub fn take_over(&mut self, from: &mut Conference) {
        self.rate = from.rate;
        self.speaker = from.speaker.clone();
        for (own, other) in self.seats.iter_mut().zip(&mut from.seats) {
            std::mem::swap(own, other);
        }
    }

    /// Goes over to another plan, within the next frame and without a click. Does not allocate.
    pub fn arrange(&mut self, plan: &Plan) {
        for index in 0..self.seats.len() {
            let number = self.seats.get(index).and_then(|seat| seat.number);
            if number.is_some_and(|number| !plan.parties.iter().any(|p| p.number == number)) {
                self.leave(index);
            }
        }
        for party in &plan.parties {
            if self.seat_of(party.number).is_none()
                && let Some(seat) = self.seats.iter_mut().find(|seat| seat.number.is_none())
            {
                seat.number = Some(party.number);
                seat.said.silence_at(Rate::Narrow);
                seat.spoke = false;
            }
        }
        for party in &plan.parties {
            if let Some(seat) = self.seat_of(party.number).and_then(|index| self.seats.get_mut(index)) {
                seat.base.go(party.gain);
            }
        }
        for party in &plan.parties {
            let Some(listener) = self.seat_of(party.number) else {
                continue;
            };
            for speaker in 0..self.seats.len() {
                let Some((number, base)) = self.seats.get(speaker).and_then(|s| Some((s.number?, s.base))) else {
                    continue;
                };
                let mut target = base;
                target.arrive();
                let wanted =
                    party.hears.iter().find(|(from, _)| *from == number).map_or(target.now(), |(_, gain)| *gain);
                let more = if listener == speaker { 0.0 } else { wanted - target.now() };
                if let Some(seat) = self.seats.get_mut(listener)
                    && let Some(differs) = seat.differs.get_mut(speaker)
                {
                    differs.go(more);
                    if !differs.is_silent() {
                        seat.mask |= 1 << speaker;
                    }
                }
            }
        }
    }

    /// These parties heard each other before the conference began: their gains are there at once.
    pub fn settle(&mut self, numbers: &[u16]) {
        let is_old = |number: Option<u16>| number.is_some_and(|n| numbers.contains(&n));
        let old: u32 = (0..).zip(&self.seats).filter(|(_, s)| is_old(s.number)).map(|(n, _)| 1 << n).sum();
        for (index, seat) in self.seats.iter_mut().enumerate().filter(|(n, _)| old & (1 << n) != 0) {
            seat.base.arrive();
            for (speaker, differs) in seat.differs.iter_mut().enumerate() {
                if old & (1 << speaker) != 0 && speaker != index {
                    differs.arrive();
                }
            }
        }
    }

    /// Those whom everybody hears, at most so many as `out` takes; returns how many there are.
    pub fn talkers(&self, out: &mut [u16]) -> usize {
        let talking = self.seats.iter().filter(|seat| !seat.base.is_silent()).filter_map(|seat| seat.number);
        let mut count = 0;
        for number in talking {
            if let Some(place) = out.get_mut(count) {
                *place = number;
            }
            count += 1;
        }
        count
    }

    fn seat_of(&self, number: u16) -> Option<usize> {
        self.seats.iter().position(|seat| seat.number == Some(number))
    }

    /// A party goes: what it said last dies away for the others.
    fn leave(&mut self, index: usize) {
        let Some(gone) = self.seats.get_mut(index) else {
            return;
        };
        let base = gone.base.now();
        let said = std::mem::take(&mut gone.said);
        let spoke = gone.spoke;
        (gone.number, gone.base, gone.mask, gone.spoke) = (None, Ramp::default(), 0, false);
        gone.differs = [Ramp::default(); MAX_PARTIES];
        gone.tail = Tail::default();
        gone.limiter = Limiter::default();
        gone.public_limiter = Limiter::default();
        gone.into.reset();
        gone.out.reset();
        gone.public_out.reset();
        for (other, seat) in self.seats.iter_mut().enumerate().filter(|(other, _)| *other != index) {
            let differs = seat.differs.get_mut(index).map_or(0.0, |d| std::mem::take(d).now());
            seat.mask &= !(1 << index);
            if spoke && seat.number.is_some() && other != index {
                seat.tail.add(&said, base + differs);
            }
        }
        self.speaker.left(index);
    }

    /// Begins a tick at this rate: the highest that is spoken and heard.
    pub fn begin(&mut self, rate: Rate) {
        self.rate = rate;
        self.sum = [0.0; MAX_FRAME];
        self.seats.iter_mut().for_each(|seat| seat.spoke = false);
    }

    /// Takes what a party says in this tick. Who says nothing is silent.
    pub fn say(&mut self, number: u16, sound: &Sound) {
        let rate = self.rate;
        let Some(index) = self.seat_of(number) else { return };
        let Some(seat) = self.seats.get_mut(index) else {
            return;
        };
        seat.into.convert(sound, rate, &mut seat.said);
        seat.spoke = true;
        let samples = seat.said.samples();
        if !seat.base.is_silent() {
            seat.base.add(samples, ramp::at(rate), &mut self.sum);
        }
        let energy: f32 = samples.iter().map(|&s| f32::from(s) * f32::from(s)).sum();
        let audible = if seat.base.now() > 0.0 { energy / samples.len().max(1) as f32 } else { 0.0 };
        self.speaker.said(index, audible);
    }

    /// Writes what a party hears in this tick, at the rate it hears. Returns false when it is no party.
    pub fn hear(&mut self, number: u16, rate: Rate, out: &mut Sound) -> bool {
        let Some(index) = self.seat_of(number) else {
            return false;
        };
        let mut mix = self.public_mix(index);
        let curve = ramp::at(self.rate);
        let mask = self.seats.get(index).map_or(0, |seat| seat.mask);
        for speaker in (0..self.seats.len()).filter(|speaker| mask & (1 << speaker) != 0) {
            let differs = self.seats.get(index).and_then(|seat| seat.differs.get(speaker)).copied().unwrap_or_default();
            if let Some(from) = self.seats.get(speaker).filter(|from| from.spoke) {
                differs.add(from.said.samples(), curve, &mut mix);
            }
        }
        if let Some(seat) = self.seats.get_mut(index) {
            seat.tail.give(self.rate, &mut mix);
            let mut mixed = Sound::silence(self.rate);
            seat.limiter.limit(mix.get(..self.rate.frame()).unwrap_or_default(), mixed.samples_mut());
            seat.out.convert(&mixed, rate, out);
        }
        true
    }

    /// What a party hears of what everybody hears, at this rate: without whispers to it and its own wishes. For recordings. Returns false,
    /// and writes nothing, when that is what [`Conference::hear`] gives.
    pub fn hear_public(&mut self, number: u16, rate: Rate, out: &mut Sound) -> bool {
        let Some(index) = self.seat_of(number) else {
            return false;
        };
        if self.seats.get(index).is_none_or(|seat| seat.mask == 0) {
            return false;
        }
        let mix = self.public_mix(index);
        if let Some(seat) = self.seats.get_mut(index) {
            let mut mixed = Sound::silence(self.rate);
            seat.public_limiter.limit(mix.get(..self.rate.frame()).unwrap_or_default(), mixed.samples_mut());
            seat.public_out.convert(&mixed, rate, out);
        }
        true
    }

    /// The sum without a seat's own part.
    fn public_mix(&self, index: usize) -> [f32; MAX_FRAME] {
        let mut mix = self.sum;
        if let Some(seat) = self.seats.get(index).filter(|seat| seat.spoke && !seat.base.is_silent()) {
            seat.base.take(seat.said.samples(), ramp::at(self.rate), &mut mix);
        }
        mix
    }

    /// Ends a tick. Tells the active speaker when it is another one, or nobody, from now on.
    pub fn end(&mut self) -> Option<Option<u16>> {
        for seat in &mut self.seats {
            seat.base.arrive();
            let mut left = 0;
            for (speaker, differs) in seat.differs.iter_mut().enumerate().filter(|(n, _)| seat.mask & (1 << n) != 0) {
                differs.arrive();
                if !differs.is_silent() {
                    left |= 1 << speaker;
                }
            }
            seat.mask = left;
        }
        let changed = self.speaker.tick();
        changed.then(|| self.speaker.active().and_then(|index| self.seats.get(index)).and_then(|seat| seat.number))
    }
}

#[cfg(test)]
mod tests;

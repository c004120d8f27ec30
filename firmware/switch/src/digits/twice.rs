//! Telephones exist that send each digit twice: by SIP INFO and as an event, or by SIP INFO while the tone is in their sound. Such
//! a digit counts once. An INFO is therefore held for a moment, until the peer has shown what its habit is:
//!
//! - once an event of the peer was heard, its INFOs say nothing new;
//! - once an INFO has waited in vain, the next ones count at once;
//! - an INFO beside a tone of the same digit is that tone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Pressed;
use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::Leg;
use crate::timer::{Timer, TimerKey};

/// How long an INFO waits for the event or the tone of the same key: the engine tells a tone after 40 ms and an event at its first
/// packet, behind a jitter buffer of 100 ms and more.
const HOLD: Duration = Duration::from_millis(300);
/// How much later than its tone an INFO may come: phones send it when the key is let go.
const BESIDE: Duration = Duration::from_secs(2);
/// Most digits held.
const MOST_HELD: usize = 16;

/// What was heard of a peer's keys.
#[derive(Default, derive_more::Debug)]
pub(crate) struct Heard {
    habit: Habit,
    /// INFOs that wait, oldest first.
    #[debug("{}", held.len())]
    held: VecDeque<char>,
    timer: Option<TimerKey>,
    /// The last tone heard that no INFO was seen beside.
    #[debug("{}", tone.is_some())]
    tone: Option<(char, Instant)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Habit {
    #[default]
    Unknown,
    /// It sends events.
    Events,
    /// It sends INFO alone.
    Info,
}

impl Exchange {
    /// The engine heard a digit of a SIP peer.
    pub(crate) fn digit_in_media(&mut self, now: Now, leg: LegId, digit: char, pressed: Pressed) {
        if let Some(heard) = self.legs.get_mut(&leg).and_then(Leg::sip_mut).map(|sip| &mut sip.heard) {
            match pressed {
                Pressed::Event => {
                    heard.habit = Habit::Events;
                    heard.held.clear();
                }
                Pressed::Tone => {
                    if heard.habit == Habit::Info {
                        heard.habit = Habit::Unknown;
                    }
                    match heard.held.iter().position(|held| *held == digit) {
                        Some(place) => drop(heard.held.remove(place)),
                        None => heard.tone = Some((digit, now.instant)),
                    }
                }
                Pressed::Apart => {}
            }
            if heard.held.is_empty() {
                let timer = heard.timer.take();
                self.timers.cancel(timer);
            }
        }
        self.digit_pressed(now, leg, digit, pressed);
    }

    /// An INFO brought a digit.
    pub(super) fn digit_by_info(&mut self, now: Now, leg: LegId, digit: char) {
        let Some(heard) = self.legs.get_mut(&leg).and_then(Leg::sip_mut).map(|sip| &mut sip.heard) else {
            return;
        };
        let beside = |(tone, at): &mut (char, Instant)| *tone == digit && now.instant - *at < BESIDE;
        match heard.habit {
            Habit::Events => {}
            _ if heard.tone.take_if(beside).is_some() => {}
            Habit::Info => self.digit_pressed(now, leg, digit, Pressed::Apart),
            Habit::Unknown if heard.held.len() < MOST_HELD => {
                heard.held.push_back(digit);
                if heard.timer.is_none() {
                    heard.timer = Some(self.timers.set(now.instant + HOLD, Timer::HeldDigits(leg)));
                }
            }
            Habit::Unknown => {}
        }
    }

    /// INFOs have waited in vain: they are all there is.
    pub(crate) fn held_digits_due(&mut self, now: Now, leg: LegId) {
        let Some(heard) = self.legs.get_mut(&leg).and_then(Leg::sip_mut).map(|sip| &mut sip.heard) else {
            return;
        };
        heard.habit = Habit::Info;
        heard.timer = None;
        for digit in std::mem::take(&mut heard.held) {
            self.digit_pressed(now, leg, digit, Pressed::Apart);
        }
    }

    /// A leg that goes leaves no timer.
    pub(crate) fn forget_held_digits(&mut self, leg: LegId) {
        let timer = self.legs.get_mut(&leg).and_then(Leg::sip_mut).and_then(|sip| sip.heard.timer.take());
        self.timers.cancel(timer);
    }
}

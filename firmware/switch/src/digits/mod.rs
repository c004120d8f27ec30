//! Digits pressed in a call: RFC 4733 events, SIP INFO, tones and pulses of analog sets. Each reaches every other party once:
//!
//! | pressed | a party told by events | by SIP INFO | by tones, and analog ones |
//! |---|---|---|---|
//! | event, in a call of two | by the media engine | INFO | by the media engine |
//! | event, in a larger one | event | INFO | tone |
//! | tone in the sound | event | INFO | hears it |
//! | SIP INFO, pulses | event | INFO | tone |
//!
//! How a party is told is the mode of its device or trunk ([`DigitMode`]) and what was agreed with it. A party told otherwise than by
//! events is not offered any, so that the engine does not tell it a second time. A tone that a party told by INFO can hear as well
//! stays in the sound: to cut it out would cut speech wherever the detector errs.

mod info;
mod twice;

use std::time::Duration;

use offhook_media::command as media;

pub(crate) use info::InfoQueue;
pub(crate) use twice::Heard;

use crate::config::DigitMode;
use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::{Leg, Phase};

/// Length of a digit we send.
const LENGTH: Duration = Duration::from_millis(160);

/// How a digit was pressed: what of it reaches the other parties without us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// As a tone, which is in the sound.
    Tone,
    /// As an RFC 4733 event, which the engine passes on between two parties.
    Event,
    /// As SIP INFO, by pulses, or on a port whose hardware hears keys: nothing of it.
    Apart,
}

/// How a party is told digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Event,
    Info(InfoBody),
    Tone,
}

/// What a digit looks like in SIP INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InfoBody {
    /// `application/dtmf-relay`.
    Relay,
    /// `application/dtmf`.
    Plain,
}

impl Exchange {
    /// How a leg is told digits.
    pub(crate) fn told(&self, leg: &Leg) -> Told {
        let Some(sip) = leg.sip() else { return Told::Tone };
        let mode = self.sound_of(leg.device, leg.trunk).map_or(DigitMode::Auto, |sound| sound.digits);
        let events = sip.negotiated.as_ref().is_some_and(|agreed| agreed.telephone_event.is_some());
        let info = |body| if sip.info.refused() { Told::Tone } else { Told::Info(body) };
        match mode {
            DigitMode::Auto | DigitMode::Events if events => Told::Event,
            DigitMode::Auto => self.reads_info(sip.session).map_or(Told::Tone, info),
            DigitMode::InfoRelay => info(InfoBody::Relay),
            DigitMode::Info => info(InfoBody::Plain),
            DigitMode::Events | DigitMode::Tones => Told::Tone,
        }
    }

    /// A party has pressed a key.
    pub(crate) fn digit_pressed(&mut self, now: Now, leg: LegId, digit: char, pressed: Pressed) {
        if self.phase(leg) != Some(Phase::Connected) || self.announcement_digit(now, leg, digit) {
            return;
        }
        let Some(found) = self.legs.get(&leg).filter(|leg| !leg.holding) else {
            return;
        };
        let Some(call) = self.calls.get(&found.call) else {
            return;
        };
        let by_engine = pressed == Pressed::Event && call.members.len() == 2;
        let mut streams = Vec::new();
        let mut informed = Vec::new();
        for other in call.legs.iter().filter(|other| **other != leg).filter_map(|other| self.legs.get(other)) {
            if other.phase != Phase::Connected || other.transferring || other.holding {
                continue;
            }
            match self.told(other) {
                Told::Info(body) => informed.push((other.id, body)),
                Told::Event | Told::Tone if by_engine => {}
                Told::Tone if pressed == Pressed::Tone => {}
                Told::Event | Told::Tone => streams.extend(self.stream_of(other)),
            }
        }
        for stream in streams {
            self.media(media::Command::SendDigit { stream, digit, duration: LENGTH });
        }
        for (leg, body) in informed {
            self.queue_info(now, leg, digit, body);
        }
    }
}

//! Digits pressed in a call: RFC 4733 events, SIP INFO, tones and pulses of analog sets. Each reaches every other party once:
//!
//! | pressed | a SIP party with events agreed | any other party |
//! |---|---|---|
//! | RFC 4733, in a call of two | by the media engine | by the media engine, as a tone |
//! | RFC 4733, in a larger one | event | tone |
//! | tone in the sound | event | hears it |
//! | SIP INFO, pulses | event | tone |

use std::time::Duration;

use offhook_media::command as media;
use offhook_sip::endpoint::SessionId;
use offhook_sip::message::Message;

use crate::cause::ReleaseCause;
use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::{Leg, Phase, SipLeg};

/// Length of a digit we send when the phone did not say.
const LENGTH: Duration = Duration::from_millis(160);

/// How a digit reaches the other parties without us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// As a tone in the sound.
    Sound,
    /// As RFC 4733 events, which the engine passes on between two parties.
    Events,
    /// Not at all.
    Nowhere,
}

impl Exchange {
    /// From the media engine.
    pub(crate) fn handle_media(&mut self, now: Now, event: media::Event) {
        match event {
            media::Event::Digit { stream, digit } => {
                if let Some(leg) = self.streams.get(&stream).copied() {
                    let agreed = |sip: &SipLeg| sip.negotiated.as_ref()?.receive_telephone_event;
                    let events = self.legs.get(&leg).and_then(Leg::sip).and_then(agreed).is_some();
                    self.digit_pressed(now, leg, digit, if events { Carried::Events } else { Carried::Sound });
                } else if let Some(line) = self.lines.iter().find(|(_, port)| port.stream == stream) {
                    let line = *line.0;
                    self.key_in_sound(now, line, digit);
                }
            }
            media::Event::Tone { stream, tone } => self.tone_heard(now, stream, tone),
            media::Event::Failed { stream, .. } => {
                // A port taken by something else: the leg has no media and ends.
                if let Some(leg) = self.streams.get(&stream).copied() {
                    self.media_failed(now, leg);
                }
            }
            media::Event::MediaLost { stream } => {
                if let Some(leg) = self.streams.get(&stream).copied() {
                    self.media_lost(now, leg);
                }
            }
            media::Event::Closed { stream, statistics } => self.stream_closed(stream, &statistics),
            media::Event::PlayEnded { .. }
            | media::Event::PlayFailed { .. }
            | media::Event::MediaStarted { .. }
            | media::Event::FaxDetected { .. }
            | media::Event::ActiveSpeaker { .. }
            | media::Event::RecordingPaused { .. }
            | media::Event::Recorded { .. } => {}
        }
    }

    fn media_failed(&mut self, now: Now, leg: LegId) {
        let release = ReleaseCause::NO_CIRCUIT.into();
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let (call, phase) = (found.call, found.phase);
        match phase {
            Phase::Offered | Phase::Alerting => {
                // The phone is told; its user is treated as one whose phone failed.
                if let Some(session) = self.legs.get(&leg).and_then(crate::leg::Leg::session) {
                    let _ = self.endpoint.end(now.instant, session, None);
                }
                self.leg_gone(now, leg, release);
            }
            Phase::Calling | Phase::Connected => {
                self.release_leg(now, leg, release);
                self.after_leave(now, call, release, false);
            }
            Phase::Ending => {}
        }
    }

    /// Nothing is heard of a party for the RTP time-out: it has lost its power or its network, and no BYE will come. Not while
    /// anybody in the call holds: phones may be silent then (and the engine tells again). A party that said it sends nothing
    /// (`sendonly` of ours, `inactive`) is not waited for by the engine; session timers watch over it.
    fn media_lost(&mut self, now: Now, leg: LegId) {
        if self.config.sip.rtp_timeout.is_none() {
            return;
        }
        let Some(found) = self.legs.get(&leg).filter(|leg| leg.phase == Phase::Connected && !leg.transferring) else {
            return;
        };
        let call = found.call;
        let held = self
            .calls
            .get(&call)
            .is_some_and(|call| call.legs.iter().filter_map(|leg| self.legs.get(leg)).any(|leg| leg.holding));
        if !held {
            let release = ReleaseCause::OUT_OF_ORDER.into();
            self.release_leg(now, leg, release);
            self.after_leave(now, call, release, false);
        }
    }

    /// INFO within a session.
    pub(crate) fn in_dialog(&mut self, now: Now, session: SessionId, request: &Message) {
        let Some(leg) = self.sessions.get(&session).copied() else {
            return;
        };
        let content_type = request.header("Content-Type").unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        let body = String::from_utf8_lossy(request.body().get(..256).unwrap_or(request.body()));
        let digit = if content_type.eq_ignore_ascii_case("application/dtmf-relay") {
            relay_digit(&body)
        } else if content_type.eq_ignore_ascii_case("application/dtmf") {
            digit(body.trim())
        } else {
            None
        };
        if let Some(digit) = digit {
            self.digit_pressed(now, leg, digit, Carried::Nowhere);
        }
    }

    /// A party has pressed a key.
    pub(crate) fn digit_pressed(&mut self, now: Now, leg: LegId, digit: char, carried: Carried) {
        if self.phase(leg) != Some(Phase::Connected) || self.announcement_digit(now, leg, digit) {
            return;
        }
        let Some(found) = self.legs.get(&leg).filter(|leg| !leg.holding) else {
            return;
        };
        let Some(call) = self.calls.get(&found.call) else {
            return;
        };
        if carried == Carried::Events && call.members.len() == 2 {
            return;
        }
        let mut streams = Vec::new();
        for other in call.legs.iter().filter(|other| **other != leg).filter_map(|other| self.legs.get(other)) {
            if other.phase != Phase::Connected || other.transferring || other.holding {
                continue;
            }
            let events = other.sip().and_then(|sip| sip.negotiated.as_ref()?.telephone_event).is_some();
            if events || carried != Carried::Sound {
                streams.extend(self.stream_of(other));
            }
        }
        for stream in streams {
            self.media(media::Command::SendDigit { stream, digit, duration: LENGTH });
        }
    }
}

/// `Signal=5` of `application/dtmf-relay`.
fn relay_digit(body: &str) -> Option<char> {
    body.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then(|| digit(value.trim()))?
    })
}

/// One key, as a sign or as the event number of RFC 4733.
fn digit(text: &str) -> Option<char> {
    match text {
        "10" => Some('*'),
        "11" => Some('#'),
        "12" => Some('A'),
        "13" => Some('B'),
        "14" => Some('C'),
        "15" => Some('D'),
        _ => {
            let mut characters = text.chars();
            let digit = characters.next()?.to_ascii_uppercase();
            (characters.next().is_none() && matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')).then_some(digit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_info() {
        assert_eq!(relay_digit("Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(relay_digit("signal = 11\r\n"), Some('#'));
        assert_eq!(relay_digit("Duration=160\r\n"), None);
        assert_eq!(relay_digit("Signal=55\r\n"), None);
        assert_eq!(digit("*"), Some('*'));
        assert_eq!(digit(""), None);
    }
}

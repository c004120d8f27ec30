//! Digits pressed in a call: RFC 4733 events, SIP INFO, analog sets.

use std::time::Duration;

use offhook_lines::fxo;
use offhook_media::command as media;
use offhook_sip::endpoint::SessionId;
use offhook_sip::message::Message;

use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::{Kind, Phase};

/// Length of a digit we send when the phone did not say.
const LENGTH: Duration = Duration::from_millis(160);

impl Exchange {
    /// From the media engine.
    pub(crate) fn handle_media(&mut self, now: Now, event: media::Event) {
        match event {
            media::Event::Digit { stream, digit } => {
                let leg = self.streams.get(&stream).copied().or_else(|| {
                    let port = self.lines.values().find(|port| port.stream == stream)?;
                    port.active
                });
                if let Some(leg) = leg {
                    self.digit_pressed(now, leg, digit, false);
                }
            }
            media::Event::Failed { stream, .. } => {
                // A port taken by something else: the leg has no media and ends.
                if let Some(leg) = self.streams.get(&stream).copied() {
                    self.media_failed(now, leg);
                }
            }
            media::Event::PlayEnded { .. }
            | media::Event::PlayFailed { .. }
            | media::Event::MediaStarted { .. }
            | media::Event::MediaLost { .. }
            | media::Event::Closed { .. }
            | media::Event::Recorded { .. } => {}
        }
    }

    fn media_failed(&mut self, now: Now, leg: LegId) {
        let release = crate::cause::ReleaseCause::NO_CIRCUIT.into();
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
            self.digit_pressed(now, leg, digit, true);
        }
    }

    /// A party has pressed a key. `relay`: the engine did not see it, the other side has to be told by us.
    pub(crate) fn digit_pressed(&mut self, now: Now, leg: LegId, digit: char, relay: bool) {
        if self.phase(leg) != Some(Phase::Connected) || self.announcement_digit(now, leg, digit) {
            return;
        }
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let from_sip = found.session().is_some();
        let Some(call) = self.calls.get(&found.call) else {
            return;
        };
        let others: Vec<LegId> = call.legs.iter().copied().filter(|other| *other != leg).collect();
        for other in others {
            let Some(other) = self.legs.get(&other) else {
                continue;
            };
            if other.phase != Phase::Connected || other.transferring {
                continue;
            }
            match &other.kind {
                // Events are carried by the engine between RTP streams; what came by INFO is not.
                Kind::Sip(sip) if relay => {
                    if let Some(stream) = sip.stream {
                        self.media(media::Command::SendDigit { stream, digit, duration: LENGTH });
                    }
                }
                // The exchange on the line hears tones: from a set they are in the audio already.
                Kind::Fxo(line) if from_sip => {
                    let line = *line;
                    self.fxo_command(now, line, fxo::Command::SendDigit(digit));
                }
                Kind::Sip(_) | Kind::Fxo(_) | Kind::Fxs(_) => {}
            }
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

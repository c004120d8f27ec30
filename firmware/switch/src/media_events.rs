//! What the media engine tells, sent to where it belongs; streams that fail or fall silent.

use offhook_media::command as media;

use crate::cause::ReleaseCause;
use crate::digits::Pressed;
use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::{Leg, Phase, SipLeg};

impl Exchange {
    /// From the media engine.
    pub(crate) fn handle_media(&mut self, now: Now, event: media::Event) {
        match event {
            media::Event::Digit { stream, digit } => {
                if let Some(leg) = self.streams.get(&stream).copied() {
                    let agreed = |sip: &SipLeg| sip.negotiated.as_ref()?.receive_telephone_event;
                    let events = self.legs.get(&leg).and_then(Leg::sip).and_then(agreed).is_some();
                    self.digit_in_media(now, leg, digit, if events { Pressed::Event } else { Pressed::Tone });
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
            media::Event::FaxDetected { stream } => self.fax_detected(now, stream),
            media::Event::Closed { stream, statistics } => self.stream_closed(stream, &statistics),
            media::Event::PlayEnded { .. }
            | media::Event::PlayFailed { .. }
            | media::Event::MediaStarted { .. }
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
}

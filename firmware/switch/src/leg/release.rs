//! The end of a leg, from our side and from the peer's.

use offhook_lines::country::ToneKind;
use offhook_lines::{fxo, fxs};
use offhook_media::command as media;

use super::{Kind, Phase};
use crate::cause::{Release, ReleaseCause};
use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::record::LegStatus;

/// Told to phones that rang while another was quicker (RFC 3326).
pub(crate) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

impl Exchange {
    /// Ends a leg from our side.
    pub(crate) fn release_leg(&mut self, now: Now, leg: LegId, release: Release) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let phase = found.phase;
        let reason = release.cause.reason();
        match found.kind {
            Kind::Sip(ref sip) => {
                let session = sip.session;
                let gone = match phase {
                    Phase::Calling => {
                        let status = release.status();
                        let mut headers = vec![("Reason", reason.as_str())];
                        if status == 503 {
                            headers.push(("Retry-After", "5"));
                        }
                        self.endpoint.reject(now.instant, session, status, &headers)
                    }
                    Phase::Connected => self.endpoint.end(now.instant, session, Some(&reason)),
                    Phase::Offered | Phase::Alerting => return self.cancel_leg(now, leg, None),
                    Phase::Ending => return,
                };
                // Gone: the event that says why is on its way and will find no leg.
                let _ = gone;
            }
            Kind::Fxs(line) => self.release_set(now, leg, line, phase, release.cause),
            Kind::Fxo(line) => self.fxo_command(now, line, fxo::Command::HangUp),
        }
        self.drop_leg(now, leg, release.cause);
    }

    /// Stops offering a leg. A SIP leg stays, out of its call, until its end is known.
    pub(crate) fn cancel_leg(&mut self, now: Now, leg: LegId, reason: Option<&str>) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        match found.kind {
            Kind::Sip(ref sip) => {
                let (session, entry, call) = (sip.session, found.entry, found.call);
                let _ = self.endpoint.cancel(now.instant, session, reason);
                if let Some(entry) = entry.and_then(|entry| self.entries.get_mut(&entry)) {
                    entry.cancelling += 1;
                }
                self.close_media(now, leg);
                self.detach_leg(leg);
                self.dirty.insert(call);
                if let Some(found) = self.legs.get_mut(&leg) {
                    found.phase = Phase::Ending;
                }
            }
            Kind::Fxs(line) => {
                self.stop_ringing(now, line, leg);
                self.drop_leg(now, leg, ReleaseCause::NORMAL);
            }
            Kind::Fxo(line) => {
                self.fxo_command(now, line, fxo::Command::HangUp);
                self.drop_leg(now, leg, ReleaseCause::NORMAL);
            }
        }
    }

    /// A cancelled INVITE has come to its end.
    pub(crate) fn cancelled_leg_ended(&mut self, leg: LegId, late: bool) {
        let Some(found) = self.legs.remove(&leg) else {
            return;
        };
        if let Some(session) = found.session() {
            self.sessions.remove(&session);
        }
        if let Some(entry) = found.entry {
            self.entry_cancelled(entry, late);
        }
    }

    /// Takes a leg out of every table, closes its media and its record. The peer has ended it, or we just did.
    pub(crate) fn drop_leg(&mut self, now: Now, leg: LegId, cause: ReleaseCause) {
        self.close_media(now, leg);
        self.detach_leg(leg);
        let Some(found) = self.legs.remove(&leg) else {
            return;
        };
        if let Some(session) = found.session() {
            self.sessions.remove(&session);
        }
        if let Some(line) = found.line() {
            self.leave_line(line, leg);
        }
        self.dirty.insert(found.call);
        let Some(entry) = found.entry else { return };
        // A ringing leg's record is its stage's business.
        if self.entries.get(&entry).is_some_and(|entry| entry.leg.outgoing) {
            self.decide_entry(now, entry, LegStatus::Out, cause);
        } else if found.phase == Phase::Connected {
            self.decide_entry(now, entry, LegStatus::Answered, cause);
        }
    }

    /// Out of the call and the counts.
    fn detach_leg(&mut self, leg: LegId) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        if found.phase == Phase::Ending {
            return;
        }
        if let Some(call) = self.calls.get_mut(&found.call) {
            call.legs.retain(|other| *other != leg);
        }
        if let Some(user) = found.user
            && let Some(legs) = self.user_legs.get_mut(&user)
        {
            legs.remove(&leg);
            if legs.is_empty() {
                self.user_legs.remove(&user);
            }
        }
        if let Some(state) = found.trunk.and_then(|trunk| self.trunks.get_mut(&trunk)) {
            state.legs = state.legs.saturating_sub(1);
        }
    }

    /// Closes the RTP stream of a leg. The stream of an analog port stays open for ever.
    fn close_media(&mut self, now: Now, leg: LegId) {
        self.stop_recording_of(leg);
        self.forget_held_digits(leg);
        let Some(sip) = self.legs.get_mut(&leg).and_then(super::Leg::sip_mut) else {
            return;
        };
        let (stream, port) = (sip.stream.take(), sip.port.take());
        if let Some(stream) = stream {
            self.await_quality(leg, stream);
            self.streams.remove(&stream);
            self.media(media::Command::Close { stream });
        }
        if let Some(port) = port {
            self.ports.give_back(now.instant, port);
        }
    }

    /// What the person at an analog set hears at the end.
    fn release_set(&mut self, now: Now, leg: LegId, line: crate::id::LineId, phase: Phase, cause: ReleaseCause) {
        let Some(port) = self.lines.get(&line) else {
            return;
        };
        if port.active != Some(leg) {
            return self.stop_ringing(now, line, leg);
        }
        // With another call on hold: back to it when the active one ends; a failed second call is heard as busy first.
        let held = port.held.is_some();
        match phase {
            Phase::Offered | Phase::Alerting | Phase::Ending => self.stop_ringing(now, line, leg),
            Phase::Calling => {
                let tone = match cause {
                    ReleaseCause::BUSY | ReleaseCause::REJECTED | ReleaseCause::NORMAL => ToneKind::Busy,
                    ReleaseCause::UNALLOCATED | ReleaseCause::INVALID_NUMBER => ToneKind::Information,
                    ReleaseCause::NO_ANSWER | ReleaseCause::ABSENT | ReleaseCause::NO_USER_RESPONDING => ToneKind::Busy,
                    _ => ToneKind::Congestion,
                };
                // `Disconnect` first: it starts the howler's clock; the tone then says why.
                self.fxs_command(now, line, fxs::Command::Disconnect);
                self.fxs_command(now, line, fxs::Command::Tone(Some(tone)));
            }
            Phase::Connected if held => {
                self.leave_line(line, leg);
                self.retrieve(now, line);
            }
            Phase::Connected => self.fxs_command(now, line, fxs::Command::Disconnect),
        }
    }
}

//! Alerting and answering: from ringing to conversation.

use offhook_lines::country::ToneKind;
use offhook_lines::{fxo, fxs};

use super::{Purpose, StageKind};
use crate::cause::{Release, ReleaseCause};
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, LegId};
use crate::leg::release::ELSEWHERE;
use crate::leg::{Kind, Phase};
use crate::record::LegStatus;

impl Exchange {
    /// Tells the caller that it rings.
    pub(crate) fn alert_caller(&mut self, now: Now, call: CallId) {
        let Some(leg) = self.caller_leg(call) else {
            return;
        };
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        if found.phase != Phase::Calling {
            return;
        }
        match found.kind {
            Kind::Sip(ref sip) => {
                let session = sip.session;
                let _ = self.endpoint.progress(now.instant, session, 180, &[], None, false);
            }
            Kind::Fxs(line) => self.fxs_command(now, line, fxs::Command::Tone(Some(ToneKind::Ringback))),
            // The caller hears the exchange's own ringback until we answer.
            Kind::Fxo(_) => {}
        }
    }

    /// The caller's leg, while it is there.
    pub(crate) fn caller_leg(&self, call: CallId) -> Option<LegId> {
        let call = self.calls.get(&call)?;
        call.legs.iter().copied().find(|leg| self.legs.get(leg).is_some_and(|leg| leg.caller))
    }

    /// The party that was called hears or is heard before it answers: the caller gets its media now.
    pub(crate) fn early_media(&mut self, now: Now, call: CallId, leg: LegId) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.early_media = true;
        }
        self.dirty.insert(call);
        let Some(caller) = self.caller_leg(call) else {
            return;
        };
        let Some(found) = self.legs.get(&caller) else {
            return;
        };
        if found.phase != Phase::Calling {
            return;
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.alerted = true;
        }
        match found.kind {
            Kind::Sip(ref sip) => {
                let session = sip.session;
                if sip.answered_early {
                    return;
                }
                // A late offer cannot be answered before the 200; the caller then hears nothing early, as with any plain 180.
                let Some(offer) = sip.remote_offer.clone() else {
                    let _ = self.endpoint.progress(now.instant, session, 180, &[], None, false);
                    return;
                };
                let codecs = self.codecs_of(leg);
                if let Ok(body) = self.make_answer(now, caller, &offer, &codecs) {
                    if let Some(sip) = self.legs.get_mut(&caller).and_then(crate::leg::Leg::sip_mut) {
                        sip.answered_early = true;
                    }
                    let _ = self.endpoint.progress(now.instant, session, 183, &[], Some(body), true);
                }
            }
            Kind::Fxs(line) => self.fxs_command(now, line, fxs::Command::Talk),
            Kind::Fxo(_) => {}
        }
    }

    /// The party of `leg` has answered. Its media is agreed.
    pub(crate) fn leg_answered(&mut self, now: Now, leg: LegId) {
        let Some(found) = self.legs.get_mut(&leg) else {
            return;
        };
        let call = found.call;
        found.phase = Phase::Connected;
        let (user, device, interface) = (found.user, found.device, found.interface.clone());
        let Some(mut stage) = self.calls.get_mut(&call).and_then(|call| call.stage.take()) else {
            return;
        };
        let purpose = stage.purpose;
        self.timers.cancel(stage.timer.take());
        let entry = match &mut stage.kind {
            StageKind::User { entry, legs, .. } => {
                legs.retain(|other| *other != leg);
                for other in std::mem::take(legs) {
                    self.cancel_leg(now, other, Some(ELSEWHERE));
                }
                Some(*entry)
            }
            StageKind::Trunk { entry, .. } => *entry,
        };
        if let Some(entry) = entry {
            self.entry_answered(now, entry, device, interface);
        }
        if let Some(found) = self.legs.get_mut(&leg) {
            found.entry = entry;
        }
        self.close_missed(now, call, LegStatus::CallAnswered, ReleaseCause::NORMAL);
        if let Some(found) = self.calls.get_mut(&call) {
            found.forwards = 0;
            found.diversions.clear();
            if found.answered.is_none() {
                found.answered = Some(now.wall);
                found.answered_by = user;
            }
        }
        if purpose == Purpose::Setup && !self.connect_caller(now, call, leg) {
            return;
        }
        self.start_recording(now, call, leg);
        if let Purpose::Transfer { by } = purpose {
            self.transfer_done(now, call, by);
        }
        self.write_call(call);
    }

    /// Answers the caller. `false`: that was not possible, the call is over.
    pub(crate) fn connect_caller(&mut self, now: Now, call: CallId, with: LegId) -> bool {
        let Some(caller) = self.caller_leg(call) else {
            return true;
        };
        let Some(found) = self.legs.get(&caller) else {
            return true;
        };
        if found.phase != Phase::Calling {
            return true;
        }
        let entry = found.entry;
        match found.kind {
            Kind::Sip(_) => {
                let codecs = self.codecs_of(with);
                if let Err(release) = self.answer_sip(now, caller, &codecs) {
                    self.end_call(now, call, release, false);
                    return false;
                }
            }
            Kind::Fxs(line) => self.fxs_command(now, line, fxs::Command::Talk),
            Kind::Fxo(line) => self.fxo_command(now, line, fxo::Command::Answer),
        }
        if let Some(entry) = entry {
            self.entry_answered(now, entry, None, None);
        }
        if let Some(found) = self.legs.get_mut(&caller) {
            found.phase = Phase::Connected;
        }
        self.dirty.insert(call);
        true
    }

    /// 200 with SDP on an INVITE received.
    pub(crate) fn answer_sip(&mut self, now: Now, leg: LegId, codecs: &[String]) -> Result<(), Release> {
        let Some(sip) = self.legs.get(&leg).and_then(crate::leg::Leg::sip) else {
            return Ok(());
        };
        let session = sip.session;
        let body = if sip.answered_early {
            Some(offhook_sip::endpoint::Body {
                content_type: "application/sdp".into(),
                bytes: sip.description.clone().into(),
            })
        } else {
            match sip.remote_offer.clone() {
                Some(offer) => Some(self.make_answer(now, leg, &offer, codecs).map_err(|unusable| {
                    if unusable.status == 503 {
                        Release::from(ReleaseCause::NO_CIRCUIT)
                    } else {
                        Release::from(ReleaseCause::NO_CODEC)
                    }
                })?),
                None => {
                    let body = self.make_offer(now, leg, codecs).ok_or(Release::from(ReleaseCause::NO_CIRCUIT))?;
                    if let Some(sip) = self.legs.get_mut(&leg).and_then(crate::leg::Leg::sip_mut) {
                        sip.awaiting_answer = true;
                    }
                    Some(body)
                }
            }
        };
        if let Some(sip) = self.legs.get_mut(&leg).and_then(crate::leg::Leg::sip_mut) {
            sip.remote_offer = None;
        }
        let _ = self.endpoint.answer(now.instant, session, &[], body);
        Ok(())
    }

    /// Decides the records of those who missed the call.
    pub(crate) fn close_missed(&mut self, now: Now, call: CallId, status: LegStatus, cause: ReleaseCause) {
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        for entry in std::mem::take(&mut found.missed) {
            self.decide_entry(now, entry, status, cause);
        }
    }
}

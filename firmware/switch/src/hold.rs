//! Offers within a session: hold, resume, a new address, a session refresh. Each side of a call is negotiated by itself; what
//! the other side hears follows in `bridge`.

use offhook_sip::endpoint::{Body, SessionId};

use crate::exchange::{Exchange, Now};
use crate::leg::{Leg, Phase};

impl Exchange {
    /// The peer offers a change.
    pub(crate) fn offered(&mut self, now: Now, session: SessionId, body: Option<Body>) {
        let Some(leg) = self.sessions.get(&session).copied() else {
            let _ = self.endpoint.reject_offer(now.instant, session, 481);
            return;
        };
        let codecs = self.codecs_of(leg);
        let Some(body) = body else {
            // We are asked for an offer; the answer comes with the ACK.
            match self.make_offer(now, leg, &codecs) {
                Some(offer) => {
                    if let Some(sip) = self.legs.get_mut(&leg).and_then(Leg::sip_mut) {
                        sip.awaiting_answer = true;
                    }
                    let _ = self.endpoint.accept_offer(now.instant, session, Some(offer));
                }
                None => {
                    let _ = self.endpoint.reject_offer(now.instant, session, 503);
                }
            }
            return;
        };
        match self.make_answer(now, leg, &body.bytes, &codecs) {
            Ok(answer) => {
                let _ = self.endpoint.accept_offer(now.instant, session, Some(answer));
                self.renew_fax_offer(now, leg);
            }
            Err(unusable) => {
                let _ = self.endpoint.reject_offer(now.instant, session, unusable.status);
            }
        }
    }

    /// The answer to an offer of ours that went out in a 2xx or a re-INVITE.
    pub(crate) fn offer_answered(&mut self, now: Now, session: SessionId, body: Option<Body>) {
        let Some(leg) = self.sessions.get(&session).copied() else {
            return;
        };
        let awaiting =
            self.legs.get_mut(&leg).and_then(Leg::sip_mut).is_some_and(|sip| std::mem::take(&mut sip.awaiting_answer));
        if !awaiting {
            return;
        }
        let usable = body.is_some_and(|body| self.take_answer(leg, &body.bytes).is_ok());
        // Without an answer there is no media and never will be (RFC 3261 §13.2.2.4).
        if !usable && self.phase(leg) == Some(Phase::Connected) {
            let release = crate::cause::ReleaseCause::NO_CODEC.into();
            let call = self.legs.get(&leg).map(|leg| leg.call);
            self.release_leg(now, leg, release);
            if let Some(call) = call {
                self.after_leave(now, call, release, false);
            }
        }
    }
}

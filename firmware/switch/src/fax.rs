//! Fax and modem calls are passed through as they sound: G.711 on every leg, silence sent as it is. The engine has done its own part
//! when it tells (no echo canceller, a fixed delay); what was agreed with the peers is our part. A fax is never undone while its call
//! lasts: a second page, or the modem at the other end, may come at any moment.
//!
//! T.38 is refused with 488 (there is no gateway), upon which the peer stays with the sound.

use offhook_media::command as media;

use crate::exchange::{Exchange, Now};
use crate::id::LegId;
use crate::leg::{Leg, Phase};

impl Exchange {
    /// The engine heard a fax or a modem on a line.
    pub(crate) fn fax_detected(&mut self, now: Now, stream: media::StreamId) {
        let active = self.lines.values().find(|port| port.stream == stream).and_then(|port| port.active);
        let Some(call) = active.and_then(|leg| self.legs.get(&leg)).map(|leg| leg.call) else {
            return;
        };
        let Some(found) = self.calls.get_mut(&call).filter(|call| !call.fax) else {
            return;
        };
        found.fax = true;
        for leg in found.legs.clone() {
            if self.phase(leg) == Some(Phase::Connected) {
                self.pass_fax(now, leg);
            }
        }
    }

    /// The call of this leg carries a fax.
    pub(crate) fn carries_fax(&self, leg: LegId) -> bool {
        self.legs.get(&leg).and_then(|leg| self.calls.get(&leg.call)).is_some_and(|call| call.fax)
    }

    /// Offers a SIP leg what lets a fax pass, unless that is agreed already: its peer may be about to offer T.38, and one change at a
    /// time is quicker. Should both cross, the endpoint waits and offers again (491, RFC 3261 §14.1).
    pub(crate) fn pass_fax(&mut self, now: Now, leg: LegId) {
        let Some(sip) = self.legs.get(&leg).and_then(Leg::sip) else {
            return;
        };
        let session = sip.session;
        if sip.fax || sip.negotiated.as_ref().is_some_and(|agreed| is_clear(&agreed.codec.name)) {
            return;
        }
        self.offer_fax(now, leg, session);
    }

    /// A change of the peer's came before the answer to ours: what waits to be sent follows the description that it is to replace.
    pub(crate) fn renew_fax_offer(&mut self, now: Now, leg: LegId) {
        let waits = |sip: &&crate::leg::SipLeg| sip.fax && sip.awaiting_answer;
        let session = self.legs.get(&leg).and_then(Leg::sip).filter(waits).map(|sip| sip.session);
        if let Some(session) = session {
            self.offer_fax(now, leg, session);
        }
    }

    fn offer_fax(&mut self, now: Now, leg: LegId, session: offhook_sip::endpoint::SessionId) {
        let Some(offer) = self.make_offer(now, leg, &[]) else {
            return;
        };
        if let Some(sip) = self.legs.get_mut(&leg).and_then(Leg::sip_mut) {
            sip.awaiting_answer = true;
        }
        // Gone: the event that says why is on its way.
        let _ = self.endpoint.reoffer(now.instant, session, Some(offer));
    }
}

/// Codecs that carry a modem.
fn is_clear(codec: &str) -> bool {
    ["PCMA", "PCMU"].iter().any(|name| codec.eq_ignore_ascii_case(name))
}

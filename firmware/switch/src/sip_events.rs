//! What the SIP endpoint tells, sent to where it belongs.

use offhook_sip::endpoint::{Event, Input, Reason, ServerTransactionId, SessionId};
use offhook_sip::message::{Message, Method};

use crate::cause::{Release, ReleaseCause};
use crate::exchange::{Exchange, Now};
use crate::leg::{Leg, Phase};

/// Methods we take (RFC 3261 §20.5).
const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, REFER, NOTIFY";

impl Exchange {
    /// From the network.
    pub(crate) fn handle_sip(&mut self, now: Now, input: Input) {
        if let Input::Received { flow, .. } = &input
            && self.is_banned(now, flow)
        {
            return;
        }
        if let Input::ConnectionClosed(connection) = input {
            self.connection_closed(now, connection);
        }
        self.endpoint.handle(now.instant, input);
    }

    pub(crate) fn sip_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Request { transaction, request, flow } => match request.method() {
                Method::Register => self.register(now, transaction, &request, flow),
                _ => self.plain_request(now, transaction, &request),
            },
            Event::Invited { session, request, flow, replaces } => {
                self.invited(now, session, &request, &flow, replaces);
            }
            Event::Cancelled { session, reason } => {
                self.session_gone(now, session, release(reason.as_ref(), ReleaseCause::NORMAL));
            }
            Event::Progress { session, status, body, .. } => self.progressed(now, session, status, body),
            Event::Answered { session, response, offer } => self.answered(now, session, &response, offer),
            Event::Confirmed { session, body } => self.offer_answered(now, session, body),
            Event::Failed { session, status, response } => self.failed(now, session, status, response.as_ref()),
            Event::Offer { session, body } => self.offered(now, session, body),
            Event::OfferAnswered { session, body } => self.offer_answered(now, session, body),
            Event::OfferRejected { session, .. } => {
                if let Some(sip) = self.leg_of(session).and_then(Leg::sip_mut) {
                    sip.awaiting_answer = false;
                }
            }
            Event::Referred { session, transaction, refer_to, replaces, .. } => {
                self.referred(now, session, transaction, &refer_to, replaces);
            }
            Event::InDialog { session, request } => self.in_dialog(now, session, &request),
            Event::Ended { session, reason, expired, .. } => {
                let default = if expired { ReleaseCause::TIMER } else { ReleaseCause::NORMAL };
                self.session_gone(now, session, release(reason.as_ref(), default));
            }
            // We accept no subscription yet.
            Event::SubscriptionRefreshed { .. } | Event::SubscriptionEnded { .. } => {}
            Event::Response { request, status, response } => {
                if !self.info_answered(now, request, status) {
                    self.trunk_registered(now, request, status, response.as_ref());
                }
            }
        }
    }

    fn leg_of(&mut self, session: SessionId) -> Option<&mut Leg> {
        let leg = self.sessions.get(&session)?;
        self.legs.get_mut(leg)
    }

    fn session_gone(&mut self, now: Now, session: SessionId, release: Release) {
        if let Some(leg) = self.sessions.get(&session).copied() {
            self.leg_gone(now, leg, release);
        }
    }

    /// Requests outside a session that are not REGISTER.
    fn plain_request(&mut self, now: Now, transaction: ServerTransactionId, request: &Message) {
        let status = match request.method() {
            // Answered without asking who it is: phones and trunks use it to see that we are alive (RFC 3261 §11.2).
            Method::Options => {
                let headers = [("Allow", ALLOW), ("Accept", "application/sdp"), ("Accept-Encoding", "identity")];
                let _ = self.endpoint.respond(now.instant, transaction, 200, &headers, None);
                return;
            }
            // No event package is served (RFC 6665 §4.2.1.3).
            Method::Subscribe | Method::Publish => 489,
            Method::Notify => 481,
            Method::Refer => 403,
            _ => 405,
        };
        let headers: &[(&str, &str)] = match status {
            489 => &[("Allow-Events", "refer")],
            _ => &[("Allow", ALLOW)],
        };
        let _ = self.endpoint.respond(now.instant, transaction, status, headers, None);
    }

    /// 101–199 on an INVITE of ours.
    fn progressed(&mut self, now: Now, session: SessionId, status: u16, body: Option<offhook_sip::endpoint::Body>) {
        let Some(leg) = self.leg_of(session) else {
            return;
        };
        if !matches!(leg.phase, Phase::Offered | Phase::Alerting) {
            return;
        }
        let (id, call, trunk) = (leg.id, leg.call, leg.trunk.is_some());
        if trunk {
            self.trunk_alive(now, call);
        }
        // Only a trunk's early media is passed on: of several phones none speaks for the others.
        if let (true, Some(body)) = (trunk, &body)
            && !body.bytes.is_empty()
            && self.take_answer(id, &body.bytes).is_ok()
        {
            self.early_media(now, call, id);
        }
        if status == 180 || (status == 183 && !trunk) {
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.phase = Phase::Alerting;
            }
            self.stage_alerts(now, call);
        }
        self.dirty.insert(call);
    }

    /// 2xx on an INVITE of ours.
    fn answered(&mut self, now: Now, session: SessionId, response: &Message, offer: bool) {
        let Some(leg) = self.leg_of(session) else {
            let _ = self.endpoint.end(now.instant, session, None);
            return;
        };
        let (id, phase) = (leg.id, leg.phase);
        match phase {
            Phase::Ending => {
                // It crossed our CANCEL.
                let _ = self.endpoint.end(now.instant, session, Some(crate::leg::release::ELSEWHERE));
                return self.cancelled_leg_ended(id, true);
            }
            Phase::Calling | Phase::Connected => return,
            Phase::Offered | Phase::Alerting => {}
        }
        if leg.interface.is_none() {
            leg.interface = response.header("User-Agent").or(response.header("Server")).map(Into::into);
        }
        let body = response.body();
        let known = leg.sip().is_some_and(|sip| sip.negotiated.is_some());
        let usable = !offer && if body.is_empty() { known } else { self.take_answer(id, body).is_ok() };
        if usable {
            return self.leg_answered(now, id);
        }
        // Answered with a description that cannot be used: a phone error (RFC 3261 §13.2.2.4).
        let release = Release { cause: ReleaseCause::NO_CODEC, sip: Some(488) };
        let _ = self.endpoint.end(now.instant, session, Some(&ReleaseCause::NO_CODEC.reason()));
        self.leg_gone(now, id, release);
    }

    /// An INVITE of ours failed.
    fn failed(&mut self, now: Now, session: SessionId, status: u16, response: Option<&Message>) {
        let Some(leg) = self.leg_of(session) else {
            return;
        };
        let (id, phase, trunk) = (leg.id, leg.phase, leg.trunk.is_some());
        if phase == Phase::Ending {
            let late = response.is_some_and(|response| (200..300).contains(&response.status()));
            return self.cancelled_leg_ended(id, late);
        }
        let release = Release::from_sip(status);
        match phase {
            Phase::Offered | Phase::Alerting if trunk => self.trunk_refused(now, id, release),
            Phase::Offered | Phase::Alerting => {
                let redirect = (300..400)
                    .contains(&status)
                    .then(|| response?.contacts().into_iter().find_map(|contact| contact.uri.user))
                    .flatten();
                self.phone_refused(now, id, release, redirect);
            }
            Phase::Calling | Phase::Connected | Phase::Ending => self.leg_gone(now, id, release),
        }
    }
}

/// The cause a peer gave (RFC 3326), else `default`.
fn release(reason: Option<&Reason>, default: ReleaseCause) -> Release {
    let cause = reason
        .filter(|reason| reason.protocol.eq_ignore_ascii_case("Q.850"))
        .and_then(|reason| u8::try_from(reason.cause).ok())
        .filter(|cause| (1..=127).contains(cause))
        .map_or(default, ReleaseCause);
    cause.into()
}

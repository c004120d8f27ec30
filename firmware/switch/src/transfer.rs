//! Transfer: blind and attended, by REFER, by Replaces, by hook flash. Two calls become one by [`Exchange::merge`].

use offhook_sip::endpoint::{Flow, ServerTransactionId, SessionId};
use offhook_sip::message::NameAddr;

use crate::call::{Caller, Purpose, Stage};
use crate::cause::{Release, ReleaseCause};
use crate::entry::Party;
use crate::exchange::{Exchange, Live, Now, Output};
use crate::id::{CallId, LegId};
use crate::leg::release::ELSEWHERE;
use crate::leg::{Leg, Phase};
use crate::record::LegStatus;
use crate::routing;
use crate::timer::Timer;

impl Exchange {
    /// REFER within a session: the peer hands its party over.
    pub(crate) fn referred(
        &mut self,
        now: Now,
        session: SessionId,
        transaction: ServerTransactionId,
        refer_to: &NameAddr,
        replaces: Option<SessionId>,
    ) {
        let refuse = |exchange: &mut Exchange, status| {
            let _ = exchange.endpoint.respond(now.instant, transaction, status, &[], None);
        };
        let Some(leg) = self.sessions.get(&session).and_then(|leg| self.legs.get(leg)) else {
            return refuse(self, 481);
        };
        let (by, call, user) = (leg.id, leg.call, leg.user);
        // Only our own users hand calls over: a trunk that could would dial on our account.
        let Some(user) = user else {
            return refuse(self, 403);
        };
        if leg.phase != Phase::Connected || leg.transferring {
            return refuse(self, 491);
        }
        if self.calls.get(&call).is_none_or(|call| call.stage.is_some() || call.legs.len() < 2) {
            return refuse(self, 491);
        }
        if let Some(second) = replaces {
            let second = self.sessions.get(&second).and_then(|leg| self.legs.get(leg));
            let Some(second) = second.filter(|second| second.user == Some(user) && second.call != call) else {
                return refuse(self, 403);
            };
            let second = second.id;
            let _ = self.endpoint.accept_refer(now.instant, transaction);
            if self.hand_over_possible(by, second) {
                self.tell_transferor(now, by, 200);
                self.join(now, by, second);
            } else {
                self.tell_transferor(now, by, 481);
            }
            return;
        }
        // A dialog of ours that is gone, or somebody else's: not a plain number (RFC 3891 §3). It is said in the NOTIFY: a 481 to
        // the REFER itself would end the call it was sent in (RFC 5057 §5.1).
        if refer_to.uri.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Replaces")) {
            let _ = self.endpoint.accept_refer(now.instant, transaction);
            return self.tell_transferor(now, by, 481);
        }
        let Some(number) = refer_to.uri.user.as_deref().and_then(routing::dialled) else {
            return refuse(self, 400);
        };
        let _ = self.endpoint.accept_refer(now.instant, transaction);
        self.tell_transferor(now, by, 100);
        if let Some(leg) = self.legs.get_mut(&by) {
            leg.transferring = true;
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.alerted = false;
            call.forwards = 0;
            call.diversions.clear();
        }
        self.dirty.insert(call);
        self.route(now, call, &number, Some(user), Purpose::Transfer { by });
    }

    /// Progress of a transfer to the phone that asked for it (RFC 3515 §2.4.4).
    pub(crate) fn tell_transferor(&mut self, now: Now, by: LegId, status: u16) {
        if let Some(session) = self.legs.get(&by).and_then(Leg::session) {
            let _ = self.endpoint.refer_progress(now.instant, session, status);
        }
    }

    /// The party was reached: the transferor leaves.
    pub(crate) fn transfer_done(&mut self, now: Now, call: CallId, by: LegId) {
        if self.legs.get(&by).is_some_and(|leg| leg.call == call) {
            self.tell_transferor(now, by, 200);
            self.release_leg(now, by, ReleaseCause::NORMAL.into());
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.alerted = true;
        }
    }

    /// The party was not reached: back to the transferor, if it is still there.
    pub(crate) fn transfer_failed(&mut self, now: Now, call: CallId, by: LegId, release: Release) {
        self.close_missed(now, call, LegStatus::NoAnswer, release.cause);
        self.dirty.insert(call);
        match self.legs.get_mut(&by).filter(|leg| leg.call == call) {
            Some(leg) => {
                leg.transferring = false;
                self.tell_transferor(now, by, release.status());
            }
            None => self.end_call(now, call, release, false),
        }
    }

    /// A person hung up on a second call with the first on hold: the first party goes to the second. `false`: it cannot.
    pub(crate) fn hand_over(&mut self, now: Now, first: LegId, second: LegId) -> bool {
        let possible = self.hand_over_possible(first, second);
        if possible {
            self.join(now, first, second);
        }
        possible
    }

    fn hand_over_possible(&self, first: LegId, second: LegId) -> bool {
        let call_of = |leg| self.legs.get(&leg).and_then(|leg: &Leg| self.calls.get(&leg.call));
        let (Some(into), Some(from)) = (call_of(first), call_of(second)) else {
            return false;
        };
        let others = |call: &crate::call::Call, own| {
            call.legs.iter().any(|leg| *leg != own && self.phase(*leg) == Some(Phase::Connected))
        };
        into.id != from.id
            && into.stage.is_none()
            && into.announcement.is_none()
            && others(into, first)
            && from.announcement.is_none()
            && (from.stage.is_some() || others(from, second))
    }

    /// The parties of two legs of one person are joined; the person leaves.
    fn join(&mut self, now: Now, first: LegId, second: LegId) {
        let (Some(into), Some(from)) =
            (self.legs.get(&first).map(|leg| leg.call), self.legs.get(&second).map(|leg| leg.call))
        else {
            return;
        };
        for leg in [first, second] {
            self.leave_silently(now, leg);
        }
        self.merge(now, into, from);
        if let Some(call) = self.calls.get_mut(&into)
            && let Some(Stage { purpose, .. }) = &mut call.stage
        {
            *purpose = Purpose::Transfer { by: first };
        }
        self.after_leave(now, into, ReleaseCause::NORMAL.into(), false);
    }

    /// Ends a leg of who hands over: a SIP phone is told, a set is on the hook already.
    fn leave_silently(&mut self, now: Now, leg: LegId) {
        if self.legs.get(&leg).is_some_and(|leg| leg.session().is_some()) {
            self.release_leg(now, leg, ReleaseCause::NORMAL.into());
        } else {
            self.drop_leg(now, leg, ReleaseCause::NORMAL);
        }
    }

    /// Everything of call `from` moves into call `into`; the record of `from` is closed. Open leg records keep the call they
    /// were offered in.
    pub(crate) fn merge(&mut self, now: Now, into: CallId, from: CallId) {
        self.stop_recording(from);
        let Some(mut old) = self.calls.remove(&from) else {
            return;
        };
        self.dirty.remove(&from);
        self.timers.cancel(old.longest.take());
        for leg in &old.legs {
            if let Some(leg) = self.legs.get_mut(leg) {
                leg.call = into;
                leg.caller = false;
            }
        }
        if let Some(bridge) = old.bridge.take() {
            self.media(offhook_media::command::Command::Bridge { bridge, members: Vec::new() });
        }
        if let Some(stage) = &mut old.stage
            && let Some(timer) = stage.timer.take()
        {
            self.timers.cancel(Some(timer));
            stage.timer = Some(self.timers.set(timer.at(), Timer::NoAnswer(into)));
        }
        if let Some(call) = self.calls.get_mut(&into) {
            call.legs.append(&mut old.legs);
            call.emergency |= old.emergency;
            call.forwards = call.forwards.max(old.forwards);
            call.missed.append(&mut old.missed);
            if old.stage.is_some() {
                call.diversions.append(&mut old.diversions);
                call.alerted = old.alerted;
                call.stage = old.stage.take();
            }
            self.dirty.insert(into);
        }
        self.outputs.push_back(Output::Call(old.record(Some((now.wall, ReleaseCause::NORMAL.0, false)))));
        self.outputs.push_back(Output::Live(Live::CallEnded { id: from }));
    }

    /// INVITE with Replaces (RFC 3891): the new party takes the place of another, in conversation or while it rings.
    pub(crate) fn replace_session(
        &mut self,
        now: Now,
        session: SessionId,
        caller: Caller,
        offer: &[u8],
        flow: &Flow,
        replaced: SessionId,
    ) {
        let target = self.sessions.get(&replaced).and_then(|leg| self.legs.get(leg));
        let target = target.filter(|leg| leg.phase != Phase::Ending).map(|leg| (leg.id, leg.call, leg.phase));
        let (Some((old, call, phase)), Some(user)) = (target, caller.user) else {
            let status = if caller.user.is_none() { 403 } else { 481 };
            let _ = self.endpoint.reject(now.instant, session, status, &[]);
            return;
        };
        let id = LegId(self.new_uuid(now));
        let kind =
            self.sip_kind(session, (caller.device, None), Some(flow), (!offer.is_empty()).then(|| offer.to_vec()));
        let (device, interface) = (caller.device, caller.interface.clone());
        let number = caller.number.clone();
        let entry = self.open_entry(now, call, Party { user, device, number, interface, outgoing: false });
        self.add_leg(Leg {
            id,
            call,
            entry: Some(entry),
            kind,
            phase: Phase::Calling,
            caller: false,
            user: Some(user),
            device: caller.device,
            trunk: None,
            number: caller.number,
            name: caller.name,
            interface: caller.interface,
            holding: false,
            transferring: false,
            early_media: false,
        });
        let codecs = self.other_codecs(call, id);
        if let Err(release) = self.answer_sip(now, id, &codecs) {
            self.release_leg(now, id, release);
            self.decide_entry(now, entry, LegStatus::SipPhoneError, release.cause);
            return;
        }
        self.entry_answered(now, entry, None, None);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.phase = Phase::Connected;
        }
        if matches!(phase, Phase::Offered | Phase::Alerting) {
            self.picked_up(now, call, id);
        } else {
            self.release_leg(now, old, ReleaseCause::NORMAL.into());
            self.after_leave(now, call, ReleaseCause::NORMAL.into(), false);
        }
        self.write_call(call);
    }

    /// A ringing call was taken by somebody else than who rang.
    fn picked_up(&mut self, now: Now, call: CallId, by: LegId) {
        let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.take()) else {
            return;
        };
        let purpose = stage.purpose;
        self.drop_stage(now, call, stage, Some(ELSEWHERE));
        self.close_missed(now, call, LegStatus::CallAnswered, ReleaseCause::NORMAL);
        let user = self.legs.get(&by).and_then(|leg| leg.user);
        if let Some(found) = self.calls.get_mut(&call)
            && found.answered.is_none()
        {
            found.answered = Some(now.wall);
            found.answered_by = user;
        }
        match purpose {
            Purpose::Setup => {
                if self.connect_caller(now, call, by) {
                    self.start_recording(now, call, by);
                }
            }
            Purpose::Transfer { by } => self.transfer_done(now, call, by),
        }
    }
}

//! Ringing a user: all phones together, one winner.

use offhook_sip::endpoint::{Invite, Target};
use offhook_sip::registrar::Binding;

use super::forward::DiversionReason;
use super::stage::better;
use super::{MOST_RINGING, Purpose, Stage, StageKind};
use crate::cause::{Release, ReleaseCause};
use crate::config::DeviceKind;
use crate::entry::Party;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, DeviceId, LegId, LineId, UserId};
use crate::leg::{Kind, Leg, Phase};
use crate::record::LegStatus;
use crate::timer::Timer;

impl Exchange {
    /// Offers the call to a user: forwards, do not disturb, busy, not connected, or ring.
    pub(crate) fn offer_user(&mut self, now: Now, call: CallId, user: UserId, purpose: Purpose) {
        let Some(found) = self.config.users.get(&user) else {
            return self.no_route(now, call, purpose);
        };
        let (extension, ring_time, snooze) = (found.extension.clone(), found.ring_time, found.do_not_disturb);
        let (always, busy, absent) =
            (found.forward_always.clone(), found.forward_busy.clone(), found.forward_no_answer.clone());
        if let Some(number) = always.filter(|number| *number != extension) {
            return self.forward(now, call, (user, DiversionReason::Unconditional), &number, purpose);
        }
        let party = Party { user, device: None, number: extension, interface: None, outgoing: false };
        let entry = self.open_entry(now, call, party);
        let (status, cause, next) = if snooze {
            (LegStatus::Snooze, ReleaseCause::BUSY, busy)
        } else if self.is_busy(user, call) {
            (LegStatus::InCall, ReleaseCause::BUSY, busy)
        } else {
            match self.ring_phones(now, call, user, entry, purpose) {
                Ring::Ringing(legs) => {
                    let timer = self.timers.set(now.instant + ring_time, Timer::NoAnswer(call));
                    let alerting = legs.iter().any(|leg| self.phase(*leg) == Some(Phase::Alerting));
                    let kind = StageKind::User { user, entry, legs, refusal: None, redirect: None };
                    if let Some(call) = self.calls.get_mut(&call) {
                        call.stage = Some(Stage { purpose, kind, timer: Some(timer) });
                    }
                    if alerting {
                        self.stage_alerts(now, call);
                    }
                    return;
                }
                Ring::Occupied => (LegStatus::InCall, ReleaseCause::BUSY, busy),
                Ring::NoPort => (LegStatus::SipPhoneError, ReleaseCause::NO_CIRCUIT, None),
                Ring::NobodyThere => (LegStatus::NotConnected, ReleaseCause::ABSENT, absent),
            }
        };
        self.decide_entry(now, entry, status, cause);
        let reason = match status {
            LegStatus::Snooze => DiversionReason::DoNotDisturb,
            LegStatus::InCall => DiversionReason::UserBusy,
            _ => DiversionReason::Unavailable,
        };
        match next {
            Some(number) => self.forward(now, call, (user, reason), &number, purpose),
            None => self.stage_failed(now, call, purpose, cause.into()),
        }
    }

    pub(crate) fn phase(&self, leg: LegId) -> Option<Phase> {
        self.legs.get(&leg).map(|leg| leg.phase)
    }

    /// The user has no room for one more call.
    fn is_busy(&self, user: UserId, call: CallId) -> bool {
        let Some(settings) = self.config.users.get(&user) else {
            return false;
        };
        let Some(legs) = self.user_legs.get(&user) else {
            return false;
        };
        let mut calls = std::collections::BTreeSet::new();
        let mut talking = false;
        for leg in legs.iter().filter_map(|leg| self.legs.get(leg)).filter(|leg| leg.call != call) {
            calls.insert(leg.call);
            talking |= matches!(leg.phase, Phase::Calling | Phase::Connected);
        }
        (talking && !settings.call_waiting) || calls.len() >= settings.max_calls.max(1) as usize
    }

    fn ring_phones(&mut self, now: Now, call: CallId, user: UserId, entry: LegId, purpose: Purpose) -> Ring {
        // A phone does not ring for the call it makes itself; the transferor may get its own call back.
        let calling: Vec<DeviceId> = self.calls.get(&call).map_or_else(Vec::new, |call| {
            call.legs.iter().filter_map(|leg| self.legs.get(leg)).filter_map(|leg| leg.device).collect()
        });
        let mut legs = Vec::new();
        let (mut occupied, mut no_port) = (false, false);
        let devices = self.index.devices.get(&user).cloned().unwrap_or_default();
        for device in devices {
            if calling.contains(&device) && purpose == Purpose::Setup {
                occupied = true;
                continue;
            }
            let config = std::sync::Arc::clone(&self.config);
            match config.devices.get(&device).map(|device| &device.kind) {
                Some(DeviceKind::Sip { username, .. }) => {
                    let bindings = self.registrar.bindings(username).to_vec();
                    for binding in &bindings {
                        if legs.len() >= MOST_RINGING {
                            break;
                        }
                        match self.ring_sip(now, call, user, device, entry, binding) {
                            Some(leg) => legs.push(leg),
                            None => no_port = true,
                        }
                    }
                }
                Some(DeviceKind::Analog { line }) => match self.ring_set(now, call, user, device, entry, *line) {
                    SetRing::Rings(leg) => legs.push(leg),
                    SetRing::Occupied => occupied = true,
                    SetRing::Absent => {}
                },
                None => {}
            }
        }
        match (legs.is_empty(), occupied, no_port) {
            (false, ..) => Ring::Ringing(legs),
            (true, true, _) => Ring::Occupied,
            (true, false, true) => Ring::NoPort,
            (true, false, false) => Ring::NobodyThere,
        }
    }

    /// Sends an INVITE to one binding. `None`: no RTP port.
    fn ring_sip(
        &mut self,
        now: Now,
        call: CallId,
        user: UserId,
        device: DeviceId,
        entry: LegId,
        binding: &Binding,
    ) -> Option<LegId> {
        let id = LegId(self.new_uuid(now));
        let codecs = self.other_codecs(call, id);
        // The session's number comes with the INVITE, the INVITE needs the offer, the offer the leg: a number to be replaced.
        let session = offhook_sip::endpoint::SessionId(u64::MAX);
        let kind = self.sip_kind(session, (Some(device), None), Some(&binding.flow), None);
        let (number, name) = self.identity_of(user);
        let leg = Leg {
            id,
            call,
            entry: Some(entry),
            kind,
            phase: Phase::Offered,
            caller: false,
            user: Some(user),
            device: Some(device),
            trunk: None,
            number: number.clone(),
            name: name.clone(),
            interface: binding.user_agent.clone(),
            holding: false,
            transferring: false,
            early_media: false,
        };
        self.legs.insert(id, leg);
        let Some(body) = self.make_offer(now, id, &codecs) else {
            self.legs.remove(&id);
            return None;
        };
        let (caller_number, caller_name) = self.shown_caller(call);
        let realm = self.config.site.realm.clone();
        let invite = Invite {
            request_uri: binding.contact.clone(),
            target: Target::Flow(binding.flow),
            route: binding.path.clone(),
            from: name_addr(caller_name.as_deref(), &caller_number, &realm),
            to: name_addr(name.as_deref(), &number, &realm),
            headers: self.diversion(call, &realm, true),
            body: Some(body),
            credentials: None,
        };
        self.send_invite(now, id, invite);
        Some(id)
    }

    /// Sends the INVITE of a leg that stands in the table without a session, and enters it everywhere.
    pub(crate) fn send_invite(&mut self, now: Now, leg: LegId, invite: Invite) {
        let session = self.endpoint.invite(now.instant, invite);
        let Some(mut leg) = self.legs.remove(&leg) else {
            return;
        };
        if let Some(sip) = leg.sip_mut() {
            sip.session = session;
        }
        self.add_leg(leg);
    }

    fn ring_set(
        &mut self,
        now: Now,
        call: CallId,
        user: UserId,
        device: DeviceId,
        entry: LegId,
        line: LineId,
    ) -> SetRing {
        let Some(port) = self.lines.get(&line) else {
            return SetRing::Absent;
        };
        let room = port.room();
        let waiting = match room {
            crate::analog::Room::Idle => false,
            crate::analog::Room::Talking => true,
            crate::analog::Room::Occupied => return SetRing::Occupied,
            crate::analog::Room::Absent => return SetRing::Absent,
        };
        let id = LegId(self.new_uuid(now));
        let (number, name) = self.identity_of(user);
        let interface = self.interface_of(line);
        self.add_leg(Leg {
            id,
            call,
            entry: Some(entry),
            kind: Kind::Fxs(line),
            phase: Phase::Alerting,
            caller: false,
            user: Some(user),
            device: Some(device),
            trunk: None,
            number,
            name,
            interface,
            holding: false,
            transferring: false,
            early_media: false,
        });
        let shown = self.shown_caller(call);
        self.start_ringing(now, line, id, waiting, shown);
        SetRing::Rings(id)
    }

    /// A phone has refused, failed, or was not reached.
    pub(crate) fn phone_refused(&mut self, now: Now, leg: LegId, release: Release, redirect: Option<String>) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let call = found.call;
        self.drop_leg(now, leg, release.cause);
        let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.as_mut()) else {
            return;
        };
        let StageKind::User { legs, refusal, redirect: kept, .. } = &mut stage.kind else {
            return;
        };
        legs.retain(|other| *other != leg);
        *refusal = Some(better(*refusal, release));
        if redirect.is_some() {
            *kept = redirect;
        }
        // 6xx speaks for the user, not for the phone (RFC 3261 §21.6).
        let everywhere = matches!(release.sip, Some(600..=699));
        if everywhere {
            *refusal = Some(release);
        }
        if legs.is_empty() || everywhere {
            self.user_refused(now, call);
        }
    }

    /// No phone of the user is left ringing.
    fn user_refused(&mut self, now: Now, call: CallId) {
        let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.take()) else {
            return;
        };
        let purpose = stage.purpose;
        let StageKind::User { user, entry, refusal, redirect, .. } = &stage.kind else {
            return;
        };
        let (user, entry, redirect) = (*user, *entry, redirect.clone());
        let release = refusal.unwrap_or_else(|| ReleaseCause::UNSPECIFIED.into());
        let settings = self.config.users.get(&user);
        let busy = settings.and_then(|user| user.forward_busy.clone());
        let absent = settings.and_then(|user| user.forward_no_answer.clone());
        let (next, reason) = match release.sip {
            Some(486 | 600 | 603) => {
                self.decide_entry(now, entry, LegStatus::Rejected, release.cause);
                (busy, DiversionReason::UserBusy)
            }
            Some(300..=399) => (redirect, DiversionReason::Deflection),
            // The phone was there and nobody took it.
            Some(480 | 487) => (absent, DiversionReason::NoAnswer),
            Some(408 | 503) => {
                self.decide_entry(now, entry, LegStatus::NotConnected, ReleaseCause::ABSENT);
                (absent, DiversionReason::Unavailable)
            }
            _ => {
                self.decide_entry(now, entry, LegStatus::SipPhoneError, release.cause);
                (absent, DiversionReason::Unknown)
            }
        };
        self.drop_stage(now, call, stage, None);
        match next {
            Some(number) => self.forward(now, call, (user, reason), &number, purpose),
            None => self.stage_failed(now, call, purpose, release),
        }
    }

    /// It has rung long enough.
    pub(crate) fn no_answer(&mut self, now: Now, call: CallId) {
        let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.take()) else {
            return;
        };
        let purpose = stage.purpose;
        let next = match &stage.kind {
            StageKind::User { user, .. } => {
                self.config.users.get(user).and_then(|found| Some((*user, found.forward_no_answer.clone()?)))
            }
            StageKind::Trunk { .. } => None,
        };
        self.drop_stage(now, call, stage, None);
        match next {
            Some((user, number)) => {
                self.forward(now, call, (user, DiversionReason::NoAnswer), &number, purpose);
            }
            None => self.stage_failed(now, call, purpose, ReleaseCause::NO_ANSWER.into()),
        }
    }

    /// Extension and name of a user.
    pub(crate) fn identity_of(&self, user: UserId) -> (String, Option<String>) {
        self.config
            .users
            .get(&user)
            .map(|user| (user.extension.clone(), (!user.name.is_empty()).then(|| user.name.clone())))
            .unwrap_or_default()
    }

    /// Number and name shown to whom the call is offered.
    pub(crate) fn shown_caller(&self, call: CallId) -> (String, Option<String>) {
        self.calls.get(&call).map(|call| (call.caller.0.clone(), call.caller_name.0.clone())).unwrap_or_default()
    }
}

enum Ring {
    Ringing(Vec<LegId>),
    /// Sets only, and they are in use.
    Occupied,
    NoPort,
    NobodyThere,
}

enum SetRing {
    Rings(LegId),
    Occupied,
    Absent,
}

/// `"Name" <sip:user@host>` with everything a name or number may hold made harmless (RFC 3261 §25.1).
pub(crate) fn name_addr(name: Option<&str>, user: &str, host: &str) -> String {
    let mut text = String::with_capacity(64);
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        text.push('"');
        for c in name.chars().filter(|c| !c.is_control()) {
            if matches!(c, '"' | '\\') {
                text.push('\\');
            }
            text.push(c);
        }
        text.push_str("\" ");
    }
    text.push_str("<sip:");
    if user.is_empty() {
        text.push_str("anonymous");
    }
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text.push('@');
    text.push_str(host);
    text.push('>');
    text
}

#[cfg(test)]
mod tests {
    use super::name_addr;

    #[test]
    fn names_cannot_break_out_of_a_header() {
        assert_eq!(
            name_addr(Some("a\"b\\c\r\nVia: x"), "1 <0>\r\n#", "h"),
            "\"a\\\"b\\\\cVia: x\" <sip:1%20%3C0%3E%0D%0A%23@h>"
        );
        assert_eq!(name_addr(None, "", "h"), "<sip:anonymous@h>");
    }
}

//! Trunks: dialling out with a permit, in the order of the route, and what comes back.

mod register;

use std::collections::VecDeque;
use std::time::Duration;

use offhook_lines::fxo;
use offhook_sip::endpoint::{Credentials, Invite, SessionId, Target};
use offhook_sip::message::Uri;

use crate::call::{Purpose, Stage, StageKind};
use crate::cause::{Release, ReleaseCause};
use crate::config::TrunkKind;
use crate::entry::Party;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, LegId, LineId, TrunkId};
use crate::leg::{Kind, Leg, Phase};
use crate::policy::OutboundPermit;
use crate::record::LegStatus;
use crate::timer::{Timer, TimerKey};

/// How long a call outside may ring.
const LONGEST_RINGING: Duration = Duration::from_secs(180);
/// How long a SIP trunk may say nothing while another could be tried.
const SILENT: Duration = Duration::from_secs(20);
/// What is known of a trunk.
#[derive(Debug, Default)]
pub(crate) struct TrunkState {
    /// Legs on it.
    pub(crate) legs: u32,
    /// Registered with it (or no registration is wanted).
    pub(crate) ready: bool,
    pub(crate) timer: Option<TimerKey>,
    pub(crate) failures: u32,
}

impl Exchange {
    /// Offers the call to a number outside.
    pub(crate) fn offer_outside(
        &mut self,
        now: Now,
        call: CallId,
        permit: OutboundPermit,
        number: &str,
        purpose: Purpose,
    ) {
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        found.emergency |= permit.emergency();
        let own = purpose == Purpose::Setup && found.forwards == 0 && found.caller_user == permit.by();
        let entry = match permit.by() {
            Some(user) if !own => {
                let number = number.to_owned();
                let party = Party { user, device: None, number, interface: None, outgoing: true };
                Some(self.open_entry(now, call, party))
            }
            _ => None,
        };
        // Free and registered ones first; the order of the route within that.
        let mut remaining: Vec<usize> = (0..permit.ways().len()).collect();
        remaining.sort_by_key(|way| permit.ways().get(*way).map(|way| self.unfit(way.trunk)));
        let kind = StageKind::Trunk { permit, remaining: VecDeque::from(remaining), leg: None, entry, refusal: None };
        if let Some(call) = self.calls.get_mut(&call) {
            call.stage = Some(Stage { purpose, kind, timer: None });
        }
        self.next_trunk(now, call);
    }

    /// The trunk has as many calls as it may have.
    pub(crate) fn trunk_full(&self, trunk: TrunkId) -> bool {
        let used = self.trunks.get(&trunk).map_or(0, |state| state.legs);
        self.config.trunks.get(&trunk).is_some_and(|config| used >= config.max_calls)
    }

    /// 0: can be dialled; 1: not registered; 2: busy.
    fn unfit(&self, trunk: TrunkId) -> u8 {
        let ready = self.trunks.get(&trunk).is_some_and(|state| state.ready);
        let busy = match self.config.trunks.get(&trunk).map(|trunk| &trunk.kind) {
            Some(TrunkKind::Line { line }) => self.lines.get(line).is_none_or(|port| port.active.is_some()),
            Some(TrunkKind::Sip { .. }) | None => false,
        };
        if busy { 2 } else { u8::from(!ready) }
    }

    /// Tries the trunks that are left.
    fn next_trunk(&mut self, now: Now, call: CallId) {
        loop {
            let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.as_mut()) else {
                return;
            };
            let purpose = stage.purpose;
            self.timers.cancel(stage.timer.take());
            let StageKind::Trunk { permit, remaining, entry, refusal, .. } = &mut stage.kind else {
                return;
            };
            let Some(way) = remaining.pop_front() else {
                let release = refusal.unwrap_or_else(|| ReleaseCause::NO_CIRCUIT.into());
                return self.stage_failed(now, call, purpose, release);
            };
            let (permit, entry, last) = (permit.clone(), *entry, remaining.is_empty());
            let Some(leg) = self.dial(now, call, &permit, way) else {
                continue;
            };
            let trunk = permit.ways().get(way).map(|way| way.trunk);
            let own = self.caller_leg(call).and_then(|leg| self.legs.get(&leg)?.entry);
            if let Some(entry) = entry.or(own).and_then(|entry| self.entries.get_mut(&entry))
                && entry.leg.outgoing
            {
                entry.leg.trunk = trunk;
            }
            let longest = now.instant + LONGEST_RINGING;
            let sip = self.legs.get(&leg).is_some_and(|leg| leg.sip().is_some());
            let timer = if sip && !last {
                self.timers.set(now.instant + SILENT, Timer::TrunkSilent(call))
            } else {
                self.timers.set(longest, Timer::NoAnswer(call))
            };
            if let Some(found) = self.calls.get_mut(&call) {
                found.trunk = found.trunk.or(trunk);
                if purpose == Purpose::Setup {
                    found.trunk =
                        if found.direction == crate::record::Direction::Inbound { found.trunk } else { trunk };
                }
                if let Some(stage) = &mut found.stage {
                    stage.timer = Some(timer);
                    if let StageKind::Trunk { leg: current, .. } = &mut stage.kind {
                        *current = Some(leg);
                    }
                }
            }
            self.write_call(call);
            return;
        }
    }

    /// Dials one way of a permit. `None`: the trunk is full, busy, absent. Nobody dials without a permit (truth 4).
    fn dial(&mut self, now: Now, call: CallId, permit: &OutboundPermit, way: usize) -> Option<LegId> {
        let way = permit.ways().get(way)?;
        let config = std::sync::Arc::clone(&self.config);
        let trunk = config.trunks.get(&way.trunk)?;
        match &trunk.kind {
            TrunkKind::Line { line } => self.dial_line(now, call, permit, way.trunk, *line, &way.number.0),
            TrunkKind::Sip { .. } if self.trunk_full(way.trunk) && !permit.emergency() => None,
            TrunkKind::Sip { uri, username, password, .. } => {
                let credentials = username
                    .as_ref()
                    .zip(password.as_ref())
                    .map(|(username, password)| Credentials { username: username.clone(), password: password.clone() });
                let peer = Uri::parse(uri).ok()?;
                let target = with_user(&peer, &way.number.0)?;
                let leg = self.outside_leg(now, call, way.trunk, &way.number.0, None);
                let id = leg.id;
                self.legs.insert(id, leg);
                if let (Ok(ip), Some(sip)) = (peer.host.parse::<std::net::IpAddr>(), self.legs.get_mut(&id)?.sip_mut())
                    && ip.is_loopback()
                {
                    sip.address = ip;
                }
                let codecs = self.other_codecs(call, id);
                let Some(body) = self.make_offer(now, id, &codecs) else {
                    self.legs.remove(&id);
                    return None;
                };
                let (number, name) = self.shown_caller(call);
                let from = username.as_deref().unwrap_or(&number);
                let invite = Invite {
                    from: crate::call::name_addr(name.as_deref(), from, &peer_host(&peer)),
                    to: format!("<{}>", target.text),
                    request_uri: target.clone(),
                    target: Target::Uri(target),
                    route: Vec::new(),
                    headers: self.diversion(call, &peer_host(&peer), false),
                    body: Some(body),
                    credentials,
                };
                self.send_invite(now, id, invite);
                Some(id)
            }
        }
    }

    fn dial_line(
        &mut self,
        now: Now,
        call: CallId,
        permit: &OutboundPermit,
        trunk: TrunkId,
        line: LineId,
        number: &str,
    ) -> Option<LegId> {
        let port = self.lines.get(&line)?;
        if !port.usable() {
            return None;
        }
        if let Some(active) = port.active {
            // An emergency call takes the line from whoever has it, but not from another emergency call (truth 3).
            let victim = self.legs.get(&active)?.call;
            if !permit.emergency() || self.calls.get(&victim).is_none_or(|call| call.emergency) {
                return None;
            }
            // The port itself keeps the line down long enough for the exchange to notice, then dials.
            self.end_call(now, victim, ReleaseCause::PREEMPTION.into(), false);
        }
        let leg = self.outside_leg(now, call, trunk, number, Some(line));
        let id = leg.id;
        self.add_leg(leg);
        if let Some(port) = self.lines.get_mut(&line) {
            port.active = Some(id);
        }
        self.fxo_command(now, line, fxo::Command::Dial(number.to_owned()));
        Some(id)
    }

    fn outside_leg(&mut self, now: Now, call: CallId, trunk: TrunkId, number: &str, line: Option<LineId>) -> Leg {
        let kind = match line {
            Some(line) => Kind::Fxo(line),
            None => self.sip_kind(SessionId(u64::MAX), (None, Some(trunk)), None, None),
        };
        Leg {
            id: LegId(self.new_uuid(now)),
            call,
            entry: None,
            kind,
            phase: Phase::Offered,
            caller: false,
            user: None,
            device: None,
            trunk: Some(trunk),
            number: number.to_owned(),
            name: None,
            interface: line.and_then(|line| self.interface_of(line)),
            holding: false,
            transferring: false,
            early_media: false,
        }
    }

    /// A trunk shows a sign of life: it may take its time from here.
    pub(crate) fn trunk_alive(&mut self, now: Now, call: CallId) {
        let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.as_mut()) else {
            return;
        };
        if matches!(stage.kind, StageKind::Trunk { .. }) {
            let old = stage.timer.replace(self.timers.set(now.instant + LONGEST_RINGING, Timer::NoAnswer(call)));
            self.timers.cancel(old);
        }
    }

    /// A trunk said nothing for too long: the next one.
    pub(crate) fn trunk_silent(&mut self, now: Now, call: CallId) {
        let Some(stage) = self.calls.get_mut(&call).and_then(|call| call.stage.as_mut()) else {
            return;
        };
        if let StageKind::Trunk { leg, .. } = &mut stage.kind
            && let Some(leg) = leg.take()
        {
            self.cancel_leg(now, leg, None);
            self.next_trunk(now, call);
        }
    }

    /// A trunk refused or failed.
    pub(crate) fn trunk_refused(&mut self, now: Now, leg: LegId, release: Release) {
        let Some(found) = self.legs.get(&leg) else {
            return;
        };
        let call = found.call;
        self.drop_leg(now, leg, release.cause);
        let Some(found) = self.calls.get_mut(&call) else {
            return;
        };
        let emergency = found.emergency;
        let Some(stage) = &mut found.stage else {
            return;
        };
        let purpose = stage.purpose;
        let StageKind::Trunk { leg: current, refusal, entry, .. } = &mut stage.kind else {
            return;
        };
        if *current != Some(leg) {
            return;
        }
        *current = None;
        *refusal = Some(release);
        let entry = *entry;
        if speaks_for_the_callee(release) && !emergency {
            if let Some(entry) = entry {
                self.decide_entry(now, entry, LegStatus::Out, release.cause);
            }
            return self.stage_failed(now, call, purpose, release);
        }
        self.next_trunk(now, call);
    }
}

/// The answer is about the party called, not about the trunk: another trunk would say the same.
fn speaks_for_the_callee(release: Release) -> bool {
    match release.sip {
        Some(404 | 410 | 480 | 484 | 486 | 487) | Some(600..=699) => true,
        Some(_) => false,
        None => release.cause == ReleaseCause::BUSY,
    }
}

/// The peer's URI with a user part.
fn with_user(peer: &Uri, user: &str) -> Option<Uri> {
    let mut text = String::with_capacity(64);
    text.push_str(&peer.scheme);
    text.push(':');
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()+".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text.push('@');
    text.push_str(&peer_host(peer));
    if let Some(port) = peer.port {
        text.push_str(&format!(":{port}"));
    }
    for (name, value) in &peer.params {
        text.push(';');
        text.push_str(name);
        if let Some(value) = value {
            text.push('=');
            text.push_str(value);
        }
    }
    Uri::parse(&text).ok()
}

fn peer_host(peer: &Uri) -> String {
    if peer.host.contains(':') { format!("[{}]", peer.host) } else { peer.host.clone() }
}

//! New calls: an INVITE, a set that has dialled, a line that rings.

use offhook_sip::endpoint::{Flow, SessionId};
use offhook_sip::message::{Message, Uri};

use super::Call;
use crate::access::Identity;
use crate::bridge::Playing;
use crate::cause::{Release, ReleaseCause};
use crate::entry::Party;
use crate::exchange::{Exchange, Now};
use crate::id::{CallId, DeviceId, LegId, LineId, TrunkId, UserId};
use crate::leg::{Kind, Leg, Phase, SipLeg};
use crate::pii::Pii;
use crate::record::Direction;
use crate::routing;

/// Who calls.
pub(crate) struct Caller {
    pub(crate) user: Option<UserId>,
    pub(crate) device: Option<DeviceId>,
    pub(crate) trunk: Option<TrunkId>,
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    pub(crate) interface: Option<String>,
}

impl Exchange {
    /// An INVITE that starts something.
    pub(crate) fn invited(
        &mut self,
        now: Now,
        session: SessionId,
        request: &Message,
        flow: &Flow,
        replaces: Option<SessionId>,
    ) {
        let (caller, device) = match self.identify(now, request, flow) {
            Identity::Device(device, user) => (self.device_caller(device, user, request), true),
            Identity::Trunk(trunk) => (trunk_caller(trunk, request), false),
            Identity::Challenge(headers) => {
                let headers: Vec<(&str, &str)> =
                    headers.iter().map(|value| ("WWW-Authenticate", value.as_str())).collect();
                let _ = self.endpoint.reject(now.instant, session, 401, &headers);
                return;
            }
        };
        let body = request.body();
        if !body.is_empty()
            && let Err(unusable) = self.check_offer(caller.device, caller.trunk, flow, body)
        {
            let _ = self.endpoint.reject(now.instant, session, unusable.status, &[]);
            return;
        }
        if let Some(replaced) = replaces {
            return self.replace_session(now, session, caller, body, flow, replaced);
        }
        let Some(number) =
            Uri::parse(request.request_uri()).ok().and_then(|uri| uri.user).and_then(|user| routing::dialled(&user))
        else {
            let _ = self.endpoint.reject(now.instant, session, 484, &[]);
            return;
        };
        // What was dialled goes into the record; where it leads may be something else for a call from outside.
        let destination = if device {
            number.clone()
        } else {
            let route = caller.trunk.and_then(|trunk| routing::inbound(&self.config, trunk, Some(&number)));
            let Some(route) = route.map(str::to_owned) else {
                let _ = self.endpoint.reject(now.instant, session, 404, &[]);
                return;
            };
            route
        };
        let emergency = device && crate::policy::is_emergency(&self.config, &number);
        let full =
            self.calls.len() >= self.config.limits.calls || caller.trunk.is_some_and(|trunk| self.trunk_full(trunk));
        if full && !emergency {
            self.totals.overload_refusals += 1;
            let _ = self.endpoint.reject(now.instant, session, 503, &[("Retry-After", "5")]);
            return;
        }
        let kind = self.sip_kind(
            session,
            (caller.device, caller.trunk),
            Some(flow),
            (!body.is_empty()).then(|| body.to_vec()),
        );
        self.start_call(now, caller, kind, number, destination);
    }

    /// A SIP leg's part that is new.
    pub(crate) fn sip_kind(
        &mut self,
        session: SessionId,
        (device, trunk): (Option<DeviceId>, Option<TrunkId>),
        flow: Option<&Flow>,
        offer: Option<Vec<u8>>,
    ) -> Kind {
        let security = self.new_security(device, trunk, flow);
        let (address, bind) = self.media_address(flow);
        Kind::Sip(Box::new(SipLeg {
            session,
            address,
            bind,
            port: None,
            stream: None,
            playing: Playing::Nothing,
            session_id: u64::from(self.random_u32()),
            session_version: 1,
            codecs: Vec::new(),
            description: Vec::new(),
            negotiated: None,
            security,
            remote_offer: offer,
            answered_early: false,
            awaiting_answer: false,
            fax: false,
            heard: Default::default(),
            info: Default::default(),
        }))
    }

    /// The set on an FXS port has dialled a number.
    pub(crate) fn set_dialled(&mut self, now: Now, line: LineId, number: String) -> Option<LegId> {
        let (device, user) = *self.index.line_devices.get(&line)?;
        let emergency = crate::policy::is_emergency(&self.config, &number);
        if self.calls.len() >= self.config.limits.calls && !emergency {
            self.totals.overload_refusals += 1;
            return None;
        }
        let found = self.config.users.get(&user)?;
        let caller = Caller {
            user: Some(user),
            device: Some(device),
            trunk: None,
            number: found.extension.clone(),
            name: Some(found.name.clone()),
            interface: self.interface_of(line),
        };
        Some(self.start_call(now, caller, Kind::Fxs(line), number.clone(), number))
    }

    /// A line from outside rings.
    pub(crate) fn line_rings(&mut self, now: Now, line: LineId, caller: Option<(String, String)>) {
        let Some(trunk) = self.index.line_trunks.get(&line).copied() else {
            return;
        };
        let Some(destination) = routing::inbound(&self.config, trunk, None).map(str::to_owned) else {
            return;
        };
        if self.calls.len() >= self.config.limits.calls || self.lines.get(&line).is_some_and(|p| p.active.is_some()) {
            self.totals.overload_refusals += 1;
            return;
        }
        let (number, name) = caller.unwrap_or_default();
        let caller = Caller {
            user: None,
            device: None,
            trunk: Some(trunk),
            number,
            name: (!name.is_empty()).then_some(name),
            interface: self.interface_of(line),
        };
        self.start_call(now, caller, Kind::Fxo(line), destination.clone(), destination);
    }

    /// A call is there: its first leg, its first record, and off it goes. `called`: the number as dialled; `number`: where it
    /// leads.
    pub(crate) fn start_call(&mut self, now: Now, caller: Caller, kind: Kind, called: String, number: String) -> LegId {
        let id = CallId(self.new_uuid(now));
        let leg = LegId(self.new_uuid(now));
        let outside = routing::destination(&self.config, &self.index, &number) == routing::Destination::Outside;
        let direction = match (caller.trunk, outside) {
            (Some(_), _) => Direction::Inbound,
            (None, true) => Direction::Outbound,
            (None, false) => Direction::Internal,
        };
        self.totals.calls_total += 1;
        self.calls.insert(
            id,
            Call {
                id,
                direction,
                caller: Pii(caller.number.clone()),
                caller_name: Pii(caller.name.clone()),
                caller_user: caller.user,
                called: Pii(called),
                trunk: caller.trunk,
                answered_by: None,
                started: now.wall,
                answered: None,
                emergency: caller.trunk.is_none() && crate::policy::is_emergency(&self.config, &number),
                legs: Vec::new(),
                stage: None,
                missed: Vec::new(),
                forwards: 0,
                diversions: Vec::new(),
                alerted: false,
                bridge: None,
                members: Vec::new(),
                announcement: None,
                recording: None,
                longest: None,
                recorded: None,
                fax: false,
            },
        );
        self.write_call(id);
        let entry = caller.user.map(|user| {
            let (device, interface) = (caller.device, caller.interface.clone());
            self.open_entry(now, id, Party { user, device, number: number.clone(), interface, outgoing: true })
        });
        if let Kind::Fxs(line) | Kind::Fxo(line) = kind
            && let Some(port) = self.lines.get_mut(&line)
        {
            port.active = Some(leg);
        }
        self.add_leg(Leg {
            id: leg,
            call: id,
            entry,
            kind,
            phase: Phase::Calling,
            caller: true,
            user: caller.user,
            device: caller.device,
            trunk: caller.trunk,
            number: caller.number,
            name: caller.name,
            interface: caller.interface,
            holding: false,
            transferring: false,
            early_media: false,
        });
        self.route(now, id, &number, caller.user, super::Purpose::Setup);
        leg
    }

    fn device_caller(&self, device: DeviceId, user: UserId, request: &Message) -> Caller {
        let found = self.config.users.get(&user);
        Caller {
            user: Some(user),
            device: Some(device),
            trunk: None,
            number: found.map(|user| user.extension.clone()).unwrap_or_default(),
            name: found.map(|user| user.name.clone()),
            interface: request.header("User-Agent").map(|agent| clip(&agent, 100)),
        }
    }

    /// What a party on a port uses, for display.
    pub(crate) fn interface_of(&self, line: LineId) -> Option<String> {
        let line = self.config.lines.get(&line)?;
        let kind = match line.kind {
            crate::config::LineKind::Fxs => "FXS",
            crate::config::LineKind::Fxo => "FXO",
        };
        Some(format!("{kind} {}", line.port))
    }

    /// The call's release when nothing can be done for it.
    pub(crate) fn no_route(&mut self, now: Now, call: CallId, purpose: super::Purpose) {
        self.stage_failed(now, call, purpose, Release::from(ReleaseCause::UNALLOCATED));
    }
}

/// The caller of a trunk as the trunk says: asserted identity (RFC 3325) before From.
fn trunk_caller(trunk: TrunkId, request: &Message) -> Caller {
    let asserted = request
        .header_values("P-Asserted-Identity")
        .next()
        .and_then(|value| parse_identity(&value))
        .or_else(|| request.from().map(|from| (from.uri.user, from.display_name)));
    let private = request.header("Privacy").is_some_and(|value| value.split(';').any(|v| v.trim() == "id"));
    let (number, name) = match asserted {
        Some(identity) if !private => identity,
        _ => (None, None),
    };
    let number = number.filter(|number| !number.eq_ignore_ascii_case("anonymous"));
    Caller {
        user: None,
        device: None,
        trunk: Some(trunk),
        number: number.map(|number| clip(&number, routing::MOST_DIGITS)).unwrap_or_default(),
        name: name.map(|name| clip(&name, 80)).filter(|name| !name.is_empty()),
        interface: request.header("User-Agent").map(|agent| clip(&agent, 100)),
    }
}

/// `"Name" <sip:number@host>` or a bare URI.
fn parse_identity(value: &str) -> Option<(Option<String>, Option<String>)> {
    let (name, uri) = match value.find('<') {
        Some(at) => {
            let uri = value.get(at + 1..)?.split('>').next()?;
            (value.get(..at)?.trim().trim_matches('"'), uri)
        }
        None => ("", value.trim()),
    };
    let uri = Uri::parse(uri).ok()?;
    Some((uri.user, (!name.is_empty()).then(|| name.to_owned())))
}

/// Text of a peer, of bounded length and without control characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

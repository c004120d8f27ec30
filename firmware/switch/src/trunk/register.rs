//! Registration with a trunk as a client (RFC 3261 §10.2): refresh before it lapses, retry with growing pauses.

use std::time::Duration;

use offhook_sip::endpoint::{ClientRequestId, Credentials, OutOfDialogRequest, Target, Transport};
use offhook_sip::message::{Message, Method, Uri};

use super::{TrunkState, peer_host};
use crate::config::TrunkKind;
use crate::exchange::{Exchange, Now};
use crate::id::TrunkId;
use crate::timer::Timer;

/// What we ask for.
const WANTED: u64 = 3600;
/// First and longest pause after a failure.
const RETRY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));

impl Exchange {
    /// Begins with the trunks of the configuration; keeps the state of those that stay.
    pub(crate) fn start_trunks(&mut self, now: Now) {
        let config = std::sync::Arc::clone(&self.config);
        let gone: Vec<TrunkId> = self.trunks.keys().filter(|id| !config.trunks.contains_key(id)).copied().collect();
        for id in gone {
            if let Some(state) = self.trunks.remove(&id) {
                self.timers.cancel(state.timer);
            }
        }
        for (id, trunk) in &config.trunks {
            let register = matches!(&trunk.kind, TrunkKind::Sip { register: true, .. });
            let known = self.trunks.contains_key(id);
            let state = self.trunks.entry(*id).or_default();
            if !register {
                state.ready = true;
                self.timers.cancel(state.timer.take());
            } else if !known || state.timer.is_none() {
                state.ready = false;
                self.register_trunk(now, *id);
            }
        }
    }

    /// Sends a REGISTER.
    pub(crate) fn register_trunk(&mut self, now: Now, trunk: TrunkId) {
        let config = std::sync::Arc::clone(&self.config);
        let Some(TrunkKind::Sip { uri, username, password, register: true, .. }) =
            config.trunks.get(&trunk).map(|trunk| &trunk.kind)
        else {
            return;
        };
        // The next attempt stands before the answer is known: an answer that never comes cannot stop the registration.
        self.schedule_registration(now, trunk, RETRY.1);
        let Ok(peer) = Uri::parse(uri) else { return };
        let user = username.clone().unwrap_or_else(|| "offhook".into());
        let host = peer_host(&peer);
        let transport = transport_to(&peer);
        let parameter = match transport {
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
            Transport::Udp | Transport::Ws | Transport::Wss => "",
        };
        let (address, _) = self.media_address(None);
        let address = match peer.host.parse::<std::net::IpAddr>() {
            Ok(ip) if ip.is_loopback() => ip,
            _ => address,
        };
        let port = self
            .sip_ports
            .iter()
            .find(|(known, _)| *known == transport)
            .map_or(String::new(), |(_, port)| format!(":{port}"));
        let address = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let aor = crate::call::name_addr(None, &user, &host);
        let request = OutOfDialogRequest {
            method: Method::Register,
            request_uri: peer.clone(),
            target: Target::Uri(peer),
            route: Vec::new(),
            from: aor.clone(),
            to: aor,
            headers: vec![
                ("Contact".into(), format!("<sip:{user}@{address}{port}{parameter}>")),
                ("Expires".into(), WANTED.to_string()),
            ],
            body: None,
            credentials: username
                .clone()
                .zip(password.clone())
                .map(|(username, password)| Credentials { username, password }),
        };
        let request = self.endpoint.request(now.instant, request);
        self.client_requests.insert(request, trunk);
    }

    /// A trunk has answered a REGISTER of ours (or has not: 408, 503).
    pub(crate) fn trunk_registered(
        &mut self,
        now: Now,
        request: ClientRequestId,
        status: u16,
        response: Option<&Message>,
    ) {
        let Some(trunk) = self.client_requests.remove(&request) else {
            return;
        };
        let Some(state) = self.trunks.get_mut(&trunk) else {
            return;
        };
        let pause = if (200..300).contains(&status) {
            (state.ready, state.failures) = (true, 0);
            let granted = response.and_then(granted).unwrap_or(WANTED).clamp(60, WANTED);
            Duration::from_secs(granted * 9 / 10)
        } else {
            state.ready = false;
            let pause = RETRY.0.saturating_mul(1 << state.failures.min(5));
            state.failures = state.failures.saturating_add(1);
            pause.min(RETRY.1)
        };
        self.schedule_registration(now, trunk, pause);
    }

    /// What carries the signalling to a SIP trunk.
    pub(crate) fn trunk_transport(&self, trunk: TrunkId) -> Option<Transport> {
        match &self.config.trunks.get(&trunk)?.kind {
            TrunkKind::Sip { uri, .. } => Some(transport_to(&Uri::parse(uri).ok()?)),
            TrunkKind::Line { .. } => None,
        }
    }

    fn schedule_registration(&mut self, now: Now, trunk: TrunkId, pause: Duration) {
        let Some(TrunkState { timer, .. }) = self.trunks.get_mut(&trunk) else {
            return;
        };
        let old = timer.replace(self.timers.set(now.instant + pause, Timer::TrunkRegistration(trunk)));
        self.timers.cancel(old);
    }
}

/// What its URI asks for; UDP when it does not say.
fn transport_to(peer: &Uri) -> Transport {
    match peer.param("transport") {
        Some(name) if name.eq_ignore_ascii_case("tls") => Transport::Tls,
        _ if peer.scheme == "sips" => Transport::Tls,
        Some(name) if name.eq_ignore_ascii_case("tcp") => Transport::Tcp,
        _ => Transport::Udp,
    }
}

/// Seconds granted: of a Contact, else of the header.
fn granted(response: &Message) -> Option<u64> {
    let contacts = response.contacts();
    let of_contact = contacts.iter().filter_map(|contact| contact.param("expires")?.parse().ok()).min();
    of_contact.or_else(|| response.header("Expires")?.trim().parse().ok())
}

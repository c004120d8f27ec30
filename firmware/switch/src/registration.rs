//! Registration of phones.

use std::time::Duration;

use offhook_sip::endpoint::{Flow, ServerTransactionId, Transport};
use offhook_sip::message::{Message, Uri};
use offhook_sip::registrar::{Binding, RegistrarConfig};

use crate::exchange::{Exchange, Live, Now, Output, StoredBinding};
use crate::id::UserId;

/// Limits of the registrar.
pub(crate) fn registrar_config() -> RegistrarConfig {
    RegistrarConfig {
        min_expires: Duration::from_secs(60),
        max_expires: Duration::from_secs(3600),
        default_expires: Duration::from_secs(3600),
        max_bindings: 10,
    }
}

impl Exchange {
    /// Puts back the bindings written down before a restart. Those of devices that are gone, or past, are left out.
    pub fn restore_bindings(&mut self, now: Now, aor: &str, bindings: Vec<StoredBinding>) {
        let Some((_, user)) = self.index.usernames.get(aor).copied() else {
            return;
        };
        let bindings: Vec<Binding> = bindings
            .into_iter()
            .filter_map(|stored| restored(now, stored))
            .take(registrar_config().max_bindings)
            .collect();
        if bindings.is_empty() {
            return;
        }
        self.registrar.restore(aor, bindings);
        self.show_registration(user);
    }

    /// A REGISTER.
    pub(crate) fn register(&mut self, now: Now, transaction: ServerTransactionId, request: &Message, flow: Flow) {
        let username = match self.authenticate(now, request, &flow) {
            Ok(username) => username,
            Err(challenges) => {
                let headers: Vec<(&str, &str)> =
                    challenges.iter().map(|value| ("WWW-Authenticate", value.as_str())).collect();
                let _ = self.endpoint.respond(now.instant, transaction, 401, &headers, None);
                return;
            }
        };
        let own = request.to().and_then(|to| to.uri.user).is_some_and(|user| user == username);
        if !own {
            let _ = self.endpoint.respond(now.instant, transaction, 403, &[], None);
            return;
        }
        let outcome = self.registrar.register(now.instant, &username, request, flow);
        let headers: Vec<(&str, &str)> =
            outcome.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let _ = self.endpoint.respond(now.instant, transaction, outcome.status, &headers, None);
        if outcome.changed {
            self.bindings_changed(now, &username);
        }
    }

    /// Bindings that lapsed are dropped.
    pub(crate) fn expire_registrations(&mut self, now: Now) {
        if self.registrar.next_expiry().is_some_and(|at| at <= now.instant) {
            for aor in self.registrar.expire(now.instant) {
                self.bindings_changed(now, &aor);
            }
        }
    }

    /// A connection is gone, and the bindings over it.
    pub(crate) fn connection_closed(&mut self, now: Now, connection: offhook_sip::endpoint::ConnectionId) {
        for aor in self.registrar.connection_closed(connection) {
            self.bindings_changed(now, &aor);
        }
    }

    fn bindings_changed(&mut self, now: Now, aor: &str) {
        let bindings = self.registrar.bindings(aor).iter().map(|binding| stored(now, binding)).collect();
        self.outputs.push_back(Output::Bindings { aor: aor.to_owned(), bindings });
        if let Some((_, user)) = self.index.usernames.get(aor).copied() {
            self.show_registration(user);
        }
    }

    fn show_registration(&mut self, user: UserId) {
        let bindings = self
            .index
            .usernames
            .iter()
            .filter(|(_, (_, owner))| *owner == user)
            .map(|(username, _)| self.registrar.bindings(username).len() as u32)
            .sum();
        self.outputs.push_back(Output::Live(Live::Registered { user, bindings }));
    }

    /// All bindings.
    pub(crate) fn count_bindings(&self) -> u64 {
        self.index.usernames.keys().map(|username| self.registrar.bindings(username).len() as u64).sum()
    }
}

fn stored(now: Now, binding: &Binding) -> StoredBinding {
    let left = binding.expires.saturating_duration_since(now.instant);
    StoredBinding {
        contact: binding.contact.text.clone(),
        transport: match binding.flow.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Ws => "ws",
            Transport::Wss => "wss",
        }
        .into(),
        local: binding.flow.local,
        remote: binding.flow.remote,
        path: binding.path.clone(),
        q: binding.q,
        instance: binding.instance.clone(),
        reg_id: binding.reg_id,
        call_id: binding.call_id.clone(),
        cseq: binding.cseq,
        user_agent: binding.user_agent.clone(),
        expires: now.wall.saturating_add(i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
    }
}

fn restored(now: Now, stored: StoredBinding) -> Option<Binding> {
    let left = u64::try_from(stored.expires.checked_sub(now.wall)?).ok().filter(|left| *left > 0)?;
    let transport = match stored.transport.as_str() {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        "tls" => Transport::Tls,
        "ws" => Transport::Ws,
        "wss" => Transport::Wss,
        _ => return None,
    };
    Some(Binding {
        contact: Uri::parse(&stored.contact).ok()?,
        // The connection died with the process; the phone opens a new one when it registers again.
        flow: Flow { transport, local: stored.local, remote: stored.remote, connection: None },
        path: stored.path,
        q: stored.q,
        instance: stored.instance,
        reg_id: stored.reg_id,
        call_id: stored.call_id,
        cseq: stored.cseq,
        user_agent: stored.user_agent,
        expires: now.instant.checked_add(Duration::from_millis(left))?,
    })
}

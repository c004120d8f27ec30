//! The location service: bindings by address of record, by expiry and by connection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use super::gruu;
use super::request::{Change, Contact, Wish, refuse};
use super::{Binding, Outcome, RegistrarConfig};
use crate::endpoint::{ConnectionId, Flow, Transport};
use crate::message::{Message, Uri};

/// Temporary GRUUs that stay good for one instance; older ones end.
const MAX_TEMPORARY: usize = 8;

/// All bindings of the box.
pub struct Registrar {
    config: RegistrarConfig,
    /// Makes temporary GRUUs; without it there are none.
    key: Option<[u8; 32]>,
    records: BTreeMap<Arc<str>, Record>,
    /// The first expiry of each address of record.
    queue: BTreeSet<(Instant, Arc<str>)>,
    /// Who registered over a connection. May name some who went elsewhere since.
    connections: BTreeMap<ConnectionId, BTreeSet<Arc<str>>>,
    /// User part of a temporary GRUU: address of record and instance.
    temporary: BTreeMap<String, (Arc<str>, String)>,
}

#[derive(Default)]
struct Record {
    bindings: Vec<Binding>,
    queued: Option<Instant>,
    /// Temporary GRUUs by instance, oldest first.
    temporary: BTreeMap<String, VecDeque<String>>,
}

impl Registrar {
    /// An empty registrar. It gives out public GRUUs only; see [`Registrar::with_key`].
    pub fn new(config: RegistrarConfig) -> Self {
        Registrar {
            config,
            key: None,
            records: BTreeMap::new(),
            queue: BTreeSet::new(),
            connections: BTreeMap::new(),
            temporary: BTreeMap::new(),
        }
    }

    /// An empty registrar that also gives out temporary GRUUs (RFC 5627 §3.2). With the same key the last one of each phone is
    /// still good after a restart.
    pub fn with_key(config: RegistrarConfig, key: [u8; 32]) -> Self {
        Registrar { key: Some(key), ..Self::new(config) }
    }

    /// Applies an authenticated REGISTER for the address of record `aor` (the extension or device user name). All or nothing.
    pub fn register(&mut self, now: Instant, aor: &str, request: &Message, flow: Flow) -> Outcome {
        let wish = match Wish::read(&self.config, request) {
            Ok(wish) => wish,
            Err(refusal) => return refusal,
        };
        let before = self.bindings(aor);
        let mut after: Vec<Binding> = before.iter().filter(|binding| binding.expires > now).cloned().collect();
        let mut changed = after.len() != before.len();
        let known = after.clone();
        let applied = match &wish.change {
            Change::Query => Ok(()),
            Change::RemoveAll => {
                changed |= !after.is_empty();
                remove_all(&wish, &mut after)
            }
            Change::Contacts(contacts) => {
                changed = true;
                contacts.iter().try_for_each(|contact| apply(now, &wish, contact, flow, &known, &mut after))
            }
        };
        if let Err(status) = applied {
            return refuse(status);
        }
        if after.len() > self.config.max_bindings {
            return refuse(403);
        }
        if changed {
            self.put(aor, after);
        }
        if wish.gruu {
            self.renew_temporary(aor, &wish);
        }
        Outcome { status: 200, headers: self.headers(now, aor, &wish), changed }
    }

    /// Current bindings, highest q first, newest first within one q.
    pub fn bindings(&self, aor: &str) -> &[Binding] {
        self.records.get(aor).map_or(&[], |record| &record.bindings)
    }

    /// Puts back what was written down before a restart. Connections of then are gone: what was registered over one is reached by
    /// a new connection, and what only a browser could open again (WebSocket) is left out.
    pub fn restore(&mut self, aor: &str, mut bindings: Vec<Binding>) {
        bindings.retain(|binding| !matches!(binding.flow.transport, Transport::Ws | Transport::Wss));
        bindings.truncate(self.config.max_bindings);
        for binding in &mut bindings {
            binding.flow.connection = None;
            binding.flow = reconnect(binding).unwrap_or(binding.flow);
        }
        let names: Vec<(String, String)> = bindings
            .iter()
            .filter_map(|binding| {
                Some((binding.instance.clone()?, gruu::temporary_user(self.key.as_ref()?, aor, binding)?))
            })
            .collect();
        self.put(aor, bindings);
        for (instance, user) in names {
            self.remember_temporary(aor, &instance, user);
        }
    }

    /// Everything that is registered, in the order of the addresses of record.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.records.iter().map(|(aor, record)| (&**aor, record.bindings.as_slice()))
    }

    /// Drops all bindings of an address of record (the extension was deleted, its password changed). True when there were some.
    pub fn remove(&mut self, aor: &str) -> bool {
        let had = !self.bindings(aor).is_empty();
        self.put(aor, Vec::new());
        had
    }

    /// A connection is gone: bindings over it are dropped (RFC 5626 §5.3), but for phones on plain TCP whose contact is where they
    /// connected from: those are called at their contact. Returns the addresses of record concerned.
    pub fn connection_closed(&mut self, connection: ConnectionId) -> Vec<String> {
        let mut concerned = Vec::new();
        for aor in self.connections.remove(&connection).unwrap_or_default() {
            let over = |binding: &Binding| binding.flow.connection == Some(connection);
            let mut bindings = self.bindings(&aor).to_vec();
            if !bindings.iter().any(over) {
                continue;
            }
            bindings.retain_mut(|binding| {
                if !over(binding) {
                    return true;
                }
                let again = reconnect(binding).filter(|_| binding.reg_id.is_none());
                binding.flow = again.unwrap_or(binding.flow);
                again.is_some()
            });
            self.put(&aor, bindings);
            concerned.push(aor.to_string());
        }
        concerned
    }

    /// Drops what lapsed; returns the addresses of record concerned.
    pub fn expire(&mut self, now: Instant) -> Vec<String> {
        let mut concerned = Vec::new();
        while let Some((due, aor)) = self.queue.first().cloned() {
            if due > now {
                break;
            }
            let left = self.bindings(&aor).iter().filter(|binding| binding.expires > now).cloned().collect();
            self.put(&aor, left);
            concerned.push(aor.to_string());
        }
        concerned
    }

    /// The next expiry.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Who a GRUU of ours stands for (RFC 5627 §5.5): the address of record and the newest binding of that phone.
    pub fn resolve_gruu(&self, uri: &Uri) -> Option<(&str, &Binding)> {
        uri.param("gr").or_else(|| {
            // A parameter without a value.
            uri.params.iter().any(|(name, _)| name.eq_ignore_ascii_case("gr")).then_some("")
        })?;
        let user = uri.user.as_deref()?;
        let (aor, instance) = match self.temporary.get(user) {
            Some((aor, instance)) => (&**aor, gruu::instance_value(instance)),
            None => (user, uri.param("gr").filter(|value| !value.is_empty())?.to_owned()),
        };
        let (aor, record) = self.records.get_key_value(aor)?;
        let is_instance = |binding: &&Binding| {
            binding.instance.as_deref().is_some_and(|id| gruu::instance_value(id).eq_ignore_ascii_case(&instance))
        };
        record.bindings.iter().find(is_instance).map(|binding| (&**aor, binding))
    }

    /// Replaces the bindings of an address of record and keeps the indexes right.
    fn put(&mut self, aor: &str, mut bindings: Vec<Binding>) {
        let aor: Arc<str> = match self.records.get_key_value(aor) {
            Some((known, _)) => Arc::clone(known),
            None if bindings.is_empty() => return,
            None => Arc::from(aor),
        };
        // The sort is stable: newest first stays so within one q.
        bindings.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        let record = self.records.entry(Arc::clone(&aor)).or_default();
        if let Some(queued) = record.queued.take() {
            self.queue.remove(&(queued, Arc::clone(&aor)));
        }
        record.queued = bindings.iter().map(|binding| binding.expires).min();
        if let Some(due) = record.queued {
            self.queue.insert((due, Arc::clone(&aor)));
        }
        for connection in bindings.iter().filter_map(|binding| binding.flow.connection) {
            self.connections.entry(connection).or_default().insert(Arc::clone(&aor));
        }
        // Temporary GRUUs end with the registration of their instance (RFC 5627 §3.2).
        let gone = |instance: &String| !bindings.iter().any(|binding| binding.instance.as_ref() == Some(instance));
        let ended: Vec<String> = record.temporary.keys().filter(|instance| gone(instance)).cloned().collect();
        for user in ended.iter().filter_map(|instance| record.temporary.remove(instance)).flatten() {
            self.temporary.remove(&user);
        }
        record.bindings = bindings;
        if record.bindings.is_empty() {
            self.records.remove(&aor);
        }
    }

    fn renew_temporary(&mut self, aor: &str, wish: &Wish) {
        let (Some(key), Change::Contacts(contacts)) = (self.key, &wish.change) else {
            return;
        };
        for instance in contacts.iter().filter_map(|contact| contact.instance.as_ref()) {
            let current = |binding: &&Binding| binding.instance.as_ref() == Some(instance);
            let user = self.bindings(aor).iter().find(current).and_then(|it| gruu::temporary_user(&key, aor, it));
            if let Some(user) = user {
                self.remember_temporary(aor, instance, user);
            }
        }
    }

    fn remember_temporary(&mut self, aor: &str, instance: &str, user: String) {
        let Some((aor, _)) = self.records.get_key_value(aor) else {
            return;
        };
        let aor = Arc::clone(aor);
        let Some(record) = self.records.get_mut(&aor) else {
            return;
        };
        let users = record.temporary.entry(instance.to_owned()).or_default();
        if users.contains(&user) {
            return;
        }
        users.push_back(user.clone());
        if users.len() > MAX_TEMPORARY
            && let Some(oldest) = users.pop_front()
        {
            self.temporary.remove(&oldest);
        }
        self.temporary.insert(user, (aor, instance.to_owned()));
    }

    /// Headers of a 200 (RFC 3261 §10.3 step 8, RFC 3327 §5.3, RFC 5626 §6, RFC 5627 §5.1).
    fn headers(&self, now: Instant, aor: &str, wish: &Wish) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for binding in self.bindings(aor) {
            headers.push(("Contact".to_owned(), self.contact_value(now, aor, wish, binding)));
        }
        headers.extend(wish.path.iter().map(|path| ("Path".to_owned(), path.clone())));
        headers.push(("Supported".to_owned(), "path, outbound, gruu".to_owned()));
        if wish.outbound {
            headers.push(("Require".to_owned(), "outbound".to_owned()));
        }
        headers
    }

    fn contact_value(&self, now: Instant, aor: &str, wish: &Wish, binding: &Binding) -> String {
        let left = binding.expires.saturating_duration_since(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let mut value = format!("<{}>;expires={seconds}", binding.contact.text);
        if binding.q < 1000 {
            value.push_str(&format!(";q=0.{:03}", binding.q));
        }
        let Some(instance) = &binding.instance else {
            return value;
        };
        value.push_str(&format!(";+sip.instance={}", quoted(instance)));
        if let Some(reg_id) = binding.reg_id {
            value.push_str(&format!(";reg-id={reg_id}"));
        }
        if wish.gruu {
            value.push_str(&format!(";pub-gruu={}", quoted(&gruu::public(aor, &wish.domain, instance))));
            let latest = self.records.get(aor).and_then(|record| record.temporary.get(instance)?.back());
            if let Some(user) = latest {
                value.push_str(&format!(";temp-gruu={}", quoted(&gruu::temporary(user, &wish.domain))));
            }
        }
        value
    }
}

fn quoted(text: &str) -> String {
    crate::digest::quote(text)
}

/// Step 6: each binding is checked for the order of requests, then all are removed.
fn remove_all(wish: &Wish, bindings: &mut Vec<Binding>) -> Result<(), u16> {
    if bindings.iter().any(|binding| is_out_of_order(wish, binding)) {
        return Err(500);
    }
    bindings.clear();
    Ok(())
}

/// Step 7 for one contact. `known` are the bindings before this request.
fn apply(
    now: Instant,
    wish: &Wish,
    contact: &Contact,
    flow: Flow,
    known: &[Binding],
    bindings: &mut Vec<Binding>,
) -> Result<(), u16> {
    let replaced = |binding: &Binding| match contact.reg_id {
        // RFC 5626 §6: a flow is named by instance and reg-id, whatever its contact.
        Some(_) if binding.reg_id.is_some() => binding.reg_id == contact.reg_id && binding.instance == contact.instance,
        _ => binding.reg_id.is_none() && binding.contact.is_equivalent(&contact.uri),
    };
    if known.iter().any(|binding| replaced(binding) && is_out_of_order(wish, binding)) {
        return Err(500);
    }
    bindings.retain(|binding| !replaced(binding));
    let Some(lifetime) = contact.expires else {
        return Ok(());
    };
    // A phone that was restarted comes from another port with another Call-ID: what it registered before leads nowhere.
    bindings.retain(|binding| {
        let same_phone = contact.instance.is_some() && binding.instance == contact.instance;
        let flows = contact.reg_id.is_some() && binding.reg_id.is_some();
        !same_phone || flows || binding.call_id == wish.call_id
    });
    bindings.insert(0, wish.binding(contact, now + lifetime, flow));
    Ok(())
}

/// The same Call-ID with a CSeq that is not higher (RFC 3261 §10.3 step 7).
fn is_out_of_order(wish: &Wish, binding: &Binding) -> bool {
    binding.call_id == wish.call_id && wish.cseq <= binding.cseq
}

/// A path to the contact itself, for a phone on TCP that can be connected to: its contact is the address it came from, so there
/// is no NAT between.
fn reconnect(binding: &Binding) -> Option<Flow> {
    let address: IpAddr = binding.contact.host.trim_matches(['[', ']']).parse().ok()?;
    if binding.flow.transport != Transport::Tcp || address != binding.flow.remote.ip() {
        return None;
    }
    let unspecified: IpAddr = match address {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    Some(Flow {
        transport: Transport::Tcp,
        local: SocketAddr::new(unspecified, 0),
        remote: SocketAddr::new(address, binding.contact.port.unwrap_or(5060)),
        connection: None,
    })
}

//! What a REGISTER asks for (RFC 3261 §10.3 steps 1–6, RFC 5626 §6).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::{Binding, Outcome, RegistrarConfig};
use crate::endpoint::{Flow, Transport};
use crate::message::{Message, NameAddr, Uri};

/// Longest contact URI, in bytes.
const MAX_CONTACT: usize = 1024;
/// Longest instance id, in bytes.
const MAX_INSTANCE: usize = 128;
/// Longest Call-ID that is remembered, in bytes.
const MAX_CALL_ID: usize = 256;
/// Most `Path` values, and bytes in them.
const MAX_PATH: (usize, usize) = (8, 4096);
/// Longest `User-Agent` kept; the rest is cut off.
const MAX_USER_AGENT: usize = 128;

/// A REGISTER, read.
pub(super) struct Wish {
    pub(super) change: Change,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) path: Vec<String>,
    pub(super) user_agent: Option<String>,
    /// The domain of the address of record, for GRUUs.
    pub(super) domain: String,
    pub(super) outbound: bool,
    pub(super) gruu: bool,
}

/// What becomes of the bindings.
pub(super) enum Change {
    /// Nothing: a query.
    Query,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    /// These contacts.
    Contacts(Vec<Contact>),
}

/// One contact to add, refresh or, with no expiry, remove.
pub(super) struct Contact {
    pub(super) uri: Uri,
    pub(super) q: u16,
    pub(super) instance: Option<String>,
    pub(super) reg_id: Option<u32>,
    pub(super) expires: Option<Duration>,
}

impl Wish {
    pub(super) fn read(config: &RegistrarConfig, request: &Message) -> Result<Wish, Outcome> {
        let cseq = request.cseq().ok_or_else(|| refuse(400))?.number;
        let call_id = request.call_id().to_owned();
        let to = request.to().ok_or_else(|| refuse(400))?;
        let path: Vec<String> =
            request.header_values("Path").take(MAX_PATH.0 + 1).map(|value| value.trim().to_owned()).collect();
        let long_path = path.len() > MAX_PATH.0 || path.iter().map(String::len).sum::<usize>() > MAX_PATH.1;
        if call_id.len() > MAX_CALL_ID || long_path {
            return Err(refuse(400));
        }
        let mut outbound = supports(request, "outbound");
        let change = change(config, request, outbound)?;
        if let Change::Contacts(contacts) = &change {
            outbound &= contacts.iter().any(|contact| contact.reg_id.is_some());
        } else {
            outbound = false;
        }
        // RFC 5626 §6: with proxies between, the first of them must know about flows.
        if outbound && request.header_values("Via").take(2).count() > 1 {
            let flow_token = path.last().is_some_and(|first_hop| has_ob(first_hop));
            if !flow_token {
                return Err(refuse(439));
            }
        }
        let user_agent = request.header("User-Agent").map(|text| text.chars().take(MAX_USER_AGENT).collect());
        Ok(Wish {
            change,
            call_id,
            cseq,
            path,
            user_agent,
            domain: to.uri.host,
            outbound,
            gruu: supports(request, "gruu"),
        })
    }

    pub(super) fn binding(&self, contact: &Contact, expires: Instant, flow: Flow) -> Binding {
        Binding {
            contact: contact.uri.clone(),
            flow: if contact.reg_id.is_some() { flow } else { reach(&contact.uri, flow) },
            path: self.path.clone(),
            q: contact.q,
            instance: contact.instance.clone(),
            reg_id: contact.reg_id,
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            user_agent: self.user_agent.clone(),
            expires,
        }
    }
}

/// Where a datagram reaches the contact. Behind a NAT only the path of the REGISTER does (RFC 3581 §4); a phone that names the very
/// address it sends from is behind none, and the port it names is where it listens.
fn reach(contact: &Uri, flow: Flow) -> Flow {
    let named = contact.host.parse::<IpAddr>().ok();
    if flow.transport != Transport::Udp || named != Some(flow.remote.ip()) {
        return flow;
    }
    Flow { remote: SocketAddr::new(flow.remote.ip(), contact.port.unwrap_or(5060)), ..flow }
}

/// An answer that changes nothing.
pub(super) fn refuse(status: u16) -> Outcome {
    Outcome { status, headers: Vec::new(), changed: false }
}

fn change(config: &RegistrarConfig, request: &Message, outbound: bool) -> Result<Change, Outcome> {
    let written = request.header_values("Contact").take(config.max_bindings + 1).count();
    if written == 0 {
        return Ok(Change::Query);
    }
    if written > config.max_bindings {
        return Err(refuse(403));
    }
    let contacts = request.contacts();
    if contacts.len() != written {
        return Err(refuse(400));
    }
    let header = request.header("Expires");
    if contacts.iter().any(|contact| contact.uri.text == "*") {
        // Step 6: alone, and with Expires: 0 in the header.
        let zero = header.is_some_and(|value| value.trim() == "0");
        return if contacts.len() == 1 && zero { Ok(Change::RemoveAll) } else { Err(refuse(400)) };
    }
    let header = header.as_deref();
    let contacts = contacts
        .into_iter()
        .map(|contact| read_contact(config, contact, header, outbound))
        .collect::<Result<Vec<Contact>, Outcome>>()?;
    let flows = contacts.iter().filter(|contact| contact.reg_id.is_some() && contact.expires.is_some());
    if flows.count() > 1 {
        // RFC 5626 §6: one flow per REGISTER.
        return Err(refuse(400));
    }
    Ok(Change::Contacts(contacts))
}

fn read_contact(
    config: &RegistrarConfig,
    contact: NameAddr,
    header: Option<&str>,
    outbound: bool,
) -> Result<Contact, Outcome> {
    let reachable = ["sip", "sips"].contains(&contact.uri.scheme.as_str());
    let instance = contact.param("+sip.instance").map(str::to_owned);
    let long = contact.uri.text.len() > MAX_CONTACT || instance.as_ref().is_some_and(|id| id.len() > MAX_INSTANCE);
    if !reachable || long || contact.uri.text.contains(['<', '>', '\r', '\n']) {
        return Err(refuse(400));
    }
    let reg_id = match contact.param("reg-id").filter(|_| outbound && instance.is_some()) {
        Some(text) => Some(text.parse().ok().filter(|id| *id > 0).ok_or_else(|| refuse(400))?),
        None => None,
    };
    let expires = match contact.param("expires").or(header) {
        Some(text) => seconds(text).unwrap_or(config.default_expires),
        None => config.default_expires,
    };
    if !expires.is_zero() && expires < config.min_expires {
        let least = config.min_expires.as_secs().to_string();
        return Err(Outcome { status: 423, headers: vec![("Min-Expires".into(), least)], changed: false });
    }
    let q = contact.param("q").and_then(quality).unwrap_or(1000);
    let expires = (!expires.is_zero()).then(|| expires.min(config.max_expires));
    Ok(Contact { uri: contact.uri, q, instance, reg_id, expires })
}

fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit is a very long time, and capped like one.
    digits.then(|| Duration::from_secs(text.parse::<u32>().unwrap_or(u32::MAX).into()))
}

/// `q` in thousandths: at most three digits after the point (RFC 3261 §25.1).
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths: u16 = if digits {
        format!("{fraction:0<3}").parse().ok()?
    } else {
        return None;
    };
    match whole {
        "" | "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

fn supports(request: &Message, tag: &str) -> bool {
    request.header_values("Supported").any(|value| value.trim().eq_ignore_ascii_case(tag))
}

/// The `ob` parameter within the URI of a Path value.
fn has_ob(path: &str) -> bool {
    let uri = path.split_once('<').map_or(path, |(_, rest)| rest);
    let uri = uri.split('>').next().unwrap_or(uri);
    uri.split(';').skip(1).any(|param| param.trim().eq_ignore_ascii_case("ob"))
}

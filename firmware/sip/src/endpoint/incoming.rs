//! What arrives: matching, the checks every request goes through (RFC 3261 §8.2), and who gets it.

use std::time::Instant;

use bytes::Bytes;

use super::compose::{self, Response, method_text};
use super::{Endpoint, Event, Flow, ServerTransactionId, TagOwner, Transport, text};
use crate::message::{HeaderName, Kind, Message, MessageBuilder, Method, ParseError};
use crate::transaction::{self, InviteServer, NonInviteServer, Owner, ServerMachine, ServerUser, Timer};

/// Option tags of `Require` we take in an INVITE or within a session.
const REQUIRE_SESSION: [&str; 4] = ["100rel", "timer", "replaces", "norefersub"];
/// Option tags of `Require` a registrar takes (RFC 3327, 5626, 5627).
const REQUIRE_REGISTER: [&str; 3] = ["path", "outbound", "gruu"];

/// The one kind of body a session is described with.
const SDP: &str = "application/sdp";

/// A request on its way to who answers it.
pub(crate) struct Incoming {
    /// The request.
    pub(crate) request: Message,
    /// Its method.
    pub(crate) method: Method,
    /// Its CSeq number.
    pub(crate) cseq: u32,
    /// The tag of From; empty for RFC 2543.
    pub(crate) from_tag: String,
    /// The tag of To.
    pub(crate) to_tag: Option<String>,
    /// Where it came from.
    pub(crate) source: Flow,
    /// Where responses go.
    pub(crate) reply: Flow,
}

impl Endpoint {
    /// One message from the network.
    pub(crate) fn on_received(&mut self, now: Instant, flow: Flow, bytes: Bytes) {
        let message = match Message::parse_datagram(bytes.clone()) {
            Ok(message) => message,
            Err(error) => {
                self.refuse_unparsed(&flow, bytes, error);
                return;
            }
        };
        match message.kind() {
            Kind::Response(_) => self.on_response(now, flow, message),
            Kind::Request => self.on_request(now, flow, message),
        }
    }

    /// Answers bytes that are a request, but not one we can work with, without any state.
    fn refuse_unparsed(&mut self, flow: &Flow, bytes: Bytes, error: ParseError) {
        if let Some(request) = Message::salvage(bytes) {
            self.refuse_statelessly(flow, &request, error);
        }
    }

    /// Answers without a transaction: retransmissions get the same answer again, and nothing is remembered.
    fn refuse_statelessly(&mut self, source: &Flow, request: &Message, error: ParseError) {
        let mut key = String::new();
        let Some(reply) = top_via(request, source, &request.method(), &mut key) else {
            return;
        };
        let tag = format!("{:016x}", self.cookie ^ fold(request.call_id()));
        let remote = Some(source.remote);
        let mut builder = MessageBuilder::refusal_of(request, error, Some(&tag), remote);
        if !self.config.user_agent.is_empty() {
            builder = builder.header("Server", &self.config.user_agent);
        }
        let bytes = builder.finish();
        self.send(reply, bytes);
    }

    /// One request (RFC 3261 §8.2, §17.2.3).
    fn on_request(&mut self, now: Instant, source: Flow, request: Message) {
        let method = request.method();
        if let Err(error) = request.validate_request() {
            if method != Method::Ack {
                self.refuse_statelessly(&source, &request, error);
            }
            return;
        }
        let Some(cseq) = request.cseq() else { return };
        let mut key = std::mem::take(&mut self.key);
        let Some(reply) = top_via(&request, &source, &method, &mut key) else {
            self.key = key;
            return;
        };
        if let Some(id) = self.transactions.find_server(&key) {
            self.key = key;
            self.on_matched_request(now, id, &method);
            return;
        }
        let from = request.header("From").unwrap_or_default();
        let to = request.header("To").unwrap_or_default();
        let incoming = Incoming {
            cseq: cseq.number,
            from_tag: text::param(&from, "tag").unwrap_or_default().to_owned(),
            to_tag: text::param(&to, "tag").filter(|tag| !tag.is_empty()).map(str::to_owned),
            method,
            source,
            reply,
            request: request.clone(),
        };
        drop((from, to));
        self.on_new_request(now, incoming, &key);
        self.key = key;
    }

    /// A retransmission, or the ACK of a refusal.
    fn on_matched_request(&mut self, now: Instant, id: u64, method: &Method) {
        let t4 = self.config.t4;
        let Some(transaction) = self.transactions.server(id) else {
            return;
        };
        let flow = transaction.flow;
        let again = match (&mut transaction.machine, method) {
            (ServerMachine::Invite(machine), Method::Ack) => {
                if machine.on_ack() {
                    let owner = Owner::Transaction(id);
                    self.deadlines.forget(owner);
                    if flow.transport == Transport::Udp {
                        self.deadlines.set(owner, Timer::I, now + t4);
                    } else {
                        self.transactions.remove_server(id);
                    }
                }
                None
            }
            (ServerMachine::Invite(machine), _) => machine.on_retransmission(),
            (ServerMachine::NonInvite(machine), _) => machine.on_retransmission(),
        };
        if let Some(bytes) = again {
            self.send(flow, bytes);
        }
    }

    /// A request that matches no transaction.
    fn on_new_request(&mut self, now: Instant, incoming: Incoming, key: &str) {
        if incoming.method == Method::Ack {
            self.on_ack(now, &incoming);
            return;
        }
        if self.refuse_overload(&incoming) {
            return;
        }
        let mut merge = String::new();
        if incoming.to_tag.is_none() && incoming.method != Method::Cancel {
            transaction::merge_key(
                &mut merge,
                &incoming.request,
                &incoming.from_tag,
                incoming.cseq,
                method_text(&incoming.method),
            );
        }
        let merged = !merge.is_empty() && self.transactions.find_merged(&merge).is_some();
        let merge_key = (!merge.is_empty() && !merged).then_some(merge.as_str());
        let id = self.fresh_id();
        let is_invite = incoming.method == Method::Invite;
        let machine = if is_invite {
            ServerMachine::Invite(InviteServer::Proceeding { last: None })
        } else {
            ServerMachine::NonInvite(NonInviteServer::Trying)
        };
        let to_tag: Box<str> = self.token().into();
        let request = incoming.request.clone();
        self.transactions.add_server(id, machine, key, merge_key, incoming.reply, request, to_tag, ServerUser::Owner);
        if !is_invite {
            // RFC 4320 §4.1: the client's Timer E reaches T2 after T1 + 2·T1 + … ; T2 covers it for the usual values.
            let owner = Owner::Transaction(id);
            self.deadlines.set(owner, Timer::Trying, now + reach_t2(self.config.t1, self.config.t2));
            self.deadlines.set(owner, Timer::Unanswered, now + self.config.t1 * 64);
        }
        if merged {
            self.reply(now, id, 482, "");
            return;
        }
        if let Some((status, lines)) = self.inspect(&incoming) {
            self.reply(now, id, status, &lines);
            return;
        }
        self.dispatch(now, id, incoming);
    }

    /// The checks of RFC 3261 §8.2.1–§8.2.2: what a request is refused with.
    fn inspect(&self, incoming: &Incoming) -> Option<(u16, String)> {
        let request = &incoming.request;
        if let Method::Other(_) = incoming.method {
            return Some((501, format!("Allow: {}\r\n", compose::ALLOW)));
        }
        if incoming.method == Method::Cancel {
            return None;
        }
        let scheme = request.request_uri().split(':').next().unwrap_or_default();
        if !["sip", "sips", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Some((416, String::new()));
        }
        // Requests that end here are answered even with no hops left (RFC 3261 §8.2 knows no such check for a UAS); those that
        // go on to another party must not loop.
        if !matches!(incoming.method, Method::Register | Method::Options)
            && incoming.to_tag.is_none()
            && request.header("Max-Forwards").and_then(|value| text::delta_seconds(&value)) == Some(0)
        {
            return Some((483, String::new()));
        }
        let mut unsupported = String::new();
        for value in request.header_values("Require") {
            for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                let known = REQUIRE_SESSION.iter().any(|known| known.eq_ignore_ascii_case(tag))
                    || (incoming.method == Method::Register
                        && REQUIRE_REGISTER.iter().any(|known| known.eq_ignore_ascii_case(tag)));
                if !known {
                    if !unsupported.is_empty() {
                        unsupported.push_str(", ");
                    }
                    unsupported.push_str(tag);
                }
            }
        }
        if !unsupported.is_empty() {
            let mut lines = String::new();
            compose::line(&mut lines, "Unsupported", &unsupported);
            return Some((420, lines));
        }
        inspect_body(&incoming.method, request)
    }

    /// 503 with Retry-After before a table grows beyond its limit. Requests within a session free what others hold: they may use a
    /// quarter more.
    fn refuse_overload(&mut self, incoming: &Incoming) -> bool {
        let known = incoming.to_tag.as_deref().is_some_and(|tag| self.tags.contains_key(tag));
        let releases = known || incoming.method == Method::Cancel;
        let limit = self.config.max_transactions;
        let limit = if releases { limit + limit / 4 } else { limit };
        let full = self.transactions.len() >= limit;
        let sessions_full = incoming.method == Method::Invite
            && incoming.to_tag.is_none()
            && self.sessions.len() >= self.config.max_sessions;
        if !full && !sessions_full {
            return false;
        }
        self.overload_refusals += 1;
        let retry_after = 5 + self.overload_refusals % 6;
        // Retransmissions are refused the same way without a memory of them.
        let tag = format!("{:016x}", self.cookie ^ fold(incoming.request.call_id()));
        let lines = format!("Retry-After: {retry_after}\r\n");
        let response = Response { status: 503, to_tag: Some(&tag), lines: &lines, ..Response::default() };
        let bytes = compose::response(&self.config, &incoming.request, &incoming.source, &response);
        self.send(incoming.reply, bytes);
        true
    }

    /// Hands a request to who answers it.
    fn dispatch(&mut self, now: Instant, id: u64, incoming: Incoming) {
        if incoming.method == Method::Cancel {
            self.on_cancel(now, id, &incoming);
            return;
        }
        let owner = match &incoming.to_tag {
            None => None,
            // A registrar has no dialogs.
            Some(_) if incoming.method == Method::Register => None,
            Some(tag) => match self.tags.get(tag.as_str()) {
                Some(owner) => Some(*owner),
                None => {
                    self.reply(now, id, 481, "");
                    return;
                }
            },
        };
        match (owner, &incoming.method) {
            (Some(TagOwner::Session(session)), _) => self.on_session_request(now, session, id, incoming),
            (Some(TagOwner::Subscription(subscription)), _) => {
                self.on_subscription_request(now, subscription, id, &incoming);
            }
            (None, Method::Invite) => self.on_invite(now, id, incoming),
            (None, Method::Bye | Method::Prack | Method::Update | Method::Info) => self.reply(now, id, 481, ""),
            (None, _) => self.emit(Event::Request {
                transaction: ServerTransactionId(id),
                request: incoming.request,
                flow: incoming.source,
            }),
        }
    }

    /// CANCEL (RFC 3261 §9.2): matched by the transaction, never by the dialog.
    fn on_cancel(&mut self, now: Instant, id: u64, incoming: &Incoming) {
        let mut key = String::new();
        let invite = {
            let Some(via) = incoming.request.header_values("Via").next() else {
                return;
            };
            let Some(parsed) = text::Via::parse(&via) else {
                return;
            };
            transaction::server_key(&mut key, &incoming.request, &via, parsed.branch, parsed.sent_by, "INVITE");
            self.transactions.find_server(&key)
        };
        let Some(invite) = invite else {
            self.reply(now, id, 481, "");
            return;
        };
        let target = self
            .transactions
            .server_ref(invite)
            .map(|invite| (invite.user, invite.machine.is_pending(), invite.to_tag.clone()));
        let Some((user, pending, to_tag)) = target else {
            return;
        };
        // The response to CANCEL carries the To tag of the INVITE's.
        if let Some(transaction) = self.transactions.server(id) {
            transaction.to_tag = to_tag;
        }
        self.reply(now, id, 200, "");
        if pending && let ServerUser::Session(session) = user {
            self.on_session_cancelled(now, session, invite, &incoming.request);
        }
    }
}

/// What a request about a session is refused with for the body it brings, or for the body it would take (RFC 3261 §8.2.3, §20.1).
fn inspect_body(method: &Method, request: &Message) -> Option<(u16, String)> {
    if !matches!(method, Method::Invite | Method::Update | Method::Prack) {
        return None;
    }
    if !request.body().is_empty() {
        let header = |name| request.get(name).unwrap_or_default();
        let disposition = header(HeaderName::ContentDisposition);
        // RFC 3261 §20.11: who may leave a body out says so.
        let optional = text::param(&disposition, "handling").is_some_and(|how| how.eq_ignore_ascii_case("optional"));
        if !text::without_params(&header(HeaderName::ContentType)).eq_ignore_ascii_case(SDP) && !optional {
            return Some((415, format!("Accept: {SDP}\r\n")));
        }
        let encoded = |coding: &str| !coding.eq_ignore_ascii_case("identity");
        if request.values(HeaderName::ContentEncoding).any(|coding| encoded(&coding)) {
            return Some((415, "Accept-Encoding: identity\r\n".to_owned()));
        }
    }
    let takes = |range: &str| [SDP, "application/*", "*/*"].iter().any(|known| known.eq_ignore_ascii_case(range));
    let mut ranges = request.values(HeaderName::Accept).peekable();
    let refuses = ranges.peek().is_some() && !ranges.any(|range| takes(text::without_params(&range)));
    (refuses && *method == Method::Invite).then(|| (406, String::new()))
}

/// When a client's Timer E has grown to T2 (RFC 4320 §4.1).
fn reach_t2(t1: std::time::Duration, t2: std::time::Duration) -> std::time::Duration {
    let mut interval = t1;
    let mut elapsed = std::time::Duration::ZERO;
    while interval < t2 && !interval.is_zero() {
        elapsed += interval;
        interval *= 2;
    }
    elapsed
}

/// FNV-1a: spreads a Call-ID over a tag; secrecy is not its job.
fn fold(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Where responses go (RFC 3261 §18.2.2, RFC 3581 §4), and the key of the transaction.
fn top_via(request: &Message, source: &Flow, method: &Method, key: &mut String) -> Option<Flow> {
    let via = request.header_values("Via").next()?;
    let parsed = text::Via::parse(&via)?;
    let method = if *method == Method::Ack { "INVITE" } else { method_text(method) };
    transaction::server_key(key, request, &via, parsed.branch, parsed.sent_by, method);
    let mut reply = *source;
    if source.transport == Transport::Udp && !parsed.rport {
        // A sender that names another host than it has is behind NAT: only the source port leads back.
        let (ip, port) = parsed.address();
        if ip.is_some_and(|ip| ip.to_canonical() == source.remote.ip().to_canonical()) {
            reply.remote.set_port(port.unwrap_or(5060));
        }
    }
    Some(reply)
}

//! Writing requests and responses.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use super::{Body, EndpointConfig, Flow, Transport, text};
pub(crate) use crate::message::reason_phrase;
use crate::message::{Message, Method};

/// Methods we take, for `Allow`.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, SUBSCRIBE, NOTIFY, PUBLISH, INFO, REFER, MESSAGE, UPDATE";
/// Option tags we support, for `Supported`.
pub(crate) const SUPPORTED: &str = "100rel, timer, replaces, norefersub";

/// A request of ours without what changes at each attempt (Via, credentials).
#[derive(Clone)]
pub(crate) struct Head {
    /// The method.
    pub(crate) method: Method,
    /// The Request-URI.
    pub(crate) uri: String,
    /// Values of `Route`.
    pub(crate) routes: Vec<String>,
    /// `From` with tag.
    pub(crate) from: String,
    /// `To`, with tag inside a dialog.
    pub(crate) to: String,
    /// `Call-ID`.
    pub(crate) call_id: Arc<str>,
    /// `CSeq` number.
    pub(crate) cseq: u32,
    /// User part of our Contact when this request carries one.
    pub(crate) contact: Option<Option<Box<str>>>,
    /// Further header lines, each ended by CRLF.
    pub(crate) lines: String,
    /// The body.
    pub(crate) body: Option<Body>,
}

/// Appends `name: value`, leaving out what would break a line.
pub(crate) fn line(out: &mut String, name: &str, value: &str) {
    out.extend(name.chars().filter(|c| !c.is_control()));
    out.push_str(": ");
    out.extend(value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')));
    out.push_str("\r\n");
}

/// Appends the headers of a caller.
pub(crate) fn lines(out: &mut String, headers: &[(&str, &str)]) {
    for (name, value) in headers {
        line(out, name, value);
    }
}

/// The method as text.
pub(crate) fn method_text(method: &Method) -> &str {
    method.as_str()
}

/// Our address on a flow as `host:port` for Via and Contact.
pub(crate) fn local_host_port(config: &EndpointConfig, flow: &Flow) -> String {
    let ip = flow.local.ip();
    let port = match flow.local.port() {
        0 => config
            .ports
            .iter()
            .find(|(transport, _)| *transport == flow.transport)
            .map_or_else(|| default_port(flow.transport), |(_, port)| *port),
        port => port,
    };
    if !ip.is_unspecified() {
        return text::host_port((ip, port).into());
    }
    match config.host.parse() {
        Ok(ip) => text::host_port((std::net::IpAddr::to_canonical(&ip), port).into()),
        Err(_) => format!("{}:{port}", config.host),
    }
}

/// The well-known port of a transport.
pub(crate) fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
        Transport::Ws => 80,
        Transport::Wss => 443,
    }
}

/// The transport of Via.
fn via_transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
        Transport::Ws => "WS",
        Transport::Wss => "WSS",
    }
}

/// The value of our Contact.
fn push_contact(out: &mut String, flow: &Flow, local: &str, user: Option<&str>) {
    out.push_str("Contact: <sip:");
    if let Some(user) = user {
        out.extend(user.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '@')));
        out.push('@');
    }
    out.push_str(local);
    match flow.transport {
        Transport::Udp => {}
        Transport::Tcp => out.push_str(";transport=tcp"),
        Transport::Tls => out.push_str(";transport=tls"),
        Transport::Ws => out.push_str(";transport=ws"),
        Transport::Wss => out.push_str(";transport=wss"),
    }
    out.push_str(">\r\n");
}

/// Appends the body with its headers and makes the bytes.
fn finish(mut out: String, body: Option<&Body>) -> Bytes {
    match body {
        Some(body) => {
            line(&mut out, "Content-Type", &body.content_type);
            let _ = write!(out, "Content-Length: {}\r\n\r\n", body.bytes.len());
            let mut bytes = out.into_bytes();
            bytes.extend_from_slice(&body.bytes);
            bytes.into()
        }
        None => {
            out.push_str("Content-Length: 0\r\n\r\n");
            out.into_bytes().into()
        }
    }
}

/// Writes a request.
pub(crate) fn request(config: &EndpointConfig, head: &Head, flow: &Flow, branch: &str, auth: &str) -> Bytes {
    let local = local_host_port(config, flow);
    let method = method_text(&head.method);
    let body_len = head.body.as_ref().map_or(0, |body| body.bytes.len() + 64);
    let mut out = String::with_capacity(640 + head.lines.len() + auth.len() + body_len);
    let uri = head.uri.trim();
    let _ = write!(
        out,
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{} {local};branch={branch};rport\r\n",
        via_transport(flow.transport)
    );
    if !has_line(&head.lines, "Max-Forwards") {
        out.push_str("Max-Forwards: 70\r\n");
    }
    for route in &head.routes {
        line(&mut out, "Route", route);
    }
    line(&mut out, "From", &head.from);
    line(&mut out, "To", &head.to);
    let _ = write!(out, "Call-ID: {}\r\nCSeq: {} {method}\r\n", head.call_id, head.cseq);
    if let Some(user) = &head.contact {
        push_contact(&mut out, flow, &local, user.as_deref());
    }
    out.push_str(auth);
    out.push_str(&head.lines);
    if !config.user_agent.is_empty() && !has_line(&head.lines, "User-Agent") {
        line(&mut out, "User-Agent", &config.user_agent);
    }
    finish(out, head.body.as_ref())
}

/// Whether rendered header lines hold a header.
pub(crate) fn has_line(lines: &str, name: &str) -> bool {
    lines.split("\r\n").any(|line| line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case(name)))
}

/// Writes the CANCEL of an INVITE sent over `flow` with `branch` (RFC 3261 §9.1).
pub(crate) fn cancel(config: &EndpointConfig, invite: &Head, flow: &Flow, branch: &str, reason: Option<&str>) -> Bytes {
    let mut lines = String::new();
    if let Some(reason) = reason {
        line(&mut lines, "Reason", reason);
    }
    let head = Head { method: Method::Cancel, contact: None, lines, body: None, ..invite.clone() };
    request(config, &head, flow, branch, "")
}

/// Writes the ACK of a 300–699 (RFC 3261 §17.1.1.3).
pub(crate) fn ack_refusal(config: &EndpointConfig, invite: &Head, flow: &Flow, branch: &str, to: &str) -> Bytes {
    let head =
        Head { method: Method::Ack, contact: None, lines: String::new(), body: None, to: to.into(), ..invite.clone() };
    request(config, &head, flow, branch, "")
}

/// Our Contact in a response.
pub(crate) struct ResponseContact<'a> {
    /// The flow it is for.
    pub(crate) flow: &'a Flow,
    /// Its user part.
    pub(crate) user: Option<&'a str>,
}

/// What a response is made of, besides its request.
#[derive(Default)]
pub(crate) struct Response<'a> {
    /// 100–699.
    pub(crate) status: u16,
    /// Put into To when the request has none.
    pub(crate) to_tag: Option<&'a str>,
    /// Whether Record-Route is copied and Contact written (RFC 3261 §12.1.1).
    pub(crate) contact: Option<ResponseContact<'a>>,
    /// Further header lines, each ended by CRLF.
    pub(crate) lines: &'a str,
    /// The body.
    pub(crate) body: Option<&'a Body>,
}

/// Writes a response (RFC 3261 §8.2.6). `source` is where the request came from, for `received` and `rport`.
pub(crate) fn response(config: &EndpointConfig, request: &Message, source: &Flow, response: &Response<'_>) -> Bytes {
    let mut out = String::with_capacity(640 + response.lines.len() + response.body.map_or(0, |body| body.bytes.len()));
    let _ = write!(out, "SIP/2.0 {} {}\r\n", response.status, reason_phrase(response.status));
    for (at, via) in request.header_values("Via").enumerate() {
        out.push_str("Via: ");
        if at == 0 {
            push_top_via(&mut out, &via, source)
        } else {
            out.push_str(&via)
        }
        out.push_str("\r\n");
    }
    if response.contact.is_some() {
        for route in request.header_values("Record-Route") {
            line(&mut out, "Record-Route", &route);
        }
    }
    line(&mut out, "From", &request.header("From").unwrap_or_default());
    let to = request.header("To").unwrap_or_default();
    out.push_str("To: ");
    out.push_str(&to);
    if let Some(tag) = response.to_tag
        && text::param(&to, "tag").is_none()
    {
        out.push_str(";tag=");
        out.push_str(tag);
    }
    out.push_str("\r\n");
    line(&mut out, "Call-ID", request.call_id());
    line(&mut out, "CSeq", &request.header("CSeq").unwrap_or_default());
    if response.status == 100
        && let Some(timestamp) = request.header("Timestamp")
    {
        line(&mut out, "Timestamp", &timestamp);
    }
    if let Some(contact) = &response.contact {
        let local = local_host_port(config, contact.flow);
        push_contact(&mut out, contact.flow, &local, contact.user);
    }
    out.push_str(response.lines);
    if !config.user_agent.is_empty() && !has_line(response.lines, "Server") {
        line(&mut out, "Server", &config.user_agent);
    }
    finish(out, response.body)
}

/// The topmost Via with `received` and `rport` filled in (RFC 3261 §18.2.1, RFC 3581 §4).
fn push_top_via(out: &mut String, via: &str, source: &Flow) {
    let parsed = text::Via::parse(via);
    let ip = source.remote.ip().to_canonical();
    let wants_rport = parsed.as_ref().is_some_and(|via| via.rport);
    let same_host = parsed.as_ref().is_some_and(|via| via.address().0.map(|ip| ip.to_canonical()) == Some(ip));
    if !wants_rport && same_host {
        out.push_str(via);
        return;
    }
    for (at, part) in via.split(';').enumerate() {
        let name = part.split('=').next().unwrap_or_default().trim();
        if at > 0 && (name.eq_ignore_ascii_case("rport") || name.eq_ignore_ascii_case("received")) {
            continue;
        }
        if at > 0 {
            out.push(';');
        }
        out.push_str(part.trim());
    }
    let _ = write!(out, ";received={ip}");
    if wants_rport {
        let _ = write!(out, ";rport={}", source.remote.port());
    }
}

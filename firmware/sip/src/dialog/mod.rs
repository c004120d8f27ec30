//! Dialogs (RFC 3261 §12): tags, sequence numbers, route set, remote target.

use std::net::IpAddr;

use crate::endpoint::{Flow, Transport, text};
use crate::message::{Message, Uri};

/// Most Record-Route values of a dialog.
const MAX_ROUTES: usize = 32;

/// One dialog, early or confirmed. What all dialogs of a session share (Call-ID, local tag, our CSeq) is in the session.
#[derive(Clone, derive_more::Debug)]
pub(crate) struct Dialog {
    /// The peer's tag; empty for a peer of RFC 2543.
    pub(crate) remote_tag: String,
    /// The last CSeq of the peer.
    pub(crate) remote_cseq: Option<u32>,
    /// The peer's Contact URI.
    #[debug("…")]
    pub(crate) remote_target: String,
    /// `Route` values in the order of our requests.
    #[debug("…")]
    pub(crate) route_set: Vec<String>,
    /// The path the dialog came over.
    pub(crate) flow: Flow,
    /// The peer's Contact does not lead to it (NAT), or the owner said which path: requests take `flow`.
    pub(crate) symmetric: bool,
    /// The last RSeq of the peer's reliable provisional responses (RFC 3262 §4).
    pub(crate) remote_rseq: Option<u32>,
}

/// Where a request of a dialog goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextHop {
    /// Over this path.
    Flow(Flow),
    /// To the host of this URI, by RFC 3263.
    Uri(Box<Uri>),
}

impl Dialog {
    /// The dialog a response to our INVITE makes (RFC 3261 §12.1.2).
    pub(crate) fn from_response(
        response: &Message,
        remote_tag: &str,
        flow: Flow,
        symmetric: bool,
        fallback: &str,
    ) -> Dialog {
        let mut route_set: Vec<String> =
            response.header_values("Record-Route").take(MAX_ROUTES).map(|value| value.into_owned()).collect();
        route_set.reverse();
        Dialog {
            remote_tag: remote_tag.into(),
            remote_cseq: None,
            remote_target: contact_of(response).unwrap_or_else(|| fallback.into()),
            route_set,
            flow,
            symmetric,
            remote_rseq: None,
        }
    }

    /// The dialog an INVITE or SUBSCRIBE received makes (RFC 3261 §12.1.1).
    pub(crate) fn from_request(request: &Message, remote_tag: &str, cseq: u32, flow: Flow) -> Dialog {
        Dialog {
            remote_tag: remote_tag.into(),
            remote_cseq: Some(cseq),
            remote_target: contact_of(request).unwrap_or_else(|| {
                let from = request.header("From").unwrap_or_default();
                text::uri_of(&from).to_owned()
            }),
            route_set: request.header_values("Record-Route").take(MAX_ROUTES).map(|value| value.into_owned()).collect(),
            flow,
            symmetric: behind_nat(request, &flow),
            remote_rseq: None,
        }
    }

    /// Takes the Contact of a target refresh and the path it came over (RFC 3261 §12.2).
    pub(crate) fn refresh_target(&mut self, message: &Message) {
        if let Some(contact) = contact_of(message) {
            self.remote_target = contact;
        }
    }

    /// Request-URI and `Route` of a request in the dialog (RFC 3261 §12.2.1.1): a first route without `lr` is a strict router and
    /// becomes the Request-URI.
    pub(crate) fn request_line(&self) -> (String, Vec<String>) {
        match self.route_set.first() {
            Some(first) if !is_loose(first) => {
                let mut routes: Vec<String> = self.route_set.iter().skip(1).cloned().collect();
                routes.push(format!("<{}>", self.remote_target));
                (text::uri_of(first).to_owned(), routes)
            }
            _ => (self.remote_target.clone(), self.route_set.clone()),
        }
    }

    /// Where requests go: the first route, or the remote target; over the path the peer is known at when that is where it leads.
    pub(crate) fn next_hop(&self) -> NextHop {
        let hop = match self.route_set.first() {
            Some(first) => text::uri_of(first),
            None => {
                // A connection is kept for the whole dialog: phones behind NAT and WebSocket clients have no other way in.
                if self.symmetric || self.flow.transport != Transport::Udp {
                    return NextHop::Flow(self.flow);
                }
                self.remote_target.as_str()
            }
        };
        let Ok(uri) = Uri::parse(hop) else {
            return NextHop::Flow(self.flow);
        };
        if let Ok(ip) = uri.host.parse::<IpAddr>()
            && ip.to_canonical() == self.flow.remote.ip().to_canonical()
            && (self.flow.transport != Transport::Udp || uri.port.unwrap_or(5060) == self.flow.remote.port())
            && uri.param("transport").is_none_or(|name| name_of(self.flow.transport).eq_ignore_ascii_case(name))
        {
            return NextHop::Flow(self.flow);
        }
        NextHop::Uri(Box::new(uri))
    }
}

/// The `transport` parameter of a transport (RFC 3261 §19.1.1, RFC 7118).
pub(crate) fn name_of(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
        Transport::Ws => "ws",
        Transport::Wss => "wss",
    }
}

/// The URI of the first Contact.
fn contact_of(message: &Message) -> Option<String> {
    let contact = message.header_values("Contact").next()?;
    let uri = text::uri_of(&contact);
    (!uri.is_empty() && uri != "*").then(|| uri.to_owned())
}

/// Whether a route's URI has the `lr` parameter.
fn is_loose(route: &str) -> bool {
    text::uri_of(route).split(';').skip(1).any(|part| {
        let name = part.split(['=', '?']).next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("lr")
    })
}

/// Whether the sender sees itself at another address than we do: its Contact leads nowhere then. Only its own Via tells, not a proxy's.
fn behind_nat(request: &Message, flow: &Flow) -> bool {
    let mut vias = request.header_values("Via");
    let Some(top) = vias.next() else { return false };
    if vias.next().is_some() {
        return false;
    }
    match text::Via::parse(&top).map(|via| via.address()) {
        Some((Some(ip), port)) => {
            ip.to_canonical() != flow.remote.ip().to_canonical()
                || (flow.transport == Transport::Udp && port.unwrap_or(5060) != flow.remote.port())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialog(routes: &[&str]) -> Dialog {
        Dialog {
            remote_tag: "t".into(),
            remote_cseq: None,
            remote_target: "sip:bob@192.0.2.9:5062".into(),
            route_set: routes.iter().map(|route| (*route).to_owned()).collect(),
            flow: Flow {
                transport: Transport::Udp,
                local: "192.0.2.1:5060".parse().expect("an address"),
                remote: "192.0.2.9:5062".parse().expect("an address"),
                connection: None,
            },
            symmetric: false,
            remote_rseq: None,
        }
    }

    #[test]
    fn loose_and_strict_routing() {
        let (uri, routes) = dialog(&["<sip:p1;lr>", "<sip:p2;lr>"]).request_line();
        assert_eq!(uri, "sip:bob@192.0.2.9:5062");
        assert_eq!(routes, ["<sip:p1;lr>", "<sip:p2;lr>"]);
        let (uri, routes) = dialog(&["<sip:p1>", "<sip:p2;lr>"]).request_line();
        assert_eq!(uri, "sip:p1");
        assert_eq!(routes, ["<sip:p2;lr>", "<sip:bob@192.0.2.9:5062>"]);
    }
}

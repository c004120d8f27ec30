//! What the owner of the calls asks for.

use super::{Body, Flow};
use crate::message::Uri;

/// Credentials of ours for a peer that challenges us.
#[derive(Clone)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

/// Where a request of ours is to go.
#[derive(Clone, Debug)]
pub enum Target {
    /// Over this path (a registered binding's flow or received address).
    Flow(Flow),
    /// Wherever RFC 3263 says for the next hop.
    Uri(Uri),
}

/// A new INVITE of ours.
#[derive(Clone)]
pub struct Invite {
    /// The Request-URI: the binding's contact, or the trunk's URI.
    pub request_uri: Uri,
    /// The path.
    pub target: Target,
    /// `Route` set: `Path` of the binding, outbound proxy.
    pub route: Vec<String>,
    /// `From` without tag, as written into the header: `"Name" <sip:1001@host>`.
    pub from: String,
    /// `To` without tag.
    pub to: String,
    /// Further headers as (name, value): `P-Asserted-Identity`, `Alert-Info`, `Diversion`, `Replaces`, `Referred-By` …
    pub headers: Vec<(String, String)>,
    /// The offer; `None` for a late offer.
    pub body: Option<Body>,
    /// For a peer that challenges us.
    pub credentials: Option<Credentials>,
}

/// A request of ours outside a session.
#[derive(Clone)]
pub struct OutOfDialogRequest {
    /// The method.
    pub method: crate::message::Method,
    /// The Request-URI.
    pub request_uri: Uri,
    /// The path.
    pub target: Target,
    /// `Route` set.
    pub route: Vec<String>,
    /// `From` without tag.
    pub from: String,
    /// `To` without tag.
    pub to: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Body>,
    /// For a peer that challenges us.
    pub credentials: Option<Credentials>,
}

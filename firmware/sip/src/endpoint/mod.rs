//! The endpoint: transactions, dialogs and sessions behind one door.
//!
//! Requests that start nothing (REGISTER, OPTIONS, MESSAGE, SUBSCRIBE …) come out as [`Event::Request`] and are answered with
//! [`Endpoint::respond`]. INVITE sessions have an id and a life of their own: [`Event::Invited`] or [`Endpoint::invite`] to
//! [`Event::Ended`] / [`Event::Failed`]. The endpoint retransmits, matches, authenticates as a client, refreshes session timers,
//! acknowledges provisional responses and answers what needs no decision (ACK, PRACK, CANCEL's 200, 481, 491, 405, 483 …).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::message::{Message, NameAddr, Uri};

/// How bytes travel (RFC 3261 §18, RFC 7118).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the transports")]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

/// One connection of a stream transport, numbered by the shell. Never reused while the daemon runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A path to a peer: what a message came over, or is to be sent over. An answer to a flow goes back over it (RFC 5626).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// The transport.
    pub transport: Transport,
    /// Our address: the socket it came in on. Port 0 and an unspecified address when the shell may choose.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The connection, for stream transports; `None` asks the shell to open one or take one that is open to `remote`.
    pub connection: Option<ConnectionId>,
}

/// An INVITE session (an INVITE dialog usage, with its early dialogs). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A server transaction waiting for [`Endpoint::respond`]. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerTransactionId(pub u64);

/// An out-of-dialog request of ours, or an in-dialog one outside INVITE (INFO, MESSAGE, NOTIFY). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientRequestId(pub u64);

/// A question for the shell: RFC 3263 resolution. Answered with [`Input::Resolved`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResolveId(pub u64);

/// Settings of an endpoint. Each has a default that suits a small office.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Text of `User-Agent` and `Server`.
    pub user_agent: String,
    /// Host (name or address) written into Via, Contact and From of ours when the flow's local address is unspecified.
    pub host: String,
    /// Port written into Contact and Via per transport when a flow does not tell.
    pub ports: Vec<(Transport, u16)>,
    /// RTT estimate T1, default 500 ms (RFC 3261 §17.1.1.1).
    pub t1: Duration,
    /// Maximum retransmit interval T2, default 4 s.
    pub t2: Duration,
    /// Maximum time a message stays in the network T4, default 5 s.
    pub t4: Duration,
    /// Session-Expires we propose, default 1800 s (RFC 4028); `None`: session timers off.
    pub session_expires: Option<Duration>,
    /// Smallest Session-Expires we take (Min-SE), default 90 s.
    pub min_se: Duration,
    /// Most transactions at once (default 20 000): beyond, new requests get 503 with Retry-After.
    pub max_transactions: usize,
    /// Most sessions at once (default 2000): beyond, INVITE gets 503 with Retry-After.
    pub max_sessions: usize,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        EndpointConfig {
            user_agent: concat!("Offhook/", env!("CARGO_PKG_VERSION")).into(),
            host: "127.0.0.1".into(),
            ports: Vec::new(),
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            session_expires: Some(Duration::from_secs(1800)),
            min_se: Duration::from_secs(90),
            max_transactions: 20_000,
            max_sessions: 2_000,
        }
    }
}

/// What comes in from the shell.
#[derive(Clone, Debug)]
pub enum Input {
    /// One whole message (the shell frames streams with [`crate::message`]'s framer). Bad bytes are answered or dropped here.
    Received {
        /// Where it came from.
        flow: Flow,
        /// The bytes of one message.
        bytes: Bytes,
    },
    /// A stream connection is gone: transactions on it fail, bindings over it are no longer reachable.
    ConnectionClosed(ConnectionId),
    /// A message could not be sent (connection refused, no route): same meaning as a 503 for the transactions concerned.
    SendFailed {
        /// The flow that was given to [`Output::Send`].
        flow: Flow,
    },
    /// The answer to [`Output::Resolve`]: targets in order of preference; empty when there is none.
    Resolved {
        /// The question.
        id: ResolveId,
        /// Targets in the order to try.
        targets: Vec<(Transport, SocketAddr)>,
    },
}

/// What goes out to the shell, or to the owner of the calls.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send these bytes.
    Send {
        /// Over this path.
        flow: Flow,
        /// One whole message.
        bytes: Bytes,
    },
    /// Resolve a target (RFC 3263); only asked when the host is not an address.
    Resolve {
        /// The question, repeated in the answer.
        id: ResolveId,
        /// Host name.
        host: String,
        /// Port, when the URI names one (then no SRV).
        port: Option<u16>,
        /// Transport, when the URI names one.
        transport: Option<Transport>,
        /// `sips:` asks for TLS.
        secure: bool,
    },
    /// Something the owner of the calls has to know.
    Event(Event),
}

/// A body with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `Content-Type`, e.g. `application/sdp`.
    pub content_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// What happened, for the owner of the calls.
#[derive(Clone, Debug)]
pub enum Event {
    /// A request outside an INVITE session that the endpoint does not answer itself: REGISTER, OPTIONS, MESSAGE, SUBSCRIBE,
    /// PUBLISH, NOTIFY, REFER out of dialog, or an unknown method. Answer it with [`Endpoint::respond`].
    Request {
        /// To answer with.
        transaction: ServerTransactionId,
        /// The request.
        request: Message,
        /// Where it came from.
        flow: Flow,
    },
    /// A new INVITE. 100 Trying is sent by the endpoint. Answer with `progress`, `answer`, `reject` or `challenge`.
    Invited {
        /// The new session.
        session: SessionId,
        /// The INVITE. Its body holds the offer, unless it is a late offer.
        request: Message,
        /// Where it came from.
        flow: Flow,
        /// The session that `Replaces` names (RFC 3891), already checked; `early_only` was honoured.
        replaces: Option<SessionId>,
    },
    /// The caller gave up (CANCEL); 487 has been sent. The session is over.
    Cancelled {
        /// The session.
        session: SessionId,
        /// Q.850 cause of a `Reason` header (RFC 3326), and whether its text says "Call completed elsewhere" (SIP;cause=200).
        reason: Option<Reason>,
    },
    /// A provisional response other than 100 on a session of ours.
    Progress {
        /// The session.
        session: SessionId,
        /// 101–199.
        status: u16,
        /// SDP in it, an answer (or with 100rel possibly an offer, then `offer` is true).
        body: Option<Body>,
        /// Distinguishes forks: the To tag's early dialog, numbered from 0 within the session.
        early_dialog: u32,
    },
    /// 2xx on a session of ours. The endpoint has sent ACK unless `offer` is true: then the 2xx carries an offer (ours was a
    /// late offer) and [`Endpoint::accept_offer`] sends the ACK with the answer. Later 2xx of other forks are acknowledged and ended.
    Answered {
        /// The session.
        session: SessionId,
        /// The final response.
        response: Message,
        /// The body is an offer to be answered.
        offer: bool,
    },
    /// The ACK for our 2xx came. With a late offer of ours its body is the answer.
    Confirmed {
        /// The session.
        session: SessionId,
        /// The body of the ACK.
        body: Option<Body>,
    },
    /// 3xx–6xx, time-out (408) or transport failure (503) of an INVITE of ours. The session is over. 401/407 with credentials at
    /// hand are handled inside.
    Failed {
        /// The session.
        session: SessionId,
        /// Status, or 408/503 made here.
        status: u16,
        /// The response when there was one (Contact of a 302, Reason …).
        response: Option<Message>,
    },
    /// The other side asks to change the session (re-INVITE or UPDATE with SDP). Answer with `accept_offer` or `reject_offer`.
    /// Refreshes without a change of SDP (same `o=` version) come too.
    Offer {
        /// The session.
        session: SessionId,
        /// The offer; `None`: re-INVITE without SDP, we are asked to make the offer: `accept_offer` carries our offer.
        body: Option<Body>,
    },
    /// Our `reoffer` was answered.
    OfferAnswered {
        /// The session.
        session: SessionId,
        /// The answer.
        body: Option<Body>,
    },
    /// Our `reoffer` was refused; the session goes on as before. (491 is retried inside.)
    OfferRejected {
        /// The session.
        session: SessionId,
        /// The status.
        status: u16,
    },
    /// REFER within a session (RFC 3515). Answer with `accept_refer` or `reject_refer`.
    Referred {
        /// The session whose peer asks.
        session: SessionId,
        /// The transaction of the REFER.
        transaction: ServerTransactionId,
        /// `Refer-To`.
        refer_to: NameAddr,
        /// The session of ours that `Replaces` in `Refer-To` names, when it is one of ours (RFC 3891, attended transfer).
        replaces: Option<SessionId>,
        /// `Referred-By`, as written.
        referred_by: Option<String>,
    },
    /// INFO or MESSAGE within a session. Already answered 200 (INFO with an unknown package: 469).
    InDialog {
        /// The session.
        session: SessionId,
        /// The request: `application/dtmf-relay`, `application/dtmf` …
        request: Message,
    },
    /// The session ended after it was up: BYE, session timer, lost transaction.
    Ended {
        /// The session.
        session: SessionId,
        /// True when the peer sent BYE.
        by_peer: bool,
        /// `Reason` header of the BYE.
        reason: Option<Reason>,
        /// Seconds since the last sign of life when it was ended by a timer, else zero.
        expired: bool,
    },
    /// A response to [`Endpoint::request`]: final only. 408/503 are made here on time-out or transport failure.
    Response {
        /// The request.
        request: ClientRequestId,
        /// Status.
        status: u16,
        /// The response when there was one.
        response: Option<Message>,
    },
}

/// `Reason` (RFC 3326).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `Q.850` or `SIP`.
    pub protocol: String,
    /// The cause.
    pub cause: u16,
    /// The text, unquoted.
    pub text: Option<String>,
}

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

/// The SIP endpoint of the box. See the module's documentation.
pub struct Endpoint {}

/// The call names something that is gone or is not in the state for it. The caller may ignore it: the event that says why is
/// already in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

#[allow(unused_variables, reason = "contract")]
impl Endpoint {
    /// A new endpoint. All branches, tags, Call-IDs and nonces come from `seed`.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        unimplemented!()
    }
    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input) {
        unimplemented!()
    }
    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        unimplemented!()
    }
    /// The next deadline and its timer's name.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        unimplemented!()
    }
    /// Runs the timers due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        unimplemented!()
    }

    /// Answers a request outside a session. Provisional or final.
    pub fn respond(
        &mut self,
        now: Instant,
        transaction: ServerTransactionId,
        status: u16,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Sends a request outside a session.
    pub fn request(&mut self, now: Instant, request: OutOfDialogRequest) -> ClientRequestId {
        unimplemented!()
    }

    /// Sends an INVITE.
    pub fn invite(&mut self, now: Instant, invite: Invite) -> SessionId {
        unimplemented!()
    }
    /// Gives up an INVITE of ours: CANCEL once a provisional response is there. [`Event::Failed`] with 487 follows (or an
    /// answer that crossed, which the endpoint ends by itself with BYE, still reported as Failed 487).
    /// `reason` becomes a `Reason` header ("SIP;cause=200;text=\"Call completed elsewhere\"").
    pub fn cancel(
        &mut self,
        now: Instant,
        session: SessionId,
        reason: Option<&str>,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Sends 101–199 on an INVITE received. With `reliable` and a peer that supports 100rel it is acknowledged (RFC 3262).
    pub fn progress(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        headers: &[(&str, &str)],
        body: Option<Body>,
        reliable: bool,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Sends 200 on an INVITE received, retransmits until ACK.
    pub fn answer(
        &mut self,
        now: Instant,
        session: SessionId,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Sends 300–699 on an INVITE received. The session is over.
    pub fn reject(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
        headers: &[(&str, &str)],
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Ends a session that is up, or one in any state (then CANCEL or 487/603 as fits). `reason` becomes a `Reason` header.
    /// No event follows.
    pub fn end(
        &mut self,
        now: Instant,
        session: SessionId,
        reason: Option<&str>,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Offers a change of the session (hold, other codec, other address): re-INVITE, or UPDATE in an early dialog. Glare is
    /// handled by RFC 3261 §14. `None` asks the peer for an offer.
    pub fn reoffer(
        &mut self,
        now: Instant,
        session: SessionId,
        body: Option<Body>,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Answers [`Event::Offer`] (or a late offer of ours in [`Event::Answered`]).
    pub fn accept_offer(
        &mut self,
        now: Instant,
        session: SessionId,
        body: Option<Body>,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Refuses [`Event::Offer`] (488, 491 …); the session goes on as before.
    pub fn reject_offer(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// 202 to a REFER; progress follows by [`Endpoint::refer_progress`].
    pub fn accept_refer(
        &mut self,
        now: Instant,
        transaction: ServerTransactionId,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// NOTIFY `message/sipfrag` with this status on the implicit subscription; a final status ends it.
    pub fn refer_progress(
        &mut self,
        now: Instant,
        session: SessionId,
        status: u16,
    ) -> Result<(), Gone> {
        unimplemented!()
    }
    /// Sends a request within a session (INFO, MESSAGE, NOTIFY).
    pub fn request_in(
        &mut self,
        now: Instant,
        session: SessionId,
        method: crate::message::Method,
        headers: &[(&str, &str)],
        body: Option<Body>,
    ) -> Result<ClientRequestId, Gone> {
        unimplemented!()
    }
    /// The SIP Call-ID of a session, for traces.
    pub fn call_id(&self, session: SessionId) -> Option<&str> {
        unimplemented!()
    }
}

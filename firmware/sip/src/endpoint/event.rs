//! What goes into an endpoint and what comes out.

use std::net::SocketAddr;

use bytes::Bytes;

use super::{ClientRequestId, ConnectionId, Flow, ResolveId, ServerTransactionId, SessionId, Transport};
use crate::event::SubscriptionId;
use crate::message::{Message, NameAddr};

/// What comes in from the shell.
#[derive(Clone, derive_more::Debug)]
pub enum Input {
    /// One whole message (the shell frames streams with [`crate::message`]'s framer). Bad bytes are answered or dropped here.
    Received {
        /// Where it came from.
        flow: Flow,
        /// The bytes of one message.
        #[debug("…")]
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
        #[debug("…")]
        targets: Vec<(Transport, SocketAddr)>,
    },
}

/// What goes out to the shell, or to the owner of the calls.
#[derive(Clone, derive_more::Debug)]
pub enum Output {
    /// Send these bytes.
    Send {
        /// Over this path.
        flow: Flow,
        /// One whole message.
        #[debug("…")]
        bytes: Bytes,
    },
    /// Resolve a target (RFC 3263); only asked when the host is not an address.
    Resolve {
        /// The question, repeated in the answer.
        id: ResolveId,
        /// Host name.
        #[debug("…")]
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
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Body {
    /// `Content-Type`, e.g. `application/sdp`.
    pub content_type: String,
    /// The bytes.
    #[debug("…")]
    pub bytes: Bytes,
}

/// What happened, for the owner of the calls.
#[derive(Clone, derive_more::Debug)]
pub enum Event {
    /// A request outside an INVITE session that the endpoint does not answer itself: REGISTER, OPTIONS, MESSAGE, SUBSCRIBE,
    /// PUBLISH, NOTIFY, REFER out of dialog, or an unknown method. Answer it with [`crate::endpoint::Endpoint::respond`].
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
    /// late offer) and [`crate::endpoint::Endpoint::accept_offer`] sends the ACK with the answer. Later 2xx of other forks are acknowledged and ended.
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
        /// The response when there was one (Contact of a 302, Reason …). With status 487 after `cancel` it may be a 2xx: the
        /// answer crossed our CANCEL and was ended with BYE.
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
        #[debug("…")]
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
    /// The watcher of a subscription of ours to give asked again (RFC 6665 §4.2.1): send the whole state with
    /// [`crate::endpoint::Endpoint::notify`]. Already answered 200.
    SubscriptionRefreshed {
        /// The subscription.
        subscription: SubscriptionId,
    },
    /// A subscription is over: the watcher left, its time ran out, or a NOTIFY failed. Nothing is left to do.
    SubscriptionEnded {
        /// The subscription.
        subscription: SubscriptionId,
    },
    /// A response to [`crate::endpoint::Endpoint::request`]: final only. 408/503 are made here on time-out or transport failure.
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
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub struct Reason {
    /// `Q.850` or `SIP`.
    pub protocol: String,
    /// The cause.
    pub cause: u16,
    /// The text, unquoted.
    #[debug("…")]
    pub text: Option<String>,
}

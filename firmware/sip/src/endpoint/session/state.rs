//! What a session is made of.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::super::compose::Head;
use super::super::{Body, ConnectionId, Credentials, Flow, Reason, text};
use super::{has_option, tagged};
use crate::dialog::{Dialog, NextHop};
use crate::message::{Message, Method};

/// One INVITE session.
pub(crate) struct Session {
    /// Shared by all its dialogs.
    pub(crate) call_id: Arc<str>,
    /// Our tag, unique to this session: what its requests are found by.
    pub(crate) local_tag: Box<str>,
    /// Our address, as in From or To, without tag.
    pub(crate) local_address: String,
    /// The peer's address, without tag.
    pub(crate) remote_address: String,
    /// User part of our Contact.
    pub(crate) contact_user: Option<Box<str>>,
    /// Our last CSeq.
    pub(crate) local_cseq: u32,
    /// For a peer that challenges us.
    pub(crate) credentials: Option<Credentials>,
    /// Where it stands.
    pub(crate) state: State,
    /// Its dialogs: early ones, then the confirmed one alone.
    pub(crate) dialogs: Vec<Dialog>,
    /// The dialog that counts.
    pub(crate) current: usize,
    /// We made the Call-ID (RFC 3261 §14.1).
    pub(crate) is_caller: bool,
    /// The owner said which path leads to the peer.
    pub(crate) symmetric: bool,
    /// The owner is done with it: no event any more.
    pub(crate) quiet: bool,
    /// What the peer can do.
    pub(crate) peer: Peer,
    /// The last session description of ours.
    pub(crate) local_body: Option<Body>,
    /// The INVITE that made the session carried an offer.
    pub(crate) offer_in_invite: bool,
    /// The first offer was answered by a reliable provisional response: UPDATE may offer.
    pub(crate) answered_early: bool,
    /// A change under way.
    pub(crate) exchange: Exchange,
    /// A change of the owner that waits for its turn.
    pub(crate) queued: Option<Option<Body>>,
    /// The 2xx with an offer we have to acknowledge with an answer.
    pub(crate) owed_ack: Option<OwedAck>,
    /// Our 2xx that waits for its ACK.
    pub(crate) unacked: Option<Unacked>,
    /// Reliable provisional responses of ours.
    pub(crate) reliable: VecDeque<Reliable>,
    /// The last RSeq of ours.
    pub(crate) local_rseq: u32,
    /// An offer in a reliable provisional response, to be answered in its PRACK.
    pub(crate) owed_prack: Option<OwedPrack>,
    /// `answer` came while a reliable provisional response waits for its PRACK (RFC 3262 §5).
    pub(crate) queued_answer: Option<(String, Option<Body>)>,
    /// The last provisional response of ours, repeated every minute.
    pub(crate) last_provisional: Option<(u16, String)>,
    /// The session interval and whether we refresh (RFC 4028).
    pub(crate) interval: Option<Interval>,
    /// The session interval proposed and the Min-SE learnt from 422.
    pub(crate) proposed: Option<(u32, u32)>,
    /// The subscription of a REFER received (RFC 3515).
    pub(crate) refer: Option<ReferSubscription>,
    /// How many REFERs came.
    pub(crate) refers: u32,
    /// We sent REFER: its NOTIFYs are welcome.
    pub(crate) sent_refer: bool,
    /// The peer ended its dialog of this tag by BYE before the 2xx of our INVITE came.
    pub(crate) overtaken: Option<(String, Option<Reason>)>,
    /// BYE waits for the ACK of our 2xx (RFC 3261 §15): with its `Reason`.
    pub(crate) bye_wanted: Option<Option<String>>,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Our INVITE has no final response yet.
    Calling {
        /// The INVITE.
        outgoing: u64,
    },
    /// An INVITE received has no final response yet.
    Ringing {
        /// Its transaction.
        transaction: u64,
    },
    /// 2xx was sent or received.
    Up,
}

/// What the peer can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer {
    /// UPDATE is in its Allow.
    pub(crate) update: bool,
    /// `100rel` is in Supported or Require.
    pub(crate) reliable: bool,
    /// Its last Allow and Accept; `None` while it has said nothing.
    pub(crate) allow: Option<String>,
    /// See `allow`.
    pub(crate) accept: Option<String>,
}

/// Longest Allow or Accept kept, in bytes.
const LONGEST_LIST: usize = 1024;

/// A change of the session under way (RFC 6337 §2: one at a time).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// None.
    Idle,
    /// Ours.
    Local {
        /// The re-INVITE or UPDATE.
        outgoing: u64,
        /// The offer in it.
        offer: Option<Body>,
        /// Of the session timer, not of the owner.
        refresh: bool,
    },
    /// The peer's: the owner has to answer.
    Remote {
        /// The transaction of the re-INVITE or UPDATE.
        transaction: u64,
        /// A re-INVITE.
        invite: bool,
        /// No offer in it: we are asked for one.
        asked: bool,
    },
}

/// A 2xx with an offer, to be acknowledged with the answer.
#[derive(Debug)]
pub(crate) struct OwedAck {
    /// CSeq of the INVITE.
    pub(crate) cseq: u32,
    /// Its client transaction.
    pub(crate) transaction: Option<u64>,
    /// Authorization lines of the INVITE.
    pub(crate) auth: String,
}

/// A 2xx of ours without ACK.
#[derive(Debug)]
pub(crate) struct Unacked {
    /// CSeq of the INVITE.
    pub(crate) cseq: u32,
    /// The 2xx.
    pub(crate) bytes: Bytes,
    /// Its path.
    pub(crate) flow: Flow,
    /// The running interval.
    pub(crate) interval: Duration,
    /// It carries our offer: the answer comes in the ACK.
    pub(crate) offer: bool,
    /// Of the first INVITE.
    pub(crate) first: bool,
}

/// A reliable provisional response of ours.
#[derive(Debug)]
pub(crate) struct Reliable {
    /// Its RSeq.
    pub(crate) rseq: u32,
    /// Status, header lines, body.
    pub(crate) status: u16,
    /// Header lines of the owner.
    pub(crate) lines: String,
    /// Its session description.
    pub(crate) body: Option<Body>,
    /// The response and its path, once sent.
    pub(crate) sent: Option<(Bytes, Flow)>,
    /// The running interval.
    pub(crate) interval: Duration,
}

/// An offer of the peer in a reliable provisional response.
#[derive(Debug)]
pub(crate) struct OwedPrack {
    /// The early dialog.
    pub(crate) dialog: usize,
    /// The value of RAck.
    pub(crate) rack: String,
}

/// The session interval (RFC 4028).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    /// `Session-Expires`.
    pub(crate) length: Duration,
    /// We refresh.
    pub(crate) ours: bool,
}

/// The subscription a REFER makes (RFC 3515 §2.4.4).
#[derive(Clone, Debug)]
pub(crate) struct ReferSubscription {
    /// The `id` of the Event header: none for the first REFER.
    pub(crate) id: Option<u32>,
}

impl Session {
    /// A session with what both roles know.
    pub(crate) fn new(call_id: Arc<str>, local_tag: Box<str>, local: &str, remote: &str, state: State) -> Session {
        Session {
            call_id,
            local_tag,
            local_address: local.to_owned(),
            remote_address: remote.to_owned(),
            contact_user: text::user_of(text::uri_of(local)).map(Into::into),
            local_cseq: 0,
            credentials: None,
            state,
            dialogs: Vec::new(),
            current: 0,
            is_caller: matches!(state, State::Calling { .. }),
            symmetric: false,
            quiet: false,
            peer: Peer::default(),
            local_body: None,
            offer_in_invite: true,
            answered_early: false,
            exchange: Exchange::Idle,
            queued: None,
            owed_ack: None,
            unacked: None,
            reliable: VecDeque::new(),
            local_rseq: 0,
            owed_prack: None,
            queued_answer: None,
            last_provisional: None,
            interval: None,
            proposed: None,
            refer: None,
            refers: 0,
            sent_refer: false,
            overtaken: None,
            bye_wanted: None,
        }
    }

    /// The next CSeq of ours.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// The dialog that counts.
    pub(crate) fn dialog(&self) -> Option<&Dialog> {
        self.dialogs.get(self.current)
    }

    /// The dialog of a remote tag.
    pub(crate) fn dialog_of(&self, remote_tag: &str) -> Option<usize> {
        self.dialogs.iter().position(|dialog| dialog.remote_tag == remote_tag)
    }

    /// A request in a dialog of the session (RFC 3261 §12.2.1.1) and where it goes. `cseq` for ACK; others count up.
    pub(crate) fn head(&mut self, dialog: usize, method: Method, cseq: Option<u32>) -> Option<(Head, NextHop)> {
        let cseq = match cseq {
            Some(cseq) => cseq,
            None => self.next_cseq(),
        };
        let dialog = self.dialogs.get(dialog)?;
        let (uri, routes) = dialog.request_line();
        let refreshes =
            matches!(method, Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer);
        let head = Head {
            method,
            uri,
            routes,
            from: tagged(&self.local_address, &self.local_tag),
            to: tagged(&self.remote_address, &dialog.remote_tag),
            call_id: Arc::clone(&self.call_id),
            cseq,
            contact: refreshes.then(|| self.contact_user.clone()),
            lines: String::new(),
            body: None,
        };
        Some((head, dialog.next_hop()))
    }

    /// A connection is gone: the shell may open another one.
    pub(crate) fn forget_connection(&mut self, connection: ConnectionId) {
        for dialog in &mut self.dialogs {
            if dialog.flow.connection == Some(connection) {
                dialog.flow.connection = None;
            }
        }
    }

    /// Learns what the peer can do from a message of it.
    pub(crate) fn learn(&mut self, message: &Message) {
        if let Some(allow) = list(message, "Allow") {
            self.peer.update = text::lists_token(&allow, "UPDATE");
            self.peer.allow = Some(allow);
        }
        self.peer.accept = list(message, "Accept").or(self.peer.accept.take());
        if ["Supported", "Require"].iter().any(|name| has_option(message, name, "100rel")) {
            self.peer.reliable = true;
        }
    }
}

/// All values of a header in one; `None` when there is none, or more than is kept.
fn list(message: &Message, name: &str) -> Option<String> {
    let mut values = message.header_values(name).peekable();
    values.peek()?;
    let list = values.map(|value| value.into_owned()).collect::<Vec<_>>().join(",");
    (list.len() <= LONGEST_LIST).then_some(list)
}

//! One call on a phone.

use std::net::SocketAddr;

use super::Phone;
use super::sdp::{self, Direction};
use super::transaction::{T1, T2, TIMEOUT};
use crate::wire::Wire;

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogState {
    /// Our INVITE is out.
    Calling,
    /// Their INVITE rings here.
    Ringing,
    /// In conversation.
    Up,
    /// Over; kept a while for retransmissions.
    Over,
}

/// One call on a phone.
#[derive(Debug)]
pub struct Dialog {
    /// Its number on this phone.
    pub id: u64,
    /// SIP Call-ID.
    pub call_id: String,
    /// The number dialled, or the caller's number.
    pub remote_party: String,
    /// User part of the Request-URI, for a call from the box.
    pub called: String,
    /// Where it wants RTP; unique to the dialog.
    pub rtp: SocketAddr,
    /// We called.
    pub outgoing: bool,
    /// State.
    pub state: DialogState,
    /// We hold the other side.
    pub held: bool,
    /// The other side holds us.
    pub remote_hold: bool,
    /// A transfer by this phone, or the box's re-INVITE after one, may have changed the party.
    pub moved: bool,
    /// Final status of our INVITE when it failed.
    pub failed: Option<u16>,
    /// 18x was heard.
    pub alerted: bool,
    pub(super) local_tag: String,
    pub(super) remote_tag: Option<String>,
    pub(super) local: String,
    pub(super) remote: String,
    pub(super) target: String,
    pub(super) routes: Vec<String>,
    pub(super) cseq: u32,
    pub(super) sdp_version: u32,
    /// Ours: INVITE under way (branch). Theirs: the INVITE to be answered.
    pub(super) invite: Option<Wire>,
    pub(super) invite_branch: String,
    /// Given up before the answer.
    pub(super) cancelled: bool,
    pub(super) provisional: bool,
    /// Our 2xx, until ACK.
    pub(super) accept: Option<Retransmission>,
    /// Put down before the ACK of our 2xx came: BYE has to wait for it (RFC 3261 §15).
    pub(super) bye_after_ack: bool,
    /// ACK of their 2xx, by CSeq.
    pub(super) ack: Option<(u32, Vec<u8>)>,
    pub(super) purge_at: Option<u64>,
    /// A re-INVITE of ours is under way: what `held` is to be.
    pub(super) reinvite: Option<bool>,
    /// We asked for a transfer: hang up when it went well.
    pub(super) refer: bool,
}

/// A 2xx that is sent until ACK comes.
#[derive(Debug)]
pub(super) struct Retransmission {
    pub(super) bytes: Vec<u8>,
    pub(super) cseq: u32,
    pub(super) next: u64,
    pub(super) interval: u64,
    pub(super) until: u64,
}

impl Dialog {
    pub(super) fn new(
        id: u64,
        call_id: String,
        local_tag: String,
        remote_party: String,
        rtp: SocketAddr,
        outgoing: bool,
        state: DialogState,
    ) -> Self {
        Dialog {
            id,
            call_id,
            remote_party,
            called: String::new(),
            rtp,
            outgoing,
            state,
            held: false,
            remote_hold: false,
            moved: false,
            failed: None,
            alerted: false,
            local_tag,
            remote_tag: None,
            local: String::new(),
            remote: String::new(),
            target: String::new(),
            routes: Vec::new(),
            cseq: 0,
            sdp_version: 1,
            invite: None,
            invite_branch: String::new(),
            cancelled: false,
            provisional: false,
            accept: None,
            bye_after_ack: false,
            ack: None,
            purge_at: None,
            reinvite: None,
            refer: false,
        }
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        self.accept.as_ref().map(|a| a.next.min(a.until)).into_iter().chain(self.purge_at).min()
    }

    /// Our description in the present state.
    pub(super) fn offer(&mut self, held: bool) -> String {
        self.sdp_version += 1;
        let direction = if held { Direction::SendOnly } else { Direction::SendRecv };
        sdp::write(self.rtp, self.sdp_version, direction)
    }

    /// Takes their offer, gives our answer.
    pub(super) fn answer(&mut self, offer: &str) -> String {
        let offered = Direction::read(offer);
        self.remote_hold = matches!(offered, Direction::SendOnly | Direction::Inactive);
        self.sdp_version += 1;
        sdp::write(self.rtp, self.sdp_version, Direction::answer(offered, self.held))
    }

    pub(super) fn over(&mut self, now: u64) {
        self.state = DialogState::Over;
        self.accept = None;
        self.purge_at = Some(now + TIMEOUT);
    }
}

impl Phone {
    /// Finds the dialog of an in-dialog request from the box.
    pub(super) fn dialog_of(&self, request: &Wire) -> Option<u64> {
        let (call_id, tag) = (request.header("Call-ID")?, request.tag("To")?);
        self.dialogs.values().find(|d| d.call_id == call_id && d.local_tag == tag).map(|d| d.id)
    }

    /// A request within a dialog; `None` when there is no such dialog (yet).
    pub(super) fn in_dialog(&mut self, id: u64, method: &str, cseq: Option<u32>) -> Option<(Wire, String)> {
        let (via, branch) = self.via();
        let user_agent = self.settings.user_agent.clone();
        let contact = self.contact();
        let dialog = self.dialogs.get_mut(&id)?;
        let cseq = match cseq {
            Some(cseq) => cseq,
            None => {
                dialog.cseq += 1;
                dialog.cseq
            }
        };
        let mut request = Wire::request(method, &dialog.target)
            .with("Via", via)
            .with("Max-Forwards", "70")
            .with("From", format!("{};tag={}", dialog.local, dialog.local_tag))
            .with("To", format!("{};tag={}", dialog.remote, dialog.remote_tag.as_deref()?))
            .with("Call-ID", dialog.call_id.clone())
            .with("CSeq", format!("{cseq} {method}"))
            .with("Contact", contact)
            .with("User-Agent", user_agent);
        for route in &dialog.routes {
            request = request.with("Route", route.clone());
        }
        Some((request, branch))
    }

    pub(super) fn dialogs_timeout(&mut self, now: u64) {
        let mut again = Vec::new();
        let mut unconfirmed = Vec::new();
        for dialog in self.dialogs.values_mut() {
            let Some(accept) = &mut dialog.accept else {
                continue;
            };
            if accept.until <= now {
                unconfirmed.push(dialog.id);
            } else if accept.next <= now {
                again.push(accept.bytes.clone());
                accept.interval = (accept.interval * 2).min(T2);
                accept.next = now + accept.interval;
            }
        }
        for bytes in again {
            self.send(bytes);
        }
        for id in unconfirmed {
            // No ACK came: RFC 3261 §13.3.1.4 asks for BYE.
            if let Some(dialog) = self.dialogs.get_mut(&id) {
                dialog.accept = None;
            }
            self.bye(now, id);
        }
        self.dialogs.retain(|_, d| d.purge_at.is_none_or(|at| at > now));
    }

    /// 2xx to an INVITE, sent until ACK.
    pub(super) fn accept(&mut self, now: u64, id: u64, response: &Wire) {
        let bytes = response.to_bytes();
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.accept = Some(Retransmission {
                bytes: bytes.clone(),
                cseq: response.cseq(),
                next: now + T1,
                interval: T1,
                until: now + TIMEOUT,
            });
        }
        self.send(bytes);
    }
}

//! What a person does with the phone.

use super::transaction::Purpose;
use super::{DialogState, Phone, sdp};
use crate::wire::Wire;

impl Phone {
    /// Registers, and again when the time comes.
    pub fn register(&mut self, now: u64) {
        if !self.settings.registers {
            return;
        }
        self.register.cseq += 1;
        self.register.again_at = Some(now + 45_000);
        let (via, branch) = self.via();
        let tag = self.chance.token();
        let request = Wire::request("REGISTER", &format!("sip:{}", self.settings.domain))
            .with("Via", via)
            .with("Max-Forwards", "70")
            .with("From", format!("{};tag={tag}", self.identity()))
            .with("To", self.identity())
            .with("Call-ID", self.register.call_id.clone())
            .with("CSeq", format!("{} REGISTER", self.register.cseq))
            .with("Contact", self.contact())
            .with("User-Agent", self.settings.user_agent.clone())
            .with("Expires", "120");
        self.start_client(now, branch, request, Purpose::Register, false);
    }

    /// Does not register again by itself until [`Phone::register`].
    pub fn stop_registering(&mut self) {
        self.register.again_at = None;
    }

    /// The plug is pulled.
    pub fn vanish(&mut self) {
        self.alive = false;
        self.forgetful = true;
        self.outputs.clear();
    }

    /// It starts again and remembers nothing.
    pub fn restart(&mut self, now: u64) {
        self.alive = true;
        self.forgetful = true;
        self.registered = false;
        self.register.call_id = self.chance.token();
        self.dialogs.clear();
        self.clients.clear();
        self.servers.clear();
        self.outputs.clear();
        self.register(now);
    }

    /// Calls a number.
    pub fn call(&mut self, now: u64, number: &str) -> u64 {
        let call_id = self.chance.token();
        let id = self.new_dialog(call_id.clone(), number.into(), true, DialogState::Calling);
        let (via, branch) = self.via();
        let (local, contact) = (self.identity(), self.contact());
        let remote = format!("<sip:{number}@{}>", self.settings.domain);
        let uri = format!("sip:{number}@{}", self.settings.domain);
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return id;
        };
        dialog.local.clone_from(&local);
        dialog.remote.clone_from(&remote);
        dialog.cseq = 1;
        dialog.invite_branch.clone_from(&branch);
        let request = Wire::request("INVITE", &uri)
            .with("Via", via)
            .with("Max-Forwards", "70")
            .with("From", format!("{local};tag={}", dialog.local_tag))
            .with("To", remote)
            .with("Call-ID", call_id)
            .with("CSeq", "1 INVITE")
            .with("Contact", contact)
            .with("User-Agent", self.settings.user_agent.clone())
            .with("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE, INFO")
            .with_sdp(sdp::write(dialog.rtp, 1, sdp::Direction::SendRecv));
        dialog.invite = Some(request.clone());
        self.start_client(now, branch, request, Purpose::Invite(id), false);
        id
    }

    /// Answers a ringing call.
    pub fn answer(&mut self, now: u64, id: u64) -> bool {
        let contact = self.contact();
        let user_agent = self.settings.user_agent.clone();
        let Some(dialog) = self.dialogs.get_mut(&id).filter(|d| d.state == DialogState::Ringing) else {
            return false;
        };
        let Some(invite) = dialog.invite.clone() else {
            return false;
        };
        dialog.state = DialogState::Up;
        let description = if invite.body.is_empty() { dialog.offer(false) } else { dialog.answer(&invite.body) };
        let response = Wire::response(&invite, 200, &dialog.local_tag)
            .with("Contact", contact)
            .with("User-Agent", user_agent)
            .with("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE, INFO")
            .with_sdp(description);
        self.servers.remove(&super::transaction::server_key(&invite));
        self.accept(now, id, &response);
        true
    }

    /// Refuses a ringing call.
    pub fn reject(&mut self, now: u64, id: u64, status: u16) -> bool {
        let Some(dialog) = self.dialogs.get_mut(&id).filter(|d| d.state == DialogState::Ringing) else {
            return false;
        };
        let Some(invite) = dialog.invite.clone() else {
            return false;
        };
        dialog.over(now);
        let response = Wire::response(&invite, status, &dialog.local_tag);
        self.respond(now, &invite, &response);
        true
    }

    /// Puts the receiver down on a call, in whatever state.
    pub fn hang_up(&mut self, now: u64, id: u64) -> bool {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return false;
        };
        match dialog.state {
            DialogState::Calling if dialog.cancelled => false,
            DialogState::Calling => {
                dialog.cancelled = true;
                if dialog.provisional {
                    self.cancel(now, id);
                }
                true
            }
            DialogState::Ringing => self.reject(now, id, 603),
            DialogState::Up if dialog.accept.is_some() && !dialog.outgoing => {
                dialog.bye_after_ack = true;
                true
            }
            DialogState::Up => {
                self.bye(now, id);
                true
            }
            DialogState::Over => false,
        }
    }

    /// Hold (`true`) or take back.
    pub fn hold(&mut self, now: u64, id: u64, held: bool) -> bool {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return false;
        };
        if !dialog.is_free() || dialog.held == held {
            return false;
        }
        dialog.reinvite = Some(held);
        let description = dialog.offer(held);
        let Some((request, branch)) = self.in_dialog(id, "INVITE", None) else {
            return false;
        };
        self.start_client(now, branch, request.with_sdp(description), Purpose::ReInvite(id), false);
        true
    }

    /// Blind transfer of the other side to a number.
    pub fn transfer(&mut self, now: u64, id: u64, number: &str) -> bool {
        let refer_to = format!("<sip:{number}@{}>", self.settings.domain);
        self.refer(now, id, &refer_to)
    }

    /// Attended transfer: the other side of `id` to the other side of `second`.
    pub fn transfer_attended(&mut self, now: u64, id: u64, second: u64) -> bool {
        let Some(other) = self.dialogs.get(&second).filter(|d| d.is_free()) else {
            return false;
        };
        let Some(remote_tag) = &other.remote_tag else {
            return false;
        };
        let uri = crate::wire::uri_of(&other.target);
        let refer_to =
            format!("<{uri}?Replaces={}%3Bto-tag%3D{remote_tag}%3Bfrom-tag%3D{}>", other.call_id, other.local_tag);
        self.refer(now, id, &refer_to)
    }

    fn refer(&mut self, now: u64, id: u64, refer_to: &str) -> bool {
        let referred_by = self.identity();
        let Some(dialog) = self.dialogs.get_mut(&id).filter(|d| d.is_free()) else {
            return false;
        };
        dialog.refer = true;
        dialog.moved = true;
        let Some((request, branch)) = self.in_dialog(id, "REFER", None) else {
            return false;
        };
        let request = request.with("Refer-To", refer_to).with("Referred-By", referred_by);
        self.start_client(now, branch, request, Purpose::Refer(id), false);
        true
    }

    pub(super) fn bye(&mut self, now: u64, id: u64) {
        if let Some((request, branch)) = self.in_dialog(id, "BYE", None) {
            self.start_client(now, branch, request, Purpose::Bye(id), false);
        }
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.over(now);
        }
    }

    /// CANCEL of the INVITE under way (RFC 3261 §9.1: same branch, same CSeq number).
    pub(super) fn cancel(&mut self, now: u64, id: u64) {
        let Some(invite) = self.dialogs.get(&id).and_then(|d| d.invite.clone()) else {
            return;
        };
        let crate::wire::Start::Request(_, uri) = &invite.start else {
            return;
        };
        let mut request = Wire::request("CANCEL", uri);
        for name in ["Via", "Max-Forwards", "From", "To", "Call-ID"] {
            if let Some(value) = invite.header(name) {
                request = request.with(name, value);
            }
        }
        let request = request.with("CSeq", format!("{} CANCEL", invite.cseq()));
        let key = format!("{} CANCEL", invite.branch());
        self.start_client(now, key, request, Purpose::Cancel, true);
    }
}

impl super::Dialog {
    /// The other side has confirmed what we said last, and nothing is under way.
    pub fn is_settled(&self) -> bool {
        self.accept.is_none() && self.reinvite.is_none() && !self.refer
    }

    /// Up and confirmed, and no request of ours is under way.
    pub(super) fn is_free(&self) -> bool {
        self.state == DialogState::Up && self.accept.is_none() && self.reinvite.is_none() && !self.refer
    }
}

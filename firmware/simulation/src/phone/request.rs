//! Requests from the box.

use super::transaction::server_key;
use super::{DialogState, Phone};
use crate::wire::{Wire, uri_of, user_of};

impl Phone {
    pub(super) fn handle_request(&mut self, now: u64, request: Wire) {
        if request.method() == "ACK" {
            return self.acknowledge(now, &request);
        }
        if let Some(server) = self.servers.get(&server_key(&request)) {
            let again = server.response.clone();
            return self.send(again);
        }
        let in_dialog = request.tag("To").is_some();
        match (request.method(), in_dialog) {
            ("INVITE", false) => self.invited(now, request),
            ("INVITE", true) => self.reinvited(now, &request),
            ("CANCEL", _) => self.cancelled(now, &request),
            ("BYE", _) => match self.dialog_of(&request) {
                Some(id) => {
                    self.reply(now, &request, 200);
                    self.ended_by_box(now, id);
                }
                None => self.reply(now, &request, 481),
            },
            ("UPDATE", _) => match self.dialog_of(&request) {
                Some(id) => {
                    let mut response = Wire::response(&request, 200, "").with("Contact", self.contact());
                    if let Some(dialog) = self.dialogs.get_mut(&id).filter(|_| !request.body.is_empty()) {
                        response = response.with_sdp(dialog.answer(&request.body));
                    }
                    self.respond(now, &request, &response);
                }
                None => self.reply(now, &request, 481),
            },
            ("NOTIFY", _) => self.notified(now, &request),
            ("OPTIONS" | "INFO" | "MESSAGE", _) => self.reply(now, &request, 200),
            (_, _) => self.reply(now, &request, 501),
        }
    }

    fn reply(&mut self, now: u64, request: &Wire, status: u16) {
        let tag = self.chance.token();
        self.respond(now, request, &Wire::response(request, status, &tag));
    }

    fn invited(&mut self, now: u64, request: Wire) {
        let call_id = request.header("Call-ID").unwrap_or_default().to_owned();
        if self.dialogs.values().any(|d| d.call_id == call_id && !d.outgoing) {
            // A retransmission while the 2xx is on its way, or a stray copy.
            return;
        }
        let from = request.header("From").unwrap_or_default().to_owned();
        let id = self.new_dialog(call_id, user_of(&from).to_owned(), false, DialogState::Ringing);
        let contact = self.contact();
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.remote_tag = request.tag("From").map(str::to_owned);
        dialog.remote = from.split(";tag=").next().unwrap_or_default().to_owned();
        dialog.local = request.header("To").unwrap_or_default().to_owned();
        dialog.target = uri_of(request.header("Contact").unwrap_or_default()).to_owned();
        dialog.routes = request.all("Record-Route").map(str::to_owned).collect();
        if let crate::wire::Start::Request(_, uri) = &request.start {
            user_of(uri).clone_into(&mut dialog.called);
        }
        dialog.invite = Some(request.clone());
        let ringing = Wire::response(&request, 180, &dialog.local_tag).with("Contact", contact);
        self.respond(now, &request, &ringing);
    }

    fn reinvited(&mut self, now: u64, request: &Wire) {
        let contact = self.contact();
        let Some(id) = self.dialog_of(request) else {
            return self.reply(now, request, 481);
        };
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if dialog.state != DialogState::Up {
            return self.reply(now, request, 481);
        }
        if dialog.reinvite.is_some() {
            return self.reply(now, request, 491);
        }
        if dialog.accept.as_ref().is_some_and(|a| a.cseq == request.cseq()) {
            return;
        }
        let held = dialog.held;
        let description = if request.body.is_empty() { dialog.offer(held) } else { dialog.answer(&request.body) };
        let response = Wire::response(request, 200, "").with("Contact", contact).with_sdp(description);
        self.accept(now, id, &response);
    }

    fn acknowledge(&mut self, now: u64, ack: &Wire) {
        self.acknowledged(ack);
        if let Some(id) = self.dialog_of(ack)
            && let Some(dialog) = self.dialogs.get_mut(&id)
            && dialog.accept.as_ref().is_some_and(|a| a.cseq == ack.cseq())
        {
            dialog.accept = None;
            if dialog.bye_after_ack {
                self.bye(now, id);
            }
        }
    }

    fn cancelled(&mut self, now: u64, request: &Wire) {
        let branch = request.branch().to_owned();
        let found =
            self.dialogs.values().find(|d| d.invite.as_ref().is_some_and(|i| i.branch() == branch) && !d.outgoing);
        let Some(id) = found.map(|d| d.id) else {
            return self.reply(now, request, 481);
        };
        self.reply(now, request, 200);
        // After the answer CANCEL has no effect (RFC 3261 §9.2).
        self.reject(now, id, 487);
    }

    fn ended_by_box(&mut self, now: u64, id: u64) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let ringing = dialog.state == DialogState::Ringing;
        let invite = dialog.invite.clone().filter(|_| ringing);
        dialog.over(now);
        if let Some(invite) = invite {
            self.reply(now, &invite, 487);
        }
    }

    /// Progress of a transfer (RFC 3515 §2.4.4).
    fn notified(&mut self, now: u64, request: &Wire) {
        let Some(id) = self.dialog_of(request) else {
            return self.reply(now, request, 481);
        };
        self.reply(now, request, 200);
        let status = request.body.split_whitespace().nth(1).and_then(|s| s.parse::<u16>().ok());
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        match status {
            Some(200..300) if dialog.refer && dialog.state == DialogState::Up => self.bye(now, id),
            Some(300..) => dialog.refer = false,
            _ => {}
        }
    }
}

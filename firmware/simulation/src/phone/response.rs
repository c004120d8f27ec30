//! Responses of the box to requests of the phone.

use super::transaction::Purpose;
use super::{DialogState, Phone, digest, sdp};
use crate::wire::{Start, Wire, uri_of};

impl Phone {
    pub(super) fn handle_response(&mut self, now: u64, response: &Wire, status: u16) {
        let branch = match response.method() {
            "CANCEL" => format!("{} CANCEL", response.branch()),
            _ => response.branch().to_owned(),
        };
        let Some(client) = self.clients.get_mut(&branch) else {
            return;
        };
        let (purpose, request) = (client.purpose, client.request.clone());
        if status < 200 {
            client.provisional(now);
            if let Purpose::Invite(id) = purpose {
                self.progress(now, id, status);
            }
            return;
        }
        if client.done {
            // A retransmission: only the ACK is repeated. A 2xx has its ACK in the dialog.
            let ack = client.ack.clone().or_else(|| self.ack_of(purpose, response));
            if let Some(ack) = ack {
                self.send(ack);
            }
            return;
        }
        client.finished(now);
        let authorized = client.authorized;
        if request.method() == "INVITE" && status >= 300 {
            let ack = ack_of_refusal(&request, response).to_bytes();
            if let Some(client) = self.clients.get_mut(&branch) {
                client.ack = Some(ack.clone());
            }
            self.send(ack);
        }
        if matches!(status, 401 | 407) && !authorized && self.authorize(now, &request, response, purpose) {
            return;
        }
        match purpose {
            Purpose::Register => {
                self.registered = status == 200;
                if status != 200 {
                    self.register.again_at = Some(now + 10_000);
                }
            }
            Purpose::Invite(id) if status < 300 => self.call_answered(now, id, response),
            Purpose::Invite(id) => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.failed = Some(status);
                    dialog.over(now);
                }
            }
            Purpose::ReInvite(id) => self.reinvite_done(now, id, response, status),
            Purpose::Refer(id) => {
                if let Some(dialog) = self.dialogs.get_mut(&id)
                    && status >= 300
                {
                    dialog.refer = false;
                    if matches!(status, 481 | 408) {
                        dialog.over(now);
                    }
                }
            }
            Purpose::Bye(_) | Purpose::Cancel => {}
        }
    }

    fn ack_of(&self, purpose: Purpose, response: &Wire) -> Option<Vec<u8>> {
        let (Purpose::Invite(id) | Purpose::ReInvite(id)) = purpose else {
            return None;
        };
        let (cseq, ack) = self.dialogs.get(&id)?.ack.as_ref()?;
        (*cseq == response.cseq()).then(|| ack.clone())
    }

    fn authorize(&mut self, now: u64, request: &Wire, response: &Wire, purpose: Purpose) -> bool {
        let Start::Request(method, uri) = &request.start else {
            return false;
        };
        let account = (self.settings.username.clone(), self.settings.password.clone());
        let mut chance = self.chance.clone();
        let answer = digest::authorize(response, method, uri, (&account.0, &account.1), &mut chance);
        self.chance = chance;
        let Some((name, value)) = answer else {
            return false;
        };
        let (via, branch) = self.via();
        let cseq = request.cseq() + 1;
        let mut again = request.clone();
        again.headers.retain(|(n, _)| n != "Via" && n != "CSeq");
        again.headers.insert(0, ("Via".into(), via));
        let again = again.with("CSeq", format!("{cseq} {method}")).with(&name, value);
        match purpose {
            Purpose::Register => self.register.cseq = cseq,
            Purpose::Invite(id) | Purpose::ReInvite(id) | Purpose::Refer(id) | Purpose::Bye(id) => {
                let Some(dialog) = self.dialogs.get_mut(&id) else {
                    return false;
                };
                dialog.cseq = dialog.cseq.max(cseq);
                if matches!(purpose, Purpose::Invite(_)) {
                    if dialog.cancelled {
                        // Given up meanwhile: no need to ask again.
                        dialog.failed = Some(487);
                        dialog.over(now);
                        return true;
                    }
                    dialog.provisional = false;
                    dialog.invite = Some(again.clone());
                    dialog.invite_branch.clone_from(&branch);
                }
            }
            Purpose::Cancel => return false,
        }
        self.start_client(now, branch, again, purpose, true);
        true
    }

    fn progress(&mut self, now: u64, id: u64, status: u16) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.alerted |= status >= 180;
        if !dialog.provisional {
            dialog.provisional = true;
            if dialog.cancelled {
                self.cancel(now, id);
            }
        }
    }

    fn call_answered(&mut self, now: u64, id: u64, response: &Wire) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.remote_tag = response.tag("To").map(str::to_owned);
        dialog.target = uri_of(response.header("Contact").unwrap_or_default()).to_owned();
        dialog.routes = response.all("Record-Route").map(str::to_owned).collect();
        dialog.routes.reverse();
        let gone = dialog.cancelled || dialog.state != DialogState::Calling;
        if !gone {
            dialog.state = DialogState::Up;
            let direction = sdp::Direction::read(&response.body);
            dialog.remote_hold = matches!(direction, sdp::Direction::SendOnly | sdp::Direction::Inactive);
        }
        self.send_ack(id, response.cseq());
        if gone {
            self.bye(now, id);
        }
    }

    fn send_ack(&mut self, id: u64, cseq: u32) {
        let Some((ack, _)) = self.in_dialog(id, "ACK", Some(cseq)) else {
            return;
        };
        let bytes = ack.to_bytes();
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.ack = Some((cseq, bytes.clone()));
        }
        self.send(bytes);
    }

    fn reinvite_done(&mut self, now: u64, id: u64, response: &Wire, status: u16) {
        if status < 300 {
            self.send_ack(id, response.cseq());
        }
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let wanted = dialog.reinvite.take();
        match status {
            200..300 => {
                if let Some(held) = wanted {
                    dialog.held = held;
                }
                let direction = sdp::Direction::read(&response.body);
                if !dialog.held {
                    dialog.remote_hold = matches!(direction, sdp::Direction::SendOnly | sdp::Direction::Inactive);
                }
            }
            408 | 481 if dialog.state == DialogState::Up => self.bye(now, id),
            _ => {}
        }
    }
}

/// ACK of a non-2xx final response: same branch (RFC 3261 §17.1.1.3).
fn ack_of_refusal(request: &Wire, response: &Wire) -> Wire {
    let Start::Request(_, uri) = &request.start else {
        return request.clone();
    };
    let mut ack = Wire::request("ACK", uri);
    for (name, from) in
        [("Via", request), ("Max-Forwards", request), ("From", request), ("To", response), ("Call-ID", request)]
    {
        if let Some(value) = from.header(name) {
            ack = ack.with(name, value);
        }
    }
    ack.with("CSeq", format!("{} ACK", request.cseq()))
}

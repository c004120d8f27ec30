//! Writing a session down and reading it back, so that calls survive a restart of the daemon.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::super::{Body, Credentials, Endpoint, Flow, SessionId, Transport};
use super::{Interval, Session, State};
use crate::dialog::Dialog;

/// A session that is up, as plain data. A change under way and a REFER in progress are not kept: the peer repeats them.
#[derive(Clone, derive_more::Debug, PartialEq, Eq, Serialize, Deserialize)]
#[debug("SavedSession(…)")]
pub struct SavedSession {
    /// `Call-ID`.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag.
    pub remote_tag: String,
    /// Our address, as in From or To, without tag.
    pub local_address: String,
    /// The peer's address.
    pub remote_address: String,
    /// User part of our Contact.
    pub contact_user: Option<String>,
    /// Our last CSeq.
    pub local_cseq: u32,
    /// The peer's last CSeq.
    pub remote_cseq: Option<u32>,
    /// The peer's Contact.
    pub remote_target: String,
    /// `Route` values in the order of our requests.
    pub route_set: Vec<String>,
    /// `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: String,
    /// Our address on the wire.
    pub local: SocketAddr,
    /// The peer's address on the wire. A connection does not survive: the shell opens another one.
    pub remote: SocketAddr,
    /// Requests take the path, not the Contact.
    pub symmetric: bool,
    /// We made the Call-ID.
    pub is_caller: bool,
    /// The peer takes UPDATE.
    pub peer_update: bool,
    /// The session interval in seconds and whether we refresh (RFC 4028).
    pub interval: Option<(u64, bool)>,
    /// Type and text of our last session description.
    pub local_body: Option<(String, Vec<u8>)>,
    /// User name and password for a peer that challenges us.
    pub credentials: Option<(String, String)>,
}

impl Endpoint {
    /// Writes a session down; `None` unless it is up and confirmed by ACK.
    pub fn save_session(&self, session: SessionId) -> Option<SavedSession> {
        let data = self.sessions.get(&session)?;
        if data.state != State::Up || data.quiet || data.unacked.is_some() || data.owed_ack.is_some() {
            return None;
        }
        let dialog = data.dialog()?;
        Some(SavedSession {
            call_id: data.call_id.to_string(),
            local_tag: data.local_tag.to_string(),
            remote_tag: dialog.remote_tag.clone(),
            local_address: data.local_address.clone(),
            remote_address: data.remote_address.clone(),
            contact_user: data.contact_user.as_deref().map(str::to_owned),
            local_cseq: data.local_cseq,
            remote_cseq: dialog.remote_cseq,
            remote_target: dialog.remote_target.clone(),
            route_set: dialog.route_set.clone(),
            transport: crate::dialog::name_of(dialog.flow.transport).to_owned(),
            local: dialog.flow.local,
            remote: dialog.flow.remote,
            symmetric: dialog.symmetric,
            is_caller: data.is_caller,
            peer_update: data.peer.update,
            interval: data.interval.map(|interval| (interval.length.as_secs(), interval.ours)),
            local_body: data.local_body.as_ref().map(|body| (body.content_type.clone(), body.bytes.to_vec())),
            credentials: data.credentials.as_ref().map(|known| (known.username.clone(), known.password.clone())),
        })
    }

    /// Reads a session back. It is up: it takes requests of the peer and sends ours. A refresh that is ours is due at once, so that
    /// a peer that is gone is noticed.
    pub fn restore_session(&mut self, now: Instant, saved: SavedSession) -> SessionId {
        let id = SessionId(self.fresh_id());
        let transport = Transport::from_name(&saved.transport).unwrap_or(Transport::Udp);
        let mut session = Session::new(
            saved.call_id.into(),
            saved.local_tag.into(),
            &saved.local_address,
            &saved.remote_address,
            State::Up,
        );
        session.contact_user = saved.contact_user.map(Into::into);
        // A request sent after the writing may have used the next numbers.
        session.local_cseq = saved.local_cseq.saturating_add(16) & 0x7fff_ffff;
        session.is_caller = saved.is_caller;
        session.peer.update = saved.peer_update;
        session.local_body = saved.local_body.map(|(content_type, bytes)| Body { content_type, bytes: bytes.into() });
        session.credentials = saved.credentials.map(|(username, password)| Credentials { username, password });
        session.dialogs.push(Dialog {
            remote_tag: saved.remote_tag,
            remote_cseq: saved.remote_cseq,
            remote_target: saved.remote_target,
            route_set: saved.route_set,
            flow: Flow { transport, local: saved.local, remote: saved.remote, connection: None },
            symmetric: saved.symmetric,
            remote_rseq: None,
        });
        self.add_session(id, session);
        if let Some((length, ours)) = saved.interval {
            let length = Duration::from_secs(length.clamp(90, u64::from(u32::MAX)));
            self.start_interval(now, id, Interval { length, ours });
            if ours {
                self.deadlines.set(
                    crate::transaction::Owner::Session(id),
                    crate::transaction::Timer::SessionRefresh,
                    now + Duration::from_secs(1),
                );
            }
        }
        id
    }
}

//! A SIP telephone (or, without registration, the carrier at the far end of a SIP trunk).
//!
//! It has a protocol stack of its own: transactions with retransmission, dialogs, re-INVITE, REFER. People press its keys
//! through the methods here; datagrams come in by [`Phone::receive`] and go out by [`Phone::poll_output`].

mod dialog;
mod digest;
mod keys;
mod request;
mod response;
pub mod sdp;
mod transaction;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

pub use dialog::{Dialog, DialogState};
use transaction::{ClientTransaction, ServerTransaction};

use crate::chance::Chance;
use crate::wire::{Start, Wire};

/// What a phone is told at the start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Account name, or the carrier's name.
    pub username: String,
    /// Password of the account.
    pub password: String,
    /// Its own address.
    pub address: SocketAddr,
    /// The box.
    pub server: SocketAddr,
    /// Domain of the box.
    pub domain: String,
    /// Unique `User-Agent`.
    pub user_agent: String,
    /// It registers (a phone); it does not (a carrier).
    pub registers: bool,
}

/// The phone.
#[derive(Debug)]
pub struct Phone {
    pub(crate) settings: Settings,
    chance: Chance,
    /// Plugged in: else it neither hears nor speaks.
    pub alive: bool,
    /// It has been unplugged or restarted: the box may think that calls are up which the phone does not know.
    pub forgetful: bool,
    /// The last REGISTER was answered with 200.
    pub registered: bool,
    register: Registration,
    dialogs: BTreeMap<u64, Dialog>,
    clients: BTreeMap<String, ClientTransaction>,
    servers: BTreeMap<String, ServerTransaction>,
    next_dialog: u64,
    next_rtp: u16,
    outputs: VecDeque<Vec<u8>>,
}

#[derive(Debug)]
struct Registration {
    call_id: String,
    cseq: u32,
    again_at: Option<u64>,
}

impl Phone {
    /// A phone just out of its box.
    pub fn new(settings: Settings, mut chance: Chance) -> Self {
        let register = Registration { call_id: chance.token(), cseq: 0, again_at: None };
        Phone {
            settings,
            chance,
            alive: true,
            forgetful: false,
            registered: false,
            register,
            dialogs: BTreeMap::new(),
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            next_dialog: 0,
            next_rtp: 20_000,
            outputs: VecDeque::new(),
        }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.settings.address
    }

    /// Its IP address.
    pub fn ip(&self) -> IpAddr {
        self.settings.address.ip()
    }

    /// Its `User-Agent`.
    pub fn user_agent(&self) -> &str {
        &self.settings.user_agent
    }

    /// Dialogs that are not over.
    pub fn dialogs(&self) -> impl Iterator<Item = &Dialog> {
        self.dialogs.values().filter(|d| d.state != DialogState::Over)
    }

    /// From now on nobody can tell from this phone alone who is at the other end of its calls.
    pub fn mark_moved(&mut self) {
        for dialog in self.dialogs.values_mut() {
            dialog.moved = true;
        }
    }

    /// Calls that came from the box since the start, over or not, with the number they were sent to.
    pub fn incoming(&self) -> impl Iterator<Item = (u64, &str)> {
        self.dialogs.values().filter(|d| !d.outgoing).map(|d| (d.id, d.called.as_str()))
    }

    /// A dialog by number.
    pub fn dialog(&self, id: u64) -> Option<&Dialog> {
        self.dialogs.get(&id)
    }

    /// Nothing goes on: no dialog, no transaction.
    pub fn is_quiet(&self) -> bool {
        self.dialogs().next().is_none() && self.clients.values().all(|c| c.done)
    }

    /// A datagram has arrived.
    pub fn receive(&mut self, now: u64, bytes: &[u8]) {
        if !self.alive {
            return;
        }
        let Some(message) = Wire::read(bytes) else {
            return;
        };
        match message.start {
            Start::Request(..) => self.handle_request(now, message),
            Start::Response(status) => self.handle_response(now, &message, status),
        }
    }

    /// The next datagram to the box.
    pub fn poll_output(&mut self) -> Option<Vec<u8>> {
        self.outputs.pop_front()
    }

    /// The next deadline in milliseconds.
    pub fn poll_timeout(&self) -> Option<u64> {
        if !self.alive {
            return None;
        }
        let clients = self.clients.values().map(ClientTransaction::deadline);
        let servers = self.servers.values().map(ServerTransaction::deadline);
        let dialogs = self.dialogs.values().filter_map(Dialog::deadline);
        clients.chain(servers).chain(dialogs).chain(self.register.again_at).min()
    }

    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: u64) {
        if !self.alive {
            return;
        }
        if self.register.again_at.is_some_and(|at| at <= now) {
            self.register(now);
        }
        self.transactions_timeout(now);
        self.dialogs_timeout(now);
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.outputs.push_back(bytes);
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.settings.username, self.settings.address)
    }

    fn via(&mut self) -> (String, String) {
        let branch = format!("z9hG4bK{}", self.chance.token());
        (format!("SIP/2.0/UDP {};branch={branch};rport", self.settings.address), branch)
    }

    fn identity(&self) -> String {
        format!("<sip:{}@{}>", self.settings.username, self.settings.domain)
    }

    fn new_dialog(&mut self, call_id: String, remote_party: String, outgoing: bool, state: DialogState) -> u64 {
        self.next_dialog += 1;
        self.next_rtp = if self.next_rtp >= 60_000 { 20_000 } else { self.next_rtp + 2 };
        let id = self.next_dialog;
        let local_tag = self.chance.token();
        let rtp = SocketAddr::new(self.ip(), self.next_rtp);
        self.dialogs.insert(id, Dialog::new(id, call_id, local_tag, remote_party, rtp, outgoing, state));
        id
    }
}

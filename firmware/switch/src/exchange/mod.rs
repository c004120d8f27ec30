//! The exchange: everything with one owner. Inputs in, outputs out.
//!
//! This file holds the state and the loop; behaviour lives in the rooms beside it (`call`, `leg`, `routing`, `policy`,
//! `transfer`, `hold`, `analog` …) as plain functions over this state.

mod input;
mod live;
mod output;
mod settle;
mod snapshot;
mod trace;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use offhook_media::command as media;
use offhook_sip::digest::Authenticator;
use offhook_sip::endpoint as sip;
use offhook_sip::registrar::Registrar;
use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

pub use input::{Command, Input};
pub use live::{LegState, Live, LiveCall, LiveLeg};
pub use output::{Output, StoredBinding};

use crate::access::{self, Bans};
use crate::analog::Port;
use crate::call::Call;
use crate::config::Config;
use crate::entry::Entry;
use crate::id::{CallId, LegId, LineId, TrunkId, UserId};
use crate::index::Index;
use crate::leg::Leg;
use crate::ports::Ports;
pub use crate::ports::{PortOpener, PortOpening};
use crate::record::UnixMillis;
use crate::registration;
use crate::timer::Timers;
use crate::trunk::TrunkState;

/// How much is going on, for status pages and limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counters {
    /// Calls up.
    pub calls: u64,
    /// Legs up.
    pub legs: u64,
    /// Bindings.
    pub bindings: u64,
    /// SIP transactions.
    pub transactions: u64,
    /// Calls since start.
    pub calls_total: u64,
    /// Requests refused for overload since start.
    pub overload_refusals: u64,
    /// RTP ports taken.
    pub rtp_ports: u64,
    /// Requests with wrong credentials since start.
    #[serde(default)]
    pub authentication_failures: u64,
    /// Messages dropped because their source is banned, since start.
    #[serde(default)]
    pub banned_messages: u64,
    /// Timers of call control that are set.
    #[serde(default)]
    pub timers: u64,
}

/// Both clocks of one moment, from outside.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For timers.
    pub instant: Instant,
    /// For records.
    pub wall: UnixMillis,
}

/// The exchange. See the module's documentation.
pub struct Exchange {
    pub(crate) config: Arc<Config>,
    pub(crate) index: Index,
    pub(crate) data: PathBuf,
    pub(crate) host: String,
    pub(crate) sip_ports: Vec<(sip::Transport, u16)>,

    pub(crate) endpoint: sip::Endpoint,
    pub(crate) authenticator: Authenticator,
    pub(crate) registrar: Registrar,
    pub(crate) bans: Bans,

    /// Analog ports.
    pub(crate) lines: BTreeMap<LineId, Port>,
    /// Ports whose outputs are still to be taken.
    pub(crate) touched_lines: VecDeque<LineId>,
    pub(crate) trunks: BTreeMap<TrunkId, TrunkState>,
    /// REGISTER requests of ours under way.
    pub(crate) client_requests: BTreeMap<sip::ClientRequestId, TrunkId>,
    /// INFO requests of ours under way.
    pub(crate) infos: BTreeMap<sip::ClientRequestId, LegId>,

    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    /// Leg records that are still open.
    pub(crate) entries: BTreeMap<LegId, Entry>,
    pub(crate) sessions: BTreeMap<sip::SessionId, LegId>,
    pub(crate) streams: BTreeMap<media::StreamId, LegId>,
    /// Streams being closed whose figures belong to a leg record.
    pub(crate) closing: BTreeMap<media::StreamId, LegId>,
    /// Legs of each user, ringing ones too.
    pub(crate) user_legs: BTreeMap<UserId, BTreeSet<LegId>>,

    pub(crate) ports: Ports,
    pub(crate) open_port: PortOpener,
    pub(crate) timers: Timers,
    /// Calls whose media and display are to be brought up to date before this input is done.
    pub(crate) dirty: BTreeSet<CallId>,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) totals: Counters,
    /// Of the media engine's certificate.
    pub(crate) fingerprint: Option<offhook_sip::sdp::security::Fingerprint>,
    rng: ChaCha12Rng,
    sequence: u16,
    next_media: u64,
}

impl Exchange {
    /// A new exchange. Everything random comes from `seed`. `data` is the directory of sounds and recordings (only joined, never read).
    pub fn new(config: Arc<Config>, endpoint: sip::EndpointConfig, data: PathBuf, seed: [u8; 32], now: Now) -> Self {
        let mut rng = ChaCha12Rng::from_seed(seed);
        let mut derive = || {
            let mut seed = [0; 32];
            rng.fill_bytes(&mut seed);
            seed
        };
        let (endpoint_seed, nonce_seed) = (derive(), derive());
        let mut exchange = Exchange {
            index: Index::new(&config),
            data,
            host: endpoint.host.clone(),
            sip_ports: endpoint.ports.clone(),
            endpoint: sip::Endpoint::new(endpoint, endpoint_seed),
            authenticator: access::authenticator(&config, nonce_seed, now.instant),
            registrar: Registrar::new(registration::registrar_config()),
            bans: Bans::default(),
            lines: BTreeMap::new(),
            touched_lines: VecDeque::new(),
            trunks: BTreeMap::new(),
            client_requests: BTreeMap::new(),
            infos: BTreeMap::new(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            entries: BTreeMap::new(),
            sessions: BTreeMap::new(),
            streams: BTreeMap::new(),
            closing: BTreeMap::new(),
            user_legs: BTreeMap::new(),
            ports: Ports::new(config.network.rtp_first, config.network.rtp_last),
            open_port: Box::new(|_| PortOpening::Opened),
            timers: Timers::default(),
            dirty: BTreeSet::new(),
            outputs: VecDeque::new(),
            totals: Counters::default(),
            fingerprint: None,
            rng,
            sequence: 0,
            next_media: 0,
            config,
        };
        exchange.open_lines(now);
        exchange.start_trunks(now);
        exchange.settle(now);
        exchange
    }

    /// Says who opens RTP ports; without it every port is taken for free.
    pub fn set_port_opener(&mut self, opener: PortOpener) {
        self.open_port = opener;
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Sip(input) => self.handle_sip(now, input),
            Input::Fxs(line, input) => self.handle_fxs(now, line, input),
            Input::Fxo(line, input) => self.handle_fxo(now, line, input),
            Input::Media(event) => self.handle_media(now, event),
            Input::Config(config) => self.apply_config(now, config),
            Input::Command(Command::HangUp(call)) => self.hang_up(now, call),
        }
        self.settle(now);
    }

    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline and its timer's name.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let lines = self.lines.values().filter_map(Port::poll_timeout);
        [
            self.endpoint.poll_timeout(),
            self.timers.next(),
            self.registrar.next_expiry().map(|at| (at, "RegistrationExpiry")),
        ]
        .into_iter()
        .flatten()
        .chain(lines)
        .min_by_key(|(at, _)| *at)
    }

    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.endpoint.handle_timeout(now.instant);
        self.expire_registrations(now);
        self.lines_timeout(now);
        self.settle(now);
        while let Some(timer) = self.timers.due(now.instant) {
            self.timer_due(now, timer);
            self.settle(now);
        }
    }

    /// What is going on.
    pub fn counters(&self) -> Counters {
        Counters {
            calls: self.calls.len() as u64,
            legs: self.legs.len() as u64,
            bindings: self.count_bindings(),
            transactions: self.endpoint.transactions() as u64,
            rtp_ports: self.ports.taken() as u64,
            timers: self.timers.len() as u64,
            overload_refusals: self.totals.overload_refusals + self.endpoint.overload_refusals(),
            ..self.totals
        }
    }

    /// Whether no call is up.
    pub fn is_quiet(&self) -> bool {
        self.calls.is_empty()
    }

    /// All calls up, oldest first.
    pub fn calls(&self) -> Vec<LiveCall> {
        let mut calls: Vec<LiveCall> = self.calls.values().map(|call| self.live_call(call)).collect();
        calls.sort_by_key(|call| (call.started, call.id));
        calls
    }

    /// A UUIDv7 (RFC 9562 §5.7): milliseconds, a counter that orders those of one millisecond, chance.
    pub(crate) fn new_uuid(&mut self, now: Now) -> uuid::Uuid {
        let mut chance = [0_u8; 10];
        self.rng.fill_bytes(&mut chance);
        self.sequence = self.sequence.wrapping_add(1);
        let [high, low] = self.sequence.to_be_bytes();
        (chance[0], chance[1]) = (high & 0x0f, low);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.wall).unwrap_or(0), &chance).into_uuid()
    }

    /// A number for a stream, bridge or recording.
    pub(crate) fn new_media_id(&mut self) -> u64 {
        self.next_media += 1;
        self.next_media
    }

    pub(crate) fn derive_seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        seed
    }

    pub(crate) fn fill_random(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    pub(crate) fn random_u32(&mut self) -> u32 {
        self.rng.next_u32()
    }

    pub(crate) fn media(&mut self, command: media::Command) {
        self.outputs.push_back(Output::Media(command));
    }
}

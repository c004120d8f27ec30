//! The exchange: everything with one owner. Inputs in, outputs out.

use std::sync::Arc;
use std::time::Instant;

use offhook_lines::{fxo, fxs};
use offhook_media::command as media;
use offhook_sip::endpoint as sip;

use crate::config::Config;
use crate::id::{CallId, LegId, LineId, UserId};
use crate::record::{CallRecord, LegRecord, LegStatus, UnixMillis};

/// What comes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// SIP: messages, closed connections, resolved names.
    Sip(sip::Input),
    /// From the hardware of an FXS port.
    Fxs(LineId, fxs::Input),
    /// From the hardware of an FXO port.
    Fxo(LineId, fxo::Input),
    /// From the media engine.
    Media(media::Event),
    /// A new configuration. Calls under way go on.
    Config(Arc<Config>),
    /// From the API.
    Command(Command),
}

/// From the API.
#[derive(Clone, Debug)]
pub enum Command {
    /// End a call.
    HangUp(CallId),
}

/// What goes out.
#[derive(Clone, Debug)]
pub enum Output {
    /// SIP to send or to resolve. (Never [`sip::Output::Event`].)
    Sip(sip::Output),
    /// To the hardware of an FXS port. (Never [`fxs::Output::Event`]; tones go to the media engine.)
    Fxs(LineId, fxs::Output),
    /// To the hardware of an FXO port.
    Fxo(LineId, fxo::Output),
    /// To the media engine.
    Media(media::Command),
    /// Write or replace a call record.
    Call(CallRecord),
    /// Write a leg record.
    Leg(LegRecord),
    /// Write the bindings of an address of record (an empty list removes them).
    Bindings {
        /// The device's user name.
        aor: String,
        /// What to put back after a restart, with the seconds each has left.
        bindings: Vec<StoredBinding>,
    },
    /// Something to show: live events of the API.
    Live(Live),
}

/// A binding as written down. [`Exchange::restore_bindings`] puts it back.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StoredBinding {
    /// Contact URI.
    pub contact: String,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub transport: String,
    /// Our address.
    pub local: std::net::SocketAddr,
    /// The phone's address.
    pub remote: std::net::SocketAddr,
    /// `Path`.
    pub path: Vec<String>,
    /// Thousandths.
    pub q: u16,
    /// `+sip.instance`.
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// Call-ID of the registration.
    pub call_id: String,
    /// CSeq.
    pub cseq: u32,
    /// Of the phone.
    pub user_agent: Option<String>,
    /// Wall-clock time at which it lapses.
    pub expires: UnixMillis,
}

/// State of a leg for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum LegState {
    Dialling,
    Ringing,
    Talking,
    Held,
}

/// A leg for display.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LiveLeg {
    /// The leg.
    pub id: LegId,
    /// Its user.
    pub user: Option<UserId>,
    /// Number or extension.
    pub number: String,
    /// Name to show.
    pub name: Option<String>,
    /// User-Agent, `FXS 1` …
    pub interface: Option<String>,
    /// State.
    pub state: LegState,
    /// The caller's leg.
    pub caller: bool,
}

/// A call for display.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LiveCall {
    /// The call.
    pub id: CallId,
    /// Since when.
    pub started: UnixMillis,
    /// Answered when.
    pub answered: Option<UnixMillis>,
    /// The number dialled.
    pub called: String,
    /// Its legs.
    pub legs: Vec<LiveLeg>,
    /// It is being recorded.
    pub recording: bool,
}

/// Something to show.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Live {
    /// A call is new or has changed.
    Call {
        /// As it is now.
        call: LiveCall,
    },
    /// A call is over.
    CallEnded {
        /// Which.
        id: CallId,
    },
    /// A leg ended with this status.
    LegEnded {
        /// Its call.
        call: CallId,
        /// Whose.
        user: Option<UserId>,
        /// How.
        status: LegStatus,
    },
    /// A user's phones connected or not.
    Registered {
        /// Whose.
        user: UserId,
        /// How many bindings.
        bindings: u32,
    },
    /// An analog port changed.
    Line {
        /// Which.
        line: LineId,
        /// State name of the port (`on_hook`, `ringing`, `dialling`, `talking` …).
        state: String,
    },
}

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
}

/// The exchange. See the module's documentation.
pub struct Exchange {}

/// Both clocks of one moment, from outside.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For timers.
    pub instant: Instant,
    /// For records.
    pub wall: UnixMillis,
}

#[allow(unused_variables, reason = "contract")]
impl Exchange {
    /// A new exchange. Everything random comes from `seed`. `data` is the directory of sounds and recordings (only joined, never read).
    pub fn new(
        config: Arc<Config>,
        endpoint: sip::EndpointConfig,
        data: std::path::PathBuf,
        seed: [u8; 32],
        now: Now,
    ) -> Self {
        unimplemented!()
    }
    /// Puts back the bindings written down before a restart.
    pub fn restore_bindings(&mut self, now: Now, aor: &str, bindings: Vec<StoredBinding>) {
        unimplemented!()
    }
    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
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
    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Now) {
        unimplemented!()
    }
    /// What is going on.
    pub fn counters(&self) -> Counters {
        unimplemented!()
    }
    /// All calls up, oldest first.
    pub fn calls(&self) -> Vec<LiveCall> {
        unimplemented!()
    }
}

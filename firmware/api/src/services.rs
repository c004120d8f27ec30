//! What the daemon gives to the API.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use offhook_store::Store;
use offhook_switch::config::Config;
use offhook_switch::exchange::{Command, Counters, Live, LiveCall};
use offhook_switch::id::{CallId, LineId};
use tokio::sync::{broadcast, mpsc, watch};

use crate::types::{CallerId, LineAction, TraceMessage};

/// Everything the API works with.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub store: Store,
    /// The thread that owns all calls.
    pub exchange: Arc<dyn ExchangeHandle>,
    /// Live events. A capacity of 1024 is enough: a reader that falls behind gets a new snapshot.
    pub live: broadcast::Sender<Live>,
    /// Simulated lines, where there are any.
    pub simulated: Option<Arc<dyn SimulatedLines>>,
    /// The data directory: `recordings` and `sounds` are in it.
    pub data: PathBuf,
    /// Version of the software.
    pub version: String,
    /// Countries with known tones, ISO 3166, sorted.
    pub countries: Vec<String>,
    /// What the box listens on, to show: `udp 192.0.2.1:5060`.
    pub listening: Vec<String>,
    /// When the daemon started.
    pub started: Instant,
}

/// An answer that comes later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The thread that owns all calls, from outside.
pub trait ExchangeHandle: Send + Sync {
    /// Sends a command; `false` when its queue is full.
    fn command(&self, command: Command) -> bool;
    /// Calls that are up, oldest first.
    fn calls(&self) -> Answer<'_, Vec<LiveCall>>;
    /// How much is going on.
    fn counters(&self) -> Answer<'_, Counters>;
    /// State names of the analog ports (see `Line.state`).
    fn line_states(&self) -> Answer<'_, BTreeMap<LineId, String>>;
    /// The SIP messages of a call that are still remembered, oldest first.
    fn trace(&self, call: CallId) -> Answer<'_, Vec<TraceMessage>>;
    /// A new configuration. Calls under way go on.
    fn reload(&self, config: Arc<Config>);
}

/// 20 ms of audio: 160 samples, 8 kHz, mono.
pub type Frame = [i16; 160];

/// Lines without hardware, played from the web page.
pub trait SimulatedLines: Send + Sync {
    /// Which lines are simulated.
    fn lines(&self) -> Vec<LineId>;
    /// Does something to a line.
    ///
    /// # Errors
    /// When the line is not simulated, is of the other kind, or cannot do it now.
    fn act(&self, line: LineId, action: LineAction) -> Result<(), LineRefusal>;
    /// What a line shows, now and as it changes; `None` when it is not simulated.
    fn watch(&self, line: LineId) -> Option<watch::Receiver<LineView>>;
    /// The audio of a line; the one who opens it last has it. `None` when it is not simulated.
    fn open_audio(&self, line: LineId) -> Option<LineAudio>;
}

/// Both directions of a line's audio. Frames that do not fit are dropped: nothing waits.
#[derive(Debug)]
pub struct LineAudio {
    /// What the person at the set says.
    pub to_line: mpsc::Sender<Frame>,
    /// What the person at the set hears.
    pub from_line: mpsc::Receiver<Frame>,
}

/// What a simulated line shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineView {
    /// State name of the port (see `Line.state`).
    pub state: String,
    /// A call rings.
    pub ringing: bool,
    /// The receiver is lifted (FXS), the loop is closed (FXO).
    pub off_hook: bool,
    /// Caller ID on the set's display.
    pub caller: Option<CallerId>,
    /// Digits the box has dialled on this FXO line.
    pub dialled: Option<String>,
}

/// Why an action on a line was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineRefusal {
    /// The line is not simulated.
    NotSimulated,
    /// The action is for the other kind of line.
    WrongKind,
    /// Not possible in this state, or too many actions wait.
    NotNow,
}

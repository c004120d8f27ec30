//! The FXS port: what feeds a telephone set.

use std::time::Instant;

use crate::country::{Country, ToneKind};

/// From the hardware (or its simulation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Raw loop state: `true` off-hook. Flashes, pulses and hang-ups are told apart here.
    Hook(bool),
    /// A DTMF digit was heard on the line.
    Dtmf(char),
    /// The hardware is gone or back.
    Present(bool),
}

/// From call control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ring the set. `caller` is shown by caller ID.
    Ring {
        /// Caller number and name.
        caller: Option<(String, String)>,
    },
    /// Stop ringing (answered elsewhere, given up).
    StopRing,
    /// The digits so far are a whole number: stop collecting.
    EndDialling,
    /// Play a tone to the set, or none.
    Tone(Option<ToneKind>),
    /// Speech path: the set is in conversation (digits go through as [`Event::Digit`], flash as [`Event::Flash`]).
    Talk,
    /// The other side is gone: busy tone, later howler, until on-hook.
    Disconnect,
    /// Back to dial tone with the receiver still lifted (after a flash: second call).
    Recall,
    /// Messages are waiting: stutter dial tone.
    MessageWaiting(bool),
}

/// To call control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The receiver was lifted to make a call.
    Seized,
    /// Digits so far. `complete` after the inter-digit time-out or `#`.
    Dialled {
        /// All digits since dial tone.
        digits: String,
        /// No more will come.
        complete: bool,
    },
    /// The receiver was lifted while ringing.
    Answered,
    /// Hook flash in conversation, or while a second call is being dialled.
    Flash,
    /// A digit in conversation (from DTMF or pulses).
    Digit(char),
    /// The receiver was put down.
    HungUp,
    /// The set is off the hook for too long without a call: howler stage reached, port out of service until on-hook.
    LeftOffHook,
    /// The port's hardware is gone (`false`) or back.
    Present(bool),
}

/// To the hardware and to the port's audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Something for call control.
    Event(Event),
    /// Ringing voltage on or off (the cadence is done here).
    RingVoltage(bool),
    /// Send caller ID now (between the rings), number and name.
    CallerId(String, String),
    /// Play this tone on the port's audio, or stop.
    Tone(Option<ToneKind>),
}

/// State of a port for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the states")]
pub enum State {
    Absent,
    OnHook,
    Ringing,
    Dialling,
    /// Ringback, busy … while call control works.
    Waiting,
    Talking,
    Disconnected,
    LeftOffHook,
}

/// The state machine of one FXS port.
pub struct Fxs {}

#[allow(unused_variables, reason = "contract")]
impl Fxs {
    /// A port in a country, on-hook.
    pub fn new(country: &'static Country) -> Self {
        unimplemented!()
    }
    /// From the hardware.
    pub fn handle(&mut self, now: Instant, input: Input) {
        unimplemented!()
    }
    /// From call control.
    pub fn command(&mut self, now: Instant, command: Command) {
        unimplemented!()
    }
    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        unimplemented!()
    }
    /// The next deadline and its timer's name (`InterDigit`, `FirstDigit`, `HookFlash`, `RingCadence`, `Howler` …).
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        unimplemented!()
    }
    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Instant) {
        unimplemented!()
    }
    /// For display.
    pub fn state(&self) -> State {
        unimplemented!()
    }
}

//! The FXO port: what faces the exchange of the telephone company.

use std::time::Instant;

use crate::country::Country;

/// From the hardware (or its simulation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Ringing voltage seen or gone.
    Ring(bool),
    /// Loop current (battery) present or gone while off-hook.
    LoopCurrent(bool),
    /// Polarity of the pair reversed.
    Reversal,
    /// Caller ID received: number, name.
    CallerId(String, String),
    /// The line is plugged in (battery present on-hook) or not.
    Present(bool),
    /// Busy or congestion tone heard: the far side is gone.
    DisconnectTone,
}

/// From call control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Take the line and dial.
    Dial(String),
    /// Answer the ringing line.
    Answer,
    /// Put the line down.
    HangUp,
    /// Send a digit in conversation.
    SendDigit(char),
}

/// To call control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The line rings (after the first ring or its caller ID, whichever tells more).
    Incoming {
        /// Number and name when caller ID came.
        caller: Option<(String, String)>,
    },
    /// Ringing stopped before an answer: the caller gave up.
    GaveUp,
    /// All digits are sent; the speech path is open (the exchange's ringback is heard).
    Dialled,
    /// The far side answered (line reversal, or the answer delay of lines without it).
    Answered,
    /// The far side or the exchange ended the call.
    Released,
    /// Seizing failed: no battery, or the line was ringing (glare).
    SeizeFailed,
    /// The line is gone (`false`) or back.
    Present(bool),
}

/// To the hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Something for call control.
    Event(Event),
    /// Close (`true`) or open the loop.
    Hook(bool),
    /// Send a DTMF digit on the line (100 ms on, 100 ms off, done by the port's audio).
    SendDigit(char),
}

/// State of a port for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the states")]
pub enum State {
    Absent,
    Idle,
    Ringing,
    Seizing,
    Dialling,
    Talking,
}

/// The state machine of one FXO port.
pub struct Fxo {}

#[allow(unused_variables, reason = "contract")]
impl Fxo {
    /// A port in a country, idle. `reversal`: the line gives answer supervision by polarity reversal.
    pub fn new(country: &'static Country, reversal: bool) -> Self {
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
    /// The next deadline and its timer's name.
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

//! The FXS port: what feeds a telephone set.

mod digits;
mod hook;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::country::{Country, ToneKind};
use crate::timers::Timers;
use digits::Digits;
use hook::{Context, Hook, Signal};

pub(crate) use digits::dtmf;

/// From the hardware (or its simulation).
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Input {
    /// Raw loop state: `true` off-hook. Flashes, pulses and hang-ups are told apart here.
    Hook(bool),
    /// The loop was closed when the driver first looked: at its start, or when the hardware came back. Whoever is there was cut off,
    /// or is in the middle of a number: congestion tone until on-hook, so that the rest of a number is not taken for another one.
    FoundOffHook,
    /// A DTMF digit was heard on the line.
    Dtmf(#[debug("…")] char),
    /// The hardware is gone or back.
    Present(bool),
}

/// From call control.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Command {
    /// Ring the set. `caller` is shown by caller ID. A set that is off the hook does not ring: the command does nothing.
    Ring {
        /// Caller number and name.
        #[debug("…")]
        caller: Option<(String, String)>,
    },
    /// Stop ringing (answered elsewhere, given up).
    StopRing,
    /// The digits so far are a whole number: stop collecting.
    EndDialling,
    /// Play a tone to the set, or none. Any tone but dial tone ends the collecting of digits.
    Tone(Option<ToneKind>),
    /// Speech path: the set is in conversation (digits go through as [`Event::Digit`], flash as [`Event::Flash`]). Stops the tone.
    Talk,
    /// The other side is gone: busy tone, later howler, until on-hook.
    Disconnect,
    /// Back to dial tone with the receiver still lifted (after a flash: second call).
    Recall,
    /// Messages are waiting: stutter dial tone.
    MessageWaiting(bool),
}

/// To call control.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Event {
    /// The receiver was lifted to make a call.
    Seized,
    /// Digits so far. `complete` after the inter-digit time-out, after `#` (not part of an ordinary number; part of a service
    /// code that begins with `*` or `#`) or after 32 digits. A break of the loop too long for a pulse starts the number again.
    Dialled {
        /// All digits since dial tone.
        #[debug("…")]
        digits: String,
        /// No more will come.
        complete: bool,
    },
    /// The receiver was lifted while ringing.
    Answered,
    /// Hook flash in conversation, while call control works (ringback, busy …), after the other side has gone, or while a
    /// second call is being dialled. Call control ignores it where it means nothing.
    Flash,
    /// A digit in conversation (from DTMF or pulses), or after the number was complete (early media).
    Digit(#[debug("…")] char),
    /// The receiver was put down.
    HungUp,
    /// The set is off the hook for too long without a call: howler stage reached, port out of service until on-hook.
    LeftOffHook,
    /// The port's hardware is gone (`false`) or back.
    Present(bool),
}

/// To the hardware and to the port's audio.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Output {
    /// Something for call control.
    Event(Event),
    /// Ringing voltage on or off (the cadence is done here).
    RingVoltage(bool),
    /// Send caller ID now (between the rings), number and name.
    CallerId(#[debug("…")] String, #[debug("…")] String),
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

/// Times of a port, with the defaults of most exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// From dial tone to the first digit, default 15 s; then congestion tone.
    pub first_digit: Duration,
    /// From one digit to the next, default 4 s; then the number is complete.
    pub inter_digit: Duration,
    /// From busy or congestion tone after a call to the howler, default 60 s.
    pub left_off_hook: Duration,
    /// How long the howler sounds, default 60 s; then silence.
    pub howler: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Times {
            first_digit: Duration::from_secs(15),
            inter_digit: Duration::from_secs(4),
            left_off_hook: Duration::from_secs(60),
            howler: Duration::from_secs(60),
        }
    }
}

/// From the end of the first ring to the caller ID (ETSI EN 300 659-1 §6.1: 500–2000 ms after it).
const CALLER_ID_DELAY: Duration = Duration::from_millis(500);
/// Silences of a ring cadence shorter than this have no room for caller ID.
const CALLER_ID_ROOM: Duration = Duration::from_millis(1500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    RingCadence,
    CallerId,
    FirstDigit,
    InterDigit,
    LeftOffHook,
    Howler,
}

impl Timer {
    fn name(self) -> &'static str {
        match self {
            Timer::RingCadence => "RingCadence",
            Timer::CallerId => "CallerId",
            Timer::FirstDigit => "FirstDigit",
            Timer::InterDigit => "InterDigit",
            Timer::LeftOffHook => "LeftOffHook",
            Timer::Howler => "Howler",
        }
    }
}

#[derive(Clone, Debug)]
enum Phase {
    Absent,
    OnHook,
    Ringing { segment: usize, caller: Option<(String, String)> },
    Dialling { digits: Digits, recall: bool },
    Waiting,
    Talking,
    Disconnected,
    LeftOffHook,
}

/// The state machine of one FXS port.
pub struct Fxs {
    country: &'static Country,
    times: Times,
    phase: Phase,
    hook: Hook,
    timers: Timers<Timer>,
    message_waiting: bool,
    outputs: VecDeque<Output>,
}

impl Fxs {
    /// A port in a country, on-hook.
    pub fn new(country: &'static Country) -> Self {
        Self::with_times(country, Times::default())
    }

    /// A port with times of its own.
    pub fn with_times(country: &'static Country, times: Times) -> Self {
        Fxs {
            country,
            times,
            phase: Phase::OnHook,
            hook: Hook::new(country.flash),
            timers: Timers::new(),
            message_waiting: false,
            outputs: VecDeque::new(),
        }
    }

    /// From the hardware.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.handle_timeout(now);
        match input {
            Input::Present(present) => self.present(present),
            Input::Hook(_) | Input::FoundOffHook | Input::Dtmf(_) if matches!(self.phase, Phase::Absent) => {}
            Input::FoundOffHook => {
                if matches!(self.phase, Phase::OnHook) {
                    self.hook.found_off_hook();
                    self.wait_for_hang_up(now, ToneKind::Congestion);
                }
            }
            Input::Hook(closed) => {
                let signal = self.hook.loop_state(now, closed, self.context());
                self.signal(now, signal);
            }
            Input::Dtmf(digit) => {
                if let Some(digit) = dtmf(digit).filter(|_| self.hook.is_off_hook()) {
                    self.hook.dtmf();
                    self.digit(now, digit);
                }
            }
        }
    }

    /// From call control.
    pub fn command(&mut self, now: Instant, command: Command) {
        self.handle_timeout(now);
        match command {
            Command::MessageWaiting(waiting) => self.message_waiting = waiting,
            Command::Ring { caller } => self.ring(now, caller),
            Command::StopRing => self.stop_ring(),
            Command::EndDialling => {
                if matches!(self.phase, Phase::Dialling { .. }) {
                    self.enter(Phase::Waiting);
                }
            }
            Command::Tone(tone) => {
                let dial = matches!(tone, None | Some(ToneKind::Dial | ToneKind::Stutter));
                if !dial && matches!(self.phase, Phase::Dialling { .. }) {
                    self.enter(Phase::Waiting);
                }
                if self.is_lifted() {
                    self.outputs.push_back(Output::Tone(tone));
                }
            }
            Command::Talk => {
                if self.is_lifted() {
                    self.enter(Phase::Talking);
                    self.outputs.push_back(Output::Tone(None));
                }
            }
            Command::Disconnect => match self.phase {
                Phase::Ringing { .. } => self.stop_ring(),
                _ if self.is_lifted() => self.wait_for_hang_up(now, ToneKind::Busy),
                _ => {}
            },
            Command::Recall => {
                if self.is_lifted() {
                    self.start_dialling(now, true);
                }
            }
        }
    }

    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline and its timer's name (`InterDigit`, `FirstDigit`, `HookFlash`, `RingCadence`, `Howler` …).
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let timer = self.timers.next().map(|(timer, at)| (at, timer.name()));
        [self.hook.deadline(), timer].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, _)) = self.poll_timeout().filter(|(at, _)| *at <= now) {
            if self.hook.deadline().is_some_and(|(hook, _)| hook == at) {
                let signal = self.hook.timeout(self.context());
                self.signal(at, signal);
            } else if let Some((timer, at)) = self.timers.take_due(now) {
                self.timer(at, timer);
            }
        }
    }

    /// For display.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Absent => State::Absent,
            Phase::OnHook => State::OnHook,
            Phase::Ringing { .. } => State::Ringing,
            Phase::Dialling { .. } => State::Dialling,
            Phase::Waiting => State::Waiting,
            Phase::Talking => State::Talking,
            Phase::Disconnected => State::Disconnected,
            Phase::LeftOffHook => State::LeftOffHook,
        }
    }

    /// Off the hook and in service: call control may use the port's speech path.
    fn is_lifted(&self) -> bool {
        match self.phase {
            Phase::Absent | Phase::OnHook | Phase::Ringing { .. } | Phase::LeftOffHook => false,
            Phase::Dialling { .. } | Phase::Waiting | Phase::Talking | Phase::Disconnected => true,
        }
    }

    fn context(&self) -> Context {
        match self.phase {
            Phase::Dialling { recall: false, .. } => Context::Dialling,
            Phase::Dialling { recall: true, .. } => Context::Recall,
            Phase::Waiting | Phase::Talking | Phase::Disconnected => Context::Conversation,
            Phase::Absent | Phase::OnHook | Phase::Ringing { .. } | Phase::LeftOffHook => Context::Nothing,
        }
    }

    /// Changes the phase. No timer outlives its phase.
    fn enter(&mut self, phase: Phase) {
        self.timers.stop_all();
        self.phase = phase;
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn present(&mut self, present: bool) {
        match (&self.phase, present) {
            (Phase::Absent, true) => {
                self.enter(Phase::OnHook);
                self.event(Event::Present(true));
            }
            (Phase::Absent, false) => {}
            (_, true) => {}
            (_, false) => {
                self.stop_ring();
                self.hook.reset();
                self.enter(Phase::Absent);
                self.event(Event::Present(false));
            }
        }
    }

    fn signal(&mut self, now: Instant, signal: Option<Signal>) {
        match signal {
            None => {}
            Some(Signal::Lifted) => match self.phase {
                Phase::Ringing { .. } => {
                    self.outputs.push_back(Output::RingVoltage(false));
                    self.enter(Phase::Talking);
                    self.event(Event::Answered);
                }
                _ => {
                    self.event(Event::Seized);
                    self.start_dialling(now, false);
                }
            },
            Some(Signal::PutDown) => {
                self.enter(Phase::OnHook);
                self.outputs.push_back(Output::Tone(None));
                self.event(Event::HungUp);
            }
            Some(Signal::Flash) => self.event(Event::Flash),
            Some(Signal::PulseStarted) => {
                if let Phase::Dialling { digits, .. } = &self.phase {
                    if digits.is_empty() {
                        self.outputs.push_back(Output::Tone(None));
                    }
                    self.timers.stop(Timer::FirstDigit);
                    self.timers.start(Timer::InterDigit, now + self.times.inter_digit);
                }
            }
            Some(Signal::Pulses(digit)) => self.digit(now, digit),
            Some(Signal::LongBreak) => self.start_dialling(now, false),
        }
    }

    fn digit(&mut self, now: Instant, digit: char) {
        match &mut self.phase {
            Phase::Dialling { digits, .. } => {
                if digits.is_empty() {
                    self.outputs.push_back(Output::Tone(None));
                }
                let complete = digits.push(digit);
                let digits = digits.text().to_owned();
                self.timers.stop(Timer::FirstDigit);
                self.timers.start(Timer::InterDigit, now + self.times.inter_digit);
                if complete {
                    self.enter(Phase::Waiting);
                }
                self.event(Event::Dialled { digits, complete });
            }
            Phase::Talking | Phase::Waiting => self.event(Event::Digit(digit)),
            Phase::Absent | Phase::OnHook | Phase::Ringing { .. } | Phase::Disconnected | Phase::LeftOffHook => {}
        }
    }

    fn start_dialling(&mut self, now: Instant, recall: bool) {
        self.enter(Phase::Dialling { digits: Digits::default(), recall });
        let tone = if self.message_waiting { ToneKind::Stutter } else { ToneKind::Dial };
        self.outputs.push_back(Output::Tone(Some(tone)));
        self.timers.start(Timer::FirstDigit, now + self.times.first_digit);
    }

    fn wait_for_hang_up(&mut self, now: Instant, tone: ToneKind) {
        self.enter(Phase::Disconnected);
        self.outputs.push_back(Output::Tone(Some(tone)));
        self.timers.start(Timer::LeftOffHook, now + self.times.left_off_hook);
    }

    fn ring(&mut self, now: Instant, new_caller: Option<(String, String)>) {
        match &mut self.phase {
            Phase::OnHook => {
                self.enter(Phase::Ringing { segment: 0, caller: new_caller });
                self.outputs.push_back(Output::RingVoltage(true));
                self.start_ring_segment(now, 0);
            }
            // Already ringing: only what is still to be shown changes.
            Phase::Ringing { caller: caller @ Some(_), .. } => *caller = new_caller,
            _ => {}
        }
    }

    fn stop_ring(&mut self) {
        if matches!(self.phase, Phase::Ringing { .. }) {
            self.outputs.push_back(Output::RingVoltage(false));
            self.enter(Phase::OnHook);
        }
    }

    fn start_ring_segment(&mut self, now: Instant, segment: usize) {
        let cadence = &self.country.ring_cadence;
        // A cadence without a segment cannot be in the data (a test reads it); ring steadily rather than not at all.
        if let Some(length) = cadence.get(segment % cadence.len().max(1)) {
            self.timers.start(Timer::RingCadence, now + *length);
            if segment % 2 == 1 && *length >= CALLER_ID_ROOM {
                self.timers.start(Timer::CallerId, now + CALLER_ID_DELAY);
            }
        }
    }

    fn timer(&mut self, now: Instant, timer: Timer) {
        match (timer, &mut self.phase) {
            (Timer::RingCadence, Phase::Ringing { segment, .. }) => {
                *segment = (*segment + 1) % self.country.ring_cadence.len().max(1);
                let segment = *segment;
                self.outputs.push_back(Output::RingVoltage(segment % 2 == 0));
                self.start_ring_segment(now, segment);
            }
            (Timer::CallerId, Phase::Ringing { caller, .. }) => {
                if let Some((number, name)) = caller.take() {
                    self.outputs.push_back(Output::CallerId(number, name));
                }
            }
            (Timer::FirstDigit, Phase::Dialling { .. }) => self.wait_for_hang_up(now, ToneKind::Congestion),
            (Timer::InterDigit, Phase::Dialling { digits, .. }) => {
                let digits = digits.text().to_owned();
                if digits.is_empty() {
                    // Pulses that made no digit.
                    self.wait_for_hang_up(now, ToneKind::Congestion);
                } else {
                    self.enter(Phase::Waiting);
                    self.event(Event::Dialled { digits, complete: true });
                }
            }
            (Timer::LeftOffHook, Phase::Disconnected) => {
                self.enter(Phase::LeftOffHook);
                self.outputs.push_back(Output::Tone(Some(ToneKind::Howler)));
                self.timers.start(Timer::Howler, now + self.times.howler);
                self.event(Event::LeftOffHook);
            }
            (Timer::Howler, Phase::LeftOffHook) => self.outputs.push_back(Output::Tone(None)),
            // No timer outlives its phase (see `enter`).
            (
                Timer::RingCadence
                | Timer::CallerId
                | Timer::FirstDigit
                | Timer::InterDigit
                | Timer::LeftOffHook
                | Timer::Howler,
                _,
            ) => {}
        }
    }
}

//! The telephone company's exchange behind an FXO port, with one party at the far end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::country::Country;
use crate::fxo;
use crate::timers::Timers;

/// What the line gives, beyond ringing and tones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFeatures {
    /// Answer supervision by polarity reversal (and back when the far party hangs up).
    pub reversal: bool,
    /// A disconnect pulse (loss of loop current) when the far party hangs up.
    pub loop_drop: bool,
    /// Busy tone when the far party hangs up.
    pub disconnect_tone: bool,
}

/// What happens at the far end.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum ExchangeAction {
    /// The far party calls the box, with this number and name. It hears busy when the line is in use.
    Call {
        /// Number and name; `None` withheld.
        #[debug("…")]
        caller: Option<(String, String)>,
    },
    /// The far party answers the box's call.
    Answer,
    /// The far party hangs up, gives up, or is busy.
    HangUp,
    /// The line is unplugged.
    Unplug,
    /// The line is plugged in again.
    Plug,
}

/// How far a call on the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExchangeState {
    /// Nothing goes on.
    #[default]
    Idle,
    /// No line.
    Unplugged,
    /// The far party calls the box.
    CallingBox,
    /// The box has taken the line and is dialling.
    Dialled,
    /// The far party's phone rings.
    Ringing,
    /// Both are connected.
    Connected,
    /// The far party has hung up, the box has not.
    Released,
}

/// What the far end sees.
#[derive(Clone, derive_more::Debug, Default, PartialEq, Eq)]
pub struct ExchangeShows {
    /// How far the call is.
    pub state: ExchangeState,
    /// The number the box has dialled.
    #[debug("…")]
    pub number: String,
    /// Digits heard while connected (the last 64).
    #[debug("…")]
    pub digits: String,
}

/// What comes out of the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeOutput {
    /// To the port.
    Line(fxo::Input),
    /// What the far end sees has changed.
    Shows(ExchangeShows),
}

/// From the line being taken to dial tone.
const DIAL_TONE_DELAY: Duration = Duration::from_millis(400);
/// Dialling is over after this pause.
const INTER_DIGIT: Duration = Duration::from_secs(3);
/// From the end of the first ring to the end of the caller ID's transmission.
const CALLER_ID_DELAY: Duration = Duration::from_millis(1000);
/// Length of a disconnect pulse.
const LOOP_DROP: Duration = Duration::from_millis(500);
/// Busy tone must be heard for some cycles to be recognised.
const DISCONNECT_TONE_DELAY: Duration = Duration::from_secs(2);
const MOST_DIGITS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    RingCadence,
    CallerId,
    DialTone,
    InterDigit,
    LoopBack,
    DisconnectTone,
}

impl Timer {
    fn name(self) -> &'static str {
        match self {
            Timer::RingCadence => "RingCadence",
            Timer::CallerId => "CallerId",
            Timer::DialTone => "DialTone",
            Timer::InterDigit => "InterDigit",
            Timer::LoopBack => "LoopBack",
            Timer::DisconnectTone => "DisconnectTone",
        }
    }
}

/// The exchange. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Exchange {
    country: &'static Country,
    features: LineFeatures,
    shows: ExchangeShows,
    /// The box holds the loop closed.
    loop_closed: bool,
    reversed: bool,
    segment: usize,
    caller: Option<(String, String)>,
    timers: Timers<Timer>,
    outputs: VecDeque<ExchangeOutput>,
}

impl Exchange {
    /// A plugged-in line.
    pub fn new(country: &'static Country, features: LineFeatures) -> Self {
        Exchange {
            country,
            features,
            shows: ExchangeShows::default(),
            loop_closed: false,
            reversed: false,
            segment: 0,
            caller: None,
            timers: Timers::new(),
            outputs: VecDeque::new(),
        }
    }

    /// What the far end sees now.
    pub fn shows(&self) -> &ExchangeShows {
        &self.shows
    }

    /// Something happens at the far end. `false`: it had no effect (calling a line in use, answering no call …).
    pub fn handle(&mut self, now: Instant, action: ExchangeAction) -> bool {
        self.handle_timeout(now);
        let before = self.shows.clone();
        let done = match (action, self.shows.state) {
            (ExchangeAction::Call { caller }, ExchangeState::Idle) => {
                self.caller = caller;
                self.segment = 0;
                self.enter(ExchangeState::CallingBox);
                self.line(fxo::Input::Ring(true));
                self.start_ring_segment(now);
                true
            }
            (ExchangeAction::Answer, ExchangeState::Ringing) => {
                self.connect_outgoing();
                true
            }
            (ExchangeAction::HangUp, ExchangeState::CallingBox) => {
                self.stop_ringing();
                self.enter(ExchangeState::Idle);
                true
            }
            (ExchangeAction::HangUp, ExchangeState::Ringing | ExchangeState::Connected) => {
                self.far_party_left(now);
                true
            }
            (ExchangeAction::Unplug, state) if state != ExchangeState::Unplugged => {
                self.loop_closed = false;
                self.reversed = false;
                self.enter(ExchangeState::Unplugged);
                self.line(fxo::Input::Present(false));
                true
            }
            (ExchangeAction::Plug, ExchangeState::Unplugged) => {
                self.enter(ExchangeState::Idle);
                self.line(fxo::Input::Present(true));
                true
            }
            (_, _) => false,
        };
        self.tell(&before);
        done
    }

    /// What the port does to the line.
    pub fn hardware(&mut self, now: Instant, output: &fxo::Output) {
        self.handle_timeout(now);
        let before = self.shows.clone();
        match output {
            fxo::Output::Hook(true) => self.taken(now),
            fxo::Output::Hook(false) => self.put_down(),
            fxo::Output::SendDigit(digit) => self.digit(now, *digit),
            fxo::Output::Event(_) => {}
        }
        self.tell(&before);
    }

    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<ExchangeOutput> {
        self.outputs.pop_front()
    }

    /// The next deadline and its timer's name.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.timers.next().map(|(timer, at)| (at, timer.name()))
    }

    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((timer, at)) = self.timers.take_due(now) {
            let before = self.shows.clone();
            match timer {
                Timer::RingCadence => {
                    self.segment = (self.segment + 1) % self.country.ring_cadence.len().max(1);
                    self.line(fxo::Input::Ring(self.segment.is_multiple_of(2)));
                    self.start_ring_segment(at);
                }
                Timer::CallerId => {
                    if let Some((number, name)) = self.caller.take() {
                        self.line(fxo::Input::CallerId(number, name));
                    }
                }
                Timer::DialTone => self.line(fxo::Input::DialTone),
                Timer::InterDigit => self.enter(ExchangeState::Ringing),
                Timer::LoopBack => self.line(fxo::Input::LoopCurrent(true)),
                Timer::DisconnectTone => self.line(fxo::Input::DisconnectTone),
            }
            self.tell(&before);
        }
    }

    fn taken(&mut self, now: Instant) {
        if self.loop_closed || self.shows.state == ExchangeState::Unplugged {
            return;
        }
        self.loop_closed = true;
        self.shows.digits.clear();
        self.shows.number.clear();
        if self.shows.state == ExchangeState::CallingBox {
            self.stop_ringing();
            self.enter(ExchangeState::Connected);
        } else {
            self.enter(ExchangeState::Dialled);
            self.timers.start(Timer::DialTone, now + DIAL_TONE_DELAY);
        }
        self.line(fxo::Input::LoopCurrent(true));
    }

    fn put_down(&mut self) {
        if !self.loop_closed {
            return;
        }
        self.loop_closed = false;
        self.enter(ExchangeState::Idle);
        self.normal_polarity();
    }

    fn digit(&mut self, now: Instant, digit: char) {
        match self.shows.state {
            ExchangeState::Dialled if self.shows.number.len() < MOST_DIGITS => {
                self.shows.number.push(digit);
                self.timers.stop(Timer::DialTone);
                self.timers.start(Timer::InterDigit, now + INTER_DIGIT);
            }
            ExchangeState::Connected => {
                if self.shows.digits.chars().count() >= MOST_DIGITS {
                    self.shows.digits.remove(0);
                }
                self.shows.digits.push(digit);
            }
            ExchangeState::Dialled
            | ExchangeState::Idle
            | ExchangeState::Unplugged
            | ExchangeState::CallingBox
            | ExchangeState::Ringing
            | ExchangeState::Released => {}
        }
    }

    fn connect_outgoing(&mut self) {
        self.enter(ExchangeState::Connected);
        if self.features.reversal {
            self.reversed = true;
            self.line(fxo::Input::Reversal);
        }
    }

    fn far_party_left(&mut self, now: Instant) {
        self.enter(ExchangeState::Released);
        self.normal_polarity();
        if self.features.loop_drop {
            self.line(fxo::Input::LoopCurrent(false));
            self.timers.start(Timer::LoopBack, now + LOOP_DROP);
        }
        if self.features.disconnect_tone {
            self.timers.start(Timer::DisconnectTone, now + DISCONNECT_TONE_DELAY);
        }
    }

    fn normal_polarity(&mut self) {
        if self.reversed {
            self.reversed = false;
            self.line(fxo::Input::Reversal);
        }
    }

    fn start_ring_segment(&mut self, now: Instant) {
        if let Some(length) = self.country.ring_cadence.get(self.segment) {
            self.timers.start(Timer::RingCadence, now + *length);
            if self.segment % 2 == 1 && *length > CALLER_ID_DELAY {
                self.timers.start(Timer::CallerId, now + CALLER_ID_DELAY);
            }
        }
    }

    fn stop_ringing(&mut self) {
        if self.segment.is_multiple_of(2) {
            self.line(fxo::Input::Ring(false));
        }
    }

    /// Changes the state. No timer outlives its state.
    fn enter(&mut self, state: ExchangeState) {
        self.timers.stop_all();
        self.shows.state = state;
    }

    fn line(&mut self, input: fxo::Input) {
        self.outputs.push_back(ExchangeOutput::Line(input));
    }

    fn tell(&mut self, before: &ExchangeShows) {
        if *before != self.shows {
            self.outputs.push_back(ExchangeOutput::Shows(self.shows.clone()));
        }
    }
}

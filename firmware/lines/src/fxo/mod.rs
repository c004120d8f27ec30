//! The FXO port: what faces the exchange of the telephone company.

mod ring;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::country::Country;
use crate::fxs::dtmf;
use crate::timers::Timers;
use ring::{RingDetector, RingSignal};

/// From the hardware (or its simulation).
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Input {
    /// Ringing voltage seen or gone.
    Ring(bool),
    /// Loop current (battery) present or gone while off-hook. A driver tells `true` after it has closed the loop on a live line;
    /// hardware that cannot know tells it at once. Without it the number is not dialled: an emergency call must not be spoken
    /// into a dead line.
    LoopCurrent(bool),
    /// Polarity of the pair reversed.
    Reversal,
    /// Caller ID received: number, name.
    CallerId(#[debug("…")] String, #[debug("…")] String),
    /// The line is plugged in (battery present on-hook) or not.
    Present(bool),
    /// Busy or congestion tone heard: the far side is gone.
    DisconnectTone,
    /// Dial tone heard. While the line is taken: time to dial (without the report the number is sent after a fixed pause). In
    /// conversation: nobody is there any more, the line is released.
    DialTone,
}

/// From call control.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Command {
    /// Take the line and dial: digits, `*`, `#`, `A`–`D`; `,` is a pause of 2 s; anything else is skipped. At most 64 characters.
    Dial(#[debug("…")] String),
    /// Answer the ringing line. When it rings no more, [`Event::Released`] comes at once.
    Answer,
    /// Put the line down; while it rings: take no more notice of this call.
    HangUp,
    /// Send a digit in conversation.
    SendDigit(#[debug("…")] char),
}

/// To call control.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Event {
    /// The line rings (after the first ring or its caller ID, whichever tells more).
    Incoming {
        /// Number and name when caller ID came.
        #[debug("…")]
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
    /// Seizing failed: no battery, the line was ringing (glare), or the number has no digit. When ringing is noticed only after the line was taken,
    /// the incoming call is thereby answered: [`Event::Incoming`] follows, then `Answer` or `HangUp` decides.
    SeizeFailed,
    /// The line is gone (`false`) or back.
    Present(bool),
}

/// To the hardware.
#[derive(Clone, derive_more::Debug, PartialEq, Eq)]
pub enum Output {
    /// Something for call control.
    Event(Event),
    /// Close (`true`) or open the loop.
    Hook(bool),
    /// Send a DTMF digit on the line (100 ms on, 100 ms off, done by the port's audio).
    SendDigit(#[debug("…")] char),
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

/// Times of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// From taking the line to the first digit when no dial tone is reported, default 2 s (ITU-T V.250 §6.3.8, S6).
    pub blind_dial: Duration,
    /// From dial tone to the first digit, default 300 ms.
    pub after_dial_tone: Duration,
    /// From one DTMF digit's start to the next, default 200 ms (100 ms on, 100 ms off; ITU-T Q.24 asks for 40/40 at least).
    pub digit: Duration,
    /// A `,` in the number, default 2 s (V.250 §6.3.10, S8).
    pub pause: Duration,
    /// A loss of loop current this long is the exchange's release, default 150 ms (disconnect pulses are 250 ms and more).
    pub loop_drop: Duration,
    /// How long the line stays down before it is taken again, so that the exchange notices, default 800 ms. (The same wait, longer,
    /// follows the start: [`Fxo::watch_first`].)
    pub guard: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Times {
            blind_dial: Duration::from_secs(2),
            after_dial_tone: Duration::from_millis(300),
            digit: Duration::from_millis(200),
            pause: Duration::from_secs(2),
            loop_drop: Duration::from_millis(150),
            guard: Duration::from_millis(800),
        }
    }
}

/// Longest number dialled, and most digits waiting to be sent in conversation.
const MOST_DIGITS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    Guard,
    DialTone,
    SendDigit,
    AnswerDelay,
    LoopDrop,
}

impl Timer {
    fn name(self) -> &'static str {
        match self {
            Timer::Guard => "Guard",
            Timer::DialTone => "DialTone",
            Timer::SendDigit => "SendDigit",
            Timer::AnswerDelay => "AnswerDelay",
            Timer::LoopDrop => "LoopDrop",
        }
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supervision {
    /// Ours, not yet answered.
    Waiting,
    /// Answered; `true`: the exchange told by reversing the line.
    Answered(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Absent,
    Idle,
    /// Told to call control.
    Ringing,
    /// Ringing, but call control has refused this call.
    RingIgnored,
    /// The line was taken while it rang: the caller hears us, call control has not decided.
    Glare,
    Seizing,
    Dialling,
    Talking(Supervision),
}

/// The state machine of one FXO port.
pub struct Fxo {
    country: &'static Country,
    reversal: bool,
    times: Times,
    phase: Phase,
    detector: RingDetector,
    timers: Timers<Timer>,
    /// Loop current was seen since the line was taken.
    current_seen: bool,
    /// To be sent: the number in `Dialling`, key presses in `Talking`.
    digits: VecDeque<char>,
    outputs: VecDeque<Output>,
}

impl Fxo {
    /// A port in a country, idle. `reversal`: the line is known to give answer supervision by polarity reversal, so that no answer
    /// is guessed and the way back to normal polarity ends the call.
    pub fn new(country: &'static Country, reversal: bool) -> Self {
        Self::with_times(country, reversal, Times::default())
    }

    /// A port with times of its own.
    pub fn with_times(country: &'static Country, reversal: bool, times: Times) -> Self {
        Fxo {
            country,
            reversal,
            times,
            phase: Phase::Idle,
            detector: RingDetector::new(country.longest_ring_silence()),
            timers: Timers::new(),
            current_seen: false,
            digits: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// To be called when the box starts or the line is set up: nothing is known of the line, a call may be between two rings. Taking
    /// it would answer that call and dial into it, so it is not taken before the next ring would have been seen.
    pub fn watch_first(&mut self, now: Instant) {
        self.timers.start(Timer::Guard, now + self.detector.gone_after());
    }

    /// From the hardware.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.handle_timeout(now);
        if self.phase == Phase::Absent && input != Input::Present(true) {
            return;
        }
        match input {
            Input::Present(true) => {
                if self.phase == Phase::Absent {
                    self.enter(Phase::Idle);
                    self.watch_first(now);
                    self.event(Event::Present(true));
                }
            }
            Input::Present(false) => {
                self.open_loop(now);
                self.timers.stop_all();
                self.detector.reset();
                self.enter(Phase::Absent);
                self.event(Event::Present(false));
            }
            Input::Ring(on) => {
                if on && matches!(self.phase, Phase::Seizing) && self.is_off_hook() {
                    self.glare();
                } else if !self.is_off_hook() {
                    let signal = self.detector.ring(now, on);
                    self.ring_signal(signal);
                }
            }
            Input::CallerId(number, name) => {
                if !self.is_off_hook() {
                    let signal = self.detector.caller_id(now, number, name);
                    self.ring_signal(signal);
                }
            }
            Input::LoopCurrent(present) => self.loop_current(now, present),
            Input::Reversal => self.reversed(now),
            Input::DisconnectTone => match self.phase {
                Phase::Seizing => self.seize_failed(now),
                Phase::Dialling | Phase::Talking(_) | Phase::Glare => self.release(now),
                Phase::Absent | Phase::Idle | Phase::Ringing | Phase::RingIgnored => {}
            },
            Input::DialTone => match self.phase {
                Phase::Seizing if self.timers.runs(Timer::DialTone) => {
                    let at = now + self.times.after_dial_tone;
                    // Never later than without the report.
                    if self.timers.at(Timer::DialTone).is_none_or(|blind| at < blind) {
                        self.timers.start(Timer::DialTone, at);
                    }
                }
                // The caller gave up just before the answer, or the far side is gone: whoever is on the line could now dial past
                // every rule of call control.
                Phase::Talking(_) | Phase::Glare => self.release(now),
                Phase::Absent | Phase::Idle | Phase::Ringing | Phase::RingIgnored => {}
                Phase::Seizing | Phase::Dialling => {}
            },
        }
    }

    /// From call control.
    pub fn command(&mut self, now: Instant, command: Command) {
        self.handle_timeout(now);
        match command {
            Command::Dial(number) => self.dial(now, &number),
            Command::Answer => match self.phase {
                Phase::Ringing => {
                    self.detector.reset();
                    self.timers.stop_all();
                    self.enter(Phase::Talking(Supervision::Answered(false)));
                    self.outputs.push_back(Output::Hook(true));
                }
                Phase::Glare => self.enter(Phase::Talking(Supervision::Answered(false))),
                Phase::Absent | Phase::Idle | Phase::RingIgnored => self.event(Event::Released),
                Phase::Seizing | Phase::Dialling | Phase::Talking(_) => {}
            },
            Command::HangUp => match self.phase {
                Phase::Ringing => self.enter(Phase::RingIgnored),
                Phase::Seizing | Phase::Dialling | Phase::Talking(_) | Phase::Glare => self.open_loop(now),
                Phase::Absent | Phase::Idle | Phase::RingIgnored => {}
            },
            Command::SendDigit(digit) => {
                if matches!(self.phase, Phase::Talking(_)) && self.digits.len() < MOST_DIGITS {
                    self.digits.extend(dtmf(digit));
                    if !self.timers.runs(Timer::SendDigit) {
                        self.send_next(now);
                    }
                }
            }
        }
    }

    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next deadline and its timer's name.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let timer = self.timers.next().map(|(timer, at)| (at, timer.name()));
        [self.detector.deadline(), timer].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, _)) = self.poll_timeout().filter(|(at, _)| *at <= now) {
            if self.detector.deadline().is_some_and(|(ring, _)| ring == at) {
                let signal = self.detector.timeout(at);
                self.ring_signal(signal);
            } else if let Some((timer, at)) = self.timers.take_due(now) {
                self.timer(at, timer);
            }
        }
    }

    /// For display.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Absent => State::Absent,
            Phase::Idle => State::Idle,
            Phase::Ringing | Phase::RingIgnored | Phase::Glare => State::Ringing,
            Phase::Seizing => State::Seizing,
            Phase::Dialling => State::Dialling,
            Phase::Talking(_) => State::Talking,
        }
    }

    /// The loop is closed by us. (While seizing waits for the guard time it is not.)
    fn is_off_hook(&self) -> bool {
        match self.phase {
            Phase::Absent | Phase::Idle | Phase::Ringing | Phase::RingIgnored => false,
            Phase::Seizing => !self.timers.runs(Timer::Guard),
            Phase::Dialling | Phase::Talking(_) | Phase::Glare => true,
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn dial(&mut self, now: Instant, number: &str) {
        if self.phase != Phase::Idle {
            // A call of ours is up already: the event would be taken for that call's.
            if matches!(self.phase, Phase::Absent | Phase::Ringing | Phase::RingIgnored) {
                self.event(Event::SeizeFailed);
            }
            return;
        }
        let digits: VecDeque<char> = match number.len() <= MOST_DIGITS {
            true => number.chars().filter_map(|c| if c == ',' { Some(c) } else { dtmf(c) }).collect(),
            false => VecDeque::new(),
        };
        if self.detector.is_ringing() || !digits.iter().any(|c| *c != ',') {
            self.event(Event::SeizeFailed);
            return;
        }
        self.digits = digits;
        self.enter(Phase::Seizing);
        if !self.timers.runs(Timer::Guard) {
            self.close_loop(now);
        }
    }

    fn close_loop(&mut self, now: Instant) {
        self.detector.reset();
        self.current_seen = false;
        self.outputs.push_back(Output::Hook(true));
        self.timers.start(Timer::DialTone, now + self.times.blind_dial);
    }

    /// Puts the line down, if it is up.
    fn open_loop(&mut self, now: Instant) {
        let guard_runs = self.timers.runs(Timer::Guard);
        if self.is_off_hook() {
            self.timers.stop_all();
            self.outputs.push_back(Output::Hook(false));
            self.timers.start(Timer::Guard, now + self.times.guard);
        } else if !guard_runs {
            self.timers.stop_all();
        }
        self.digits.clear();
        self.enter(Phase::Idle);
    }

    fn release(&mut self, now: Instant) {
        let undecided = self.phase == Phase::Glare;
        self.open_loop(now);
        self.event(if undecided { Event::GaveUp } else { Event::Released });
    }

    fn seize_failed(&mut self, now: Instant) {
        self.open_loop(now);
        self.event(Event::SeizeFailed);
    }

    fn glare(&mut self) {
        self.timers.stop_all();
        self.digits.clear();
        self.enter(Phase::Glare);
        self.event(Event::SeizeFailed);
        self.event(Event::Incoming { caller: None });
    }

    fn ring_signal(&mut self, signal: Option<RingSignal>) {
        match (signal, self.phase) {
            (Some(RingSignal::Incoming(caller)), Phase::Idle) => {
                self.enter(Phase::Ringing);
                self.event(Event::Incoming { caller });
            }
            (Some(RingSignal::Incoming(_)), Phase::Seizing) => {
                // It rings while we wait for the guard time: the line was never taken.
                self.digits.clear();
                self.enter(Phase::Ringing);
                self.event(Event::SeizeFailed);
                self.event(Event::Incoming { caller: None });
            }
            (Some(RingSignal::Stopped), Phase::Ringing) => {
                self.enter(Phase::Idle);
                self.event(Event::GaveUp);
            }
            (Some(RingSignal::Stopped), Phase::RingIgnored) => self.enter(Phase::Idle),
            (Some(_), _) | (None, _) => {}
        }
    }

    fn loop_current(&mut self, now: Instant, present: bool) {
        if present {
            self.current_seen = true;
            self.timers.stop(Timer::LoopDrop);
        } else if self.is_off_hook() && !self.timers.runs(Timer::LoopDrop) {
            self.timers.start(Timer::LoopDrop, now + self.times.loop_drop);
        }
    }

    fn reversed(&mut self, now: Instant) {
        match self.phase {
            // On a line not known for it, a reversal tells the answer better than the delay would; but only a known line may end
            // a call by it.
            Phase::Talking(Supervision::Waiting) => self.answered(self.reversal),
            // Back to normal polarity: the far side has put down.
            Phase::Talking(Supervision::Answered(true)) => self.release(now),
            Phase::Talking(Supervision::Answered(false)) => {}
            Phase::Absent | Phase::Idle | Phase::Ringing | Phase::RingIgnored => {}
            // Some exchanges reverse for an instant when the line is taken.
            Phase::Glare | Phase::Seizing | Phase::Dialling => {}
        }
    }

    fn answered(&mut self, by_reversal: bool) {
        self.timers.stop(Timer::AnswerDelay);
        self.enter(Phase::Talking(Supervision::Answered(by_reversal)));
        self.event(Event::Answered);
    }

    /// Sends the next digit, or ends the number.
    fn send_next(&mut self, now: Instant) {
        match self.digits.pop_front() {
            Some(',') => self.timers.start(Timer::SendDigit, now + self.times.pause),
            Some(digit) => {
                self.outputs.push_back(Output::SendDigit(digit));
                self.timers.start(Timer::SendDigit, now + self.times.digit);
            }
            None if self.phase == Phase::Dialling => {
                self.enter(Phase::Talking(Supervision::Waiting));
                self.event(Event::Dialled);
                if !self.reversal {
                    self.timers.start(Timer::AnswerDelay, now + self.country.answer_delay);
                }
            }
            None => {}
        }
    }

    fn timer(&mut self, now: Instant, timer: Timer) {
        match (timer, self.phase) {
            // Somebody calls: going off the hook would answer, and the digits would be dialled into that call.
            (Timer::Guard, Phase::Seizing) if self.detector.is_ringing() => {
                self.digits.clear();
                self.enter(Phase::Idle);
                self.event(Event::SeizeFailed);
            }
            (Timer::Guard, Phase::Seizing) => self.close_loop(now),
            (Timer::DialTone, Phase::Seizing) if !self.current_seen => self.seize_failed(now),
            (Timer::DialTone, Phase::Seizing) => {
                self.enter(Phase::Dialling);
                self.send_next(now);
            }
            (Timer::SendDigit, Phase::Dialling | Phase::Talking(_)) => self.send_next(now),
            (Timer::AnswerDelay, Phase::Talking(Supervision::Waiting)) => self.answered(false),
            (Timer::LoopDrop, Phase::Seizing) => self.seize_failed(now),
            (Timer::LoopDrop, Phase::Dialling | Phase::Talking(_) | Phase::Glare) => self.release(now),
            (Timer::Guard | Timer::DialTone | Timer::SendDigit | Timer::AnswerDelay | Timer::LoopDrop, _) => {}
        }
    }
}

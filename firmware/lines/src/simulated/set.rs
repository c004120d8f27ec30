//! A telephone set with keys, a dial and a display, on an FXS port.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::country::ToneKind;
use crate::fxs::{self, dtmf};

/// What a person does with the set.
#[derive(Clone, Copy, derive_more::Debug, PartialEq, Eq)]
pub enum SetAction {
    /// Lifts the receiver.
    Lift,
    /// Puts it down.
    PutDown,
    /// Presses a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Key(#[debug("…")] char),
    /// Turns the dial: `0`–`9`, ten pulses a second.
    Rotary(#[debug("…")] char),
    /// Breaks the loop for this long (the R key is a break of about 100 ms in Europe, 600 ms in the US).
    Flash(Duration),
}

/// What can be seen and heard on the set.
#[derive(Clone, derive_more::Debug, Default, PartialEq, Eq)]
pub struct SetShows {
    /// The receiver is lifted.
    pub lifted: bool,
    /// The bell sounds at this moment.
    pub bell: bool,
    /// A call rings: the bell has sounded within the last 5 s.
    pub ringing: bool,
    /// Number and name on the display.
    #[debug("…")]
    pub caller: Option<(String, String)>,
    /// The tone in the receiver.
    pub tone: Option<ToneKind>,
}

/// What comes out of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOutput {
    /// To the port.
    Line(fxs::Input),
    /// What the set shows has changed.
    Shows(SetShows),
}

/// Pulse dialling: 10 pulses/s, two thirds break.
const PULSE_BREAK: Duration = Duration::from_millis(66);
const PULSE_MAKE: Duration = Duration::from_millis(34);
/// The dial runs back and is turned again.
const DIAL_PAUSE: Duration = Duration::from_millis(700);
/// A key is held and released.
const KEY: Duration = Duration::from_millis(100);
/// After a flash, before the next action.
const FLASH_PAUSE: Duration = Duration::from_millis(300);
/// Without the bell for this long the call has stopped ringing. Longer than any silence of a cadence.
const RING_OVER: Duration = Duration::from_secs(5);
/// Actions waiting for the ones before.
const MOST_STEPS: usize = 1024;

#[derive(Clone, Copy, Debug)]
enum Step {
    Loop(bool),
    Dtmf(char),
    Wait(Duration),
}

/// The set. See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Set {
    shows: SetShows,
    steps: VecDeque<Step>,
    step_at: Option<Instant>,
    ring_over_at: Option<Instant>,
    outputs: VecDeque<SetOutput>,
}

impl Set {
    /// A set with the receiver down.
    pub fn new() -> Self {
        Set::default()
    }

    /// What it shows now.
    pub fn shows(&self) -> &SetShows {
        &self.shows
    }

    /// A person does something. Keys, dial and flash need the receiver lifted, and take the time they take: further actions wait
    /// for them, putting down does not. `false`: it had no effect.
    pub fn handle(&mut self, now: Instant, action: SetAction) -> bool {
        self.handle_timeout(now);
        let before = self.shows.clone();
        let lifted = self.shows.lifted;
        let done = match action {
            SetAction::Lift if !lifted => {
                self.shows.lifted = true;
                self.shows.ringing = false;
                self.ring_over_at = None;
                self.line(fxs::Input::Hook(true));
                true
            }
            SetAction::PutDown if lifted => {
                self.steps.clear();
                self.step_at = None;
                self.shows.lifted = false;
                self.shows.caller = None;
                self.line(fxs::Input::Hook(false));
                true
            }
            SetAction::Key(key) if lifted => match dtmf(key) {
                Some(digit) => self.queue(now, &[Step::Dtmf(digit), Step::Wait(KEY)]),
                None => false,
            },
            SetAction::Rotary(digit) if lifted => match digit.to_digit(10) {
                Some(value) => {
                    let pulses = if value == 0 { 10 } else { value as usize };
                    let pulse = [Step::Loop(false), Step::Wait(PULSE_BREAK), Step::Loop(true), Step::Wait(PULSE_MAKE)];
                    let mut steps = pulse.repeat(pulses);
                    steps.push(Step::Wait(DIAL_PAUSE));
                    self.queue(now, &steps)
                }
                None => false,
            },
            SetAction::Flash(length) if lifted => {
                let flash = [Step::Loop(false), Step::Wait(length), Step::Loop(true), Step::Wait(FLASH_PAUSE)];
                self.queue(now, &flash)
            }
            SetAction::Lift | SetAction::PutDown | SetAction::Key(_) | SetAction::Rotary(_) | SetAction::Flash(_) => {
                false
            }
        };
        self.tell(&before);
        done
    }

    /// What the port does to the set.
    pub fn hardware(&mut self, now: Instant, output: &fxs::Output) {
        self.handle_timeout(now);
        let before = self.shows.clone();
        match output {
            fxs::Output::RingVoltage(on) => {
                self.shows.bell = *on && !self.shows.lifted;
                if self.shows.bell {
                    self.shows.ringing = true;
                    self.ring_over_at = None;
                } else if self.shows.ringing {
                    self.ring_over_at = Some(now + RING_OVER);
                }
            }
            fxs::Output::CallerId(number, name) => self.shows.caller = Some((number.clone(), name.clone())),
            fxs::Output::Tone(tone) => self.shows.tone = *tone,
            fxs::Output::Event(_) => {}
        }
        self.tell(&before);
    }

    /// The next output; `None` when drained.
    pub fn poll_output(&mut self) -> Option<SetOutput> {
        self.outputs.pop_front()
    }

    /// The next deadline and its timer's name.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let step = self.step_at.map(|at| (at, "Step"));
        let ring_over = self.ring_over_at.map(|at| (at, "RingOver"));
        [step, ring_over].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Runs the timers due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(at) = self.step_at.filter(|at| *at <= now) {
            self.step_at = None;
            self.run_steps(at);
        }
        if self.ring_over_at.is_some_and(|at| at <= now) {
            let before = self.shows.clone();
            self.ring_over_at = None;
            self.shows.ringing = false;
            self.shows.caller = None;
            self.tell(&before);
        }
    }

    fn queue(&mut self, now: Instant, steps: &[Step]) -> bool {
        if self.steps.len() + steps.len() > MOST_STEPS {
            return false;
        }
        self.steps.extend(steps);
        if self.step_at.is_none() {
            self.run_steps(now);
        }
        true
    }

    fn run_steps(&mut self, now: Instant) {
        while let Some(step) = self.steps.pop_front() {
            match step {
                Step::Loop(closed) => self.line(fxs::Input::Hook(closed)),
                Step::Dtmf(digit) => self.line(fxs::Input::Dtmf(digit)),
                Step::Wait(length) => {
                    self.step_at = Some(now + length);
                    return;
                }
            }
        }
    }

    fn line(&mut self, input: fxs::Input) {
        self.outputs.push_back(SetOutput::Line(input));
    }

    fn tell(&mut self, before: &SetShows) {
        if *before != self.shows {
            self.outputs.push_back(SetOutput::Shows(self.shows.clone()));
        }
    }
}

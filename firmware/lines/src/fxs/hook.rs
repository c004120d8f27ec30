//! Tells lifted, put down, hook flash and pulse digits apart from the bare state of the loop.

use std::time::{Duration, Instant};

/// Contacts bounce: the loop must stay closed this long to count as off-hook (ring trip included).
const LIFT_DEBOUNCE: Duration = Duration::from_millis(20);
/// A break shorter than this is contact bounce or a disturbance.
const SHORTEST_BREAK: Duration = Duration::from_millis(20);
/// Breaks of a dial pulse. Sets send 50–70 ms at 10 pulses/s and 25–40 ms at 20; worn dials reach 120 ms (ETSI ES 201 970 §12).
const PULSE_BREAK: (Duration, Duration) = (SHORTEST_BREAK, Duration::from_millis(120));
/// A digit is over when the loop stays closed this long; the make within a digit is under 80 ms.
const PULSE_GAP: Duration = Duration::from_millis(200);

/// What breaks of the loop can mean now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The first number is dialled: pulses, no flash.
    Dialling,
    /// A second number is dialled (a call is held): pulses first, flashes when too long for a pulse.
    Recall,
    /// In conversation: a single break within the flash window is a flash, trains are digits.
    Conversation,
    /// Neither: only lifting and putting down counts.
    Nothing,
}

/// What the set did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Lifted,
    PutDown,
    Flash,
    /// The first pulse of a digit while dialling: dial tone stops here.
    PulseStarted,
    Pulses(char),
    /// While the first number is dialled: too long for a pulse, too short for a hang-up.
    LongBreak,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    OnHook,
    Lifting,
    OffHook,
    Break { since: Instant },
}

/// The hook of one set.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    state: State,
    flash: (Duration, Duration),
    deadline: Option<(Instant, &'static str)>,
    pulses: u8,
    /// The one break so far would do as a flash.
    maybe_flash: bool,
    /// The set has sent DTMF since it was lifted: it does not dial by pulses, so short breaks are flashes.
    tone_set: bool,
}

impl Hook {
    pub(super) fn new(flash: (Duration, Duration)) -> Self {
        Hook { state: State::OnHook, flash, deadline: None, pulses: 0, maybe_flash: false, tone_set: false }
    }

    /// Back to on-hook, whatever went on (the hardware is gone).
    pub(super) fn reset(&mut self) {
        *self = Hook::new(self.flash);
    }

    /// The loop is closed already, for who knows how long.
    pub(super) fn found_off_hook(&mut self) {
        self.reset();
        self.state = State::OffHook;
    }

    /// The set sent a DTMF digit.
    pub(super) fn dtmf(&mut self) {
        self.tone_set = true;
        self.pulses = 0;
    }

    pub(super) fn is_off_hook(&self) -> bool {
        matches!(self.state, State::OffHook | State::Break { .. })
    }

    pub(super) fn deadline(&self) -> Option<(Instant, &'static str)> {
        self.deadline
    }

    /// The loop is closed (off-hook) or open.
    pub(super) fn loop_state(&mut self, now: Instant, closed: bool, context: Context) -> Option<Signal> {
        match (self.state, closed) {
            (State::OnHook, true) => {
                self.state = State::Lifting;
                self.deadline = Some((now + LIFT_DEBOUNCE, "HookDebounce"));
                None
            }
            (State::Lifting, false) => {
                self.reset();
                None
            }
            (State::OffHook, false) => {
                self.state = State::Break { since: now };
                // One millisecond more, so that a break of just the longest flash still is one.
                self.deadline = Some((now + self.flash.1 + Duration::from_millis(1), "HookFlash"));
                None
            }
            (State::Break { since }, true) => {
                self.state = State::OffHook;
                self.deadline = None;
                self.break_ended(now, now.saturating_duration_since(since), context)
            }
            (State::OnHook, false) | (State::Lifting | State::OffHook, true) | (State::Break { .. }, false) => None,
        }
    }

    /// The deadline has passed.
    pub(super) fn timeout(&mut self, context: Context) -> Option<Signal> {
        self.deadline = None;
        match self.state {
            State::OnHook => None,
            State::Lifting => {
                self.state = State::OffHook;
                Some(Signal::Lifted)
            }
            State::Break { .. } => {
                self.reset();
                Some(Signal::PutDown)
            }
            State::OffHook => {
                let (pulses, flash) = (self.pulses, self.maybe_flash);
                self.pulses = 0;
                if pulses == 1 && flash {
                    return (context == Context::Conversation).then_some(Signal::Flash);
                }
                // Ten pulses are a zero; more is no digit.
                let digit = match pulses {
                    10 => Some('0'),
                    n => char::from_digit(u32::from(n), 10).filter(|c| *c != '0'),
                };
                digit.filter(|_| context != Context::Nothing).map(Signal::Pulses)
            }
        }
    }

    fn break_ended(&mut self, now: Instant, length: Duration, context: Context) -> Option<Signal> {
        let within = |(least, most): (Duration, Duration)| length >= least && length <= most;
        let pulse = !self.tone_set && context != Context::Nothing && within(PULSE_BREAK);
        let flash = matches!(context, Context::Recall | Context::Conversation) && within(self.flash);
        if pulse {
            self.pulses = self.pulses.saturating_add(1);
            self.maybe_flash = flash && context == Context::Conversation;
            self.deadline = Some((now + PULSE_GAP, "PulseDigit"));
            let dialling = matches!(context, Context::Dialling | Context::Recall);
            return (self.pulses == 1 && dialling).then_some(Signal::PulseStarted);
        }
        if length < SHORTEST_BREAK {
            // A bounce within a digit does not end it.
            self.deadline = (self.pulses > 0).then_some((now + PULSE_GAP, "PulseDigit"));
            return None;
        }
        self.pulses = 0;
        match (flash, context) {
            (true, _) => Some(Signal::Flash),
            (false, Context::Dialling) if length > PULSE_BREAK.1 => Some(Signal::LongBreak),
            (false, _) => None,
        }
    }
}

//! Tells a call from line noise by the cadence of ringing voltage, and waits for its caller ID.

use std::time::{Duration, Instant};

/// Ringing voltage must last this long to be a ring: shorter is a transient, or the bell tinkle of a parallel set that dials
/// pulses. (The shortest ring of a cadence is 400 ms, in GB.)
const SHORTEST_RING: Duration = Duration::from_millis(150);
/// From the end of the first ring, how long to wait for the caller ID (ETSI EN 300 659-1 §6.1: it starts within 2 s and takes
/// about 1 s).
const CALLER_ID_WAIT: Duration = Duration::from_millis(3000);
/// A silence shorter than this is within one ring (GB rings in pairs).
const WITHIN_RING: Duration = Duration::from_millis(1000);
/// Caller ID sent before the first ring (after a line reversal) is kept this long.
const EARLY_CALLER_ID: Duration = Duration::from_secs(10);

/// What the ringing says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RingSignal {
    /// A call, with its number and name when they came.
    Incoming(Option<(String, String)>),
    /// Ringing is over. Only after `Incoming`.
    Stopped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Quiet,
    /// Voltage is there, not yet long enough.
    Burst,
    /// Voltage is there and counts.
    Ring,
    /// Between two rings, since.
    Silence(Instant),
}

#[derive(Clone, Debug)]
pub(super) struct RingDetector {
    state: State,
    told: bool,
    /// After how much silence the caller has given up.
    gone: Duration,
    early_caller: Option<(Instant, (String, String))>,
    validate_at: Option<Instant>,
    caller_wait_until: Option<Instant>,
    gone_at: Option<Instant>,
}

impl RingDetector {
    /// `silence`: the longest in the country's cadence.
    pub(super) fn new(silence: Duration) -> Self {
        RingDetector {
            state: State::Quiet,
            told: false,
            gone: silence + silence / 2,
            early_caller: None,
            validate_at: None,
            caller_wait_until: None,
            gone_at: None,
        }
    }

    pub(super) fn reset(&mut self) {
        *self = RingDetector { gone: self.gone, ..RingDetector::new(Duration::ZERO) };
    }

    /// Ringing voltage was seen and has not stayed away yet.
    pub(super) fn is_ringing(&self) -> bool {
        self.state != State::Quiet
    }

    /// A silence this long tells that nobody calls (any more).
    pub(super) fn gone_after(&self) -> Duration {
        self.gone
    }

    pub(super) fn deadline(&self) -> Option<(Instant, &'static str)> {
        let named = [
            (self.validate_at, "RingValidation"),
            (self.caller_wait_until, "CallerIdWait"),
            (self.gone_at, "RingGone"),
        ];
        let set = named.into_iter().filter_map(|(at, name)| at.map(|at| (at, name)));
        set.min_by_key(|(at, _)| *at)
    }

    pub(super) fn ring(&mut self, now: Instant, on: bool) -> Option<RingSignal> {
        match (self.state, on) {
            (State::Quiet, true) => {
                self.state = State::Burst;
                self.validate_at = Some(now + SHORTEST_RING);
                None
            }
            (State::Silence(since), true) => {
                self.state = State::Ring;
                self.gone_at = None;
                let second_ring = now.saturating_duration_since(since) >= WITHIN_RING;
                if second_ring { self.tell(None) } else { None }
            }
            (State::Burst, false) => {
                self.state = State::Quiet;
                self.validate_at = None;
                None
            }
            (State::Ring, false) => {
                self.state = State::Silence(now);
                self.gone_at = Some(now + self.gone);
                if !self.told {
                    self.caller_wait_until = Some(now + CALLER_ID_WAIT.min(self.gone));
                }
                None
            }
            // It rang before anybody looked: the box has just started.
            (State::Quiet, false) => {
                self.state = State::Silence(now);
                self.gone_at = Some(now + self.gone);
                None
            }
            (State::Silence(_), false) | (State::Burst | State::Ring, true) => None,
        }
    }

    pub(super) fn caller_id(&mut self, now: Instant, number: String, name: String) -> Option<RingSignal> {
        match self.state {
            State::Quiet | State::Burst => {
                self.early_caller = Some((now + EARLY_CALLER_ID, (number, name)));
                None
            }
            State::Ring | State::Silence(_) => self.tell(Some((number, name))),
        }
    }

    pub(super) fn timeout(&mut self, now: Instant) -> Option<RingSignal> {
        if self.validate_at.is_some_and(|at| at <= now) {
            self.validate_at = None;
            self.state = State::Ring;
            return match self.early_caller.take().filter(|(until, _)| now <= *until) {
                Some((_, caller)) => self.tell(Some(caller)),
                None => None,
            };
        }
        if self.caller_wait_until.is_some_and(|at| at <= now) {
            return self.tell(None);
        }
        if self.gone_at.is_some_and(|at| at <= now) {
            let told = self.told;
            self.reset();
            return told.then_some(RingSignal::Stopped);
        }
        None
    }

    fn tell(&mut self, caller: Option<(String, String)>) -> Option<RingSignal> {
        self.caller_wait_until = None;
        let first = !self.told;
        self.told = true;
        first.then_some(RingSignal::Incoming(caller))
    }
}

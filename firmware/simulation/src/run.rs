//! One run: a seed, some steps, quiet, and the verdict.

use std::time::Instant;

use offhook_media::command::Event;
use offhook_switch::exchange::Input;

use crate::check;
use crate::network::Weather;
use crate::office::Office;
use crate::people::People;
use crate::site;

/// What a run saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Virtual milliseconds.
    pub millis: u64,
    /// Call records.
    pub calls: u64,
    /// Of them answered.
    pub answered: u64,
    /// Leg records.
    pub legs: u64,
    /// Numbers dialled on trunks.
    pub dialled: u64,
    /// Pairs of phones found to hear each other.
    pub heard: u64,
}

/// What went wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[error("seed {seed}, step {step}, at {at} ms:\n  {}", faults.join("\n  "))]
pub struct Failure {
    /// To see it again.
    pub seed: u64,
    /// How many steps were done.
    pub step: usize,
    /// Virtual milliseconds.
    pub at: u64,
    /// In words.
    pub faults: Vec<String>,
    /// The last things that happened.
    pub trace: Vec<String>,
}

/// Steps between two looks at who hears whom.
const LOOK: usize = 8;
/// Steps between two times of quiet.
const QUIET: usize = 120;
/// How long an abandoned call may last: session timer (RFC 4028) and time-outs.
const LONGEST_QUIET: u64 = 4_000_000;

/// Runs `steps` random steps from `seed`.
///
/// # Errors
/// [`Failure`] as soon as something is not as it must be.
pub fn run(seed: u64, steps: usize) -> Result<Summary, Failure> {
    Run::new(seed, false).go(steps)
}

/// As [`run`], and prints everything that happens.
///
/// # Errors
/// As [`run`].
pub fn run_traced(seed: u64, steps: usize) -> Result<Summary, Failure> {
    Run::new(seed, true).go(steps)
}

struct Run {
    seed: u64,
    step: usize,
    office: Office,
    people: People,
}

impl Run {
    fn new(seed: u64, tracing: bool) -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "the origin of virtual time; nothing depends on which instant it is"
        )]
        let base = Instant::now();
        let mut office = Office::new(seed, base);
        office.tracing = tracing;
        Run { seed, step: 0, office, people: People::new(seed) }
    }

    fn go(mut self, steps: usize) -> Result<Summary, Failure> {
        self.pass(3000)?;
        if let Some(phone) = self.office.phones.iter().find(|phone| !phone.registered) {
            let fault = format!("{} could not register", phone.user_agent());
            return Err(self.failure(vec![fault]));
        }
        for step in 1..=steps {
            self.step = step;
            self.people.step(&mut self.office);
            let wait = match self.people.chance.below(10) {
                0..4 => self.people.chance.below(300),
                4..9 => self.people.chance.below(5000),
                _ => self.people.chance.below(30_000),
            };
            self.pass(wait)?;
            if step % LOOK == 0 {
                self.look()?;
            }
            if step % QUIET == 0 {
                self.quiet()?;
            }
        }
        self.quiet()?;
        let store = &self.office.store;
        Ok(Summary {
            millis: self.office.now,
            calls: store.calls.len() as u64,
            answered: store.calls.values().filter(|call| call.answered.is_some()).count() as u64,
            legs: store.legs.len() as u64,
            dialled: self.office.dialled.len() as u64,
            heard: self.people.heard,
        })
    }

    /// Lets time pass and checks what must always be true.
    fn pass(&mut self, millis: u64) -> Result<(), Failure> {
        self.office.pass(millis);
        let faults = self.people.check_step(&mut self.office);
        if faults.is_empty() { Ok(()) } else { Err(self.failure(faults)) }
    }

    /// A calm moment: who hears whom?
    fn look(&mut self) -> Result<(), Failure> {
        let weather = self.office.network.weather;
        self.office.weather(Weather::CALM);
        // Longer than any retransmission that is still to come (T2 and what it triggers).
        self.pass(9000)?;
        let faults = self.people.check_conversations(&self.office);
        self.office.weather(weather);
        if faults.is_empty() { Ok(()) } else { Err(self.failure(faults)) }
    }

    /// Everybody goes home: nothing may be left.
    fn quiet(&mut self) -> Result<(), Failure> {
        // First let those in need reach somebody.
        while !self.people.emergencies.is_empty() {
            self.office.weather(Weather::CALM);
            self.pass(5000)?;
        }
        self.office.reconfigure(|config| config.users = site::config().users);
        let end = self.office.now + LONGEST_QUIET;
        let mut left = Vec::new();
        while self.office.now < end {
            self.people.go_home(&mut self.office);
            self.lose_media();
            self.pass(50_000)?;
            left = check::left_over(&self.office);
            if left.is_empty() {
                return self.morning();
            }
        }
        Err(self.failure(left))
    }

    /// The phones register again.
    fn morning(&mut self) -> Result<(), Failure> {
        self.people.forwarded = false;
        for index in 0..self.office.phones.len() {
            self.office.with_phone(index, |phone, now| phone.register(now));
        }
        self.pass(3000)
    }

    /// Streams whose phone has forgotten them get no packets: the engine tells after a minute.
    fn lose_media(&mut self) {
        for stream in self.office.abandoned_streams() {
            self.office.input(Input::Media(Event::MediaLost { stream }));
        }
    }

    fn failure(&self, faults: Vec<String>) -> Failure {
        let trace = self.office.trace.iter().cloned().collect();
        Failure { seed: self.seed, step: self.step, at: self.office.now, faults, trace }
    }
}

//! Analog ports: their state machines, their permanent media streams, and whose call is on them.
//!
//! A set can be in two calls: one active, one held. What a hook flash does is in `flash`.

mod flash;
mod hang_up;
mod line;
mod set;

use std::time::{Duration, Instant};

use offhook_lines::fxo::{self, Fxo};
use offhook_lines::fxs::{self, Fxs};
use offhook_media::command::{self as media, StreamId};

use crate::bridge::Playing;
use crate::config::{AnswerSupervision, Line, LineKind};
use crate::digits::Pressed;
use crate::exchange::{Exchange, Live, Now, Output};
use crate::id::{LegId, LineId};

/// From one burst of call waiting tone to the next (ITU-T E.182: several seconds).
const CALL_WAITING_PAUSE: Duration = Duration::from_secs(8);
/// The longest burst: it interrupts the conversation.
const CALL_WAITING_BURST: Duration = Duration::from_millis(500);

/// How far apart engine and hardware can report the same key: the longest press that is usual.
const SAME_KEY: Duration = Duration::from_millis(500);

/// How long a call left on hold rings back before it ends.
const RING_BACK: Duration = Duration::from_secs(60);

/// A port.
pub(crate) struct Port {
    pub(crate) machine: Machine,
    pub(crate) stream: StreamId,
    /// As printed on the box.
    number: u16,
    /// ISO code of the country whose cadences and times the state machine has.
    country: &'static str,
    /// The state machine awaits polarity reversals.
    reversal: bool,
    /// The leg that speaks and hears on it.
    pub(crate) active: Option<LegId>,
    /// The leg put aside by a flash.
    pub(crate) held: Option<LegId>,
    /// The leg that makes it ring.
    pub(crate) ringing: Option<LegId>,
    /// The leg announced by call waiting tone.
    pub(crate) waiting: Option<LegId>,
    /// The active call was made from a held one: the next flash joins them.
    pub(crate) consulting: bool,
    pub(crate) playing: Playing,
    /// The key being told to the state machine is a tone in the sound already (a digit dialled by pulses is not).
    pub(crate) key_sounds: bool,
    keys: Keys,
    /// State last shown.
    pub(crate) shown: &'static str,
}

/// Who hears the keys of a set. The media engine listens to every port; hardware that hears them by itself has the word, so that
/// no key counts twice.
#[derive(Debug, Default)]
struct Keys {
    /// The hardware has reported a key.
    hardware: bool,
    /// The last one the engine reported before that.
    engine: Option<(char, Instant)>,
}

impl Keys {
    /// The hardware reports a key. `false`: the engine was quicker with it.
    fn by_hardware(&mut self, now: Instant, digit: char) -> bool {
        self.hardware = true;
        let quicker = self.engine.take();
        !quicker.is_some_and(|(same, at)| same == digit && now.saturating_duration_since(at) < SAME_KEY)
    }

    /// The engine reports a key. `false`: the hardware does that.
    fn by_engine(&mut self, now: Instant, digit: char) -> bool {
        if !self.hardware {
            self.engine = Some((digit, now));
        }
        !self.hardware
    }
}

/// What the port is.
pub(crate) enum Machine {
    Fxs(Fxs),
    Fxo(Fxo),
}

/// Whether a set can be rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Idle,
    /// In one conversation: call waiting is possible.
    Talking,
    Occupied,
    Absent,
}

impl Port {
    /// Nothing goes on: the state machine may be replaced.
    fn is_free(&self) -> bool {
        let idle = match &self.machine {
            Machine::Fxs(fxs) => {
                matches!(fxs.state(), fxs::State::OnHook | fxs::State::Absent) && fxs.poll_timeout().is_none()
            }
            Machine::Fxo(fxo) => {
                matches!(fxo.state(), fxo::State::Idle | fxo::State::Absent) && fxo.poll_timeout().is_none()
            }
        };
        let legs = [self.active, self.held, self.ringing, self.waiting];
        idle && legs.iter().all(Option::is_none)
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        match &self.machine {
            Machine::Fxs(fxs) => fxs.poll_timeout(),
            Machine::Fxo(fxo) => fxo.poll_timeout(),
        }
    }

    fn kind(&self) -> LineKind {
        match self.machine {
            Machine::Fxs(_) => LineKind::Fxs,
            Machine::Fxo(_) => LineKind::Fxo,
        }
    }

    /// Whether a call can come to the set.
    pub(crate) fn room(&self) -> Room {
        let Machine::Fxs(fxs) = &self.machine else {
            return Room::Absent;
        };
        match fxs.state() {
            fxs::State::Absent => Room::Absent,
            fxs::State::OnHook if self.ringing.is_none() => Room::Idle,
            fxs::State::Talking if self.active.is_some() && self.held.is_none() && self.waiting.is_none() => {
                Room::Talking
            }
            fxs::State::OnHook
            | fxs::State::Ringing
            | fxs::State::Dialling
            | fxs::State::Waiting
            | fxs::State::Talking
            | fxs::State::Disconnected
            | fxs::State::LeftOffHook => Room::Occupied,
        }
    }

    /// A line to the exchange that is plugged in.
    pub(crate) fn usable(&self) -> bool {
        matches!(&self.machine, Machine::Fxo(fxo) if fxo.state() != fxo::State::Absent)
    }

    fn state_name(&self) -> &'static str {
        match &self.machine {
            Machine::Fxs(fxs) => match fxs.state() {
                fxs::State::Absent => "absent",
                fxs::State::OnHook => "on_hook",
                fxs::State::Ringing => "ringing",
                fxs::State::Dialling => "dialling",
                fxs::State::Waiting => "waiting",
                fxs::State::Talking => "talking",
                fxs::State::Disconnected => "disconnected",
                fxs::State::LeftOffHook => "left_off_hook",
            },
            Machine::Fxo(fxo) => match fxo.state() {
                fxo::State::Absent => "absent",
                fxo::State::Idle => "idle",
                fxo::State::Ringing => "ringing",
                fxo::State::Seizing => "seizing",
                fxo::State::Dialling => "dialling",
                fxo::State::Talking => "talking",
            },
        }
    }
}

fn reversal(line: &Line) -> bool {
    line.answer_supervision == AnswerSupervision::Reversal
}

impl Exchange {
    /// Opens ports that are new in the configuration.
    pub(crate) fn open_lines(&mut self, now: Now) {
        let Some(country) = self.country() else {
            return;
        };
        let config = std::sync::Arc::clone(&self.config);
        for (id, line) in &config.lines {
            if self.lines.contains_key(id) {
                continue;
            }
            let machine = match line.kind {
                LineKind::Fxs => Machine::Fxs(Fxs::new(country)),
                LineKind::Fxo => {
                    let mut fxo = Fxo::new(country, reversal(line));
                    fxo.watch_first(now.instant);
                    Machine::Fxo(fxo)
                }
            };
            let stream = StreamId(self.new_media_id());
            self.media(media::Command::OpenLine { stream, port: media::LinePort(line.port) });
            let port = Port {
                machine,
                stream,
                number: line.port,
                country: country.code,
                reversal: reversal(line),
                active: None,
                held: None,
                ringing: None,
                waiting: None,
                consulting: false,
                playing: Playing::Nothing,
                key_sounds: false,
                keys: Keys::default(),
                shown: "",
            };
            let faces_exchange = port.kind() == LineKind::Fxo;
            self.lines.insert(*id, port);
            self.touched_lines.push_back(*id);
            if faces_exchange {
                self.listen_for_hang_up(stream, country);
            }
        }
    }

    /// Follows a change of country or answer supervision, at once or when the line is free.
    pub(crate) fn renew_line(&mut self, now: Now, line: LineId) {
        let (Some(country), Some(config)) = (self.country(), self.config.lines.get(&line)) else {
            return;
        };
        let reversal = reversal(config);
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        if (port.country == country.code && port.reversal == reversal) || !port.is_free() {
            return;
        }
        (port.country, port.reversal) = (country.code, reversal);
        match &mut port.machine {
            Machine::Fxs(fxs) => {
                let absent = fxs.state() == fxs::State::Absent;
                *fxs = Fxs::new(country);
                if absent {
                    fxs.handle(now.instant, fxs::Input::Present(false));
                }
            }
            Machine::Fxo(fxo) => {
                let absent = fxo.state() == fxo::State::Absent;
                *fxo = Fxo::new(country, reversal);
                if absent {
                    fxo.handle(now.instant, fxo::Input::Present(false));
                }
                let stream = port.stream;
                self.listen_for_hang_up(stream, country);
            }
        }
    }

    /// Closes ports that are no longer in the configuration; their calls end.
    pub(crate) fn close_lines(&mut self, now: Now) {
        let config = std::sync::Arc::clone(&self.config);
        let gone: Vec<LineId> = self
            .lines
            .iter()
            .filter(|(id, port)| {
                config.lines.get(id).is_none_or(|line| line.port != port.number || line.kind != port.kind())
            })
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.line_out_of_service(now, id);
            if let Some(port) = self.lines.remove(&id) {
                self.media(media::Command::Close { stream: port.stream });
            }
        }
    }

    /// Everything on a port ends.
    pub(crate) fn line_out_of_service(&mut self, now: Now, line: LineId) {
        let Some(port) = self.lines.get(&line) else {
            return;
        };
        let legs = [port.active, port.held, port.ringing, port.waiting];
        for leg in legs.into_iter().flatten() {
            self.leg_gone(now, leg, crate::cause::ReleaseCause::OUT_OF_ORDER.into());
        }
    }

    /// From the hardware of a set's port.
    pub(crate) fn handle_fxs(&mut self, now: Now, line: LineId, input: fxs::Input) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        match input {
            fxs::Input::Present(_) => port.keys = Keys::default(),
            fxs::Input::Dtmf(digit) if port.keys.by_hardware(now.instant, digit) => {
                return self.key_of_set(now, line, digit);
            }
            fxs::Input::Dtmf(_) => return,
            fxs::Input::Hook(_) | fxs::Input::FoundOffHook => {}
        }
        if let Machine::Fxs(fxs) = &mut port.machine {
            fxs.handle(now.instant, input);
            self.touched_lines.push_back(line);
        }
    }

    /// The media engine hears a key in the sound of a port.
    pub(crate) fn key_in_sound(&mut self, now: Now, line: LineId, digit: char) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        match port.machine {
            Machine::Fxs(_) if port.keys.by_engine(now.instant, digit) => self.key_of_set(now, line, digit),
            Machine::Fxs(_) => {}
            Machine::Fxo(_) => {
                if let Some(leg) = port.active {
                    self.digit_pressed(now, leg, digit, Pressed::Tone);
                }
            }
        }
    }

    fn key_of_set(&mut self, now: Now, line: LineId, digit: char) {
        let Some(Port { machine: Machine::Fxs(fxs), key_sounds, .. }) = self.lines.get_mut(&line) else {
            return;
        };
        fxs.handle(now.instant, fxs::Input::Dtmf(digit));
        *key_sounds = true;
        self.drain_line(now, line);
        if let Some(port) = self.lines.get_mut(&line) {
            port.key_sounds = false;
        }
    }

    /// From the hardware of a line's port.
    pub(crate) fn handle_fxo(&mut self, now: Now, line: LineId, input: fxo::Input) {
        if let Some(Port { machine: Machine::Fxo(fxo), .. }) = self.lines.get_mut(&line) {
            fxo.handle(now.instant, input);
            self.touched_lines.push_back(line);
        }
    }

    pub(crate) fn fxs_command(&mut self, now: Now, line: LineId, command: fxs::Command) {
        if let Some(Port { machine: Machine::Fxs(fxs), .. }) = self.lines.get_mut(&line) {
            fxs.command(now.instant, command);
            self.touched_lines.push_back(line);
        }
    }

    pub(crate) fn fxo_command(&mut self, now: Now, line: LineId, command: fxo::Command) {
        if let Some(Port { machine: Machine::Fxo(fxo), .. }) = self.lines.get_mut(&line) {
            fxo.command(now.instant, command);
            self.touched_lines.push_back(line);
        }
    }

    /// Runs the timers of the ports that are due.
    pub(crate) fn lines_timeout(&mut self, now: Now) {
        for (id, port) in &mut self.lines {
            if port.poll_timeout().is_some_and(|(at, _)| at <= now.instant) {
                match &mut port.machine {
                    Machine::Fxs(fxs) => fxs.handle_timeout(now.instant),
                    Machine::Fxo(fxo) => fxo.handle_timeout(now.instant),
                }
                self.touched_lines.push_back(*id);
            }
        }
    }

    /// Takes what a port has to say.
    pub(crate) fn drain_line(&mut self, now: Now, line: LineId) {
        loop {
            let Some(port) = self.lines.get_mut(&line) else {
                return;
            };
            match &mut port.machine {
                Machine::Fxs(fxs) => match fxs.poll_output() {
                    Some(fxs::Output::Event(event)) => self.set_event(now, line, event),
                    Some(fxs::Output::Tone(tone)) => self.set_tone(line, tone),
                    Some(output @ (fxs::Output::RingVoltage(_) | fxs::Output::CallerId(..))) => {
                        self.outputs.push_back(Output::Fxs(line, output));
                    }
                    None => break,
                },
                Machine::Fxo(fxo) => match fxo.poll_output() {
                    Some(fxo::Output::Event(event)) => self.line_event(now, line, event),
                    Some(output @ (fxo::Output::Hook(_) | fxo::Output::SendDigit(_))) => {
                        self.outputs.push_back(Output::Fxo(line, output));
                    }
                    None => break,
                },
            }
        }
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        let state = port.state_name();
        if port.shown != state {
            port.shown = state;
            self.outputs.push_back(Output::Live(Live::Line { line, state: state.to_owned() }));
        }
        self.renew_line(now, line);
    }

    /// A leg is no longer on its port.
    pub(crate) fn leave_line(&mut self, line: LineId, leg: LegId) {
        let Some(port) = self.lines.get_mut(&line) else {
            return;
        };
        let was_active = port.active == Some(leg);
        for slot in [&mut port.active, &mut port.held, &mut port.ringing, &mut port.waiting] {
            if *slot == Some(leg) {
                *slot = None;
            }
        }
        // What played for the call ends with it; tones of the set's own stay.
        if was_active && matches!(port.playing, Playing::Hold | Playing::Ringback | Playing::Announcement) {
            port.playing = Playing::Nothing;
            let stream = port.stream;
            self.media(media::Command::Stop { stream });
        }
    }
}

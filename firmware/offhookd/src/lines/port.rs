//! One simulated port: the model behind it and the person at it.

use std::time::{Duration, Instant};

use offhook_api::services::{LineAudio, LineRefusal, LineView};
use offhook_api::types::{CallerId, LineAction};
use offhook_lines::country::{Country, ToneKind};
use offhook_lines::simulated::{
    Exchange, ExchangeAction, ExchangeOutput, ExchangeState, LineFeatures, Set, SetAction, SetOutput,
};
use offhook_lines::{fxo, fxs};
use offhook_media::Frame;
use offhook_media::command::ToneSegment;
use offhook_media::line_audio::DriverSide;
use offhook_media::tone::generator::ToneGenerator;
use offhook_switch::config::LineKind;
use offhook_switch::id::LineId;
use tokio::sync::{mpsc, watch};

use crate::core_loop::Control;

/// Length of a frame.
pub(super) const FRAME: Duration = Duration::from_millis(20);
/// Frames waiting for a slow page: 400 ms.
const SOUND_QUEUE: usize = 20;
/// Frames of speech that may wait: a page that sends in bursts is caught up with, so that the delay does not grow.
const SPEECH_WAITING: usize = 4;

/// What the telephone company's line gives: all, as a good one does.
const COMPANY: LineFeatures = LineFeatures { reversal: true, loop_drop: true, disconnect_tone: true };

/// One port.
pub(super) struct Port {
    line: LineId,
    /// As printed on the box.
    number: u16,
    model: Model,
    audio: DriverSide,
    person: Option<Person>,
    view: watch::Sender<LineView>,
    /// FXO: the tone the telephone company gives, which the box hears.
    company_tone: Option<(ToneKind, ToneGenerator)>,
    country: &'static Country,
}

struct Person {
    speaks: mpsc::Receiver<Frame>,
    hears: mpsc::Sender<Frame>,
}

enum Model {
    Set(Set),
    Company(Exchange),
}

impl Port {
    /// A port with nobody at it.
    pub(super) fn new(
        (line, number): (LineId, u16),
        kind: LineKind,
        country: &'static Country,
        audio: DriverSide,
    ) -> Port {
        let (model, state) = match kind {
            LineKind::Fxs => (Model::Set(Set::new()), "on_hook"),
            LineKind::Fxo => (Model::Company(Exchange::new(country, COMPANY)), "idle"),
        };
        let view = watch::channel(LineView { state: state.into(), ..LineView::default() }).0;
        Port { line, number, model, audio, person: None, view, company_tone: None, country }
    }

    /// As printed on the box.
    pub(super) fn number(&self) -> u16 {
        self.number
    }

    /// FXS or FXO.
    pub(super) fn kind(&self) -> LineKind {
        match self.model {
            Model::Set(_) => LineKind::Fxs,
            Model::Company(_) => LineKind::Fxo,
        }
    }

    /// The site is in this country now. A call on the line goes on as it began.
    pub(super) fn set_country(&mut self, country: &'static Country) {
        if std::ptr::eq(self.country, country) {
            return;
        }
        match &mut self.model {
            Model::Set(_) => self.country = country,
            Model::Company(company) if company.shows().state == ExchangeState::Idle => {
                self.country = country;
                *company = Exchange::new(country, COMPANY);
            }
            Model::Company(_) => {}
        }
    }

    /// What it shows, now and as it changes.
    pub(super) fn watch(&self) -> watch::Receiver<LineView> {
        self.view.subscribe()
    }

    /// Someone does something.
    pub(super) fn act(&mut self, now: Instant, action: LineAction) -> Result<(), LineRefusal> {
        let done = match (&mut self.model, action) {
            (Model::Set(set), LineAction::Lift) => set.handle(now, SetAction::Lift),
            (Model::Set(set), LineAction::PutDown) => set.handle(now, SetAction::PutDown),
            (Model::Set(set), LineAction::Key { key }) => {
                key.chars().next().is_some_and(|key| set.handle(now, SetAction::Key(key)))
            }
            (Model::Set(set), LineAction::Flash) => {
                // The middle of what the country takes for a flash.
                let (shortest, longest) = self.country.flash;
                set.handle(now, SetAction::Flash((shortest + longest) / 2))
            }
            (Model::Company(company), LineAction::Ring { number, name }) => {
                let caller = number.map(|number| (number, name.unwrap_or_default()));
                company.handle(now, ExchangeAction::Call { caller })
            }
            (Model::Company(company), LineAction::Answer) => company.handle(now, ExchangeAction::Answer),
            (Model::Company(company), LineAction::HangUp) => company.handle(now, ExchangeAction::HangUp),
            (Model::Set(_), LineAction::Ring { .. } | LineAction::Answer | LineAction::HangUp)
            | (
                Model::Company(_),
                LineAction::Lift | LineAction::PutDown | LineAction::Key { .. } | LineAction::Flash,
            ) => {
                return Err(LineRefusal::WrongKind);
            }
        };
        if done { Ok(()) } else { Err(LineRefusal::NotNow) }
    }

    /// What call control does to an FXS port.
    pub(super) fn fxs_output(&mut self, now: Instant, output: &fxs::Output) {
        if let Model::Set(set) = &mut self.model {
            set.hardware(now, output);
        }
    }

    /// What call control does to an FXO port.
    pub(super) fn fxo_output(&mut self, now: Instant, output: &fxo::Output) {
        if let Model::Company(company) = &mut self.model {
            company.hardware(now, output);
        }
    }

    /// The port's state machine has a new state.
    pub(super) fn state(&mut self, state: &str) {
        self.view.send_if_modified(|view| {
            let changed = view.state != state;
            view.state = state.to_owned();
            changed
        });
    }

    /// The next deadline of the model.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.model {
            Model::Set(set) => set.poll_timeout().map(|(at, _)| at),
            Model::Company(company) => company.poll_timeout().map(|(at, _)| at),
        }
    }

    /// Runs what is due and gives what call control must know to `tell`.
    pub(super) fn drain(&mut self, now: Instant, mut tell: impl FnMut(Control)) {
        match &mut self.model {
            Model::Set(set) => {
                set.handle_timeout(now);
                while let Some(output) = set.poll_output() {
                    match output {
                        SetOutput::Line(input) => tell(Control::Fxs(self.line, input)),
                        SetOutput::Shows(_) => {}
                    }
                }
            }
            Model::Company(company) => {
                company.handle_timeout(now);
                while let Some(output) = company.poll_output() {
                    match output {
                        ExchangeOutput::Line(input) => tell(Control::Fxo(self.line, input)),
                        ExchangeOutput::Shows(_) => {}
                    }
                }
            }
        }
        self.look();
        self.sound_of_company();
    }

    /// A person comes to the port, instead of who was there.
    pub(super) fn open(&mut self) -> LineAudio {
        let (to_line, speaks) = mpsc::channel(SOUND_QUEUE);
        let (hears, from_line) = mpsc::channel(SOUND_QUEUE);
        self.person = Some(Person { speaks, hears });
        LineAudio { to_line, from_line }
    }

    /// Whether sound has to flow: somebody is there, or the telephone company gives a tone.
    pub(super) fn needs_sound(&self) -> bool {
        self.person.is_some() || self.company_tone.is_some()
    }

    /// 20 ms of sound, both ways.
    pub(super) fn tick(&mut self) {
        let mut said: Option<Frame> = None;
        if let Some((_, generator)) = &mut self.company_tone {
            let mut frame: Frame = [0; 160];
            generator.frame(&mut frame);
            said = Some(frame);
        }
        if self.person.as_ref().is_some_and(|person| person.hears.is_closed()) {
            self.person = None;
        }
        if let Some(person) = &mut self.person {
            while person.speaks.len() > SPEECH_WAITING {
                let _ = person.speaks.try_recv();
            }
            if let Ok(frame) = person.speaks.try_recv() {
                said = Some(said.map_or(frame, |tone| std::array::from_fn(|i| tone[i].saturating_add(frame[i]))));
            }
        }
        if let Some(frame) = said {
            self.audio.say(&frame);
        }
        if let (Some(frame), Some(person)) = (self.audio.hear(), &self.person) {
            // A page that does not keep up misses a frame.
            let _ = person.hears.try_send(frame);
        }
    }

    /// Sees what has changed and shows it.
    fn look(&mut self) {
        let mut now = self.view.borrow().clone();
        match &self.model {
            Model::Set(set) => {
                let shows = set.shows();
                now.ringing = shows.ringing;
                now.off_hook = shows.lifted;
                now.caller = shows.caller.clone().map(|(number, name)| CallerId { number, name });
            }
            Model::Company(company) => {
                let shows = company.shows();
                now.ringing = matches!(shows.state, ExchangeState::CallingBox | ExchangeState::Ringing);
                now.off_hook =
                    !matches!(shows.state, ExchangeState::Idle | ExchangeState::Unplugged | ExchangeState::CallingBox);
                now.dialled = (!shows.number.is_empty()).then(|| shows.number.clone());
            }
        }
        self.view.send_if_modified(|view| {
            let changed = *view != now;
            *view = now;
            changed
        });
    }

    fn sound_of_company(&mut self) {
        let Model::Company(company) = &self.model else { return };
        let wanted = match company.shows().state {
            ExchangeState::Dialled if company.shows().number.is_empty() => Some(ToneKind::Dial),
            ExchangeState::Ringing => Some(ToneKind::Ringback),
            ExchangeState::Released => Some(ToneKind::Busy),
            ExchangeState::Dialled
            | ExchangeState::Idle
            | ExchangeState::Unplugged
            | ExchangeState::CallingBox
            | ExchangeState::Connected => None,
        };
        if self.company_tone.as_ref().map(|(kind, _)| *kind) != wanted {
            self.company_tone = wanted.map(|kind| {
                let segments: Vec<ToneSegment> = self
                    .country
                    .tone(kind)
                    .iter()
                    .map(|s| ToneSegment {
                        hz: s.hz.clone(),
                        modulation_hz: s.modulation_hz,
                        duration: s.duration,
                        once: s.once,
                    })
                    .collect();
                (kind, ToneGenerator::new(&segments, self.country.frequency_level_dbm0(kind)))
            });
        }
    }
}

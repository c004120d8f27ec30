//! One simulated port: the model behind it and the people at it.

use std::time::{Duration, Instant};

use offhook_lines::country::{Country, ToneKind};
use offhook_lines::simulated::{Exchange, ExchangeAction, ExchangeOutput, ExchangeState, LineFeatures, Set, SetAction, SetOutput};
use offhook_lines::{fxo, fxs};
use offhook_media::Frame;
use offhook_media::command::ToneSegment;
use offhook_media::line_audio::DriverSide;
use offhook_media::tone::generator::ToneGenerator;
use offhook_switch::config::LineKind;
use offhook_switch::id::LineId;
use tokio::sync::mpsc;

use super::{Notice, Widget};
use crate::core_loop::Control;

/// People at one port at once (browser pages).
const MAX_WIDGETS: usize = 4;
/// Frames waiting for a slow page: 400 ms.
const SOUND_QUEUE: usize = 20;

/// What a person does at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// At the set of an FXS port.
    Set(SetAction),
    /// At the far end of an FXO port.
    Far(ExchangeAction),
}

/// How a port looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The bell sounds at this moment.
    pub ringing: bool,
    /// FXS: the receiver is lifted. FXO: the box has taken the line.
    pub off_hook: bool,
    /// Caller ID on the set's display.
    pub caller: Option<(String, String)>,
    /// FXO: digits the box has dialled.
    pub dialled: Option<String>,
}

/// One port.
pub struct Port {
    line: LineId,
    model: Model,
    audio: DriverSide,
    widgets: Vec<Person>,
    view: View,
    /// FXO: the tone the telephone company gives, which the box hears.
    company_tone: Option<(ToneKind, ToneGenerator)>,
    country: &'static Country,
}

struct Person {
    speaks: mpsc::Receiver<Frame>,
    notices: mpsc::Sender<Notice>,
}

enum Model {
    Set(Set),
    Company(Exchange),
}

impl Port {
    /// A port with nobody at it.
    pub fn new(line: LineId, kind: LineKind, country: &'static Country, audio: DriverSide) -> Port {
        let model = match kind {
            LineKind::Fxs => Model::Set(Set::new()),
            LineKind::Fxo => {
                let features = LineFeatures { reversal: true, loop_drop: true, disconnect_tone: true };
                Model::Company(Exchange::new(country, features))
            }
        };
        Port { line, model, audio, widgets: Vec::new(), view: View::default(), company_tone: None, country }
    }

    /// FXS or FXO.
    pub fn kind(&self) -> LineKind {
        match self.model {
            Model::Set(_) => LineKind::Fxs,
            Model::Company(_) => LineKind::Fxo,
        }
    }

    /// Someone does something. `false`: it has no effect now, or is not for this kind of port.
    pub fn act(&mut self, now: Instant, action: Action) -> bool {
        match (&mut self.model, action) {
            (Model::Set(set), Action::Set(action)) => set.handle(now, action),
            (Model::Company(company), Action::Far(action)) => company.handle(now, action),
            (Model::Set(_), Action::Far(_)) | (Model::Company(_), Action::Set(_)) => false,
        }
    }

    /// What call control does to an FXS port.
    pub fn fxs_output(&mut self, now: Instant, output: &fxs::Output) {
        if let Model::Set(set) = &mut self.model {
            set.hardware(now, output);
        }
    }

    /// What call control does to an FXO port.
    pub fn fxo_output(&mut self, now: Instant, output: &fxo::Output) {
        if let Model::Company(company) = &mut self.model {
            company.hardware(now, output);
        }
    }

    /// The next deadline of the model.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.model {
            Model::Set(set) => set.poll_timeout().map(|(at, _)| at),
            Model::Company(company) => company.poll_timeout().map(|(at, _)| at),
        }
    }

    /// Runs what is due and gives what call control must know to `tell`.
    pub fn drain(&mut self, now: Instant, mut tell: impl FnMut(Control)) {
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
    }

    /// A person comes to the port; `None` when there are too many.
    pub fn open(&mut self) -> Option<Widget> {
        self.widgets.retain(|person| !person.notices.is_closed());
        if self.widgets.len() >= MAX_WIDGETS {
            return None;
        }
        let (speak, speaks) = mpsc::channel(SOUND_QUEUE);
        let (notices, notice) = mpsc::channel(SOUND_QUEUE);
        let _ = notices.try_send(Notice::View(self.view.clone()));
        self.widgets.push(Person { speaks, notices });
        Some(Widget { speak, notice })
    }

    /// Whether sound has to flow: somebody is there, or the telephone company gives a tone.
    pub fn needs_sound(&self) -> bool {
        !self.widgets.is_empty() || self.company_tone.is_some()
    }

    /// How it looks.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// 20 ms of sound, both ways.
    pub fn tick(&mut self) {
        self.widgets.retain(|person| !person.notices.is_closed());
        let mut said: Option<Frame> = None;
        if let Some((_, generator)) = &mut self.company_tone {
            let mut frame: Frame = [0; 160];
            generator.frame(&mut frame);
            said = Some(frame);
        }
        for person in &mut self.widgets {
            // A page that sends in bursts is caught up with, so that the delay does not grow.
            while person.speaks.len() > 4 {
                let _ = person.speaks.try_recv();
            }
            if let Ok(frame) = person.speaks.try_recv() {
                said = Some(said.map_or(frame, |other| mix(&other, &frame)));
            }
        }
        if let Some(frame) = said {
            self.audio.say(&frame);
        }
        if let Some(frame) = self.audio.hear() {
            for person in &self.widgets {
                // A page that does not keep up misses a frame.
                let _ = person.notices.try_send(Notice::Sound(frame));
            }
        }
    }

    /// Sees what has changed and shows it.
    fn look(&mut self) {
        let view = match &self.model {
            Model::Set(set) => {
                let shows = set.shows();
                View { ringing: shows.bell, off_hook: shows.lifted, caller: shows.caller.clone(), dialled: None }
            }
            Model::Company(company) => {
                let shows = company.shows();
                let off_hook = !matches!(
                    shows.state,
                    ExchangeState::Idle | ExchangeState::Unplugged | ExchangeState::CallingBox
                );
                let dialled = (!shows.number.is_empty()).then(|| shows.number.clone());
                let ringing = matches!(shows.state, ExchangeState::CallingBox | ExchangeState::Ringing);
                View { ringing, off_hook, caller: None, dialled }
            }
        };
        self.sound_of_company();
        if view != self.view {
            self.view = view;
            for person in &self.widgets {
                let _ = person.notices.try_send(Notice::View(self.view.clone()));
            }
        }
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
                    .map(|s| ToneSegment { hz: s.hz.clone(), duration: s.duration, once: s.once })
                    .collect();
                (kind, ToneGenerator::new(&segments, self.country.tone_level_dbm0))
            });
        }
    }
}

fn mix(a: &Frame, b: &Frame) -> Frame {
    std::array::from_fn(|i| a[i].saturating_add(b[i]))
}

/// Length of a frame.
pub const FRAME: Duration = Duration::from_millis(20);

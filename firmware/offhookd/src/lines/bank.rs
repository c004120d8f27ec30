//! All simulated ports, owned by one thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use offhook_api::services::{LineAudio, LineRefusal, LineView, SimulatedLines};
use offhook_api::types::LineAction;
use offhook_lines::country::Country;
use offhook_lines::{fxo, fxs};
use offhook_media::command::{self, LinePort};
use offhook_media::engine::EngineHandle;
use offhook_switch::config::{Config, LineSound};
use offhook_switch::id::LineId;
use tokio::sync::watch;

use super::port::{FRAME, Port};
use crate::core_loop::Control;

/// Work waiting for the bank; beyond it is dropped (a person presses a key again).
const QUEUE: usize = 1024;
/// The bank answers in microseconds; longer means that the daemon is ending.
const PATIENCE: Duration = Duration::from_secs(1);

enum Work {
    Fxs(LineId, fxs::Output),
    Fxo(LineId, fxo::Output),
    State(LineId, String),
    Act(LineId, LineAction, Sender<Result<(), LineRefusal>>),
    Open(LineId, Sender<LineAudio>),
    Configure(Arc<Config>, Sender<()>),
}

/// The simulated ports of the box.
pub struct LineBank {
    work: Sender<Work>,
    views: Arc<Mutex<BTreeMap<LineId, watch::Receiver<LineView>>>>,
}

impl LineBank {
    /// Starts the thread. Ports come with [`LineBank::configure`].
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(engine: Arc<EngineHandle>, controls: Sender<Control>) -> std::io::Result<LineBank> {
        let (work, inbox) = bounded(QUEUE);
        let views = Arc::new(Mutex::new(BTreeMap::new()));
        let bank = Bank { ports: BTreeMap::new(), engine, controls, views: Arc::clone(&views) };
        std::thread::Builder::new().name("lines".into()).spawn(move || bank.run(&inbox))?;
        Ok(LineBank { work, views })
    }

    /// Makes ports for new lines and drops those of lines that are gone. Returns when it is done: call control may use them then.
    pub fn configure(&self, config: Arc<Config>) {
        let (done, waiting) = bounded(1);
        self.give(Work::Configure(config, done));
        let _ = waiting.recv_timeout(PATIENCE);
    }

    /// From call control to an FXS port.
    pub fn fxs_output(&self, line: LineId, output: fxs::Output) {
        self.give(Work::Fxs(line, output));
    }

    /// From call control to an FXO port.
    pub fn fxo_output(&self, line: LineId, output: fxo::Output) {
        self.give(Work::Fxo(line, output));
    }

    /// The state of a port's state machine, to show.
    pub fn state(&self, line: LineId, state: String) {
        self.give(Work::State(line, state));
    }

    fn give(&self, work: Work) {
        if self.work.try_send(work).is_err() {
            tracing::warn!("simulated lines are behind: something was dropped");
        }
    }
}

impl SimulatedLines for LineBank {
    fn lines(&self) -> Vec<LineId> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    fn act(&self, line: LineId, action: LineAction) -> Result<(), LineRefusal> {
        let (answer, waiting) = bounded(1);
        self.give(Work::Act(line, action, answer));
        waiting.recv_timeout(PATIENCE).unwrap_or(Err(LineRefusal::NotSimulated))
    }

    fn watch(&self, line: LineId) -> Option<watch::Receiver<LineView>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).get(&line).cloned()
    }

    fn open_audio(&self, line: LineId) -> Option<LineAudio> {
        let (answer, waiting) = bounded(1);
        self.give(Work::Open(line, answer));
        waiting.recv_timeout(PATIENCE).ok()
    }
}

struct Bank {
    ports: BTreeMap<LineId, Port>,
    engine: Arc<EngineHandle>,
    controls: Sender<Control>,
    views: Arc<Mutex<BTreeMap<LineId, watch::Receiver<LineView>>>>,
}

impl Bank {
    fn run(mut self, inbox: &Receiver<Work>) {
        let mut next_tick = Instant::now();
        loop {
            let sounding = self.ports.values().any(Port::needs_sound);
            let deadlines = self.ports.values().filter_map(Port::poll_timeout);
            let received = match deadlines.chain(sounding.then_some(next_tick)).min() {
                Some(deadline) => inbox.recv_deadline(deadline),
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let now = Instant::now();
            match received {
                Ok(work) => self.take(now, work),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if now >= next_tick {
                self.ports.values_mut().for_each(Port::tick);
                next_tick += FRAME;
                if next_tick + FRAME * 4 < now {
                    next_tick = now + FRAME;
                }
            }
            let Bank { ports, controls, .. } = &mut self;
            for port in ports.values_mut() {
                port.drain(now, |control| {
                    if controls.try_send(control).is_err() {
                        tracing::warn!("call control is behind: an event of a line was dropped");
                    }
                });
            }
        }
    }

    fn take(&mut self, now: Instant, work: Work) {
        match work {
            Work::Fxs(line, output) => self.with(line, |port| port.fxs_output(now, &output)),
            Work::Fxo(line, output) => self.with(line, |port| port.fxo_output(now, &output)),
            Work::State(line, state) => self.with(line, |port| port.state(&state)),
            Work::Act(line, action, answer) => {
                let done = self.ports.get_mut(&line).map_or(Err(LineRefusal::NotSimulated), |p| p.act(now, action));
                let _ = answer.send(done);
            }
            Work::Open(line, answer) => {
                // Without such a port the answer's channel closes, which says it.
                self.with(line, |port| _ = answer.send(port.open()));
            }
            Work::Configure(config, done) => {
                self.configure(&config);
                let _ = done.send(());
            }
        }
    }

    fn with(&mut self, line: LineId, act: impl FnOnce(&mut Port)) {
        if let Some(port) = self.ports.get_mut(&line) {
            act(port);
        }
    }

    fn configure(&mut self, config: &Config) {
        let Some(country) = Country::find(&config.site.country).or_else(|| Country::find("FR")) else { return };
        self.ports.retain(|line, port| config.lines.get(line).is_some_and(|l| l.kind == port.kind()));
        self.ports.values_mut().for_each(|port| port.set_country(country));
        for (id, line) in &config.lines {
            self.engine.set_line_audio(LinePort(line.port), line_audio(&line.sound));
            if !self.ports.contains_key(id) {
                let audio = self.engine.line(LinePort(line.port));
                self.ports.insert(*id, Port::new(*id, line.kind, country, audio));
            }
        }
        let views = self.ports.iter().map(|(id, port)| (*id, port.watch())).collect();
        *self.views.lock().unwrap_or_else(PoisonError::into_inner) = views;
    }
}

fn line_audio(sound: &LineSound) -> command::LineAudio {
    let echo = command::LineAudio::default().echo.filter(|_| sound.cancel_echo);
    command::LineAudio {
        echo,
        from_line_db: sound.from_line_db.into(),
        to_line_db: sound.to_line_db.into(),
        automatic_level: sound.automatic_level,
    }
}

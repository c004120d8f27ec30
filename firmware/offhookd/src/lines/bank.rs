//! All simulated ports, owned by one thread.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use offhook_lines::country::Country;
use offhook_lines::{fxo, fxs};
use offhook_media::command::LinePort;
use offhook_media::engine::EngineHandle;
use offhook_switch::config::{Config, LineKind};
use offhook_switch::id::LineId;
use tokio::sync::oneshot;

use super::port::{FRAME, Port};
use super::{Action, View, Widget};
use crate::core_loop::Control;

/// Work waiting for the bank; beyond it is dropped (a person presses a key again).
const QUEUE: usize = 1024;

enum Work {
    Fxs(LineId, fxs::Output),
    Fxo(LineId, fxo::Output),
    Act(LineId, Action, oneshot::Sender<bool>),
    Open(LineId, oneshot::Sender<Option<Widget>>),
    View(LineId, oneshot::Sender<Option<View>>),
    Configure(Arc<Config>),
}

/// The simulated ports of the box.
#[derive(Clone)]
pub struct LineBank {
    work: Sender<Work>,
}

impl LineBank {
    /// Starts the thread. Ports come with [`LineBank::configure`].
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(engine: EngineHandle, controls: Sender<Control>) -> std::io::Result<LineBank> {
        let (work, inbox) = bounded(QUEUE);
        std::thread::Builder::new().name("lines".into()).spawn(move || {
            Bank { ports: BTreeMap::new(), engine, controls }.run(&inbox);
        })?;
        Ok(LineBank { work })
    }

    /// Makes ports for new lines and drops those of lines that are gone.
    pub fn configure(&self, config: Arc<Config>) {
        self.give(Work::Configure(config));
    }

    /// From call control to an FXS port.
    pub fn fxs_output(&self, line: LineId, output: fxs::Output) {
        self.give(Work::Fxs(line, output));
    }

    /// From call control to an FXO port.
    pub fn fxo_output(&self, line: LineId, output: fxo::Output) {
        self.give(Work::Fxo(line, output));
    }

    /// Someone does something at a port. `None`: there is no such port.
    pub async fn act(&self, line: LineId, action: Action) -> Option<bool> {
        let (answer, waiting) = oneshot::channel();
        self.give(Work::Act(line, action, answer));
        waiting.await.ok()
    }

    /// Someone comes to a port.
    pub async fn open(&self, line: LineId) -> Option<Widget> {
        let (answer, waiting) = oneshot::channel();
        self.give(Work::Open(line, answer));
        waiting.await.ok().flatten()
    }

    /// How a port looks.
    pub async fn view(&self, line: LineId) -> Option<View> {
        let (answer, waiting) = oneshot::channel();
        self.give(Work::View(line, answer));
        waiting.await.ok().flatten()
    }

    fn give(&self, work: Work) {
        if self.work.try_send(work).is_err() {
            tracing::warn!("simulated lines are behind: something was dropped");
        }
    }
}

struct Bank {
    ports: BTreeMap<LineId, Port>,
    engine: EngineHandle,
    controls: Sender<Control>,
}

impl Bank {
    fn run(mut self, inbox: &Receiver<Work>) {
        let mut next_tick = Instant::now();
        loop {
            let sounding = self.ports.values().any(Port::needs_sound);
            let deadline = self.ports.values().filter_map(Port::poll_timeout).chain(sounding.then_some(next_tick)).min();
            let received = match deadline {
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
                for port in self.ports.values_mut() {
                    port.tick();
                }
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
            Work::Act(line, action, answer) => {
                if let Some(port) = self.ports.get_mut(&line) {
                    let _ = answer.send(port.act(now, action));
                }
            }
            Work::Open(line, answer) => _ = answer.send(self.ports.get_mut(&line).and_then(Port::open)),
            Work::View(line, answer) => _ = answer.send(self.ports.get(&line).map(|p| p.view().clone())),
            Work::Configure(config) => self.configure(&config),
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
        for (id, line) in &config.lines {
            if !self.ports.contains_key(id) {
                let audio = self.engine.line(LinePort(line.port));
                self.ports.insert(*id, Port::new(*id, line.kind, country, audio));
                let present = match line.kind {
                    LineKind::Fxs => Control::Fxs(*id, fxs::Input::Present(true)),
                    LineKind::Fxo => Control::Fxo(*id, fxo::Input::Present(true)),
                };
                let _ = self.controls.try_send(present);
            }
        }
    }
}

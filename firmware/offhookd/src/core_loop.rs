//! The core thread: one owner of everything that is a call. Inputs come over channels, outputs go out at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, Select, Sender};
use offhook_api::types::TraceMessage;
use offhook_lines::{fxo, fxs};
use offhook_media::command as media;
use offhook_media::engine::EngineHandle;
use offhook_sip::endpoint as sip;
use offhook_store::StoreWriter;
use offhook_switch::config::Config;
use offhook_switch::exchange::{Command, Counters, Exchange, Input, Live, LiveCall, Now, Output};
use offhook_switch::id::{CallId, LineId};
use tokio::sync::{broadcast, oneshot};

use crate::lines::LineBank;
use crate::pace::{COALESCE, Pace};
use crate::service::Watchdog;
use crate::sip::Transports;
use crate::trace::Trace;

/// Inputs handled before outputs are flushed to the sockets: keeps batches large under load and delay small without.
const BATCH: usize = 256;
/// See [`StoreWriter::heartbeat`].
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What the rest of the daemon asks of the core thread.
#[derive(Debug)]
pub enum Control {
    /// Something the API wants done.
    Command(Command),
    /// A new configuration.
    Config(Arc<Config>),
    /// From an FXS port's hardware.
    Fxs(LineId, fxs::Input),
    /// From an FXO port's hardware.
    Fxo(LineId, fxo::Input),
    /// All calls up.
    Calls(oneshot::Sender<Vec<LiveCall>>),
    /// What is going on.
    Counters(oneshot::Sender<Counters>),
    /// The SIP messages of a call.
    Trace(CallId, oneshot::Sender<Vec<TraceMessage>>),
    /// End: calls up are left to the records, sockets close.
    Shutdown,
}

/// What the core thread drives.
pub struct Shell {
    /// The SIP sockets.
    pub transports: Transports,
    /// The media engine.
    pub engine: Arc<EngineHandle>,
    /// The database's writer.
    pub store: StoreWriter,
    /// The analog ports.
    pub lines: Arc<LineBank>,
    /// State names of the analog ports, for the API.
    pub line_states: Arc<Mutex<BTreeMap<LineId, String>>>,
    /// Live events for the API.
    pub live: broadcast::Sender<Live>,
}

/// Both clocks, read once per wake-up.
pub fn now() -> Now {
    let wall =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
    Now { instant: Instant::now(), wall }
}

/// Runs until [`Control::Shutdown`] or until every sender is gone.
pub fn run(
    mut exchange: Exchange,
    mut shell: Shell,
    sip_inputs: &Receiver<Vec<sip::Input>>,
    media_events: &Receiver<media::Event>,
    controls: &Receiver<Control>,
) {
    let mut trace = Trace::new();
    let mut heartbeat = Instant::now();
    let mut pace = Pace::new(heartbeat);
    let mut watchdog = Watchdog::from_environment(heartbeat);
    let mut busy = false;
    drain(&mut exchange, &mut shell, &mut trace);
    loop {
        let mut select = Select::new();
        select.recv(controls);
        select.recv(sip_inputs);
        select.recv(media_events);
        // While calls are up the records learn about every second that the box is alive: their end, should it be the last.
        let calls_up = !exchange.is_quiet();
        let heartbeat_due = calls_up.then_some(heartbeat + HEARTBEAT);
        let timeout = exchange.poll_timeout().map(|(at, _)| at);
        match timeout.into_iter().chain(heartbeat_due).chain(watchdog.due()).min() {
            Some(deadline) => _ = select.ready_deadline(deadline),
            None => _ = select.ready(),
        }
        let now = now();
        watchdog.alive(now.instant);
        if calls_up && now.instant >= heartbeat + HEARTBEAT {
            heartbeat = now.instant;
            let _ = shell.store.heartbeat(now.wall);
        }
        if exchange.poll_timeout().is_some_and(|(deadline, _)| deadline <= now.instant) {
            exchange.handle_timeout(now);
            drain(&mut exchange, &mut shell, &mut trace);
        }
        let mut budget = BATCH;
        if busy {
            // What comes meanwhile is handled in the same round, and what goes out shares its system calls.
            std::thread::sleep(COALESCE);
        }
        while budget > 0 {
            let before = budget;
            if let Ok(batch) = sip_inputs.try_recv() {
                for input in batch {
                    budget = budget.saturating_sub(1);
                    trace.received(now.wall, &input);
                    tracing::trace!(?input);
                    exchange.handle(now, Input::Sip(input));
                    drain(&mut exchange, &mut shell, &mut trace);
                }
            }
            if let Ok(input) = media_events.try_recv() {
                budget = budget.saturating_sub(1);
                tracing::trace!(?input);
                exchange.handle(now, Input::Media(input));
                drain(&mut exchange, &mut shell, &mut trace);
            }
            match controls.try_recv() {
                Ok(Control::Shutdown) | Err(crossbeam_channel::TryRecvError::Disconnected) => {
                    shell.transports.flush();
                    return;
                }
                Ok(control) => {
                    budget = budget.saturating_sub(1);
                    take_control(&mut exchange, control, now, &trace);
                    drain(&mut exchange, &mut shell, &mut trace);
                }
                Err(crossbeam_channel::TryRecvError::Empty) => {}
            }
            if budget == before {
                break;
            }
        }
        shell.transports.flush();
        busy = pace.busy(now.instant, BATCH - budget);
    }
}

fn take_control(exchange: &mut Exchange, control: Control, now: Now, trace: &Trace) {
    match control {
        Control::Command(command) => exchange.handle(now, Input::Command(command)),
        Control::Config(config) => exchange.handle(now, Input::Config(config)),
        Control::Fxs(line, input) => {
            tracing::trace!(?input);
            exchange.handle(now, Input::Fxs(line, input));
        }
        Control::Fxo(line, input) => {
            tracing::trace!(?input);
            exchange.handle(now, Input::Fxo(line, input));
        }
        // The asker may have gone away: then nobody misses the answer.
        Control::Calls(answer) => _ = answer.send(exchange.calls()),
        Control::Counters(answer) => _ = answer.send(exchange.counters()),
        Control::Trace(call, answer) => _ = answer.send(trace.of_call(call)),
        Control::Shutdown => {}
    }
}

fn drain(exchange: &mut Exchange, shell: &mut Shell, trace: &mut Trace) {
    while let Some(output) = exchange.poll_output() {
        // What is private in it is masked by its `Debug` (truth 5).
        tracing::trace!(?output);
        match output {
            Output::Sip(sip::Output::Send { flow, bytes }) => {
                trace.sent(now().wall, flow, &bytes);
                shell.transports.send(flow, bytes);
            }
            Output::Sip(sip::Output::Resolve { id, host, port, transport, secure }) => {
                shell.transports.resolve(id, host, port, transport, secure);
            }
            Output::Sip(sip::Output::Event(_)) => {}
            Output::Fxs(line, output) => shell.lines.fxs_output(line, output),
            Output::Fxo(line, output) => shell.lines.fxo_output(line, output),
            Output::Media(command) => {
                if let Err(error) = shell.engine.command(command) {
                    tracing::error!(%error, "the media engine did not take a command");
                }
            }
            // Counted and reported by the writer itself; a call is never held up by its record.
            Output::Call(record) => _ = shell.store.put_call(record),
            Output::Leg(record) => _ = shell.store.put_leg(record),
            Output::LegQuality(quality) => _ = shell.store.put_leg_quality(quality),
            Output::LegOffered(leg) | Output::LegAnswered(leg) => _ = shell.store.put_open_leg(leg),
            Output::Bindings { aor, bindings } => _ = shell.store.put_bindings(aor, bindings),
            Output::Live(live) => show(exchange, shell, trace, live),
        }
    }
}

fn show(exchange: &Exchange, shell: &mut Shell, trace: &mut Trace, live: Live) {
    match &live {
        Live::Call { call } => trace.follow(call.id, exchange.sip_call_ids(call.id)),
        Live::Line { line, state } => {
            shell.lines.state(*line, state.clone());
            shell.line_states.lock().unwrap_or_else(PoisonError::into_inner).insert(*line, state.clone());
        }
        Live::CallEnded { .. } | Live::LegEnded { .. } | Live::Registered { .. } => {}
    }
    // Without listeners the event is not needed: the state is asked for when one comes.
    let _ = shell.live.send(live);
}

/// Asks the core thread and waits for its answer.
pub async fn ask<T>(controls: &Sender<Control>, question: impl FnOnce(oneshot::Sender<T>) -> Control) -> Option<T> {
    let (answer, waiting) = oneshot::channel();
    controls.try_send(question(answer)).ok()?;
    waiting.await.ok()
}

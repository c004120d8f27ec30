//! The core thread as the API sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use offhook_api::services::{Answer, ExchangeHandle};
use offhook_api::types::TraceMessage;
use offhook_switch::config::Config;
use offhook_switch::exchange::{Command, Counters, LiveCall};
use offhook_switch::id::{CallId, LineId};

use crate::core_loop::{Control, ask};
use crate::lines::LineBank;

/// The way to the core thread.
pub struct Handle {
    /// To the core thread.
    pub controls: Sender<Control>,
    /// Told of a new configuration first: call control may then use its ports.
    pub lines: Arc<LineBank>,
    /// State names of the analog ports.
    pub line_states: Arc<Mutex<BTreeMap<LineId, String>>>,
}

impl ExchangeHandle for Handle {
    fn command(&self, command: Command) -> bool {
        self.controls.try_send(Control::Command(command)).is_ok()
    }

    fn calls(&self) -> Answer<'_, Vec<LiveCall>> {
        Box::pin(async { ask(&self.controls, Control::Calls).await.unwrap_or_default() })
    }

    fn counters(&self) -> Answer<'_, Counters> {
        Box::pin(async { ask(&self.controls, Control::Counters).await.unwrap_or_default() })
    }

    fn line_states(&self) -> Answer<'_, BTreeMap<LineId, String>> {
        Box::pin(async { self.line_states.lock().unwrap_or_else(PoisonError::into_inner).clone() })
    }

    fn trace(&self, call: CallId) -> Answer<'_, Vec<TraceMessage>> {
        Box::pin(async move { ask(&self.controls, |answer| Control::Trace(call, answer)).await.unwrap_or_default() })
    }

    fn reload(&self, config: Arc<Config>) {
        self.lines.configure(Arc::clone(&config));
        // The queue is long; should it be full, the change must not be lost, and the caller is no core thread.
        let _ = self.controls.send(Control::Config(config));
    }
}

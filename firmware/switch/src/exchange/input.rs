//! What comes in.

use std::sync::Arc;

use offhook_lines::{fxo, fxs};
use offhook_media::command as media;
use offhook_sip::endpoint as sip;

use crate::config::Config;
use crate::id::{CallId, LineId};

/// What comes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// SIP: messages, closed connections, resolved names.
    Sip(sip::Input),
    /// From the hardware of an FXS port.
    Fxs(LineId, fxs::Input),
    /// From the hardware of an FXO port.
    Fxo(LineId, fxo::Input),
    /// From the media engine.
    Media(media::Event),
    /// A new configuration. Calls under way go on.
    Config(Arc<Config>),
    /// From the API.
    Command(Command),
}

/// From the API.
#[derive(Clone, Debug)]
pub enum Command {
    /// End a call.
    HangUp(CallId),
}

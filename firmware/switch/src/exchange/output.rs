//! What goes out.

use offhook_lines::{fxo, fxs};
use offhook_media::command as media;
use offhook_sip::endpoint as sip;

use super::live::Live;
use crate::id::LineId;
use crate::record::{CallRecord, LegQuality, LegRecord, OpenLeg, UnixMillis};

/// What goes out.
#[derive(Clone, derive_more::Debug)]
pub enum Output {
    /// SIP to send or to resolve. (Never [`sip::Output::Event`].)
    Sip(sip::Output),
    /// To the hardware of an FXS port. (Never [`fxs::Output::Event`]; tones go to the media engine.)
    Fxs(LineId, fxs::Output),
    /// To the hardware of an FXO port.
    Fxo(LineId, fxo::Output),
    /// To the media engine.
    Media(media::Command),
    /// Write or replace a call record.
    Call(CallRecord),
    /// A leg was offered: [`Output::Leg`] with the same id follows. Written down so that a crash in between can be closed.
    LegOffered(OpenLeg),
    /// A leg offered before was answered: replaces what was written down.
    LegAnswered(OpenLeg),
    /// Write a leg record.
    Leg(LegRecord),
    /// Write how the sound of a leg was: at most once per leg, before or after its [`Output::Leg`].
    LegQuality(LegQuality),
    /// Write the bindings of an address of record (an empty list removes them).
    Bindings {
        /// The device's user name.
        #[debug("…")]
        aor: String,
        /// What to put back after a restart, with the seconds each has left.
        bindings: Vec<StoredBinding>,
    },
    /// Something to show: live events of the API.
    Live(Live),
}

/// A binding as written down. [`super::Exchange::restore_bindings`] puts it back.
#[derive(Clone, derive_more::Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StoredBinding {
    /// Contact URI.
    #[debug("…")]
    pub contact: String,
    /// `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub transport: String,
    /// Our address.
    #[debug("…")]
    pub local: std::net::SocketAddr,
    /// The phone's address.
    #[debug("…")]
    pub remote: std::net::SocketAddr,
    /// `Path`.
    #[debug("…")]
    pub path: Vec<String>,
    /// Thousandths.
    pub q: u16,
    /// `+sip.instance`.
    #[debug("…")]
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// Call-ID of the registration.
    #[debug("…")]
    pub call_id: String,
    /// CSeq.
    pub cseq: u32,
    /// Of the phone.
    pub user_agent: Option<String>,
    /// Wall-clock time at which it lapses.
    pub expires: UnixMillis,
}

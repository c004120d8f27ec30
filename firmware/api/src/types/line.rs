//! Analog lines and the widget of a simulated one.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// FXS feeds a phone; FXO faces the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "said above")]
pub enum LineKind {
    Fxs,
    Fxo,
}

/// How an outside line tells that the far side has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSupervision {
    /// It does not: a call counts as answered some time after the last digit.
    Delay,
    /// By reversing the polarity of the pair, a service of the telephone company.
    Reversal,
}

/// How the sound of an analog port is treated. Works from the next call on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineSound {
    /// Echo of the line is cancelled (ITU-T G.168).
    pub cancel_echo: bool,
    /// Gain of what the line says in dB, -12 to 12.
    pub from_line_db: i8,
    /// Gain of what the line hears in dB, -12 to 12.
    pub to_line_db: i8,
    /// What the line says is brought to a common level, slowly.
    pub automatic_level: bool,
}

/// An analog port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// Identifier.
    pub id: Uuid,
    /// Port number as printed on the box, from 1.
    pub port: u16,
    /// FXS or FXO.
    pub kind: LineKind,
    /// Shown to the administrator.
    pub label: String,
    /// FXO: how the line tells of an answer.
    pub answer_supervision: AnswerSupervision,
    /// How its sound is treated.
    pub sound: LineSound,
    /// State of the port now. FXS: `absent`, `on_hook`, `ringing`, `dialling`, `waiting`, `talking`, `disconnected`,
    /// `left_off_hook`. FXO: `absent`, `idle`, `ringing`, `seizing`, `dialling`, `talking`. `unknown` before the first event.
    pub state: String,
    /// The port is simulated: `/lines/{id}/actions` and `/lines/{id}/audio` work.
    pub simulated: bool,
    /// The extension whose telephone is on this FXS port.
    pub extension_id: Option<Uuid>,
}

/// A new line, or a change of one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineInput {
    /// Port number, 1–1024, not used by another line.
    pub port: u16,
    /// FXS or FXO. Does not change.
    pub kind: LineKind,
    /// Shown to the administrator, up to 80 characters.
    pub label: String,
    /// FXO: how the line tells of an answer. Left out: `delay` for a new line, no change for another.
    #[serde(default)]
    pub answer_supervision: Option<AnswerSupervision>,
    /// How its sound is treated. Left out: echo cancelled and nothing else for a new line, no change for another.
    #[serde(default)]
    pub sound: Option<LineSound>,
    /// FXS: the extension whose telephone is on the port; `null` nobody's. A telephone of another extension moves. Left out:
    /// no change.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub extension_id: Option<Option<Uuid>>,
}

/// Tells a value that is `null` from one that is left out.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<Uuid>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// What can be done to a simulated line. Also the JSON text messages of `/lines/{id}/audio`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum LineAction {
    /// FXS: lift the receiver.
    Lift,
    /// FXS: put the receiver down.
    PutDown,
    /// FXS: press a key.
    Key {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        key: String,
    },
    /// FXS: hook flash.
    Flash,
    /// FXO: the telephone company rings the line.
    Ring {
        /// Caller ID: the number.
        #[serde(default)]
        number: Option<String>,
        /// Caller ID: the name.
        #[serde(default)]
        name: Option<String>,
    },
    /// FXO: the far party answers.
    Answer,
    /// FXO: the far party hangs up, or gives up ringing.
    HangUp,
}

/// What `/lines/{id}/audio` sends as JSON text messages, beside binary audio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum LineMessage {
    /// The port's state changed (and once at the start).
    State {
        /// See `Line.state`.
        state: String,
        /// Ringing voltage is on right now.
        ringing: bool,
        /// The receiver is lifted (FXS), the loop is closed (FXO).
        off_hook: bool,
        /// Caller ID received by the set, number and name.
        caller: Option<CallerId>,
        /// Digits the box has dialled on this FXO line.
        dialled: Option<String>,
    },
    /// An action was refused.
    Error {
        /// As in `Problem.code`.
        code: String,
    },
}

/// Caller ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallerId {
    /// Number.
    pub number: String,
    /// Name.
    pub name: String,
}

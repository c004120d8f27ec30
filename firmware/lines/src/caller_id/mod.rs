//! Caller ID: what a telephone's display says of a call, as messages to the set (FSK or DTMF). Sound is made and heard elsewhere
//! (`offhook-media`: `fsk`, `tone`).

pub mod dtmf;
mod message;
mod text;

pub use message::{Message, MessageReceiver, Presentation, Standard};

/// Why a number or name is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The caller does not want it shown (`P`).
    Private,
    /// The network does not know it (`O`).
    Unavailable,
}

/// A number or name, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<T> {
    /// This.
    Known(T),
    /// Nothing, because.
    Absent(Absence),
}

/// Local date and time of a call, as the set's clock is set by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// 1–12.
    pub month: u8,
    /// 1–31.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
}

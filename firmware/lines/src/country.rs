//! Tones, cadences and timings by country (data from the files in `firmware/lines/data`, sources named there).

use std::time::Duration;

/// A tone of the exchange (ITU-T E.180).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToneKind {
    /// Dial tone.
    Dial,
    /// Stutter dial tone: messages are waiting.
    Stutter,
    /// Ringing (ringback) tone.
    Ringback,
    /// Busy tone.
    Busy,
    /// Congestion tone.
    Congestion,
    /// Call waiting tone.
    CallWaiting,
    /// Special information tone: number not in use.
    Information,
    /// Howler: receiver left off the hook.
    Howler,
}

/// One segment of a tone.
#[derive(Clone, Debug, PartialEq)]
pub struct ToneSegment {
    /// Frequencies in Hz, summed; empty is silence.
    pub hz: Vec<f32>,
    /// Length; `None` for ever.
    pub duration: Option<Duration>,
    /// Not repeated.
    pub once: bool,
}

/// All that differs by country.
#[derive(Clone, Debug)]
pub struct Country {
    /// ISO 3166 code, e.g. `FR`.
    pub code: &'static str,
    /// Ring cadence: on, off, on, off …
    pub ring_cadence: Vec<Duration>,
    /// Shortest and longest on-hook break taken as a hook flash.
    pub flash: (Duration, Duration),
}

#[allow(unused_variables, reason = "contract")]
impl Country {
    /// The table of a country by ISO code; `None` when it is not in the data.
    pub fn find(code: &str) -> Option<&'static Country> {
        unimplemented!()
    }
    /// Codes in the data, sorted.
    pub fn codes() -> Vec<&'static str> {
        unimplemented!()
    }
    /// A tone's cadence.
    pub fn tone(&self, kind: ToneKind) -> &[ToneSegment] {
        unimplemented!()
    }
}

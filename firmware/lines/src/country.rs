//! Tones, cadences and timings by country (data from the files in `firmware/lines/data`, sources named there).

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

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

impl ToneKind {
    /// All of them.
    pub const ALL: [ToneKind; 8] = [
        ToneKind::Dial,
        ToneKind::Stutter,
        ToneKind::Ringback,
        ToneKind::Busy,
        ToneKind::Congestion,
        ToneKind::CallWaiting,
        ToneKind::Information,
        ToneKind::Howler,
    ];
}

/// One segment of a tone.
#[derive(Clone, Debug, PartialEq)]
pub struct ToneSegment {
    /// Frequencies in Hz, summed; empty is silence.
    pub hz: Vec<f32>,
    /// Modulates their amplitude (E.180: f1×f2), Hz.
    pub modulation_hz: Option<f32>,
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
    /// English name.
    pub name: &'static str,
    /// Ring cadence: on, off, on, off …
    pub ring_cadence: Vec<Duration>,
    /// Shortest and longest on-hook break taken as a hook flash.
    pub flash: (Duration, Duration),
    /// An outgoing call on an FXO line without answer supervision counts as answered this long after its last digit.
    pub answer_delay: Duration,
    /// Level of a tone at the port in dBm0, all its frequencies together (ITU-T E.180 §6).
    pub tone_level_dbm0: f32,
    /// What differs from it.
    levels: Tones<Option<f32>>,
    tones: Tones<Vec<ToneSegment>>,
}

impl Country {
    /// The table of a country by ISO code, in either case; `None` when it is not in the data.
    pub fn find(code: &str) -> Option<&'static Country> {
        COUNTRIES.get(code.to_ascii_uppercase().as_str())
    }

    /// Codes in the data, sorted.
    pub fn codes() -> Vec<&'static str> {
        COUNTRIES.keys().copied().collect()
    }

    /// A tone's cadence: never empty, and its last segment is repeated or endless.
    pub fn tone(&self, kind: ToneKind) -> &[ToneSegment] {
        self.tones.of(kind)
    }

    /// The level of a tone in dBm0, all its frequencies together.
    pub fn level_dbm0(&self, kind: ToneKind) -> f32 {
        self.levels.of(kind).unwrap_or(self.tone_level_dbm0)
    }

    /// The level of each single frequency of a tone in dBm0, so that a segment with the most frequencies has
    /// [`Country::level_dbm0`] in sum.
    pub fn frequency_level_dbm0(&self, kind: ToneKind) -> f32 {
        let most = self.tone(kind).iter().map(|s| s.hz.len()).max().unwrap_or(1).max(1);
        self.level_dbm0(kind) - 10.0 * (most as f32).log10()
    }

    /// The longest silence within the ring cadence.
    pub fn longest_ring_silence(&self) -> Duration {
        let silences = self.ring_cadence.iter().skip(1).step_by(2);
        silences.max().copied().unwrap_or(Duration::from_secs(4))
    }
}

static COUNTRIES: LazyLock<BTreeMap<&'static str, Country>> = LazyLock::new(|| {
    let files: BTreeMap<&'static str, File> = serde_json::from_str(include_str!("../data/countries.json"))
        .expect("the file is part of the program and a test reads it");
    files.into_iter().map(|(code, file)| (code, file.into_country(code))).collect()
});

#[derive(Clone, Debug, Default, Deserialize)]
struct Tones<T> {
    dial: T,
    stutter: T,
    ringback: T,
    busy: T,
    congestion: T,
    call_waiting: T,
    information: T,
    howler: T,
}

impl<T> Tones<T> {
    fn of(&self, kind: ToneKind) -> &T {
        match kind {
            ToneKind::Dial => &self.dial,
            ToneKind::Stutter => &self.stutter,
            ToneKind::Ringback => &self.ringback,
            ToneKind::Busy => &self.busy,
            ToneKind::Congestion => &self.congestion,
            ToneKind::CallWaiting => &self.call_waiting,
            ToneKind::Information => &self.information,
            ToneKind::Howler => &self.howler,
        }
    }
}

#[derive(Deserialize)]
struct File {
    name: &'static str,
    ring_cadence_ms: Vec<u64>,
    flash_ms: (u64, u64),
    answer_delay_ms: u64,
    tone_level_dbm0: f32,
    #[serde(default)]
    tone_levels_dbm0: Tones<Option<f32>>,
    tones: Tones<Vec<FileSegment>>,
}

#[derive(Deserialize)]
struct FileSegment {
    hz: Vec<f32>,
    #[serde(default)]
    modulation_hz: Option<f32>,
    ms: Option<u64>,
    #[serde(default)]
    once: bool,
}

impl File {
    fn into_country(self, code: &'static str) -> Country {
        let tones = self.tones;
        Country {
            code,
            name: self.name,
            ring_cadence: self.ring_cadence_ms.into_iter().map(Duration::from_millis).collect(),
            flash: (Duration::from_millis(self.flash_ms.0), Duration::from_millis(self.flash_ms.1)),
            answer_delay: Duration::from_millis(self.answer_delay_ms),
            tone_level_dbm0: self.tone_level_dbm0,
            levels: self.tone_levels_dbm0,
            tones: Tones {
                dial: segments(tones.dial),
                stutter: segments(tones.stutter),
                ringback: segments(tones.ringback),
                busy: segments(tones.busy),
                congestion: segments(tones.congestion),
                call_waiting: segments(tones.call_waiting),
                information: segments(tones.information),
                howler: segments(tones.howler),
            },
        }
    }
}

fn segments(file: Vec<FileSegment>) -> Vec<ToneSegment> {
    let read = |s: FileSegment| ToneSegment {
        hz: s.hz,
        modulation_hz: s.modulation_hz,
        duration: s.ms.map(Duration::from_millis),
        once: s.once,
    };
    file.into_iter().map(read).collect()
}

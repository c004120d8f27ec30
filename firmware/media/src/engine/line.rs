//! The audio of an analog port on a real-time thread: its queues, its echo canceller and its gains.

use crate::command::LineAudio;
use crate::echo::{EchoCanceller, EchoFigures};
use crate::fax::FaxDetector;
use crate::gain::{FixedGain, LevelControl};
use crate::line_audio::EngineSide;
use crate::{Frame, SILENCE, level};

/// Both directions quieter than this, for so many frames (8 s, longer than T.30 keeps silent, §5.4: T2 is 6 s), end a fax.
const FAX_OVER_DBM0: f32 = -43.0;
const FAX_OVER_FRAMES: u32 = 400;

/// A line in use.
#[derive(Debug)]
pub(super) struct LineLeg {
    side: EngineSide,
    canceller: Option<EchoCanceller>,
    automatic: Option<LevelControl>,
    from_line: FixedGain,
    to_line: FixedGain,
    /// What the line was given to hear in the tick before, as it went out: what comes back now may be its echo.
    given: Frame,
    fax: Fax,
}

/// Whether the line carries a fax, which wants nothing done to its sound.
#[derive(Debug, Default)]
struct Fax {
    from_line: FaxDetector,
    to_line: FaxDetector,
    /// It does.
    runs: bool,
    /// Just begun, not told yet.
    begun: bool,
    silent: u32,
}

impl Fax {
    fn hear(&mut self, said: &Frame, given: &Frame) {
        if self.runs {
            let silent = level::dbm0(said) < FAX_OVER_DBM0 && level::dbm0(given) < FAX_OVER_DBM0;
            self.silent = if silent { self.silent + 1 } else { 0 };
            if self.silent >= FAX_OVER_FRAMES {
                *self = Fax::default();
            }
            return;
        }
        let said = self.from_line.frame(said);
        let given = self.to_line.frame(given);
        self.begun = said.or(given).is_some();
        self.runs = self.begun;
    }
}

impl LineLeg {
    pub(super) fn new(side: EngineSide, audio: &LineAudio) -> Self {
        LineLeg {
            side,
            canceller: audio.echo.map(EchoCanceller::new),
            automatic: audio.automatic_level.then(LevelControl::default),
            from_line: FixedGain::new(audio.from_line_db),
            to_line: FixedGain::new(audio.to_line_db),
            given: SILENCE,
            fax: Fax::default(),
        }
    }

    /// What the line said in the last 20 ms, without echo and at its level.
    pub(super) fn take(&mut self) -> Frame {
        let mut said = self.side.take().unwrap_or(SILENCE);
        let before = self.fax.runs;
        self.fax.hear(&said, &self.given);
        let mut hold = self.fax.runs;
        if let Some(canceller) = &mut self.canceller {
            match (before, self.fax.runs) {
                (false, true) => canceller.disable(),
                (true, false) => canceller.enable(),
                _ => {}
            }
            canceller.process(&self.given, &mut said);
            hold |= canceller.is_suppressing() || canceller.is_disabled();
        }
        self.from_line.apply(&mut said);
        if let Some(automatic) = &mut self.automatic {
            automatic.process(&mut said, hold);
        }
        said
    }

    /// A fax runs over the line: no digits are in its sound.
    pub(super) fn carries_fax(&self) -> bool {
        self.fax.runs
    }

    /// A fax has just begun; told once.
    pub(super) fn fax_begun(&mut self) -> bool {
        std::mem::take(&mut self.fax.begun)
    }

    /// Gives the line 20 ms to hear.
    pub(super) fn give(&mut self, heard: &Frame) {
        self.given = *heard;
        self.to_line.apply(&mut self.given);
        if !self.side.give(&self.given) {
            // The line never hears it: there will be no echo of it.
            self.given = SILENCE;
        }
    }

    /// How its echo canceller does; `None` when it has none.
    pub(super) fn echo(&self) -> Option<EchoFigures> {
        self.canceller.as_ref().map(EchoCanceller::figures)
    }
}

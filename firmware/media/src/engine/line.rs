//! The audio of an analog port on a real-time thread: its queues, its echo canceller and its gains.

use crate::command::LineAudio;
use crate::echo::{EchoCanceller, EchoFigures};
use crate::gain::{FixedGain, LevelControl};
use crate::line_audio::EngineSide;
use crate::{Frame, SILENCE};

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
        }
    }

    /// What the line said in the last 20 ms, without echo and at its level.
    pub(super) fn take(&mut self) -> Frame {
        let mut said = self.side.take().unwrap_or(SILENCE);
        let mut hold = false;
        if let Some(canceller) = &mut self.canceller {
            canceller.process(&self.given, &mut said);
            hold = canceller.is_suppressing() || canceller.is_disabled();
        }
        self.from_line.apply(&mut said);
        if let Some(automatic) = &mut self.automatic {
            automatic.process(&mut said, hold);
        }
        said
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

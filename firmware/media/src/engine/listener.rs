//! Tones listened for in what a party says.

use crate::Frame;
use crate::command::HeardTone;
use crate::tone::fax::FaxDetector;
use crate::tone::hang_up::{HangUpDetector, ToneProfile};

/// The detectors of one stream; made by the control thread, so that the tick allocates nothing.
#[derive(Debug)]
pub(super) struct Listener {
    hang_up: Option<HangUpDetector>,
    fax: Option<FaxDetector>,
}

impl Listener {
    /// `None` when there is nothing to listen for.
    pub(super) fn new(hang_up: &[ToneProfile], fax: bool) -> Option<Box<Self>> {
        let hang_up = (!hang_up.is_empty()).then(|| HangUpDetector::new(hang_up));
        let fax = fax.then(FaxDetector::default);
        (hang_up.is_some() || fax.is_some()).then(|| Box::new(Listener { hang_up, fax }))
    }

    /// Takes 20 ms; returns what is heard.
    pub(super) fn frame(&mut self, frame: &Frame) -> [Option<HeardTone>; 2] {
        let gone = self.hang_up.as_mut().is_some_and(|detector| detector.samples(frame));
        let fax = self.fax.as_mut().and_then(|detector| detector.samples(frame));
        [gone.then_some(HeardTone::HangUp), fax.map(HeardTone::Fax)]
    }
}

//! Knows a fax by what it says: CED or another answer tone of 2100 Hz (T.30 §4.3.3), or the flags before a control frame in V.21
//! (T.30 §5.3.1). A calling tone (CNG) proves nothing: a person may answer it.

use super::hdlc::{HdlcEvent, HdlcReceiver};
use super::v21::V21Demodulator;
use crate::Frame;
use crate::echo::AnswerToneDetector;

/// What gave a fax away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaxSign {
    /// 2100 Hz for 400 ms: a fax or a modem answers.
    AnswerTone,
    /// Flags in V.21: a fax begins a control frame.
    Flags,
}

/// Listens to one direction.
#[derive(Clone, Debug, Default)]
pub struct FaxDetector {
    tone: AnswerToneDetector,
    modem: V21Demodulator,
    hdlc: HdlcReceiver,
    told: bool,
}

impl FaxDetector {
    /// Takes 20 ms; tells a fax once.
    pub fn frame(&mut self, frame: &Frame) -> Option<FaxSign> {
        if self.told {
            return None;
        }
        let tone = self.tone.samples(frame).heard;
        let mut flags = false;
        let FaxDetector { modem, hdlc, .. } = self;
        modem.samples(frame, |bit| flags |= matches!(hdlc.bit(bit), Some(HdlcEvent::Flags)));
        if !modem.is_present() {
            hdlc.reset();
        }
        let sign = match (tone, flags) {
            (true, _) => Some(FaxSign::AnswerTone),
            (_, true) => Some(FaxSign::Flags),
            _ => None,
        };
        self.told = sign.is_some();
        sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SILENCE;
    use crate::fax::hdlc::HdlcSender;
    use crate::fax::v21::V21Modulator;
    use crate::level::sine_amplitude;

    fn tone(hz: f64, dbm0: f32, frames: usize) -> Vec<Frame> {
        let amplitude = f64::from(sine_amplitude(dbm0));
        (0..frames)
            .map(|f| {
                std::array::from_fn(|n| {
                    (amplitude * (std::f64::consts::TAU * hz * (f * 160 + n) as f64 / 8000.0).sin()) as i16
                })
            })
            .collect()
    }

    fn first(frames: &[Frame]) -> Option<(usize, FaxSign)> {
        let mut detector = FaxDetector::default();
        frames.iter().enumerate().find_map(|(n, f)| Some((n * 20, detector.frame(f)?)))
    }

    #[test]
    fn an_answer_tone_and_flags_are_a_fax() {
        for hz in [2085.0, 2100.0, 2115.0] {
            let (at, sign) = first(&tone(hz, -20.0, 100)).unwrap();
            assert!(sign == FaxSign::AnswerTone && at <= 440, "{hz}: {sign:?} after {at} ms");
        }
        for level in [-40.0, -12.0] {
            let mut modem = V21Modulator::new(level);
            let mut hdlc = HdlcSender::default();
            let frames: Vec<Frame> = (0..50)
                .map(|_| {
                    let mut frame = SILENCE;
                    modem.frame(&mut frame, || hdlc.next_bit());
                    frame
                })
                .collect();
            let (at, sign) = first(&frames).unwrap();
            assert!(sign == FaxSign::Flags && at <= 300, "{level}: {sign:?} after {at} ms");
        }
    }

    #[test]
    fn calling_tones_dial_tones_digits_and_noise_are_not() {
        for hz in [425.0, 1100.0, 1300.0, 1650.0, 1850.0, 2000.0] {
            assert_eq!(first(&tone(hz, -15.0, 200)), None, "{hz}");
        }
        let mut seed = 1u32;
        let noise: Vec<Frame> = (0..1500)
            .map(|_| {
                std::array::from_fn(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 20) as i16
                })
            })
            .collect();
        assert_eq!(first(&noise), None);
    }
}

//! From samples to payloads.

use super::g711;
use super::g722::G722Encoder;
use super::opus::OpusEncoder;
use crate::command::{Codec, OpusSettings};

/// The sending half of a codec: what it knows from the packets before.
#[derive(Debug)]
pub struct Encoder(Kind);

#[derive(Debug)]
enum Kind {
    Pcmu,
    Pcma,
    G722(Box<G722Encoder>),
    Opus(Box<OpusEncoder>),
    L16,
}

impl Encoder {
    /// An encoder of this codec. May allocate.
    pub fn new(codec: Codec, opus: OpusSettings) -> Self {
        Encoder(match codec {
            Codec::Pcmu => Kind::Pcmu,
            Codec::Pcma => Kind::Pcma,
            Codec::G722 => Kind::G722(Box::default()),
            Codec::Opus => Kind::Opus(Box::new(OpusEncoder::new(opus))),
            Codec::L16(_) => Kind::L16,
        })
    }

    /// The peer reports that so many of 256 packets are lost on the way to it.
    pub fn expect_loss(&mut self, lost: u8) {
        if let Kind::Opus(encoder) = &mut self.0 {
            encoder.expect_loss(lost);
        }
    }

    /// Encodes one packet of samples at the codec's rate; returns the bytes written, 0 when this packet need not be sent.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match &mut self.0 {
            Kind::Pcmu => out.iter_mut().zip(samples).for_each(|(code, &s)| *code = g711::ulaw_encode(s)),
            Kind::Pcma => out.iter_mut().zip(samples).for_each(|(code, &s)| *code = g711::alaw_encode(s)),
            Kind::G722(encoder) => return encoder.encode(samples, out),
            Kind::Opus(encoder) => return encoder.encode(samples, out),
            Kind::L16 => {
                out.as_chunks_mut::<2>().0.iter_mut().zip(samples).for_each(|(bytes, s)| *bytes = s.to_be_bytes());
                return samples.len().min(out.len() / 2) * 2;
            }
        }
        samples.len().min(out.len())
    }
}

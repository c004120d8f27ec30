//! From samples to payloads.

use super::g711;
use crate::command::Codec;

/// The sending half of a codec: what it knows from the packets before.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
}

impl Encoder {
    /// An encoder of this codec. May allocate.
    pub fn new(codec: Codec) -> Self {
        Encoder { codec }
    }

    /// Encodes one packet of samples at the codec's rate; returns the bytes written, 0 when this packet need not be sent.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match self.codec {
            Codec::Pcmu => out.iter_mut().zip(samples).for_each(|(code, &s)| *code = g711::ulaw_encode(s)),
            Codec::Pcma => out.iter_mut().zip(samples).for_each(|(code, &s)| *code = g711::alaw_encode(s)),
            Codec::L16(_) => {
                out.as_chunks_mut::<2>().0.iter_mut().zip(samples).for_each(|(bytes, s)| *bytes = s.to_be_bytes());
                return samples.len().min(out.len() / 2) * 2;
            }
        }
        samples.len().min(out.len())
    }
}

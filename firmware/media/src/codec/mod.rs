//! Codecs: payload bytes to samples and back.

pub mod g711;

use crate::command::Codec;

impl Codec {
    /// RTP clock rate in Hz (RFC 3551 §6).
    pub fn clock_rate(self) -> u32 {
        8000
    }

    /// The static payload type of RFC 3551 §6, when it has one.
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Codec::Pcmu => Some(0),
            Codec::Pcma => Some(8),
        }
    }

    /// The codec of a static payload type of RFC 3551 §6.
    pub fn of_static_payload_type(payload_type: u8) -> Option<Codec> {
        match payload_type {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            _ => None,
        }
    }

    /// Samples in a payload of this many bytes.
    pub fn samples(self, payload: usize) -> usize {
        payload
    }

    /// Decodes as many samples as fit into `out`; returns how many.
    pub fn decode(self, payload: &[u8], out: &mut [i16]) -> usize {
        let table = match self {
            Codec::Pcmu => &g711::ULAW_DECODE,
            Codec::Pcma => &g711::ALAW_DECODE,
        };
        for (sample, &code) in out.iter_mut().zip(payload) {
            *sample = table[usize::from(code)];
        }
        payload.len().min(out.len())
    }

    /// Encodes as many samples as fit into `out`; returns the bytes written.
    pub fn encode(self, samples: &[i16], out: &mut [u8]) -> usize {
        match self {
            Codec::Pcmu => out.iter_mut().zip(samples).for_each(|(code, &s)| *code = g711::ulaw_encode(s)),
            Codec::Pcma => out.iter_mut().zip(samples).for_each(|(code, &s)| *code = g711::alaw_encode(s)),
        }
        samples.len().min(out.len())
    }
}

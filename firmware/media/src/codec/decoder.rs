//! From payloads to samples, and what to play when a payload is missing.

use super::concealment::Concealment;
use super::g711;
use super::g722::G722Decoder;
use super::noise::ComfortNoise;
use super::opus::OpusDecoder;
use crate::command::Codec;
use crate::sound::Rate;

/// The receiving half of a codec: what it knows from the packets before. Packets must come in order, each once.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    kind: Kind,
    noise: ComfortNoise,
}

#[derive(Debug)]
enum Kind {
    /// Each packet stands for itself.
    Plain(Box<Concealment>),
    G722(Box<(G722Decoder, Concealment)>),
    Opus(Box<OpusDecoder>),
}

impl Decoder {
    /// A decoder of this codec. Allocates.
    pub fn new(codec: Codec) -> Self {
        let kind = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::L16(Rate::Narrow) => Kind::Plain(Box::new(Concealment::new(1))),
            Codec::L16(Rate::Wide | Rate::Full) => Kind::Plain(Box::new(Concealment::new(2))),
            Codec::G722 => Kind::G722(Box::new((G722Decoder::default(), Concealment::new(2)))),
            Codec::Opus => Kind::Opus(Box::default()),
        };
        Decoder { codec, kind, noise: ComfortNoise::default() }
    }

    /// The codec agreed: its rate is the rate of all samples given, its clock that of all timestamps.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Forgets what was before; for a new source.
    pub fn reset(&mut self) {
        self.noise = ComfortNoise::default();
        match &mut self.kind {
            Kind::Plain(concealment) => concealment.reset(),
            Kind::G722(parts) => {
                parts.0 = G722Decoder::default();
                parts.1.reset();
            }
            Kind::Opus(decoder) => decoder.reset(),
        }
    }

    /// Decodes one packet's payload; returns how many samples were written. `codec` is the agreed one or the other law of G.711.
    /// `out` should hold [`super::MAX_PACKET_SAMPLES`]; what has no room is lost. After a loss the beginning fades in over what was made
    /// up.
    pub fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        match &mut self.kind {
            Kind::Plain(concealment) => {
                let count = match codec {
                    Codec::Pcmu => table(&g711::ULAW_DECODE, payload, out),
                    Codec::Pcma => table(&g711::ALAW_DECODE, payload, out),
                    Codec::L16(_) => linear(payload, out),
                    Codec::G722 | Codec::Opus => 0,
                };
                concealment.heard(out.get_mut(..count).unwrap_or_default());
                count
            }
            Kind::G722(parts) => {
                let count = parts.0.decode(payload, out);
                parts.1.heard(out.get_mut(..count).unwrap_or_default());
                count
            }
            Kind::Opus(decoder) => decoder.decode(payload, out),
        }
    }

    /// Fills in for samples that never came: `out.len()` of them.
    pub fn conceal(&mut self, out: &mut [i16]) {
        match &mut self.kind {
            Kind::Plain(concealment) => concealment.missing(out),
            Kind::G722(parts) => parts.1.missing(out),
            Kind::Opus(decoder) => decoder.conceal(out),
        }
    }

    /// Fills in for samples that never came, when the packet right after them is here: Opus may hold them once more (in-band FEC).
    /// `out.len()` is the whole of what is missing.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) {
        match &mut self.kind {
            Kind::Opus(decoder) => decoder.recover(next, out),
            Kind::Plain(_) | Kind::G722(_) => self.conceal(out),
        }
    }

    /// The sender described its background noise (RFC 3389 §3): it is heard while the sender is silent.
    pub fn comfort_noise(&mut self, description: &[u8]) {
        self.noise.describe(description);
    }

    /// Fills in while the sender is silent on purpose: with the noise it described; Opus has one of its own; else with silence.
    pub fn silence(&mut self, out: &mut [i16]) {
        match &mut self.kind {
            // Within a pause (DTX) an Opus decoder makes the noise that was there before it.
            Kind::Opus(decoder) => decoder.conceal(out),
            Kind::Plain(concealment) => {
                self.noise.fill(out);
                concealment.heard(out);
            }
            Kind::G722(parts) => {
                self.noise.fill(out);
                parts.1.heard(out);
            }
        }
    }
}

fn table(table: &[i16; 256], payload: &[u8], out: &mut [i16]) -> usize {
    for (sample, &code) in out.iter_mut().zip(payload) {
        *sample = table[usize::from(code)];
    }
    payload.len().min(out.len())
}

fn linear(payload: &[u8], out: &mut [i16]) -> usize {
    let samples = payload.as_chunks::<2>().0;
    for (sample, &bytes) in out.iter_mut().zip(samples) {
        *sample = i16::from_be_bytes(bytes);
    }
    samples.len().min(out.len())
}

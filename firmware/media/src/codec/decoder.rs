//! From payloads to samples, and what to play when a payload is missing.

use super::g711;
use super::g722::G722Decoder;
use super::opus::OpusDecoder;
use crate::command::Codec;
use crate::sound::MAX_FRAME;

/// The receiving half of a codec: what it knows from the packets before. Packets must come in order, each once.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    kind: Kind,
    /// The last samples given, for concealment: up to 20 ms.
    last: [i16; MAX_FRAME],
    last_count: usize,
    /// Samples concealed since the last packet.
    concealed: usize,
}

#[derive(Debug)]
enum Kind {
    /// Each packet stands for itself.
    Plain,
    G722(Box<G722Decoder>),
    Opus(Box<OpusDecoder>),
}

impl Decoder {
    /// A decoder of this codec. May allocate.
    pub fn new(codec: Codec) -> Self {
        let kind = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::L16(_) => Kind::Plain,
            Codec::G722 => Kind::G722(Box::default()),
            Codec::Opus => Kind::Opus(Box::default()),
        };
        Decoder { codec, kind, last: [0; MAX_FRAME], last_count: 0, concealed: 0 }
    }

    /// The codec agreed: its rate is the rate of all samples given, its clock that of all timestamps.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Forgets what was before; for a new source.
    pub fn reset(&mut self) {
        self.last_count = 0;
        self.concealed = 0;
        match &mut self.kind {
            Kind::Plain => {}
            Kind::G722(decoder) => **decoder = G722Decoder::default(),
            Kind::Opus(decoder) => decoder.reset(),
        }
    }

    /// Decodes one packet's payload; returns how many samples were written. `codec` is the agreed one or the other law of G.711.
    /// `out` should hold [`super::MAX_PACKET_SAMPLES`]; what has no room is lost.
    pub fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        let count = match codec {
            Codec::G722 | Codec::Opus => match &mut self.kind {
                Kind::Plain => 0,
                Kind::G722(decoder) => decoder.decode(payload, out),
                Kind::Opus(decoder) => return decoder.decode(payload, out),
            },
            Codec::Pcmu => table(&g711::ULAW_DECODE, payload, out),
            Codec::Pcma => table(&g711::ALAW_DECODE, payload, out),
            Codec::L16(_) => {
                let mut count = 0;
                for (sample, &bytes) in out.iter_mut().zip(payload.as_chunks::<2>().0) {
                    *sample = i16::from_be_bytes(bytes);
                    count += 1;
                }
                count
            }
        };
        self.concealed = 0;
        self.keep(out.get(..count).unwrap_or_default());
        count
    }

    /// Fills in for samples that never came: `out.len()` of them.
    pub fn conceal(&mut self, out: &mut [i16]) {
        if let Kind::Opus(decoder) = &mut self.kind {
            return decoder.conceal(out);
        }
        let frame = self.codec.rate().frame();
        let last = self.last.get(..self.last_count).unwrap_or_default();
        // The last frame again, quieter: enough to hide one lost packet.
        if self.concealed < frame && !last.is_empty() {
            out.iter_mut().zip(last.iter().cycle()).for_each(|(to, from)| *to = from / 2);
        } else {
            out.fill(0);
        }
        self.concealed += out.len();
    }

    /// Fills in for samples that never came, when the packet right after them is here: Opus may hold them once more (in-band FEC).
    /// `out.len()` is the whole of what is missing.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) {
        match &mut self.kind {
            Kind::Opus(decoder) => decoder.recover(next, out),
            Kind::Plain | Kind::G722(_) => self.conceal(out),
        }
    }

    fn keep(&mut self, samples: &[i16]) {
        let frame = self.codec.rate().frame();
        let newest = samples.get(samples.len().saturating_sub(frame)..).unwrap_or_default();
        self.last_count = newest.len();
        self.last.iter_mut().zip(newest).for_each(|(to, from)| *to = *from);
    }
}

fn table(table: &[i16; 256], payload: &[u8], out: &mut [i16]) -> usize {
    for (sample, &code) in out.iter_mut().zip(payload) {
        *sample = table[usize::from(code)];
    }
    payload.len().min(out.len())
}

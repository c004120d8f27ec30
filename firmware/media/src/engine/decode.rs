//! The decoder of a leg, as the jitter buffer's playout wants it.

use crate::FRAME;
use crate::command::Codec;
use crate::jitter::playout::Decode;

/// G.711 both laws. What is missing is the last 20 ms again, quieter; after 20 ms of that, silence.
#[derive(Debug)]
pub(super) struct Decoder {
    last: [i16; FRAME],
    concealed: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder { last: [0; FRAME], concealed: 0 }
    }
}

impl Decode for Decoder {
    fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        let count = codec.decode(payload, out);
        let written = out.get(..count).unwrap_or_default();
        let newest = written.get(count.saturating_sub(FRAME)..).unwrap_or_default();
        self.last.copy_within(newest.len().., 0);
        let keep = FRAME - newest.len();
        self.last.get_mut(keep..).unwrap_or_default().copy_from_slice(newest);
        self.concealed = 0;
        count
    }

    fn conceal(&mut self, _following: Option<&[u8]>, out: &mut [i16]) {
        for (n, sample) in out.iter_mut().enumerate() {
            let again = self.last.get(self.concealed + n).copied().unwrap_or(0);
            *sample = again / 2;
        }
        self.concealed += out.len();
    }

    fn comfort_noise(&mut self, _description: &[u8]) {}

    fn silence(&mut self, out: &mut [i16]) {
        out.fill(0);
    }
}

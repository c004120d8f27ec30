//! WAV files: reading prompts (from bytes, pure) and writing recordings.

pub mod file;
pub mod reader;
pub mod resample;

/// Bytes of the header [`header`] makes.
pub const HEADER: usize = 44;

/// A canonical header for 16 bit PCM with so many bytes of data (RIFF sizes stop at 4 GiB).
pub fn header(channels: u16, rate: u32, data: u64) -> [u8; HEADER] {
    let data = u32::try_from(data).unwrap_or(u32::MAX - 36).min(u32::MAX - 36);
    let block = channels * 2;
    let mut out = [0; HEADER];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &(data + 36).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16u32.to_le_bytes(),
        &1u16.to_le_bytes(),
        &channels.to_le_bytes(),
        &rate.to_le_bytes(),
        &(rate * u32::from(block)).to_le_bytes(),
        &block.to_le_bytes(),
        &16u16.to_le_bytes(),
        b"data",
        &data.to_le_bytes(),
    ];
    let bytes = fields.into_iter().flatten();
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    out
}

//! Reading a WAV file's bytes as 8 kHz mono.

use thiserror::Error;

use super::resample::halve;
use crate::codec::g711::{ALAW_DECODE, ULAW_DECODE};

/// Why a file cannot be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WavError {
    /// Not RIFF/WAVE.
    #[error("not a WAV file")]
    NotWav,
    /// The file ends inside a part it announces.
    #[error("the file is cut short before its sound")]
    Short,
    /// No format part before the data.
    #[error("the file does not say its format")]
    NoFormat,
    /// A format code we do not play.
    #[error("sound format {0} is not supported (16 bit PCM, A-law and µ-law are)")]
    Format(u16),
    /// Bits per sample that do not fit the format.
    #[error("{0} bits per sample are not supported")]
    Bits(u16),
    /// Neither mono nor stereo.
    #[error("{0} channels are not supported (one or two are)")]
    Channels(u16),
    /// Neither 8 nor 16 kHz.
    #[error("{0} samples per second are not supported (8000 and 16000 are)")]
    Rate(u32),
    /// Nothing to play.
    #[error("the file has no sound")]
    Empty,
    /// Longer than allowed.
    #[error("the sound is longer than {0} s")]
    Long(u32),
}

#[derive(Clone, Copy)]
struct Format {
    code: u16,
    channels: u16,
    rate: u32,
    bits: u16,
}

/// Reads 16 bit PCM, A-law or µ-law, 8 or 16 kHz, mono or stereo, of at most `max_seconds`; returns 8 kHz mono. A data part that
/// says it is longer than the file (a recording cut by a power failure) is read as far as it goes.
///
/// # Errors
/// [`WavError`] for anything else.
pub fn read(bytes: &[u8], max_seconds: u32) -> Result<Vec<i16>, WavError> {
    let [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', rest @ ..] = bytes else {
        return Err(WavError::NotWav);
    };
    let mut rest = rest;
    let mut format = None;
    while let Some((&[a, b, c, d, l0, l1, l2, l3], after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        match &[a, b, c, d] {
            b"fmt " => format = Some(parse_format(after.get(..length).ok_or(WavError::Short)?)?),
            b"data" => {
                let format = format.ok_or(WavError::NoFormat)?;
                return decode(format, after.get(..length).unwrap_or(after), max_seconds);
            }
            _ => {}
        }
        // Parts are padded to an even length.
        rest = length.checked_add(length & 1).and_then(|skip| after.get(skip..)).ok_or(WavError::Short)?;
    }
    Err(if format.is_some() { WavError::Empty } else { WavError::NoFormat })
}

fn parse_format(bytes: &[u8]) -> Result<Format, WavError> {
    let &[c0, c1, n0, n1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1] =
        bytes.first_chunk::<16>().ok_or(WavError::Short)?;
    let mut format = Format {
        code: u16::from_le_bytes([c0, c1]),
        channels: u16::from_le_bytes([n0, n1]),
        rate: u32::from_le_bytes([r0, r1, r2, r3]),
        bits: u16::from_le_bytes([b0, b1]),
    };
    if format.code == 0xfffe {
        // WAVE_FORMAT_EXTENSIBLE: the code is the beginning of a GUID.
        let &[s0, s1] = bytes.get(24..26).and_then(|s| s.first_chunk::<2>()).ok_or(WavError::Short)?;
        format.code = u16::from_le_bytes([s0, s1]);
    }
    match (format.code, format.bits) {
        (1, 16) | (6 | 7, 8) => {}
        (1 | 6 | 7, bits) => return Err(WavError::Bits(bits)),
        (code, _) => return Err(WavError::Format(code)),
    }
    if !(1..=2).contains(&format.channels) {
        return Err(WavError::Channels(format.channels));
    }
    if format.rate != 8000 && format.rate != 16000 {
        return Err(WavError::Rate(format.rate));
    }
    Ok(format)
}

fn decode(format: Format, data: &[u8], max_seconds: u32) -> Result<Vec<i16>, WavError> {
    let width = if format.code == 1 { 2 } else { 1 };
    let channels = usize::from(format.channels);
    let frames = data.len() / (width * channels);
    if frames == 0 {
        return Err(WavError::Empty);
    }
    if frames as u64 > u64::from(max_seconds) * u64::from(format.rate) {
        return Err(WavError::Long(max_seconds));
    }
    let sample = |bytes: &[u8]| -> i32 {
        i32::from(match (format.code, bytes) {
            (1, &[low, high]) => i16::from_le_bytes([low, high]),
            (6, &[code]) => ALAW_DECODE[usize::from(code)],
            (7, &[code]) => ULAW_DECODE[usize::from(code)],
            _ => 0,
        })
    };
    let mono: Vec<i16> = data
        .chunks_exact(width * channels)
        .map(|frame| {
            let sum: i32 = frame.chunks_exact(width).map(sample).sum();
            (sum / i32::from(format.channels)) as i16
        })
        .collect();
    Ok(if format.rate == 16000 { halve(&mono) } else { mono })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::goertzel::power;
    use proptest::prelude::*;

    fn wav(code: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut out = super::super::header(channels, rate, data.len() as u64).to_vec();
        out[20..22].copy_from_slice(&code.to_le_bytes());
        out[34..36].copy_from_slice(&bits.to_le_bytes());
        out.extend(data);
        out
    }

    fn sine(rate: u32, hz: f64, channels: usize) -> Vec<u8> {
        (0..rate)
            .flat_map(|n| {
                let s = (10000.0 * (std::f64::consts::TAU * hz * f64::from(n) / f64::from(rate)).sin()) as i16;
                std::iter::repeat_n(s, channels)
            })
            .flat_map(i16::to_le_bytes)
            .collect()
    }

    #[test]
    fn every_form_gives_the_same_sound() {
        let level = |samples: &[i16]| (power(&samples[400..7600], 1000.0) * 2.0).sqrt();
        for rate in [8000, 16000] {
            for channels in [1, 2] {
                let samples =
                    read(&wav(1, channels, rate, 16, &sine(rate, 1000.0, usize::from(channels))), 10).unwrap();
                assert_eq!(samples.len(), 8000);
                assert!((level(&samples) - 10000.0).abs() < 100.0, "{rate} {channels}: {}", level(&samples));
            }
        }
        let linear: Vec<i16> = sine(8000, 1000.0, 1).chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        let alaw: Vec<u8> = linear.iter().map(|&s| crate::codec::g711::alaw_encode(s)).collect();
        let ulaw: Vec<u8> = linear.iter().map(|&s| crate::codec::g711::ulaw_encode(s)).collect();
        for (code, data) in [(6, alaw), (7, ulaw)] {
            let samples = read(&wav(code, 1, 8000, 8, &data), 10).unwrap();
            assert!((level(&samples) - 10000.0).abs() < 100.0);
        }
    }

    #[test]
    fn what_cannot_be_played_is_refused_in_words() {
        let refused = |bytes: &[u8]| read(bytes, 10).unwrap_err();
        let data = sine(8000, 1000.0, 1);
        assert_eq!(refused(b"RIFFxxxxAVI "), WavError::NotWav);
        assert_eq!(refused(b"RIFF\x04\0\0\0WAVE"), WavError::NoFormat);
        assert_eq!(refused(&wav(1, 1, 8000, 16, &data)[..30]), WavError::Short);
        assert_eq!(refused(&wav(1, 1, 8000, 16, &[])), WavError::Empty);
        assert_eq!(refused(&wav(3, 1, 8000, 32, &data)), WavError::Format(3));
        assert_eq!(refused(&wav(1, 1, 8000, 24, &data)), WavError::Bits(24));
        assert_eq!(refused(&wav(1, 6, 8000, 16, &data)), WavError::Channels(6));
        assert_eq!(refused(&wav(1, 1, 44100, 16, &data)), WavError::Rate(44100));
        assert_eq!(read(&wav(1, 1, 8000, 16, &data), 0).unwrap_err(), WavError::Long(0));
        let mut huge_chunk = b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\xff".to_vec();
        huge_chunk.extend([0; 64]);
        assert_eq!(refused(&huge_chunk), WavError::Short);
    }

    #[test]
    fn a_file_cut_anywhere_after_its_header_still_plays() {
        let whole = wav(1, 1, 8000, 16, &sine(8000, 1000.0, 1));
        for cut in [46, 47, 1000, 15_999] {
            assert_eq!(read(&whole[..cut], 10).unwrap().len(), (cut - 44) / 2);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(tail in proptest::collection::vec(any::<u8>(), 0..300), keep in 0usize..60) {
            let mut bytes = wav(1, 2, 16000, 16, &[1; 40]);
            bytes.truncate(keep);
            bytes.extend(tail);
            _ = read(&bytes, 10);
        }
    }
}

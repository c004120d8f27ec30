//! Sound files to be played: WAV, MP3 and Ogg Opus, as 8 kHz mono.
//!
//! Files come from users and are hostile: their length, rate and number of channels are bounded, and decoding stops at the longest
//! sound allowed, whatever a small file unpacks to.

use std::io::Cursor;

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use thiserror::Error;

use crate::ogg::reader::{OggError, OpusReader};
use crate::sound::Rate;
use crate::wav::reader::{self, WavError};

/// Damaged frames of an MP3 file after which it is given up.
const MAX_DAMAGED: u32 = 500;

/// Why a file cannot be played.
#[derive(Debug, Error)]
pub enum PromptError {
    /// None of the formats.
    #[error("not a WAV, MP3 or Ogg Opus file")]
    Unknown,
    /// A WAV file.
    #[error("{0}")]
    Wav(#[from] WavError),
    /// An Ogg file.
    #[error("{0}")]
    Ogg(#[from] OggError),
    /// The disk, or an Ogg file that ends within a page.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// An MP3 file.
    #[error("the MP3 file cannot be decoded: {0}")]
    Mp3(String),
    /// Nothing to play.
    #[error("the file has no sound")]
    Empty,
    /// Longer than allowed.
    #[error("the sound is longer than {0} s")]
    Long(u32),
}

/// Reads a file of at most `max_seconds`; returns 8 kHz mono.
///
/// # Errors
/// [`PromptError`] in words for the one who chose the file.
pub fn read(bytes: Vec<u8>, max_seconds: u32) -> Result<Vec<i16>, PromptError> {
    let samples = match bytes.as_slice() {
        [b'R', b'I', b'F', b'F', ..] => reader::read(&bytes, max_seconds)?,
        [b'O', b'g', b'g', b'S', ..] => read_opus(&bytes, max_seconds)?,
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] => read_mp3(bytes, max_seconds)?,
        _ => return Err(PromptError::Unknown),
    };
    if samples.is_empty() { Err(PromptError::Empty) } else { Ok(samples) }
}

fn read_opus(bytes: &[u8], max_seconds: u32) -> Result<Vec<i16>, PromptError> {
    let mut file = OpusReader::open(bytes, Rate::Narrow)?;
    let channels = file.channels();
    let most = max_seconds as usize * crate::RATE as usize;
    let mut out = Vec::new();
    while let Some(samples) = file.next_samples()? {
        out.extend(samples.chunks_exact(channels).map(|group| {
            let sum: i32 = group.iter().map(|&s| i32::from(s)).sum();
            (sum / channels as i32) as i16
        }));
        if out.len() > most {
            return Err(PromptError::Long(max_seconds));
        }
    }
    Ok(out)
}

fn read_mp3(bytes: Vec<u8>, max_seconds: u32) -> Result<Vec<i16>, PromptError> {
    let refused = |error: Error| PromptError::Mp3(error.to_string());
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut hint = Hint::new();
    hint.with_extension("mp3");
    let mut format = symphonia::default::get_probe()
        .probe(&hint, source, FormatOptions::default(), MetadataOptions::default())
        .map_err(refused)?;
    let track = format.default_track(TrackType::Audio).ok_or(PromptError::Empty)?;
    let id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or(PromptError::Empty)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(refused)?;
    let (mut mono, mut part, mut rate, mut damaged) = (Vec::new(), Vec::<f32>::new(), 0, 0);
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A file cut short plays as far as it goes.
            Err(Error::IoError(_)) if !mono.is_empty() => break,
            Err(error) => return Err(refused(error)),
        };
        if packet.track_id != id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(sound) => {
                let (channels, hz) = (sound.spec().channels().count().max(1), sound.spec().rate());
                if rate != 0 && rate != hz {
                    return Err(PromptError::Mp3("its rate changes in the middle".to_owned()));
                }
                rate = hz;
                part.resize(sound.samples_interleaved(), 0.0);
                sound.copy_to_slice_interleaved(&mut part);
                mono.extend(part.chunks_exact(channels).map(|group| group.iter().sum::<f32>() / channels as f32));
                if mono.len() as u64 > u64::from(max_seconds) * u64::from(rate) {
                    return Err(PromptError::Long(max_seconds));
                }
            }
            Err(Error::DecodeError(_)) if damaged < MAX_DAMAGED => damaged += 1,
            Err(error) => return Err(refused(error)),
        }
    }
    Ok(lower(&mono, rate))
}

/// Brings samples (full scale 1) of any rate from 8 to 48 kHz to 8 kHz, behind a windowed-sinc low-pass filter of 4 ms each side: pass to
/// 3.4 kHz, what would alias is at least 50 dB down.
fn lower(samples: &[f32], rate: u32) -> Vec<i16> {
    if rate < crate::RATE {
        return Vec::new();
    }
    let step = f64::from(rate) / f64::from(crate::RATE);
    let reach = (0.004 * f64::from(rate)).ceil();
    // Cut off at 3.9 kHz, as a share of the rate.
    let cut = 3900.0 / f64::from(rate);
    let length = (samples.len() as f64 / step) as usize;
    (0..length)
        .map(|n| {
            let middle = n as f64 * step;
            let first = (middle - reach).ceil().max(0.0) as usize;
            let last = ((middle + reach) as usize + 1).min(samples.len());
            let (mut sum, mut gain) = (0.0, 0.0);
            for (at, &sample) in (first..).zip(samples.get(first..last).unwrap_or_default()) {
                let x = at as f64 - middle;
                let turn = std::f64::consts::PI * x;
                let sinc = if x.abs() < 1e-9 { 2.0 * cut } else { (2.0 * cut * turn).sin() / turn };
                let edge = (turn / reach).cos();
                let weight = sinc * (0.42 + 0.5 * edge + 0.08 * (2.0 * turn / reach).cos());
                sum += weight * f64::from(sample);
                gain += weight;
            }
            // The cast saturates.
            if gain.abs() > 1e-9 { (sum / gain * 32768.0).round() as i16 } else { 0 }
        })
        .collect()
}

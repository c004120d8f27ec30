//! Codecs: payload bytes to samples and back.
//!
//! What a codec is (clock, rate, how long a payload lasts) is said by [`Codec`]; what it remembers from packet to packet is kept by a
//! leg's [`Coder`]: an [`Encoder`] for what it sends and a [`Decoder`] for what it receives. A coder is made where allocation is
//! allowed and used on the tick, where it allocates nothing.

pub mod concealment;
pub mod g711;
pub mod g722;
pub mod noise;
pub mod opus;

mod decoder;
mod encoder;

pub use decoder::Decoder;
pub use encoder::Encoder;

use crate::command::{Codec, OpusSettings, RtpParameters};
use crate::sound::Rate;

/// Samples of the longest packet at the highest rate: 120 ms of Opus (RFC 6716 §2.1.4).
pub const MAX_PACKET_SAMPLES: usize = 5760;

impl Codec {
    /// RTP clock rate in Hz (RFC 3551 §6): timestamps count in it. Not always the rate of the samples.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => 8000,
            Codec::Opus => 48_000,
            Codec::L16(rate) => rate.hz(),
        }
    }

    /// The rate of its samples.
    pub const fn rate(self) -> Rate {
        match self {
            Codec::Pcmu | Codec::Pcma => Rate::Narrow,
            Codec::G722 => Rate::Wide,
            Codec::Opus => Rate::Full,
            Codec::L16(rate) => rate,
        }
    }

    /// One of the two laws of G.711.
    pub const fn is_g711(self) -> bool {
        matches!(self, Codec::Pcmu | Codec::Pcma)
    }

    /// The static payload type of RFC 3551 §6, when it has one.
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Codec::Pcmu => Some(0),
            Codec::Pcma => Some(8),
            Codec::G722 => Some(9),
            Codec::Opus | Codec::L16(_) => None,
        }
    }

    /// The codec of a static payload type of RFC 3551 §6.
    pub fn of_static_payload_type(payload_type: u8) -> Option<Codec> {
        match payload_type {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            9 => Some(Codec::G722),
            _ => None,
        }
    }

    /// How long a payload lasts, in units of the RTP clock; 0 for one that cannot be decoded.
    pub fn duration(self, payload: &[u8]) -> u32 {
        let bytes = payload.len() as u32;
        match self {
            // G.722: two samples a byte, and half as many units.
            Codec::Pcmu | Codec::Pcma | Codec::G722 => bytes,
            Codec::Opus => opus::duration(payload),
            Codec::L16(_) => bytes / 2,
        }
    }

    /// Samples that last as long as so many units of the RTP clock.
    pub fn samples(self, units: u32) -> usize {
        (u64::from(units) * u64::from(self.rate().hz()) / u64::from(self.clock_rate())) as usize
    }

    /// The packet time to send, in milliseconds: the agreed one, in steps of 10 ms from 10 to 60 ms. Opus has no packets of 30 and
    /// 50 ms in one frame (RFC 6716 §2.1.4), linear sound at 16 kHz of more than 40 ms does not fit into an Ethernet frame.
    pub fn packet_time(self, agreed_ms: u32) -> u32 {
        let milliseconds = (agreed_ms / 10 * 10).clamp(10, 60);
        match self {
            Codec::Opus if milliseconds == 30 => 20,
            Codec::Opus if milliseconds == 50 => 40,
            Codec::L16(Rate::Wide | Rate::Full) => milliseconds.min(40),
            _ => milliseconds,
        }
    }
}

/// What a leg encodes and decodes with.
#[derive(Debug)]
pub struct Coder {
    settings: Settings,
    /// For what the leg sends.
    pub encoder: Encoder,
    /// For what the leg receives.
    pub decoder: Decoder,
}

/// What a coder is made by: parameters that agree in it can go on with the same coder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settings {
    codec: Codec,
    opus: OpusSettings,
}

impl Default for Coder {
    /// G.711 A-law.
    fn default() -> Self {
        Coder::of(Settings { codec: Codec::Pcma, opus: OpusSettings::default() })
    }
}

impl Coder {
    /// A coder for these parameters. Allocates.
    pub fn new(parameters: &RtpParameters) -> Self {
        Coder::of(Settings { codec: parameters.codec, opus: parameters.opus })
    }

    fn of(settings: Settings) -> Self {
        Coder { settings, encoder: Encoder::new(settings.codec, settings.opus), decoder: Decoder::new(settings.codec) }
    }

    /// Another coder would do the same: this one, which knows the sound before, should go on.
    pub fn is_like(&self, other: &Coder) -> bool {
        self.settings == other.settings
    }

    /// Its codec.
    pub fn codec(&self) -> Codec {
        self.settings.codec
    }
}

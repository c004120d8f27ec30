//! Opus (RFC 6716, RTP: RFC 7587) by libopus, always at 48 kHz and mono: what the peer can play decides how much of the band is sent.

use opus::{Application, Bandwidth, Bitrate, Channels};

use crate::command::OpusSettings;

/// Bits per second of speech at full band, and of what a narrow-band receiver can use.
const FULL_BITRATE: i32 = 32_000;
const NARROW_BITRATE: i32 = 16_000;
/// Effort of the encoder, 0 to 10: 5 costs half of 10 and speech sounds the same.
const COMPLEXITY: i32 = 5;
/// Loss assumed before the peer reported any, percent: above 0, or in-band redundancy would never be sent.
const FIRST_LOSS: i32 = 5;
/// A packet of at most so many bytes says nothing: the encoder is in a pause (DTX) and the packet need not be sent.
const DTX_BYTES: usize = 2;
/// Concealment works in steps of 2.5 ms.
const STEP: usize = 120;

/// How long a packet lasts, in samples at 48 kHz; 0 when it is none (RFC 6716 §3.1, §3.2).
pub fn duration(packet: &[u8]) -> u32 {
    let Some((&toc, rest)) = packet.split_first() else {
        return 0;
    };
    let config = toc >> 3;
    let frame = match config {
        0..=11 => [480, 960, 1920, 2880].get(usize::from(config & 3)),
        12..=15 => [480, 960].get(usize::from(config & 1)),
        _ => [120, 240, 480, 960].get(usize::from(config & 3)),
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => rest.first().map_or(0, |count| u32::from(count & 0x3f)),
    };
    let duration = frame.copied().unwrap_or(0) * frames;
    // At most 120 ms.
    if duration > 5760 { 0 } else { duration }
}

/// The encoder of one stream.
#[derive(Debug)]
pub struct OpusEncoder {
    encoder: Option<opus::Encoder>,
    loss: i32,
    fec: bool,
}

impl OpusEncoder {
    /// Allocates.
    pub fn new(settings: OpusSettings) -> Self {
        OpusEncoder { encoder: make(settings).ok(), loss: FIRST_LOSS, fec: settings.fec }
    }

    /// Encodes one packet of 10, 20, 40 or 60 ms; returns its bytes, 0 when it need not be sent.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let Some(encoder) = &mut self.encoder else { return 0 };
        encoder.encode(samples, out).ok().filter(|&length| length > DTX_BYTES).unwrap_or(0)
    }

    /// The peer reports that so many of 256 packets are lost: redundancy follows it.
    pub fn expect_loss(&mut self, lost: u8) {
        let percent = (i32::from(lost) * 100 / 256).clamp(FIRST_LOSS, 30);
        if self.fec
            && percent != self.loss
            && let Some(encoder) = &mut self.encoder
        {
            self.loss = percent;
            let _refused = encoder.set_packet_loss_perc(percent);
        }
    }
}

fn make(settings: OpusSettings) -> opus::Result<opus::Encoder> {
    let mut encoder = opus::Encoder::new(48_000, Channels::Mono, Application::Voip)?;
    let (bandwidth, usual) = match settings.max_playback_rate {
        0..=8000 => (Bandwidth::Narrowband, NARROW_BITRATE),
        8001..=12_000 => (Bandwidth::Mediumband, NARROW_BITRATE),
        12_001..=16_000 => (Bandwidth::Wideband, 24_000),
        16_001..=24_000 => (Bandwidth::Superwideband, FULL_BITRATE),
        _ => (Bandwidth::Fullband, FULL_BITRATE),
    };
    encoder.set_max_bandwidth(bandwidth)?;
    let most = settings.max_average_bitrate.min(510_000) as i32;
    encoder.set_bitrate(Bitrate::Bits(if most >= 6000 { usual.min(most) } else { usual }))?;
    encoder.set_vbr(!settings.constant_bitrate)?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_inband_fec(settings.fec)?;
    encoder.set_packet_loss_perc(if settings.fec { FIRST_LOSS } else { 0 })?;
    encoder.set_dtx(settings.dtx)?;
    Ok(encoder)
}

/// The decoder of one stream.
#[derive(Debug)]
pub struct OpusDecoder {
    decoder: Option<opus::Decoder>,
    /// A step of concealment of which so many samples are left.
    spare: [i16; STEP],
    left: usize,
}

impl Default for OpusDecoder {
    /// Allocates.
    fn default() -> Self {
        OpusDecoder { decoder: opus::Decoder::new(48_000, Channels::Mono).ok(), spare: [0; STEP], left: 0 }
    }
}

impl OpusDecoder {
    /// Forgets what was before.
    pub fn reset(&mut self) {
        self.left = 0;
        if let Some(decoder) = &mut self.decoder {
            let _refused = decoder.reset_state();
        }
    }

    /// Decodes a packet; returns the samples written. What cannot be decoded is concealed.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> usize {
        let length = (duration(packet) as usize).min(out.len());
        let Some(room) = out.get_mut(..length) else { return 0 };
        self.left = 0;
        let decoded = self.decoder.as_mut().and_then(|decoder| decoder.decode(packet, room, false).ok());
        if decoded != Some(length) {
            self.conceal(room);
        }
        length
    }

    /// Makes up for what never came.
    pub fn conceal(&mut self, out: &mut [i16]) {
        let first = self.left.min(out.len());
        let (begun, out) = out.split_at_mut(first);
        let spare = self.spare.get(STEP - self.left..).unwrap_or_default();
        begun.iter_mut().zip(spare).for_each(|(to, from)| *to = *from);
        self.left -= first;
        let (whole, rest) = out.split_at_mut(out.len() / STEP * STEP);
        // Up to 120 ms at once.
        for part in whole.chunks_mut(5760) {
            make_up(&mut self.decoder, part);
        }
        if !rest.is_empty() {
            make_up(&mut self.decoder, &mut self.spare);
            rest.iter_mut().zip(&self.spare).for_each(|(to, from)| *to = *from);
            self.left = STEP - rest.len();
        }
    }

    /// Makes up for what came just before `next` from the redundancy in it, or conceals it when there is none.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) {
        if out.len().is_multiple_of(STEP)
            && let Some(Ok(made)) = self.decoder.as_mut().map(|decoder| decoder.decode(next, out, true))
            && made == out.len()
        {
            self.left = 0;
        } else {
            self.conceal(out);
        }
    }
}

/// Whole steps of concealment.
fn make_up(decoder: &mut Option<opus::Decoder>, out: &mut [i16]) {
    let made = decoder.as_mut().and_then(|decoder| decoder.decode(&[], out, false).ok());
    if made != Some(out.len()) {
        out.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_duration_is_read_from_the_packet() {
        // SILK 20 ms; CELT 2.5 ms; hybrid 10 ms twice; six CELT frames of 20 ms; more than 120 ms; nothing.
        let packets: [(&[u8], u32); 6] = [
            (&[1 << 3, 0], 960),
            (&[16 << 3, 0], 120),
            (&[12 << 3 | 1, 0, 0], 960),
            (&[19 << 3 | 3, 6, 0], 5760),
            (&[19 << 3 | 3, 7, 0], 0),
            (&[], 0),
        ];
        for (packet, expected) in packets {
            assert_eq!(duration(packet), expected, "{packet:?}");
        }
        let mut encoder = OpusEncoder::new(OpusSettings::default());
        for milliseconds in [10, 20, 40, 60] {
            let mut packet = [0; 1200];
            let sound: Vec<i16> = (0..milliseconds * 48).map(|n| (n as i16 % 400) * 20).collect();
            let length = encoder.encode(&sound, &mut packet);
            assert_eq!(duration(&packet[..length]), milliseconds * 48);
        }
    }

    #[test]
    fn garbage_is_concealed() {
        let mut decoder = OpusDecoder::default();
        let mut out = [0; 5760];
        let mut state = 7u32;
        for length in 0..300 {
            let packet: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            assert_eq!(decoder.decode(&packet, &mut out), duration(&packet) as usize);
            decoder.recover(&packet, &mut out[..960]);
        }
    }

    #[test]
    fn pauses_are_not_sent_when_agreed() {
        let mut packet = [0; 1200];
        let mut sent = |dtx| {
            let mut encoder = OpusEncoder::new(OpusSettings { dtx, ..OpusSettings::default() });
            (0..200).filter(|_| encoder.encode(&[0; 960], &mut packet) > 0).count()
        };
        assert_eq!(sent(false), 200);
        assert!(sent(true) < 60, "{}", sent(true));
    }
}

//! VoIP metrics of RTCP extended reports (RFC 3611 §4.7), both ways.

use super::burst::{BurstFigures, GMIN};

/// Packet type of extended reports (RFC 3611 §2).
pub const XR: u8 = 207;
/// Block type of VoIP metrics, and its length in words after the first.
const VOIP_METRICS: u8 = 7;
const WORDS: u16 = 8;
/// Says that a figure is not known.
const UNKNOWN: u8 = 127;

/// What one end says of the sound it receives from a source.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VoipMetrics {
    /// The source.
    pub ssrc: u32,
    /// Share lost on the way, in 1/256.
    pub loss_rate: u8,
    /// Share that came too late or was dropped, in 1/256.
    pub discard_rate: u8,
    /// How losses lie together.
    pub bursts: BurstFigures,
    /// Round trip between the RTP interfaces, milliseconds; 0 when unknown.
    pub round_trip_ms: u16,
    /// Delay within the end system, milliseconds.
    pub end_system_ms: u16,
    /// E-model rating, 0–100.
    pub rating: Option<u8>,
    /// MOS-CQ times ten, 10–50.
    pub mos_tenths: Option<u8>,
    /// Delay of the jitter buffer: aimed for, at its longest, and its bound, milliseconds.
    pub buffer_ms: [u16; 3],
}

/// The bytes of an extended report with one block: 44 bytes.
pub fn to_bytes(from: u32, metrics: &VoipMetrics) -> [u8; 44] {
    let mut out = [0; 44];
    let (b, m) = (&metrics.bursts, metrics);
    let halves = |value: u16| value.to_be_bytes();
    let parts: [&[u8]; 9] = [
        &[0x80, XR, 0, 10],
        &from.to_be_bytes(),
        &[VOIP_METRICS, 0, 0, WORDS as u8],
        &m.ssrc.to_be_bytes(),
        &[m.loss_rate, m.discard_rate, b.burst_density, b.gap_density],
        &[halves(b.burst_ms), halves(b.gap_ms)].concat_4(),
        &[halves(m.round_trip_ms), halves(m.end_system_ms)].concat_4(),
        // Levels and echo are not measured here.
        &[UNKNOWN, UNKNOWN, UNKNOWN, GMIN],
        &[m.rating.unwrap_or(UNKNOWN), UNKNOWN, UNKNOWN, m.mos_tenths.unwrap_or(UNKNOWN)],
    ];
    let [nominal, maximum, bound] = m.buffer_ms.map(halves);
    // Receiver configuration: enhanced concealment (3), adaptive buffer (3), rate 0 (§4.7.7).
    let tail: [&[u8]; 4] = [&[0b1111_0000, 0], &nominal, &maximum, &bound];
    let bytes = parts.into_iter().chain(tail).flatten();
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    out
}

/// Two halves of a word as its bytes.
trait Word {
    fn concat_4(self) -> [u8; 4];
}

impl Word for [[u8; 2]; 2] {
    fn concat_4(self) -> [u8; 4] {
        let [[a, b], [c, d]] = self;
        [a, b, c, d]
    }
}

/// Calls `each` for the VoIP metrics in the body of an extended report (after its first word). What is cut short is passed over.
pub fn read(body: &[u8], mut each: impl FnMut(u32, VoipMetrics)) {
    let Some((from, mut rest)) = body.split_first_chunk::<4>() else {
        return;
    };
    let from = u32::from_be_bytes(*from);
    while let Some((&[kind, _, l0, l1], after)) = rest.split_first_chunk::<4>() {
        let Some((block, after)) = after.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])) * 4) else {
            return;
        };
        rest = after;
        if kind == VOIP_METRICS
            && let Some(block) = block.first_chunk::<32>()
        {
            each(from, metrics(block));
        }
    }
}

fn metrics(block: &[u8; 32]) -> VoipMetrics {
    let half = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
    let known = |value: u8, most: u8| (value <= most).then_some(value);
    VoipMetrics {
        ssrc: u32::from_be_bytes([block[0], block[1], block[2], block[3]]),
        loss_rate: block[4],
        discard_rate: block[5],
        bursts: BurstFigures { burst_density: block[6], gap_density: block[7], burst_ms: half(8), gap_ms: half(10) },
        round_trip_ms: half(12),
        end_system_ms: half(14),
        rating: known(block[20], 100),
        mos_tenths: known(block[23], 50).filter(|mos| *mos >= 10),
        buffer_ms: [half(26), half(28), half(30)],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bursts = BurstFigures { burst_density: 1, gap_density: 2, burst_ms: 300, gap_ms: 40_000 };
        let metrics = VoipMetrics {
            ssrc: 0xdead_beef,
            loss_rate: 3,
            discard_rate: 4,
            bursts,
            round_trip_ms: 500,
            end_system_ms: 600,
            rating: Some(93),
            mos_tenths: Some(44),
            buffer_ms: [20, 60, 400],
        };
        let bytes = to_bytes(7, &metrics);
        assert_eq!((bytes.len(), bytes[3]), (44, 10));
        let mut found = Vec::new();
        read(&bytes[4..], |from, metrics| found.push((from, metrics)));
        assert_eq!(found, [(7, metrics)]);
        let unknown = VoipMetrics { rating: None, mos_tenths: None, ..metrics };
        found.clear();
        read(&to_bytes(7, &unknown)[4..], |from, metrics| found.push((from, metrics)));
        assert_eq!(found, [(7, unknown)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes, |_, metrics| assert!(metrics.rating.is_none_or(|r| r <= 100)));
        }
    }
}

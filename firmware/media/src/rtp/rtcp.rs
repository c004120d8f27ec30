//! RTCP compound packets (RFC 3550 §6): sender and receiver reports, source description, extended reports (RFC 3611), goodbye.

use super::statistics::ReportFigures;
use super::xr::{self, VoipMetrics, XR};

const SR: u8 = 200;
const RR: u8 = 201;
const SDES: u8 = 202;
const BYE: u8 = 203;
/// Longest CNAME we write, bytes.
const MAX_CNAME: usize = 64;

/// NTP time: seconds since 1900 in the upper 32 bits, fraction below (RFC 3550 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// From the time since the Unix epoch.
    pub fn from_unix(since_epoch: std::time::Duration) -> Self {
        let seconds = since_epoch.as_secs().wrapping_add(2_208_988_800);
        let fraction = (u64::from(since_epoch.subsec_nanos()) << 32) / 1_000_000_000;
        NtpTime((seconds << 32) | fraction)
    }

    /// The middle 32 bits, in 1/65536 s: what reports echo.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// The sender's part of a report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock of the report.
    pub ntp: NtpTime,
    /// The same moment as an RTP timestamp.
    pub rtp_timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// What one receiver says of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// Loss and jitter.
    pub figures: ReportFigures,
    /// Middle 32 bits of the last sender report's time; 0 when none came.
    pub last_sr: u32,
    /// Time since then, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// Round-trip time at `now`, in 1/65536 s; `None` when the peer had no report of ours to answer or it makes no sense.
    pub fn round_trip(&self, now: NtpTime) -> Option<u32> {
        if self.last_sr == 0 {
            return None;
        }
        let time = now.middle().wrapping_sub(self.last_sr).wrapping_sub(self.delay_since_last_sr);
        // More than 30 s is a clock that jumped, or a forged report.
        (time < 30 << 16).then_some(time)
    }
}

/// Writes a compound packet: SR or RR, then SDES with the CNAME, then XR and BYE when asked. Returns its length, `None` when `out`
/// is too small (200 bytes are enough).
pub fn write(
    ssrc: u32,
    sender: Option<&SenderInfo>,
    report: Option<&ReportBlock>,
    cname: &str,
    metrics: Option<&VoipMetrics>,
    bye: bool,
    out: &mut [u8],
) -> Option<usize> {
    let mut w = Writer { out, at: 0 };
    let start = w.begin(if sender.is_some() { SR } else { RR }, u8::from(report.is_some()))?;
    w.word(ssrc)?;
    if let Some(s) = sender {
        w.word((s.ntp.0 >> 32) as u32)?;
        w.word(s.ntp.0 as u32)?;
        w.word(s.rtp_timestamp)?;
        w.word(s.packets)?;
        w.word(s.octets)?;
    }
    if let Some(r) = report {
        w.word(r.figures.ssrc)?;
        let lost = r.figures.cumulative_lost as u32 & 0x00ff_ffff;
        w.word(u32::from(r.figures.fraction_lost) << 24 | lost)?;
        w.word(r.figures.highest_sequence)?;
        w.word(r.figures.jitter)?;
        w.word(r.last_sr)?;
        w.word(r.delay_since_last_sr)?;
    }
    w.finish(start)?;

    let start = w.begin(SDES, 1)?;
    w.word(ssrc)?;
    let name = cname.as_bytes().get(..cname.len().min(MAX_CNAME))?;
    w.bytes(&[1, name.len() as u8])?;
    w.bytes(name)?;
    w.bytes(&[0])?; // end of the items, then up to a word
    while !(w.at - start).is_multiple_of(4) {
        w.bytes(&[0])?;
    }
    w.finish(start)?;

    if let Some(metrics) = metrics {
        w.bytes(&xr::to_bytes(ssrc, metrics))?;
    }
    if bye {
        let start = w.begin(BYE, 1)?;
        w.word(ssrc)?;
        w.finish(start)?;
    }
    Some(w.at)
}

struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.out.get_mut(self.at..self.at + bytes.len())?.copy_from_slice(bytes);
        self.at += bytes.len();
        Some(())
    }

    fn word(&mut self, word: u32) -> Option<()> {
        self.bytes(&word.to_be_bytes())
    }

    fn begin(&mut self, kind: u8, count: u8) -> Option<usize> {
        let start = self.at;
        self.bytes(&[0x80 | count, kind, 0, 0])?;
        Some(start)
    }

    fn finish(&mut self, start: usize) -> Option<()> {
        let words = u16::try_from((self.at - start) / 4 - 1).ok()?;
        self.out.get_mut(start + 2..start + 4)?.copy_from_slice(&words.to_be_bytes());
        Some(())
    }
}

/// One thing said in a compound packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    /// A sender's report.
    Sender {
        /// Who.
        ssrc: u32,
        /// What it sent.
        info: SenderInfo,
    },
    /// A report block about one source.
    Report {
        /// Who reports.
        from: u32,
        /// What.
        block: ReportBlock,
    },
    /// VoIP metrics about one source.
    Metrics {
        /// Who reports.
        from: u32,
        /// What.
        metrics: VoipMetrics,
    },
    /// A source left.
    Bye {
        /// Which.
        ssrc: u32,
    },
}

/// Reads a compound packet and calls `each` for what it says; descriptions and unknown packets are passed over. Returns false,
/// having called nothing, when it is not valid as a whole (RFC 3550 A.2).
pub fn parse(bytes: &[u8], mut each: impl FnMut(Item)) -> bool {
    if bytes.len() > super::packet::MAX_PACKET || !matches!(bytes, [first, SR | RR, ..] if first >> 6 == 2) {
        return false;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((_, after)) = split(rest) else {
            return false;
        };
        rest = after;
    }
    let mut rest = bytes;
    while let Some((packet, after)) = split(rest) {
        read(packet, &mut each);
        rest = after;
    }
    true
}

/// The first packet of the rest and what follows it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let &[first, _, l0, l1] = bytes.first_chunk::<4>()?;
    if first >> 6 != 2 {
        return None;
    }
    bytes.split_at_checked((usize::from(u16::from_be_bytes([l0, l1])) + 1) * 4)
}

fn read(packet: &[u8], each: &mut impl FnMut(Item)) {
    let Some((&[first, kind, ..], body)) = packet.split_first_chunk::<4>() else {
        return;
    };
    let count = usize::from(first & 0x1f);
    let word = |n: usize| body.get(n * 4..).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_be_bytes(*b));
    match kind {
        SR | RR => {
            let Some(ssrc) = word(0) else { return };
            let mut at = 1;
            if kind == SR {
                let (Some(high), Some(low), Some(rtp_timestamp), Some(packets), Some(octets)) =
                    (word(1), word(2), word(3), word(4), word(5))
                else {
                    return;
                };
                let ntp = NtpTime(u64::from(high) << 32 | u64::from(low));
                each(Item::Sender { ssrc, info: SenderInfo { ntp, rtp_timestamp, packets, octets } });
                at = 6;
            }
            for n in 0..count {
                let field = |k: usize| word(at + n * 6 + k);
                let (Some(about), Some(loss), Some(highest), Some(jitter), Some(last_sr), Some(delay)) =
                    (field(0), field(1), field(2), field(3), field(4), field(5))
                else {
                    return;
                };
                let figures = ReportFigures {
                    ssrc: about,
                    fraction_lost: (loss >> 24) as u8,
                    cumulative_lost: ((loss << 8) as i32) >> 8,
                    highest_sequence: highest,
                    jitter,
                };
                each(Item::Report { from: ssrc, block: ReportBlock { figures, last_sr, delay_since_last_sr: delay } });
            }
        }
        XR => xr::read(body, |from, metrics| each(Item::Metrics { from, metrics })),
        BYE => (0..count).filter_map(word).for_each(|ssrc| each(Item::Bye { ssrc })),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(bytes: &[u8]) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        parse(bytes, |item| items.push(item)).then_some(items)
    }

    #[test]
    fn what_is_written_is_read() {
        let info = SenderInfo { ntp: NtpTime(0x1234_5678_9abc_def0), rtp_timestamp: 7, packets: 8, octets: 9 };
        let figures =
            ReportFigures { ssrc: 5, fraction_lost: 128, cumulative_lost: -3, highest_sequence: 0x1_0002, jitter: 11 };
        let block = ReportBlock { figures, last_sr: 12, delay_since_last_sr: 13 };
        let metrics = VoipMetrics { ssrc: 5, rating: Some(90), ..VoipMetrics::default() };
        let mut out = [0; 200];
        let length = write(42, Some(&info), Some(&block), "box@offhook", Some(&metrics), true, &mut out).unwrap();
        assert_eq!(
            items(&out[..length]).unwrap(),
            [
                Item::Sender { ssrc: 42, info },
                Item::Report { from: 42, block },
                Item::Metrics { from: 42, metrics },
                Item::Bye { ssrc: 42 }
            ]
        );
        let length = write(42, None, None, "", None, false, &mut out).unwrap();
        assert_eq!(items(&out[..length]).unwrap(), []);
        assert_eq!(length % 4, 0);
        assert_eq!(write(42, Some(&info), Some(&block), "box@offhook", None, true, &mut [0; 60]), None);
    }

    #[test]
    fn refuses_what_is_not_a_compound_packet() {
        let mut out = [0; 200];
        let length = write(1, None, None, "a", None, true, &mut out).unwrap();
        assert_eq!(items(&out[..length - 1]), None);
        assert_eq!(items(&out[8..length]), None); // starts with SDES
        out[0] = 0x40;
        assert_eq!(items(&out[..length]), None);
        assert_eq!(items(&[]), None);
    }

    #[test]
    fn round_trip_follows_the_example_of_the_rfc() {
        // RFC 3550 figure 2: A = b710:8000, LSR = b705:2000, DLSR = 0005:4000 → 6.125 s.
        let block = ReportBlock { last_sr: 0xb705_2000, delay_since_last_sr: 0x0005_4000, ..ReportBlock::default() };
        assert_eq!(block.round_trip(NtpTime(0xb710_8000 << 16)), Some(0x0006_2000));
        assert_eq!(ReportBlock::default().round_trip(NtpTime(1 << 40)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            parse(&bytes, |_| ());
            if bytes.len() >= 4 {
                (bytes[0], bytes[1]) = (0x9f, 200);
                let words = (bytes.len() / 4 - 1) as u16;
                bytes[2..4].copy_from_slice(&words.to_be_bytes());
                bytes.truncate(bytes.len() / 4 * 4);
                prop_assert!(parse(&bytes, |_| ()));
            }
        }
    }
}

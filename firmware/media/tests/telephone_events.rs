//! RFC 4733 through bad networks: every press told once, whatever is lost, doubled or late, at every clock.

use offhook_media::rtp::telephone_event::{EventPacket, EventReceiver, EventSender};
use proptest::prelude::*;

/// 20 ms of the receiver's clock.
const TICK: u64 = 160;

/// A key as it is pressed, and what the network does to its packets.
#[derive(Clone, Debug)]
struct Press {
    digit: char,
    ticks: u32,
    pause_ticks: u64,
    /// For each packet, as far as there are that many: lost, doubled, swapped with the next.
    fate: Vec<(bool, bool, bool)>,
    /// One that arrives in any case.
    survivor: usize,
    marker_lost: bool,
    /// Its last packet once more, so many ticks into the next press.
    late: Option<u64>,
}

fn press() -> impl Strategy<Value = Press> {
    let fate =
        proptest::collection::vec((proptest::bool::weighted(0.3), proptest::bool::weighted(0.2), any::<bool>()), 25);
    let digit = proptest::sample::select("0123456789*#ABCD".chars().collect::<Vec<_>>());
    (digit, 3u32..20, 3u64..20, fate, any::<prop::sample::Index>(), any::<bool>(), proptest::option::of(0u64..5))
        .prop_map(|(digit, ticks, pause_ticks, fate, survivor, marker_lost, late)| Press {
            digit,
            ticks,
            pause_ticks,
            fate,
            survivor: survivor.index(ticks as usize),
            marker_lost,
            late,
        })
}

/// What is told when these packets arrive, each in its tick.
fn told(arrivals: &[(u64, EventPacket)], clock: u32) -> String {
    let mut receiver = EventReceiver::default();
    receiver.set_clock(clock);
    let mut out = String::new();
    let last = arrivals.iter().map(|(tick, _)| *tick).max().unwrap_or(0);
    for tick in 0..last + 20 {
        for (_, p) in arrivals.iter().filter(|(at, _)| *at == tick) {
            out.extend(receiver.packet(p.timestamp, p.marker, p.payload, tick * TICK).into_iter().flatten());
        }
        out.extend(receiver.expire(tick * TICK));
    }
    out
}

proptest! {
    #[test]
    fn every_press_is_told_once(
        presses in proptest::collection::vec(press(), 1..10),
        clock in proptest::sample::select(vec![8000u32, 16_000, 48_000]),
        start in any::<u32>(),
    ) {
        let step = clock / 50;
        let mut arrivals = Vec::new();
        let mut tick = 0u64;
        for press in &presses {
            let timestamp = start.wrapping_add(tick as u32 * step);
            let mut sender = EventSender::new(press.digit, press.ticks * step, timestamp).expect("a digit");
            let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next(step)).collect();
            let mut arrived: Vec<(u64, EventPacket)> = Vec::new();
            for (n, mut packet) in packets.iter().copied().enumerate() {
                let (lost, doubled, _) = press.fate.get(n).copied().unwrap_or_default();
                packet.marker &= !press.marker_lost;
                if !lost || n == press.survivor {
                    arrived.push((tick + n as u64, packet));
                    if doubled {
                        arrived.push((tick + n as u64, packet));
                    }
                }
            }
            for n in 1..arrived.len() {
                if press.fate.get(n).is_some_and(|f| f.2) {
                    let (a, b) = (arrived[n - 1].1, arrived[n].1);
                    (arrived[n - 1].1, arrived[n].1) = (b, a);
                }
            }
            let late = press.late.and_then(|late| Some((late, arrived.last()?.1)));
            arrivals.append(&mut arrived);
            // The three ends take two ticks more than the tone.
            tick += packets.len() as u64 + press.pause_ticks;
            if let Some((after, packet)) = late {
                arrivals.push((tick + after, packet));
            }
        }
        arrivals.sort_by_key(|(at, _)| *at);
        let expected: String = presses.iter().map(|p| p.digit).collect();
        prop_assert_eq!(told(&arrivals, clock), expected);
    }
}

/// An event longer than its 16-bit duration goes on in segments (RFC 4733 §2.5.1.3), whatever is lost around the seam.
#[test]
fn long_events_are_one_press_at_every_clock() {
    for clock in [8000u32, 16_000, 48_000] {
        let step = clock / 50;
        for lose in 0..6u64 {
            let mut sender = EventSender::new('5', clock * 20, 77).expect("a digit");
            let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next(step)).collect();
            let seams: Vec<usize> =
                (1..packets.len()).filter(|&n| packets[n].timestamp != packets[n - 1].timestamp).collect();
            assert_eq!(seams.len(), (clock * 20 / 65_535) as usize, "{clock} Hz");
            let near = |n: usize| seams.iter().any(|&s| n + lose as usize > s && n < s + lose as usize);
            let arrivals: Vec<(u64, EventPacket)> =
                packets.iter().copied().enumerate().filter(|(n, _)| !near(*n)).map(|(n, p)| (n as u64, p)).collect();
            assert_eq!(told(&arrivals, clock), "5", "{clock} Hz, {lose} lost on each side of a seam");
            assert!(packets.iter().skip(1).all(|p| !p.marker), "one marker");
        }
    }
}

/// Volume and duration as a gateway would play them.
#[test]
fn packets_carry_volume_and_the_whole_length() {
    let mut sender = EventSender::new('9', 1234, 0).expect("a digit");
    let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next(160)).collect();
    assert!(packets.iter().all(|p| (7..=12).contains(&p.payload.volume)), "−7 to −12 dBm0");
    assert!(packets.windows(2).all(|w| w[0].payload.duration <= w[1].payload.duration));
    assert_eq!(packets.last().map(|p| (p.payload.duration, p.payload.end)), Some((1234, true)));
    assert_eq!(packets.iter().filter(|p| p.payload.end).count(), 3);
}

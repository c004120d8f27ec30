//! Whatever arrives, in whatever order.

use proptest::prelude::*;

use super::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A packet so many places from the newest, its timestamp off by so much.
    Packet {
        number: i16,
        off: i32,
        length: u16,
        marker: bool,
        kind: u8,
    },
    /// Time passes, microseconds.
    Wait(u32),
    /// A frame is heard.
    Frame,
    Reset,
    Mode(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let number = prop_oneof![8 => -20i16..20, 1 => any::<i16>()];
    let off = prop_oneof![8 => Just(0i32), 2 => -400i32..400, 1 => any::<i32>()];
    let packet = (number, off, 0u16..600, any::<bool>(), 0u8..8)
        .prop_map(|(number, off, length, marker, kind)| Step::Packet { number, off, length, marker, kind });
    prop_oneof![
        10 => packet,
        6 => Just(Step::Frame),
        6 => (0u32..30_000).prop_map(Step::Wait),
        1 => (0u32..3_000_000).prop_map(Step::Wait),
        1 => prop_oneof![20 => Just(Step::Frame), 1 => Just(Step::Reset)],
        1 => any::<bool>().prop_map(Step::Mode),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn output_never_goes_back_in_time_and_all_is_bounded(
        start in any::<u16>(),
        stamp in any::<u32>(),
        steps in proptest::collection::vec(step(), 0..400),
    ) {
        let mut buffer = JitterBuffer::new(8000, Mode::SPEECH);
        let (mut newest, mut now) = (0i64, 1_000_000u64);
        let mut position: Option<u32> = None;
        for step in steps {
            match step {
                Step::Packet { number, off, length, marker, kind } => {
                    let n = newest + i64::from(number);
                    newest = newest.max(n);
                    let timestamp = stamp.wrapping_add((n * 160) as u32).wrapping_add(off as u32);
                    let payload = vec![0x55; usize::from(length)];
                    let content = match kind {
                        0 => Content::Other,
                        1 => Content::ComfortNoise,
                        _ => Content::Audio(Codec::Pcma),
                    };
                    let duration = if kind < 2 { 0 } else { u32::from(length) };
                    let sequence = start.wrapping_add(n as u16);
                    let packet = Arriving { sequence, timestamp, duration, marker, content, payload: &payload };
                    let restarts = buffer.figures().restarts;
                    buffer.insert(&packet, at(now));
                    if buffer.figures().restarts != restarts {
                        position = None;
                    }
                }
                Step::Wait(us) => now += u64::from(us),
                Step::Frame => {
                    let mut left = 160u32;
                    for round in 0.. {
                        prop_assert!(round < 300, "the buffer does not come forward");
                        let idle = buffer.position.is_none();
                        let next = buffer.next(at(now), 160 - left, left);
                        let took = match next {
                            Next::Packet { duration, skip, payload, .. } => {
                                prop_assert!(!payload.is_empty() && skip < duration);
                                duration - skip
                            }
                            Next::Conceal { duration, .. } => duration,
                            Next::Silence { duration } | Next::Nothing { duration } => {
                                prop_assert!((1..=left).contains(&duration));
                                duration
                            }
                            Next::ComfortNoise { .. } => 0,
                        };
                        if let (Some(before), Some(after), false) = (position, buffer.position, idle) {
                            prop_assert!(after.wrapping_sub(before) as i32 >= 0, "back in time");
                        }
                        position = buffer.position;
                        left = left.saturating_sub(took);
                        if left == 0 {
                            break;
                        }
                    }
                    now += TICK_US;
                }
                Step::Reset => {
                    buffer.reset();
                    position = None;
                }
                Step::Mode(fixed) => {
                    buffer.set_mode(if fixed { Mode::FAX } else { Mode::SPEECH });
                    position = None;
                }
            }
            prop_assert!(buffer.waiting() <= SLOTS);
            let target = buffer.target(now);
            prop_assert!((160..=3200).contains(&target), "{}", target);
        }
        let figures = buffer.figures();
        prop_assert!(figures.concealed_us <= figures.played_us);
    }
}

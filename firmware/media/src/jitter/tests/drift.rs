//! Long calls between clocks that do not agree.

use super::*;

/// Eight hours of 20 ms packets.
const EIGHT_HOURS: u64 = 8 * 3600 * 50;
/// What is said, 200 Hz at an amplitude of 6000, steps by 942 at most, coarse A-law steps beside.
const CLICK: u16 = 1100;

/// A call with a drifting clock and a little jitter: the delay's largest value after the first minute, and the outcome.
fn drifting(ppm: f64, packets: u64, packet_ms: u32) -> (u32, Outcome) {
    let mut random = Random(9);
    let (mut ticks, mut largest) = (0u64, 0);
    let sender = Sender { ppm, packet_ms, ..Sender::default() };
    let outcome = sender.call(
        packets,
        |_| Some(random.exponential(2.0).min(15.0)),
        |playout| {
            ticks += 1;
            if ticks > 3000 {
                largest = largest.max(playout.buffer().waiting());
            }
        },
    );
    (largest as u32, outcome)
}

fn eight_hours(ppm: f64) {
    let (waiting, outcome) = drifting(ppm, EIGHT_HOURS, 20);
    let figures = outcome.figures;
    assert!(waiting <= 3, "{waiting}");
    assert!(outcome.concealed() < 0.0002, "{figures:?}");
    assert!(outcome.mean_ms() < 45.0 && figures.max_delay_us < 60_000, "{figures:?}");
    assert_eq!((figures.late, figures.lost, figures.discarded, figures.restarts), (0, 0, 0, 0));
    // 100 ppm of eight hours are 2.88 s: that much is taken out, or put in. What is made up while waiting is put in too.
    let net = figures.removed_us as f64 - figures.inserted_us as f64 - figures.concealed_us as f64;
    assert!((net / 1e6 - 2.88 * ppm / 100.0).abs() < 0.1, "{net}");
    assert!(outcome.step < CLICK, "{}", outcome.step);
}

#[test]
fn eight_hours_from_a_clock_a_hundred_parts_per_million_fast() {
    eight_hours(100.0);
}

#[test]
fn eight_hours_from_a_clock_a_hundred_parts_per_million_slow() {
    eight_hours(-100.0);
}

#[test]
fn two_hundred_parts_per_million_without_a_click_at_every_packet_time() {
    for packet_ms in [10, 20, 30, 40, 50, 60] {
        for ppm in [200.0, -200.0] {
            let (_, outcome) = drifting(ppm, 30 * 60 * 1000 / u64::from(packet_ms), packet_ms);
            assert!(outcome.concealed() < 0.001, "{packet_ms} ms, {ppm}: {:?}", outcome.figures);
            assert!(outcome.mean_ms() < 50.0, "{packet_ms} ms, {ppm}: {:?}", outcome.figures);
            assert!(outcome.step < CLICK, "{packet_ms} ms, {ppm}: {}", outcome.step);
        }
    }
}

//! Single situations.

use super::*;

/// A packet whose every code is its number.
fn numbered(n: u32, samples: usize) -> Vec<u8> {
    vec![(n % 200) as u8; samples]
}

/// A buffer that plays steadily with so many packets put in already: (playout, probe, next number, now).
fn running(packets: u64) -> (Playout, Probe, u64, u64) {
    let mut playout = Playout::new(8000, Rate::Narrow, Mode::SPEECH);
    let mut probe = Probe::default();
    let mut out = [0; 160];
    let mut now = 0;
    for n in 0..packets {
        put(&mut playout, n, now);
        playout.frame(at(now + 1000), &mut probe, &mut out);
        now += TICK_US;
    }
    (playout, probe, packets, now)
}

fn put(playout: &mut Playout, n: u64, now: u64) -> Inserted {
    playout.insert(&audio(n as u16, (n * 160) as u32, &numbered(n as u32, 160)), at(now))
}

#[test]
fn reordered_and_doubled_packets_play_in_order_across_a_wrap() {
    let mut playout = Playout::new(8000, Rate::Narrow, Mode::SPEECH);
    let mut probe = Probe::default();
    let mut out = [0; 160];
    let (first, stamp) = (65_534u16, u32::MAX - 200);
    let arrivals =
        [(0, 1u16), (1, 0), (2, 2), (3, 4), (4, 3), (4, 3), (5, 5), (6, 7), (7, 6), (8, 8), (9, 9), (10, 10)];
    for (k, (tick, n)) in arrivals.into_iter().enumerate() {
        let now = tick * TICK_US;
        let payload = numbered(u32::from(n), 160);
        let packet = audio(first.wrapping_add(n), stamp.wrapping_add(u32::from(n) * 160), &payload);
        let inserted = playout.insert(&packet, at(now));
        assert_eq!(inserted, if k == 5 { Inserted::Duplicate } else { Inserted::Kept });
        if k != 4 {
            playout.frame(at(now + 1000), &mut probe, &mut out);
        }
    }
    assert!(probe.codes.is_sorted() && probe.codes.len() >= 7, "{:?}", probe.codes);
    assert_eq!(probe.codes[0], 0);
    assert_eq!(playout.figures().duplicates, 1);
    assert_eq!(playout.figures().late + playout.figures().lost, 0);
}

#[test]
fn a_lost_packet_is_concealed_with_what_follows_it() {
    let (mut playout, mut probe, n, mut now) = running(20);
    let mut out = [0; 160];
    for k in n + 1..n + 10 {
        now += TICK_US;
        put(&mut playout, k, now);
        playout.frame(at(now + 1000), &mut probe, &mut out);
    }
    let figures = playout.figures();
    assert_eq!((figures.lost, figures.bursts, figures.concealed_us), (1, 1, 20_000));
    assert_eq!(probe.followings, 1);
    assert!(!probe.codes.contains(&(n as u8)));
    // When it comes after all, it is late.
    assert_eq!(put(&mut playout, n, now), Inserted::Late);
    assert_eq!(playout.figures().late, 1);
}

#[test]
fn a_stall_loses_nothing_and_its_delay_is_taken_back() {
    let (mut playout, mut probe, n, start) = running(100);
    let mut out = [0; 160];
    let before = playout.figures();
    // 200 ms nothing, then all at once, then steady.
    let mut now = start;
    for k in 0..400 {
        if k == 10 {
            (n..n + 10).for_each(|n| _ = put(&mut playout, n, now));
        }
        if k >= 10 {
            put(&mut playout, n + k, now);
        }
        playout.frame(at(now + 1000), &mut probe, &mut out);
        now += TICK_US;
    }
    let figures = playout.figures();
    assert_eq!((figures.late, figures.lost, figures.discarded), (0, 0, 0));
    assert!((n as u8..(n + 100) as u8).all(|code| probe.codes.contains(&code)));
    let concealed = figures.concealed_us - before.concealed_us;
    assert!((100_000..=220_000).contains(&concealed), "{concealed}");
    assert!(figures.removed_us >= 100_000, "{figures:?}");
    assert!(playout.buffer().waiting() <= 4);
}

#[test]
fn silence_of_the_sender_is_not_loss() {
    for with_description in [true, false] {
        let (mut playout, mut probe, mut n, mut now) = running(50);
        let mut out = [0; 160];
        let timestamp = (n * 160) as u32;
        if with_description {
            let packet = Arriving {
                sequence: n as u16,
                timestamp,
                duration: 0,
                marker: false,
                content: Content::ComfortNoise,
                payload: &[60],
            };
            assert_eq!(playout.insert(&packet, at(now)), Inserted::Kept);
            n += 1;
        }
        for _ in 0..25 {
            playout.frame(at(now + 1000), &mut probe, &mut out);
            now += TICK_US;
        }
        // A new talk spurt after half a second: numbers go on, time has passed.
        for k in 0..50 {
            let payload = numbered(7, 160);
            let mut packet = audio((n + k) as u16, timestamp + (25 + k as u32) * 160, &payload);
            packet.marker = k == 0;
            assert_eq!(playout.insert(&packet, at(now)), Inserted::Kept);
            playout.frame(at(now + 1000), &mut probe, &mut out);
            now += TICK_US;
        }
        let figures = playout.figures();
        assert_eq!((figures.lost, figures.concealed_us, figures.late), (0, 0, 0), "{figures:?}");
        assert_eq!(out, [g711::ALAW_DECODE[7]; 160]);
        if with_description {
            assert_eq!(probe.descriptions, [[60]]);
            assert_eq!(probe.concealed, 0);
            assert!(probe.silent >= 20 * 160);
        }
    }
}

#[test]
fn telephone_events_take_numbers_but_are_no_loss() {
    let (mut playout, mut probe, n, mut now) = running(50);
    let mut out = [0; 160];
    for k in 0..50 {
        let payload = numbered(9, 160);
        let mut packet = audio((n + k) as u16, ((n + k) * 160) as u32, &payload);
        if k < 8 {
            (packet.content, packet.duration, packet.timestamp) = (Content::Other, 0, (n * 160) as u32);
        }
        assert_eq!(playout.insert(&packet, at(now)), Inserted::Kept);
        playout.frame(at(now + 1000), &mut probe, &mut out);
        now += TICK_US;
    }
    let figures = playout.figures();
    assert_eq!((figures.lost, figures.late), (0, 0), "{figures:?}");
    assert_eq!(out, [g711::ALAW_DECODE[9]; 160]);
}

#[test]
fn another_time_line_begins_after_two_packets_and_one_alone_is_noise() {
    let (mut playout, mut probe, n, mut now) = running(50);
    let mut out = [0; 160];
    // One stray packet between two good ones.
    assert_eq!(playout.insert(&audio(40_000, 77, &numbered(199, 160)), at(now)), Inserted::Suspect);
    assert_eq!(put(&mut playout, n, now), Inserted::Kept);
    playout.frame(at(now + 1000), &mut probe, &mut out);
    now += TICK_US;
    assert_eq!(playout.figures().restarts, 0);
    // The sender's time jumps, its numbers go on; later the numbers jump too.
    for (first, stamp, base) in [(n + 1, 900_000_000u32, 100), (30_000, 5, 150)] {
        for k in 0..20u64 {
            let payload = numbered(base, 160);
            let packet = audio((first + k) as u16, stamp.wrapping_add(k as u32 * 160), &payload);
            assert_eq!(playout.insert(&packet, at(now)), if k == 0 { Inserted::Suspect } else { Inserted::Kept });
            playout.frame(at(now + 1000), &mut probe, &mut out);
            now += TICK_US;
        }
        assert_eq!(out, [g711::ALAW_DECODE[base as usize]; 160]);
    }
    assert_eq!(playout.figures().restarts, 2);
    assert!(!probe.codes.contains(&199));
}

#[test]
fn a_way_that_becomes_longer_for_good_is_followed() {
    // From the 500th packet on everything takes 700 ms more: longer than we may wait.
    let outcome = Sender::default().call(3000, |n| Some(if n < 500 { 1.0 } else { 301.0 }), |_| ());
    assert!(outcome.concealed() < 0.02, "{}", outcome.concealed());
    // Twenty seconds later the delay is short again, though packets take longer.
    assert!(outcome.figures.target_us < 60_000, "{:?}", outcome.figures);
}

#[test]
fn a_fixed_delay_neither_adds_nor_removes() {
    let sender = Sender { mode: Mode::FAX, ..Sender::default() };
    let mut random = Random(3);
    let outcome = sender.call(3000, |_| Some(80.0 * random.next()), |_| ());
    let figures = outcome.figures;
    assert_eq!((figures.removed_us, figures.inserted_us, figures.concealed_us, figures.restarts), (0, 0, 0, 0));
    assert!((118_000..=142_000).contains(&figures.mean_delay_us), "{figures:?}");
    // What comes after the fixed delay is lost, and the delay stays.
    let outcome = sender.call(3000, |n| Some(if n % 100 == 50 { 170.0 } else { 1.0 }), |_| ());
    assert_eq!(outcome.figures.late, 30);
    assert!(outcome.figures.max_delay_us <= 142_000);
}

#[test]
fn every_packet_time_plays_without_a_gap() {
    for packet_ms in [10, 20, 30, 40, 50, 60] {
        for clock in [8000, 16_000, 48_000] {
            if clock == 48_000 && packet_ms > 30 {
                continue; // As A-law, one code per unit, it would not fit into a packet.
            }
            let sender = Sender { packet_ms, clock, ..Sender::default() };
            let outcome = sender.call(20_000 / u64::from(packet_ms), |_| Some(0.5), |_| ());
            assert_eq!(outcome.figures.concealed_us, 0, "{packet_ms} ms at {clock}");
            assert_eq!((outcome.nothing, outcome.probe.concealed), (0, 0), "{packet_ms} ms at {clock}");
            assert!(outcome.mean_ms() < 60.0, "{packet_ms} ms at {clock}: {}", outcome.mean_ms());
        }
    }
}

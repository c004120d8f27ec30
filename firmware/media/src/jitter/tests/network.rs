//! Networks as the buffer meets them, made from a seed: the delay of each packet in milliseconds above the shortest, `None` for a lost one.
//! They are models, not recordings; each says what it imitates.

use super::Random;

/// One delay per packet.
pub(super) type Trace = Vec<Option<f64>>;

/// A telephone on a busy wireless LAN (IEEE 802.11): some milliseconds of contention per packet; every few seconds another station
/// holds the channel for 30–90 ms and what waited comes at once; every ten seconds the telephone looks for other access points
/// and is deaf for 120 ms; three in a thousand are lost after all retries.
pub(super) fn wifi(seed: u64, packets: usize, packet_ms: f64) -> Trace {
    let mut random = Random(seed);
    let mut free_at = 0.0f64;
    let mut next_burst = 1000.0;
    let mut next_scan = 10_000.0;
    let mut trace = Vec::new();
    for n in 0..packets {
        let sent = n as f64 * packet_ms;
        if sent >= next_burst {
            free_at = free_at.max(sent + 30.0 + 60.0 * random.next());
            next_burst = sent + 500.0 + random.exponential(3000.0);
        }
        if sent >= next_scan {
            free_at = free_at.max(sent + 120.0);
            next_scan += 10_000.0;
        }
        let ready = sent.max(free_at) + random.exponential(2.0).min(25.0);
        free_at = free_at.max(sent).max(ready - 1.0);
        trace.push((random.next() >= 0.003).then_some(ready - sent));
    }
    trace
}

/// A mobile telephone (LTE): grants every 10 ms, repeats after 8 ms (HARQ, one packet in ten, twice one in a hundred), a handover every
/// fifteen seconds that holds all for 150–250 ms, one in a thousand lost. Packets stay in order (RLC).
pub(super) fn lte(seed: u64, packets: usize, packet_ms: f64) -> Trace {
    let mut random = Random(seed);
    let mut last = 0.0f64;
    let mut next_handover = 15_000.0;
    let mut trace = Vec::new();
    for n in 0..packets {
        let sent = n as f64 * packet_ms;
        let mut arrival = sent + 10.0 * random.next();
        while random.next() < 0.1 {
            arrival += 8.0;
        }
        if sent >= next_handover {
            arrival = sent + 150.0 + 100.0 * random.next();
            next_handover += 10_000.0 + 10_000.0 * random.next();
        }
        last = last.max(arrival);
        trace.push((random.next() >= 0.001).then_some(last - sent));
    }
    trace
}

/// A DSL line while somebody uploads: for twenty seconds of every forty the queue of the modem fills within two seconds to 150 ms, overflows
/// (one in fifty is lost at the top), drains by half as TCP backs off, and fills again. One packet of 1500 bytes at 1 Mbit/s in front costs
/// 12 ms at any time.
pub(super) fn dsl(seed: u64, packets: usize, packet_ms: f64) -> Trace {
    let mut random = Random(seed);
    let mut queue = 0.0f64;
    let mut last = 0.0f64;
    let mut trace = Vec::new();
    for n in 0..packets {
        let sent = n as f64 * packet_ms;
        let uploading = sent % 40_000.0 >= 20_000.0;
        queue = match uploading {
            true if queue >= 150.0 => 75.0,
            true => queue + packet_ms * 75.0 / 2000.0,
            false => (queue - packet_ms).max(0.0),
        };
        let others = if random.next() < 0.2 || uploading { 12.0 * random.next() } else { 0.0 };
        last = last.max(sent + queue + others);
        let lost = queue > 140.0 && random.next() < 0.02;
        trace.push((!lost).then_some(last - sent));
    }
    trace
}

/// A quiet LAN: less than a millisecond.
pub(super) fn lan(seed: u64, packets: usize) -> Trace {
    let mut random = Random(seed);
    (0..packets).map(|_| Some(random.next())).collect()
}

/// The share of packets that a fixed delay, chosen by one who knows all that will come, would have to make up.
pub(super) fn fixed_delay_misses(trace: &Trace, delay_ms: f64) -> f64 {
    let missed = trace.iter().filter(|d| d.is_none_or(|d| d > delay_ms)).count();
    missed as f64 / trace.len() as f64
}

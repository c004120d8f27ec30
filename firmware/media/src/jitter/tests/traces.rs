//! The buffer on simulated networks, against a fixed delay chosen by one who knows the whole call.

use super::network::{Trace, dsl, fixed_delay_misses, lan, lte, wifi};
use super::*;

const PACKETS: usize = 15_000; // five minutes

#[expect(clippy::print_stdout, reason = "a table for who asks with --nocapture")]
fn run(name: &str, trace: &Trace) -> Outcome {
    let outcome = Sender::default().call(trace.len() as u64, |n| trace[n as usize], |_| ());
    let fixed = fixed_delay_misses(trace, outcome.mean_ms());
    let lost = fixed_delay_misses(trace, f64::INFINITY);
    let figures = outcome.figures;
    // `cargo test -p offhook-media traces -- --nocapture` shows the table.
    println!(
        "{name}: concealed {:.2} % at {:.0} ms mean, {:.0} ms most; a fixed delay of that mean {:.2} %; lost {:.2} %; removed {} ms, inserted {} ms",
        outcome.concealed() * 100.0,
        outcome.mean_ms(),
        f64::from(figures.max_delay_us) / 1000.0,
        fixed * 100.0,
        lost * 100.0,
        figures.removed_us / 1000,
        figures.inserted_us / 1000,
    );
    // Next to nothing that arrived is thrown away, and the delay never exceeds its bound by more than a packet.
    assert!(figures.late + figures.discarded <= 3, "{name}: {figures:?}");
    assert!(figures.max_delay_us <= 420_000, "{name}: {figures:?}");
    // No more is made up than with the best fixed delay of the same mean, found with knowledge of the whole call.
    assert!(outcome.concealed() <= fixed * 1.2 + 0.001, "{name}: {} against {fixed}", outcome.concealed());
    outcome
}

#[test]
fn a_quiet_network_costs_little_delay_and_nothing_is_made_up() {
    let outcome = run("lan", &lan(1, PACKETS));
    assert_eq!(outcome.figures.concealed_us, 0);
    assert!(outcome.mean_ms() < 45.0, "{}", outcome.mean_ms());
}

#[test]
fn wireless_lan() {
    for seed in 1..4 {
        let trace = wifi(seed, PACKETS, 20.0);
        let outcome = run("wifi", &trace);
        // The scans of 120 ms come back every ten seconds: they are waited for.
        assert!(outcome.mean_ms() < 135.0, "{}", outcome.mean_ms());
        assert!(outcome.concealed() < 0.008, "{}", outcome.concealed());
    }
}

#[test]
fn mobile_telephone() {
    for seed in 1..4 {
        let trace = lte(seed, PACKETS, 20.0);
        let outcome = run("lte", &trace);
        assert!(outcome.mean_ms() < 60.0, "{}", outcome.mean_ms());
        assert!(outcome.concealed() < 0.015, "{}", outcome.concealed());
    }
}

#[test]
fn upload_on_dsl() {
    for seed in 1..4 {
        let trace = dsl(seed, PACKETS, 20.0);
        let outcome = run("dsl", &trace);
        let fixed = fixed_delay_misses(&trace, outcome.mean_ms());
        assert!(outcome.mean_ms() < 150.0, "{}", outcome.mean_ms());
        // A queue that comes and goes is where a fixed delay is wrong most of the time.
        assert!(outcome.concealed() < fixed / 10.0, "{} against {fixed}", outcome.concealed());
    }
}

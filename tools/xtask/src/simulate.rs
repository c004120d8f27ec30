//! Whole offices in virtual time, seed by seed: `cargo xtask simulate --seeds 1000`.

use std::io::Write;
use std::time::Instant;

use offhook_simulation::Summary;

/// Steps of one seed.
const STEPS: usize = 240;
/// Lines of what happened that are shown for a failure.
const SHOWN: usize = 120;

/// Runs `seeds` offices from seed `start` on, and stops at the first failure, whose seed it names.
///
/// # Errors
/// The failure.
pub(crate) fn run(seeds: u64, start: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut sum = Summary::default();
    for (done, seed) in (start..start.saturating_add(seeds)).enumerate() {
        match offhook_simulation::run(seed, STEPS) {
            Ok(summary) => {
                sum.millis += summary.millis;
                sum.calls += summary.calls;
                sum.answered += summary.answered;
                sum.legs += summary.legs;
                sum.dialled += summary.dialled;
            }
            Err(failure) => {
                let from = failure.trace.len().saturating_sub(SHOWN);
                for line in failure.trace.iter().skip(from) {
                    eprintln!("{line}");
                }
                eprintln!("seed {seed} failed; see it whole: cargo xtask simulate --trace {seed}");
                return Err(failure.into());
            }
        }
        let done = done + 1;
        if done % 10 == 0 || done as u64 == seeds {
            eprint!("\r{done} of {seeds} offices, {} calls, {} s", sum.calls, began.elapsed().as_secs());
            std::io::stderr().flush()?;
        }
    }
    eprintln!(
        "\n{:.0} hours of office time: {} calls ({} answered), {} legs, {} numbers dialled outside, none wrong",
        sum.millis as f64 / 3_600_000.0,
        sum.calls,
        sum.answered,
        sum.legs,
        sum.dialled
    );
    Ok(())
}

/// Runs one seed and prints all that happens.
///
/// # Errors
/// The failure.
pub(crate) fn trace(seed: u64) -> anyhow::Result<()> {
    let summary = offhook_simulation::run_traced(seed, STEPS)?;
    eprintln!("seed {seed}: {summary:?}");
    Ok(())
}

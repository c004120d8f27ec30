//! Benchmarks: `cargo xtask bench <name>`. Run them from a release build (`cargo run --release -p xtask -- bench …`).

use clap::Subcommand;

mod allocations;
mod sip_parse;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Reading an INVITE with SDP: time and allocations per message, beside rsip.
    SipParse,
}

/// Runs one benchmark.
pub(crate) fn run(what: &Bench) -> anyhow::Result<()> {
    match what {
        Bench::SipParse => sip_parse::run(),
    }
}

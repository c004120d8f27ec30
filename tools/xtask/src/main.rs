//! What developers run: `cargo xtask <command>`.

use clap::{Parser, Subcommand};

mod bench;
mod simulate;

#[derive(Parser)]
#[command(name = "xtask", about = "Builds, runs, measures and checks Offhook")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures a part of the exchange on this machine.
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Runs whole offices in virtual time, from random seeds, and checks what must always be true.
    Simulate {
        /// How many.
        #[arg(long, default_value_t = 100)]
        seeds: u64,
        /// The first.
        #[arg(long, default_value_t = 0)]
        start: u64,
        /// Run this one seed and print all that happens.
        #[arg(long)]
        trace: Option<u64>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Bench { what } => bench::run(&what),
        Command::Simulate { trace: Some(seed), .. } => simulate::trace(seed),
        Command::Simulate { seeds, start, trace: None } => simulate::run(seeds, start),
    }
}

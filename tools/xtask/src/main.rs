//! What developers run: `cargo xtask <command>`.

use clap::{Parser, Subcommand};

mod bench;
mod fuzz;
mod simulate;
mod test;
mod yocto;

#[derive(Parser)]
#[command(name = "xtask", about = "Builds, runs, measures and checks Offhook")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every check and ends in one line "N passed, N failed".
    Test {
        /// The edit loop: format, lints, units.
        #[arg(long, conflicts_with = "full")]
        quick: bool,
        /// Also long simulation and fuzzing.
        #[arg(long)]
        full: bool,
        /// Only the stages whose name contains this.
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
    },
    /// Runs a whole office in virtual time, once per seed.
    Simulate {
        /// How many seeds.
        #[arg(long, default_value_t = 1000)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 1)]
        start: u64,
        /// Runs only this seed and prints all that happens.
        #[arg(long, value_name = "SEED")]
        trace: Option<u64>,
    },
    /// Runs every fuzz target for a while.
    Fuzz {
        /// How long each.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Makes what the Yocto layer needs before bitbake: the list of crates, the built page.
    Yocto,
    /// Measures a part of the exchange on this machine.
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Test { quick, full, only } => {
            let level = match (quick, full) {
                (true, _) => test::Level::Quick,
                (_, true) => test::Level::Full,
                (false, false) => test::Level::Normal,
            };
            test::run(level, only.as_deref())
        }
        Command::Simulate { trace: Some(seed), .. } => simulate::trace(seed),
        Command::Simulate { seeds, start, trace: None } => simulate::run(seeds, start),
        Command::Fuzz { seconds } => fuzz::run(seconds),
        Command::Yocto => yocto::run(),
        Command::Bench { what } => bench::run(&what),
    }
}

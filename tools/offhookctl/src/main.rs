//! Looks after a box from its command line: state, calls, SIP ladders, and the check of a site file.
//!
//! It speaks HTTP over the local socket in the daemon's data directory, which only the box's administrator can open.
#![forbid(unsafe_code)]

mod check;
mod client;
mod show;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about = "Looks after an Offhook box from its command line")]
struct Arguments {
    /// The daemon's data directory.
    #[arg(long, global = true, env = "OFFHOOK_DATA", default_value = "./var")]
    data: PathBuf,
    /// Prints the JSON of the API.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// State of the box: calls, registrations, records.
    Status,
    /// The last calls, newest first, and those that are up.
    Calls {
        /// How many.
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// A part of the caller's or called number, or of the caller's name.
        #[arg(long)]
        search: Option<String>,
    },
    /// The SIP messages of a call as a ladder.
    Trace {
        /// The call's identifier, or `last`.
        call: String,
        /// Prints each message whole.
        #[arg(long)]
        messages: bool,
    },
    /// Checks a site file, without a box. Exit code 0: right; 1: wrong, with the lines; 2: not readable.
    Check {
        /// The site file.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok((text, code)) => {
            // A closed pipe (`offhookctl calls | head`) is not an error.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            code
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "offhookctl: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<(String, ExitCode)> {
    let client = client::Client::new(arguments.data.join("offhook.sock"));
    let text = match &arguments.command {
        Command::Check { file } => {
            let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
            let (report, fine) = check::report(&file.display().to_string(), &text);
            return Ok((report, if fine { ExitCode::SUCCESS } else { ExitCode::from(1) }));
        }
        Command::Status => {
            let body = client.get("/status")?;
            if arguments.json { body } else { show::status(&serde_json::from_str(&body)?) }
        }
        Command::Calls { limit, search } => {
            let mut path = format!("/calls?limit={limit}");
            if let Some(search) = search {
                path.push_str("&search=");
                path.push_str(&client::escape(search));
            }
            let body = client.get(&path)?;
            if arguments.json { body } else { show::calls(&serde_json::from_str(&body)?) }
        }
        Command::Trace { call, messages } => {
            let call = if call == "last" { last(&client)? } else { call.clone() };
            let form = match (arguments.json, *messages) {
                (true, _) => "trace",
                (false, false) => "trace.txt",
                (false, true) => "trace.txt?messages=true",
            };
            client.get(&format!("/calls/{}/{form}", client::escape(&call)))?
        }
    };
    Ok((text, ExitCode::SUCCESS))
}

fn last(client: &client::Client) -> anyhow::Result<String> {
    let page: show::Page = serde_json::from_str(&client.get("/calls?limit=1")?)?;
    let call = page.calls.into_iter().next().context("there is no call yet")?;
    Ok(call.id)
}

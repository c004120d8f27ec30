//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// The daemon of an Offhook box.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Args {
    /// Directory of the database, sounds, recordings and keys. Made when it is missing.
    #[arg(long, value_name = "DIR", default_value = "/data")]
    pub data: PathBuf,

    /// Site file (TOML) imported first when the directory holds no site yet. Its listening addresses apply at every start.
    #[arg(long, value_name = "FILE")]
    pub site: Option<PathBuf>,

    /// Address of the web page and API, instead of the configured one.
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<SocketAddr>,

    /// Gives the box simulated analog lines to play with from the web page: when it has no lines yet, two telephones and one outside line.
    #[arg(long)]
    pub simulated_lines: bool,

    /// Threads of the media engine.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub media_threads: usize,
}

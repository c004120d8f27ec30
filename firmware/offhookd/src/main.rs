//! `offhookd`: the daemon of the box.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use offhookd::args::Args;
use offhookd::{boot, logging};

fn main() -> ExitCode {
    let args = Args::parse();
    logging::start();
    let running = match boot::start(&args) {
        Ok(running) => running,
        Err(error) => {
            eprintln!("offhookd: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    for address in &running.http {
        eprintln!("Open http://{} in a browser.", shown(*address));
    }
    let ended = running.wait();
    running.stop();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("offhookd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// An address one can open: all addresses are shown as this machine's.
fn shown(mut address: std::net::SocketAddr) -> std::net::SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::IpAddr::from([127, 0, 0, 1]));
    }
    address
}

//! The daemon: reads configuration, wires the rooms together, drives the loop. The only crate that knows all others.
#![forbid(unsafe_code)]

pub mod args;
pub mod boot;
pub mod core_loop;
mod demo;
pub mod handle;
pub mod lines;
pub mod logging;
pub mod pace;
pub mod service;
pub mod sip;
pub mod trace;
pub mod web;

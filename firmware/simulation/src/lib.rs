//! A whole office in virtual time: phones, analog sets, trunks, a network that fails, and one seed.
#![forbid(unsafe_code)]
#![warn(clippy::disallowed_methods)]

pub mod chance;
mod check;
pub mod media;
pub mod network;
pub mod office;
mod people;
pub mod phone;
mod run;
pub mod site;
pub mod store;
pub mod wire;

pub use run::{Failure, Summary, run, run_traced};

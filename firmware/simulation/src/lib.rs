//! A whole office in virtual time: phones, analog sets, trunks, a network that fails, and one seed.
#![forbid(unsafe_code)]
#![warn(clippy::disallowed_methods)]

pub mod chance;
pub mod network;
pub mod phone;
pub mod wire;

//! The daemon's parts that can be used and tested without it.
#![forbid(unsafe_code)]

pub mod sip;

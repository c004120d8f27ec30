//! Call control without sockets, clocks, threads or databases: the one owner of all calls.
//!
//! [`exchange::Exchange`] owns the SIP endpoint, the registrar and the state machines of the analog ports, so that a transfer, a
//! pickup or a ring group is a plain function over plain data. The driver calls [`exchange::Exchange::handle`], drains
//! [`exchange::Exchange::poll_output`], then waits until [`exchange::Exchange::poll_timeout`].
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod cause;
pub mod config;
pub mod exchange;
pub mod id;
pub mod pii;
pub mod policy;
pub mod record;

mod access;
mod analog;
mod announcement;
mod bridge;
mod call;
mod digits;
mod entry;
mod fax;
mod hold;
mod index;
mod leg;
mod media_events;
mod ports;
mod quality;
mod recording;
mod registration;
mod routing;
mod sip_events;
mod timer;
mod transfer;
mod trunk;

//! SIP (RFC 3261 and its updates) as plain state machines: no socket, no clock, no thread, no database, no `async`.
//!
//! The driver owns an [`endpoint::Endpoint`]: every input goes through [`endpoint::Endpoint::handle`], then
//! [`endpoint::Endpoint::poll_output`] is drained to `None`, then [`endpoint::Endpoint::poll_timeout`] says when to call
//! [`endpoint::Endpoint::handle_timeout`].
#![forbid(unsafe_code)]
#![warn(clippy::disallowed_methods)]

mod dialog;
pub mod digest;
pub mod endpoint;
pub mod event;
pub mod message;
pub mod registrar;
pub mod sdp;
mod transaction;

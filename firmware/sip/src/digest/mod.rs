//! Digest authentication, both ways (RFC 3261 §22, RFC 7616, RFC 8760).
//!
//! [`Authenticator`] is the server's side, [`client::Client`] the client's.

pub mod client;
mod compute;
mod nonce;
mod params;
mod server;
#[cfg(test)]
mod tests;

pub use compute::{Algorithm, Ha1, Secret};
pub(crate) use nonce::hmac_sha256;
pub(crate) use params::quote;
pub use server::{Authenticator, AuthenticatorConfig, Kind, Verdict};

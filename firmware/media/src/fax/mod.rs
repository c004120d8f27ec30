//! Fax: the signals by which a fax is known, and how a line must be treated then.
//!
//! The control signals of T.30 are all there ([`v21`], [`hdlc`]). Page data (V.27 ter, V.29, V.17) is passed on as sound, never
//! demodulated: there is no T.38 relay yet, only its packets ([`crate::t38`]).

pub mod detector;
pub mod hdlc;
pub mod v21;

pub use detector::{FaxDetector, FaxSign};

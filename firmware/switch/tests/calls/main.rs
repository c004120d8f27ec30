//! Call control in virtual time, one file per behaviour.
#![allow(unreachable_pub, reason = "a test program has no outside")]
#![allow(clippy::print_stdout, reason = "seeds and measurements are printed")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod analog;
mod announcement;
mod determinism;
mod digits;
mod digits_by_info;
mod encryption;
mod fax;
mod forward;
mod hold;
mod internal;
mod lost;
mod office;
mod quality;
mod random;
mod speed;
mod transfer;
mod trunk;

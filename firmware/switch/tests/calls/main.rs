//! Call control in virtual time, one file per behaviour.
#![allow(unreachable_pub, reason = "a test program has no outside")]

mod access;
mod analog;
mod announcement;
mod forward;
mod hold;
mod internal;
mod office;
mod transfer;
mod trunk;

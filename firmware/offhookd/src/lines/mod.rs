//! The analog ports of the box in the shell. Here: simulated ones, each with a telephone set (FXS) or the telephone company (FXO)
//! behind it, worked from the web page.

mod bank;
mod port;

pub use bank::LineBank;

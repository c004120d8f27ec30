//! RTP, tones, players, recorders and the real-time engine that joins them.
//!
//! The core speaks to the engine in [`command::Command`]s and hears [`command::Event`]s; both are plain data, so that call
//! control can be tested without an engine. `engine` (its threads and sockets) is the only part that touches the system.

pub mod command;

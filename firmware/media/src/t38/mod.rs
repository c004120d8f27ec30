//! Packets of real-time fax over IP (ITU-T T.38): the facsimile packets themselves ([`ifp`]) and their transport ([`udptl`]).
//!
//! Only the packets: no gateway uses them yet.

pub mod ifp;
pub mod udptl;

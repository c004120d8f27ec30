//! RTP and RTCP as data: parsing, writing, counting (RFC 3550), telephone events (RFC 4733). No sockets, no clock.

pub mod burst;
pub mod latch;
pub mod outbound;
pub mod packet;
pub mod rtcp;
pub mod statistics;
pub mod telephone_event;
pub mod xr;

/// True when a packet on a port shared by both is RTCP: its second byte is a type of 192–223 (RFC 5761 §4).
pub fn is_rtcp(packet: &[u8]) -> bool {
    matches!(packet, [_, 192..=223, ..])
}

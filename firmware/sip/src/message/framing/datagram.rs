//! Datagrams: one message each (RFC 3261 §18.3), keep-alives, and STUN on the same port (RFC 5626 §3.5.2).

/// What a datagram is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// To be parsed as a message.
    Message,
    /// Empty lines or NULs: nothing to do. Many phones keep their NAT binding alive so.
    KeepAlive,
    /// A STUN message (RFC 8489 §5): to be answered with the address it came from.
    Stun,
}

/// Tells what a datagram is.
pub fn classify_datagram(bytes: &[u8]) -> Datagram {
    // A longer run of empty bytes is no keep-alive anyone sends; it is not worth a look either.
    if bytes.iter().all(|&c| matches!(c, b'\r' | b'\n' | b' ' | 0)) {
        return Datagram::KeepAlive;
    }
    // RFC 8489 §5: two zero bits, a length that is a multiple of four, the magic cookie.
    if let [kind, _, _, length, 0x21, 0x12, 0xa4, 0x42, ..] = bytes
        && kind & 0xc0 == 0
        && length & 3 == 0
        && bytes.len() >= 20
    {
        return Datagram::Stun;
    }
    Datagram::Message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_a_datagram() {
        assert_eq!(classify_datagram(b"\r\n\r\n"), Datagram::KeepAlive);
        assert_eq!(classify_datagram(b"\0\0\0\0"), Datagram::KeepAlive);
        assert_eq!(classify_datagram(b""), Datagram::KeepAlive);
        assert_eq!(classify_datagram(b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl"), Datagram::Stun);
        assert_eq!(classify_datagram(b"\x00\x01\x00\x00\x21\x12\xa4\x42"), Datagram::Message);
        assert_eq!(classify_datagram(b"OPTIONS sip:a SIP/2.0\r\n\r\n"), Datagram::Message);
    }
}

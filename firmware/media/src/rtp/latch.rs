//! Symmetric RTP: where the peer really is (RFC 4961), and nobody else.
//!
//! Phones behind NAT send from another address than they signalled. The first valid packet decides; afterwards only that
//! address is heard, so that a third party who guesses the port ("RTP bleed") neither gets nor injects sound.

use std::net::SocketAddr;

/// Packets a source with another IP address than signalled must send before it is believed, while the signalled address
/// stays silent: 60 ms at the usual packet time.
const PROBATION: u8 = 3;

/// Whether a packet is the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Accept,
    /// It is, and from now on nobody else is.
    Latched,
    /// Not yet known: not heard.
    Probation,
    /// It is not.
    Refuse,
}

/// The address of one peer.
#[derive(Clone, Debug, Default)]
pub struct Latch {
    signalled: Option<SocketAddr>,
    latched: Option<SocketAddr>,
    candidate: Option<(SocketAddr, u8)>,
}

impl Latch {
    /// Takes the signalled address. Another one than before forgets what was latched.
    pub fn signal(&mut self, remote: Option<SocketAddr>) {
        if self.signalled != remote {
            *self = Latch { signalled: remote, latched: None, candidate: None };
        }
    }

    /// Judges the source of a valid packet.
    pub fn judge(&mut self, from: SocketAddr) -> Verdict {
        if let Some(latched) = self.latched {
            return if latched == from { Verdict::Accept } else { Verdict::Refuse };
        }
        let Some(signalled) = self.signalled else {
            return Verdict::Refuse; // Before the peer said where it is, any source is a guess.
        };
        if signalled.ip() == from.ip() {
            self.latched = Some(from);
            return Verdict::Latched;
        }
        match &mut self.candidate {
            Some((candidate, count)) if *candidate == from => {
                *count += 1;
                if *count < PROBATION {
                    return Verdict::Probation;
                }
                self.latched = Some(from);
                Verdict::Latched
            }
            // Another one: a single packet of a stranger must not shut the peer out.
            candidate => {
                *candidate = Some((from, 1));
                Verdict::Probation
            }
        }
    }

    /// Where to send: the latched address, else the signalled one.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.latched.or(self.signalled)
    }

    /// The address that won, once one did.
    pub fn latched(&self) -> Option<SocketAddr> {
        self.latched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_signalled_address_wins_and_stays() {
        let mut latch = Latch::default();
        assert_eq!(latch.judge(a("10.0.0.1:4000")), Verdict::Refuse);
        latch.signal(Some(a("10.0.0.1:4000")));
        assert_eq!(latch.judge(a("10.0.0.9:1")), Verdict::Probation);
        assert_eq!(latch.judge(a("10.0.0.1:4000")), Verdict::Latched);
        for _ in 0..10 {
            assert_eq!(latch.judge(a("10.0.0.9:1")), Verdict::Refuse);
            assert_eq!(latch.judge(a("10.0.0.1:4002")), Verdict::Refuse);
        }
        assert_eq!(latch.judge(a("10.0.0.1:4000")), Verdict::Accept);
    }

    #[test]
    fn another_port_latches_at_once_and_another_address_after_probation() {
        let mut latch = Latch::default();
        latch.signal(Some(a("10.0.0.1:4000")));
        assert_eq!(latch.judge(a("10.0.0.1:5000")), Verdict::Latched);
        assert_eq!(latch.judge(a("10.0.0.1:4000")), Verdict::Refuse);
        assert_eq!(latch.remote(), Some(a("10.0.0.1:5000")));

        latch.signal(Some(a("192.168.1.5:4000"))); // a new offer unlatches
        assert_eq!(latch.judge(a("203.0.113.7:61000")), Verdict::Probation);
        assert_eq!(latch.remote(), Some(a("192.168.1.5:4000")));
        assert_eq!(latch.judge(a("203.0.113.8:61000")), Verdict::Probation);
        assert_eq!(latch.judge(a("203.0.113.7:61000")), Verdict::Probation);
        assert_eq!(latch.judge(a("203.0.113.7:61000")), Verdict::Probation);
        assert_eq!(latch.judge(a("203.0.113.7:61000")), Verdict::Latched);
        latch.signal(Some(a("192.168.1.5:4000"))); // the same again keeps it
        assert_eq!(latch.judge(a("203.0.113.7:61000")), Verdict::Accept);
    }
}

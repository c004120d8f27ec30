//! What we protect.

use super::cipher::Cipher;
use super::replay::Seen;
use super::{MasterKey, rtp_header_length, sequence, word};

/// Protects the packets of one source of ours.
pub struct Sender {
    cipher: Cipher,
    master: MasterKey,
    ssrc: Option<u32>,
    sent: Seen,
    rtcp_index: u32,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("key", &self.master).field("ssrc", &self.ssrc).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender that begins with roll-over counter 0. `None` never happens for a [`MasterKey`] that could be made.
    pub fn new(master: &MasterKey) -> Option<Self> {
        let cipher = Cipher::new(master)?;
        Some(Sender { cipher, master: master.clone(), ssrc: None, sent: Seen::default(), rtcp_index: 0 })
    }

    #[cfg(test)]
    pub(super) fn with_cipher(cipher: Cipher, master: MasterKey, rtcp_index: u32) -> Self {
        Sender { cipher, master, ssrc: None, sent: Seen::default(), rtcp_index }
    }

    /// The key it was made of.
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Protects the RTP packet in `buffer[..length]` in place; the buffer has room for [`super::MAX_GROWTH`] more bytes. Returns the
    /// new length. `None`: not a packet, another source than before, a number that was used already, or the key's life is over.
    pub fn seal_rtp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let packet = buffer.get(..length)?;
        let header = rtp_header_length(packet)?;
        let ssrc = word(packet, 8)?;
        if *self.ssrc.get_or_insert(ssrc) != ssrc {
            return None;
        }
        let index = self.sent.guess(sequence(packet)?).filter(|index| self.sent.is_new(*index))?;
        let sealed = self.cipher.seal_rtp(buffer, length, header, ssrc, index)?;
        self.sent.mark(index);
        Some(sealed)
    }

    /// Protects the RTCP packet in `buffer[..length]` in place, as [`Sender::seal_rtp`] does.
    pub fn seal_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let ssrc = word(buffer.get(..length)?, 4)?;
        // RFC 3711 §3.4: the index is one more with each packet; 31 bits are a key's life.
        let index = self.rtcp_index.checked_add(1).filter(|index| *index < 1 << 31)?;
        let sealed = self.cipher.seal_rtcp(buffer, length, ssrc, index)?;
        self.rtcp_index = index;
        Some(sealed)
    }
}

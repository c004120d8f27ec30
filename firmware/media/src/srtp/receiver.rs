//! What the peer protects.

use super::cipher::Cipher;
use super::replay::Seen;
use super::{MasterKey, Refused, rtp_header_length, sequence, word};

/// Sources of a peer that are remembered; the one not heard for longest makes room.
const MAX_SOURCES: usize = 16;

/// One source of the peer.
#[derive(Clone, Copy, Debug, Default)]
struct Source {
    ssrc: u32,
    rtp: Seen,
    rtcp: Seen,
    /// When it was heard last, in packets of the peer; 0 is a free place.
    heard: u64,
}

/// Checks and opens the packets of one peer.
pub struct Receiver {
    cipher: Cipher,
    master: MasterKey,
    sources: [Source; MAX_SOURCES],
    packets: u64,
    unauthentic: u64,
    replayed: u64,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("key", &self.master).field("packets", &self.packets).finish_non_exhaustive()
    }
}

impl Receiver {
    /// A receiver that knows nothing of the peer but its key. `None` never happens for a [`MasterKey`] that could be made.
    pub fn new(master: &MasterKey) -> Option<Self> {
        Some(Receiver::with_cipher(Cipher::new(master)?, master.clone()))
    }

    pub(super) fn with_cipher(cipher: Cipher, master: MasterKey) -> Self {
        let sources = [Source::default(); MAX_SOURCES];
        Receiver { cipher, master, sources, packets: 0, unauthentic: 0, replayed: 0 }
    }

    /// The key it was made of.
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Packets refused because they were not authentic, or no packets at all.
    pub fn unauthentic(&self) -> u64 {
        self.unauthentic
    }

    /// Packets refused because they came before.
    pub fn replayed(&self) -> u64 {
        self.replayed
    }

    /// Opens an RTP packet in place; returns the length of the plain packet at the buffer's front.
    ///
    /// # Errors
    /// [`Refused`], counted; the packet's bytes are of no use then.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let opened = self.try_open_rtp(packet);
        self.count(opened)
    }

    /// Opens an RTCP packet as [`Receiver::open_rtp`] does.
    ///
    /// # Errors
    /// [`Refused`], counted.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let opened = self.try_open_rtcp(packet);
        self.count(opened)
    }

    fn count(&mut self, opened: Result<usize, Refused>) -> Result<usize, Refused> {
        match opened {
            Ok(_) => {}
            Err(Refused::Replayed) => self.replayed += 1,
            Err(Refused::Malformed | Refused::Unauthentic) => self.unauthentic += 1,
        }
        opened
    }

    fn try_open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let header = rtp_header_length(packet).ok_or(Refused::Malformed)?;
        let (ssrc, sequence) = word(packet, 8).zip(sequence(packet)).ok_or(Refused::Malformed)?;
        let mki = self.master.mki().len();
        // AES-CM: identifier, tag. GCM: tag (part of the cipher text), identifier (RFC 7714 §7.2).
        let place = if self.master.profile().is_aead() { mki } else { mki + self.master.profile().tag_length() };
        let packet = self.without_mki(packet, place)?;
        let source = self.source(ssrc);
        let index = source.rtp.guess(sequence).ok_or(Refused::Replayed)?;
        if !source.rtp.is_new(index) {
            return Err(Refused::Replayed);
        }
        let length = self.cipher.open_rtp(packet, header, ssrc, index).ok_or(Refused::Unauthentic)?;
        let source = self.remember(ssrc);
        source.rtp.mark(index);
        Ok(length)
    }

    fn try_open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refused> {
        let ssrc = word(packet, 4).filter(|_| packet.first().is_some_and(|b| b >> 6 == 2)).ok_or(Refused::Malformed)?;
        let mki = self.master.mki().len();
        let tag = if self.master.profile().is_aead() { 0 } else { self.master.profile().rtcp_tag_length() };
        let packet = self.without_mki(packet, mki + tag)?;
        let at = packet.len().checked_sub(tag + 4).ok_or(Refused::Malformed)?;
        let index_word = word(packet, at).ok_or(Refused::Malformed)?;
        let index = u64::from(index_word & 0x7fff_ffff);
        if !self.source(ssrc).rtcp.is_new(index) {
            return Err(Refused::Replayed);
        }
        let length = self.cipher.open_rtcp(packet, ssrc, index_word).ok_or(Refused::Unauthentic)?;
        self.remember(ssrc).rtcp.mark(index);
        Ok(length)
    }

    /// Takes the key identifier out, which begins `from_end` bytes before the end.
    fn without_mki<'a>(&self, packet: &'a mut [u8], from_end: usize) -> Result<&'a mut [u8], Refused> {
        let mki = self.master.mki();
        if mki.is_empty() {
            return Ok(packet);
        }
        let at = packet.len().checked_sub(from_end).ok_or(Refused::Malformed)?;
        let end = at + mki.len();
        if packet.get(at..end) != Some(mki) {
            return Err(Refused::Unauthentic);
        }
        let length = packet.len();
        packet.copy_within(end..length, at);
        packet.get_mut(..length - mki.len()).ok_or(Refused::Malformed)
    }

    /// What is known of a source. Packets that are not authentic must change nothing.
    fn source(&self, ssrc: u32) -> Source {
        let known = self.sources.iter().find(|source| source.heard > 0 && source.ssrc == ssrc);
        known.copied().unwrap_or(Source { ssrc, ..Source::default() })
    }

    /// The place of a source that was just heard.
    fn remember(&mut self, ssrc: u32) -> &mut Source {
        self.packets += 1;
        let known = self.sources.iter().position(|source| source.heard > 0 && source.ssrc == ssrc);
        let oldest = || self.sources.iter().enumerate().min_by_key(|(_, source)| source.heard).map_or(0, |(at, _)| at);
        let at = known.unwrap_or_else(oldest).min(MAX_SOURCES - 1);
        let source = &mut self.sources[at];
        if known.is_none() {
            *source = Source { ssrc, ..Source::default() };
        }
        source.heard = self.packets;
        source
    }
}

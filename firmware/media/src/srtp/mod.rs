//! SRTP and SRTCP (RFC 3711) with AES in counter mode (RFC 3711, RFC 6188) or Galois/counter mode (RFC 7714). Pure: packets in,
//! packets out, in the caller's buffer; nothing is allocated once a [`Sender`] or [`Receiver`] is made.
//!
//! | of RFC 3711 | here |
//! |---|---|
//! | key derivation rate (§4.3.1) | 0: keys are derived once |
//! | replay list (§3.3.2) | 128 packets, for RTP and RTCP of each source |
//! | roll-over counter (§3.3.1) | guessed as in appendix A, kept per source, begins at 0 |
//! | master key identifier (§3.1) | ours is never sent; a peer's is required and taken off |
//! | SRTCP not encrypted (E = 0) | read, not written |
//! | F8, NULL cipher, `UNENCRYPTED_…` of RFC 4568 | no |
//! | two-time pad (§9.1) | a [`Sender`] refuses to protect an index twice |
//!
//! AES-CM is the `aes` and `ctr` crates, GCM and HMAC-SHA1 are `ring`, which the daemon's TLS uses already.

mod cipher;
mod receiver;
mod replay;
mod sender;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use receiver::Receiver;
pub use sender::Sender;

/// Most bytes a packet grows by: a tag of 16 and, for RTCP, the index.
pub const MAX_GROWTH: usize = 20;

/// Longest master key identifier that is read (RFC 4568 §6.1 allows 128, nobody uses more than 4).
pub const MAX_MKI: usize = 16;

/// Cipher and authentication of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// AES-CM, 128 bit, 80 bit tag (RFC 3711): what every phone has.
    AesCm128Sha1Tag80,
    /// AES-CM, 128 bit, 32 bit tag on RTP, 80 bit on RTCP.
    AesCm128Sha1Tag32,
    /// AES-CM, 256 bit, 80 bit tag (RFC 6188).
    AesCm256Sha1Tag80,
    /// AES-CM, 256 bit, 32 bit tag on RTP, 80 bit on RTCP (RFC 6188).
    AesCm256Sha1Tag32,
    /// AES-GCM, 128 bit (RFC 7714).
    AeadAes128Gcm,
    /// AES-GCM, 256 bit (RFC 7714).
    AeadAes256Gcm,
}

impl Profile {
    /// All, the strongest first.
    pub const ALL: [Profile; 6] = [
        Profile::AeadAes256Gcm,
        Profile::AeadAes128Gcm,
        Profile::AesCm256Sha1Tag80,
        Profile::AesCm128Sha1Tag80,
        Profile::AesCm256Sha1Tag32,
        Profile::AesCm128Sha1Tag32,
    ];

    /// Bytes of the master key.
    pub fn key_length(self) -> usize {
        match self {
            Profile::AesCm128Sha1Tag80 | Profile::AesCm128Sha1Tag32 | Profile::AeadAes128Gcm => 16,
            Profile::AesCm256Sha1Tag80 | Profile::AesCm256Sha1Tag32 | Profile::AeadAes256Gcm => 32,
        }
    }

    /// Bytes of the master salt.
    pub fn salt_length(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Bytes of the tag of an RTP packet.
    pub fn tag_length(self) -> usize {
        match self {
            Profile::AesCm128Sha1Tag80 | Profile::AesCm256Sha1Tag80 => 10,
            Profile::AesCm128Sha1Tag32 | Profile::AesCm256Sha1Tag32 => 4,
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 16,
        }
    }

    /// Bytes of the tag of an RTCP packet: never the short one (RFC 3711 §5.2, RFC 4568 §6.2.2).
    fn rtcp_tag_length(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    fn is_aead(self) -> bool {
        matches!(self, Profile::AeadAes128Gcm | Profile::AeadAes256Gcm)
    }
}

/// What one side protects with: profile, master key and salt, and the key's identifier when packets carry one. Its `Debug`
/// shows the profile alone.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    profile: Profile,
    /// Key, then salt.
    bytes: [u8; 46],
    mki: [u8; MAX_MKI],
    mki_length: u8,
}

impl MasterKey {
    /// Key and salt, one after the other as RFC 4568 writes them. `None` when the length is not the profile's.
    pub fn new(profile: Profile, key_and_salt: &[u8]) -> Option<Self> {
        if key_and_salt.len() != profile.key_length() + profile.salt_length() {
            return None;
        }
        let mut bytes = [0; 46];
        bytes.get_mut(..key_and_salt.len())?.copy_from_slice(key_and_salt);
        Some(MasterKey { profile, bytes, mki: [0; MAX_MKI], mki_length: 0 })
    }

    /// Packets carry this identifier before their tag. `None` when it is longer than [`MAX_MKI`].
    pub fn with_mki(mut self, mki: &[u8]) -> Option<Self> {
        self.mki.get_mut(..mki.len())?.copy_from_slice(mki);
        self.mki_length = mki.len() as u8;
        Some(self)
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    fn key(&self) -> &[u8] {
        self.bytes.get(..self.profile.key_length()).unwrap_or_default()
    }

    /// The salt, 14 bytes: that of GCM is filled up with zeros (RFC 7714 §11).
    fn salt(&self) -> [u8; 14] {
        let mut salt = [0; 14];
        let start = self.profile.key_length();
        for (to, from) in salt.iter_mut().zip(self.bytes.iter().skip(start).take(self.profile.salt_length())) {
            *to = *from;
        }
        salt
    }

    fn mki(&self) -> &[u8] {
        self.mki.get(..usize::from(self.mki_length)).unwrap_or_default()
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({:?}, …)", self.profile)
    }
}

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Not a whole packet.
    #[error("not a whole protected packet")]
    Malformed,
    /// The tag is wrong: another key, or changed on its way.
    #[error("the packet is not authentic")]
    Unauthentic,
    /// It came before, or is older than the replay list.
    #[error("the packet was replayed")]
    Replayed,
}

/// Length of an RTP header with its sources and extension. `None` when the packet is shorter.
fn rtp_header_length(packet: &[u8]) -> Option<usize> {
    let &first = packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let mut length = 12 + usize::from(first & 0x0f) * 4;
    if first & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4)?;
        length += 4 + usize::from(u16::from_be_bytes(words.try_into().ok()?)) * 4;
    }
    (length <= packet.len()).then_some(length)
}

/// A big-endian word of a packet.
fn word(packet: &[u8], at: usize) -> Option<u32> {
    packet.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Sequence number of an RTP packet.
fn sequence(packet: &[u8]) -> Option<u16> {
    packet.get(2..4)?.try_into().ok().map(u16::from_be_bytes)
}

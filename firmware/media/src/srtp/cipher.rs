//! Key derivation and the transforms of one direction.

use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use aes::{Aes128, Aes256};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use ring::{aead, hmac};
use subtle::ConstantTimeEq;

use super::{MasterKey, Profile};
use crate::rtp::packet::MAX_PACKET;

/// An expanded AES key for counter mode.
#[derive(Clone)]
enum Cm {
    Aes128(Aes128),
    Aes256(Aes256),
}

impl Cm {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Cm::Aes128),
            32 => Aes256::new_from_slice(key).ok().map(Cm::Aes256),
            _ => None,
        }
    }

    /// Adds the key stream that begins at this counter block.
    fn apply(&self, block: &[u8; 16], data: &mut [u8]) {
        // A packet is far shorter than a key stream: it always fits.
        let _always = match self {
            Cm::Aes128(aes) => {
                StreamCipherCoreWrapper::from_core(CtrCore::<_, Ctr128BE>::inner_iv_init(aes.clone(), block.into()))
                    .try_apply_keystream(data)
            }
            Cm::Aes256(aes) => {
                StreamCipherCoreWrapper::from_core(CtrCore::<_, Ctr128BE>::inner_iv_init(aes.clone(), block.into()))
                    .try_apply_keystream(data)
            }
        };
    }
}

/// How one kind of packet of one direction is protected.
enum Transform {
    Cm { cipher: Cm, salt: [u8; 14], authentication: hmac::Key },
    Gcm { key: aead::LessSafeKey, salt: [u8; 12] },
}

/// Both kinds.
pub(super) struct Cipher {
    pub(super) profile: Profile,
    rtp: Transform,
    rtcp: Transform,
}

impl Cipher {
    pub(super) fn new(master: &MasterKey) -> Option<Self> {
        let profile = master.profile();
        Some(Cipher { profile, rtp: Transform::derive(master, 0)?, rtcp: Transform::derive(master, 3)? })
    }

    /// A cipher from session keys, as the vectors of RFC 7714 state them.
    #[cfg(test)]
    pub(super) fn of_session_keys(profile: Profile, key: &[u8], salt: [u8; 12]) -> Option<Self> {
        Some(Cipher { profile, rtp: Transform::gcm(key, salt)?, rtcp: Transform::gcm(key, salt)? })
    }

    /// Protects `packet[..length]`, which has room for [`super::MAX_GROWTH`] more; returns the new length.
    pub(super) fn seal_rtp(
        &self,
        packet: &mut [u8],
        length: usize,
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Option<usize> {
        let tag_length = self.profile.tag_length();
        let (body, rest) = packet.split_at_mut_checked(length)?;
        let tag_place = rest.get_mut(..tag_length)?;
        match &self.rtp {
            Transform::Cm { cipher, salt, authentication } => {
                cipher.apply(&counter_block(salt, ssrc, index), body.get_mut(header..)?);
                let tag = sign(authentication, body, &((index >> 16) as u32).to_be_bytes());
                tag_place.copy_from_slice(tag.as_ref().get(..tag_length)?);
            }
            Transform::Gcm { key, salt } => {
                let (head, plain) = body.split_at_mut_checked(header)?;
                let nonce = rtp_nonce(salt, ssrc, index);
                let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(&*head), plain).ok()?;
                tag_place.copy_from_slice(tag.as_ref());
            }
        }
        Some(length + tag_length)
    }

    /// Checks a packet without its key identifier and makes it plain; returns the plain length, `None` when it is not authentic.
    pub(super) fn open_rtp(&self, packet: &mut [u8], header: usize, ssrc: u32, index: u64) -> Option<usize> {
        let length = packet.len().checked_sub(self.profile.tag_length()).filter(|length| *length >= header)?;
        match &self.rtp {
            Transform::Cm { cipher, salt, authentication } => {
                let (body, tag) = packet.split_at_mut_checked(length)?;
                let ours = sign(authentication, body, &((index >> 16) as u32).to_be_bytes());
                if !same(&ours, tag) {
                    return None;
                }
                cipher.apply(&counter_block(salt, ssrc, index), body.get_mut(header..)?);
            }
            Transform::Gcm { key, salt } => {
                let (head, body) = packet.split_at_mut_checked(header)?;
                key.open_in_place(rtp_nonce(salt, ssrc, index), aead::Aad::from(&*head), body).ok()?;
            }
        }
        Some(length)
    }

    /// Protects an RTCP packet as [`Cipher::seal_rtp`] does.
    pub(super) fn seal_rtcp(&self, packet: &mut [u8], length: usize, ssrc: u32, index: u32) -> Option<usize> {
        let word = (0x8000_0000 | index).to_be_bytes();
        let tag_length = self.profile.rtcp_tag_length();
        let end = length + 4 + tag_length;
        let packet = packet.get_mut(..end)?;
        match &self.rtcp {
            Transform::Cm { cipher, salt, authentication } => {
                cipher.apply(&counter_block(salt, ssrc, u64::from(index)), packet.get_mut(8..length)?);
                packet.get_mut(length..length + 4)?.copy_from_slice(&word);
                let (body, tag_place) = packet.split_at_mut_checked(length + 4)?;
                tag_place.copy_from_slice(sign(authentication, body, &[]).as_ref().get(..tag_length)?);
            }
            Transform::Gcm { key, salt } => {
                let (body, rest) = packet.split_at_mut_checked(length)?;
                let (head, plain) = body.split_at_mut_checked(8)?;
                let mut aad = [0; 12];
                aad.get_mut(..8)?.copy_from_slice(head);
                aad.get_mut(8..)?.copy_from_slice(&word);
                let nonce = rtcp_nonce(salt, ssrc, index);
                let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), plain).ok()?;
                rest.get_mut(..tag_length)?.copy_from_slice(tag.as_ref());
                rest.get_mut(tag_length..)?.copy_from_slice(&word);
            }
        }
        Some(end)
    }

    /// Checks an RTCP packet without its key identifier and makes it plain, as [`Cipher::open_rtp`] does. `word` is its last word:
    /// index and E flag. `body` is what comes before: tag included for GCM, not for AES-CM, whose tag comes after the word.
    pub(super) fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, word: u32) -> Option<usize> {
        let (encrypted, index) = (word & 0x8000_0000 != 0, word & 0x7fff_ffff);
        let length = packet.len().checked_sub(4 + self.profile.rtcp_tag_length()).filter(|length| *length >= 8)?;
        match &self.rtcp {
            Transform::Cm { cipher, salt, authentication } => {
                let (body, tag) = packet.split_at_mut_checked(length + 4)?;
                if !same(&sign(authentication, body, &[]), tag) {
                    return None;
                }
                if encrypted {
                    cipher.apply(&counter_block(salt, ssrc, u64::from(index)), body.get_mut(8..length)?);
                }
            }
            Transform::Gcm { key, salt } => {
                let nonce = rtcp_nonce(salt, ssrc, index);
                let (protected, word) = packet.split_at_mut_checked(length + 16)?;
                // RFC 7714 §9: what is not encrypted is associated data.
                let clear = if encrypted { 8 } else { length };
                let (head, body) = protected.split_at_mut_checked(clear)?;
                let mut aad = [0; MAX_PACKET + 4];
                aad.get_mut(..clear)?.copy_from_slice(head);
                aad.get_mut(clear..clear + 4)?.copy_from_slice(word);
                key.open_in_place(nonce, aead::Aad::from(aad.get(..clear + 4)?), body).ok()?;
            }
        }
        Some(length)
    }
}

impl Transform {
    /// Session keys of RTP (`label` 0) or RTCP (3) from the master key (RFC 3711 §4.3.2).
    fn derive(master: &MasterKey, label: u8) -> Option<Self> {
        let prf = Cm::new(master.key())?;
        let generate = |label: u8, out: &mut [u8]| {
            let mut block = [0; 16];
            block.iter_mut().zip(master.salt()).for_each(|(to, from)| *to = from);
            block[7] ^= label;
            out.fill(0);
            prf.apply(&block, out);
        };
        let mut key = [0; 32];
        let key = key.get_mut(..master.profile().key_length())?;
        generate(label, key);
        if master.profile().is_aead() {
            let mut salt = [0; 12];
            generate(label + 2, &mut salt);
            return Transform::gcm(key, salt);
        }
        let (mut salt, mut authentication) = ([0; 14], [0; 20]);
        generate(label + 1, &mut authentication);
        generate(label + 2, &mut salt);
        let authentication = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication);
        Some(Transform::Cm { cipher: Cm::new(key)?, salt, authentication })
    }

    fn gcm(key: &[u8], salt: [u8; 12]) -> Option<Self> {
        let algorithm = if key.len() == 16 { &aead::AES_128_GCM } else { &aead::AES_256_GCM };
        let key = aead::UnboundKey::new(algorithm, key).ok()?;
        Some(Transform::Gcm { key: aead::LessSafeKey::new(key), salt })
    }
}

/// First counter block of a packet (RFC 3711 §4.1.1).
fn counter_block(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let value = (u128::from(ssrc) << 64) | (u128::from(index) << 16);
    let mut block = value.to_be_bytes();
    block.iter_mut().zip(salt).for_each(|(byte, salt)| *byte ^= salt);
    block
}

/// RFC 7714 §8.1: two zeros, source, index.
fn rtp_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> aead::Nonce {
    nonce(salt, (u128::from(ssrc) << 48) | u128::from(index))
}

/// RFC 7714 §9.1: two zeros, source, two zeros, index.
fn rtcp_nonce(salt: &[u8; 12], ssrc: u32, index: u32) -> aead::Nonce {
    nonce(salt, (u128::from(ssrc) << 48) | u128::from(index))
}

fn nonce(salt: &[u8; 12], value: u128) -> aead::Nonce {
    let mut bytes = *salt;
    bytes.iter_mut().zip(value.to_be_bytes().iter().skip(4)).for_each(|(byte, value)| *byte ^= value);
    aead::Nonce::assume_unique_for_key(bytes)
}

fn sign(key: &hmac::Key, body: &[u8], end: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(body);
    context.update(end);
    context.sign()
}

fn same(ours: &hmac::Tag, theirs: &[u8]) -> bool {
    ours.as_ref().get(..theirs.len()).is_some_and(|ours| bool::from(ours.ct_eq(theirs)))
}

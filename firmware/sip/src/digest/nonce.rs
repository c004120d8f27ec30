//! Nonces that cost no memory until they are answered rightly, and the record of counts already used.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of the time (milliseconds since the epoch of the mint) in a nonce.
const TIME: usize = 6;
/// Bytes of the serial number: nonces made within one millisecond differ.
const SERIAL: usize = 4;
/// Bytes of the authenticator.
const MAC: usize = 16;
/// How far counts may arrive out of order before the late one is refused.
const WINDOW: u32 = 64;

/// Orders nonces by age.
type Key = (u64, u32);

/// What a nonce that came back is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Ours and young: its count may be [`Nonces::claim`]ed.
    Fresh(Key),
    /// Not ours, too old, or forgotten.
    Stale,
}

/// Makes and recognises nonces.
pub(super) struct Nonces {
    key: [u8; 32],
    epoch: Instant,
    lifetime: Duration,
    capacity: usize,
    serial: u32,
    /// Highest count seen of a nonce, and which of the counts below it (bit 0 is the highest itself).
    used: BTreeMap<Key, (u32, u64)>,
    /// Nonces up to here were forgotten for want of room: whatever their age, they are stale.
    forgotten: Option<Key>,
}

impl Nonces {
    pub(super) fn new(key: [u8; 32], epoch: Instant, lifetime: Duration, capacity: usize) -> Self {
        Nonces { key, epoch, lifetime, capacity: capacity.max(1), serial: 0, used: BTreeMap::new(), forgotten: None }
    }

    /// A new nonce.
    pub(super) fn mint(&mut self, now: Instant) -> String {
        let time = self.milliseconds(now).to_be_bytes();
        self.serial = self.serial.wrapping_add(1);
        let mut bytes = Vec::with_capacity(TIME + SERIAL + MAC);
        bytes.extend_from_slice(&time[8 - TIME..]);
        bytes.extend_from_slice(&self.serial.to_be_bytes());
        let mac = hmac_sha256(&self.key, &bytes);
        bytes.extend_from_slice(&mac[..MAC]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a nonce is ours and young enough.
    pub(super) fn check(&self, now: Instant, nonce: &str) -> Freshness {
        self.read(nonce)
            .filter(|key| {
                let age = self.milliseconds(now).saturating_sub(key.0);
                u128::from(age) <= self.lifetime.as_millis() && self.forgotten.is_none_or(|forgotten| *key > forgotten)
            })
            .map_or(Freshness::Stale, Freshness::Fresh)
    }

    /// Uses up one count of a fresh nonce. False when that count was used before, or is so far behind that it cannot be told.
    pub(super) fn claim(&mut self, now: Instant, key: Key, count: u32) -> bool {
        if let Some((highest, seen)) = self.used.get_mut(&key) {
            return if count > *highest {
                *seen = seen.checked_shl(count - *highest).unwrap_or(0) | 1;
                *highest = count;
                true
            } else {
                let behind = *highest - count;
                let bit = 1_u64.checked_shl(behind).unwrap_or(0);
                let unused = behind < WINDOW && *seen & bit == 0;
                *seen |= bit;
                unused
            };
        }
        self.make_room(now);
        if self.forgotten.is_some_and(|forgotten| key <= forgotten) {
            return false;
        }
        self.used.insert(key, (count, 1));
        true
    }

    /// How many nonces are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.used.len()
    }

    fn make_room(&mut self, now: Instant) {
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        let oldest_fresh = self.milliseconds(now).saturating_sub(lifetime);
        while let Some(entry) = self.used.first_entry() {
            // Too old ones are stale by their time; the others have to be marked as forgotten.
            let too_old = entry.key().0 < oldest_fresh;
            if !too_old {
                break;
            }
            entry.remove();
        }
        while self.used.len() >= self.capacity {
            if let Some((key, _)) = self.used.pop_first() {
                self.forgotten = Some(key);
            }
        }
    }

    fn milliseconds(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.epoch).as_millis()).unwrap_or(u64::MAX)
    }

    fn read(&self, nonce: &str) -> Option<Key> {
        if nonce.len() > 64 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let (signed, mac) = bytes.split_at_checked(TIME + SERIAL)?;
        let expected = hmac_sha256(&self.key, signed);
        if !bool::from(mac.ct_eq(&expected[..MAC])) {
            return None;
        }
        let (time, serial) = signed.split_at(TIME);
        let time = time.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let serial = serial.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        Some((time, serial))
    }
}

/// HMAC (RFC 2104) with SHA-256.
pub(crate) fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonces(capacity: usize) -> (Nonces, Instant) {
        #[expect(clippy::disallowed_methods, reason = "an epoch for virtual time")]
        let now = Instant::now();
        (Nonces::new([7; 32], now, Duration::from_secs(300), capacity), now)
    }

    fn fresh(nonces: &Nonces, now: Instant, nonce: &str) -> Key {
        match nonces.check(now, nonce) {
            Freshness::Fresh(key) => key,
            Freshness::Stale => panic!("stale"),
        }
    }

    #[test]
    fn hmac_matches_rfc_4231_padded_to_32_bytes() {
        // RFC 4231 §4.3 (key "Jefe", which HMAC pads with zeros anyway).
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mac = super::super::compute::hex(&hmac_sha256(&key, b"what do ya want for nothing?"));
        assert_eq!(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_nonce_is_ours_until_it_is_old_or_changed() {
        let (mut nonces, now) = nonces(10);
        let nonce = nonces.mint(now);
        assert_ne!(nonce, nonces.mint(now));
        fresh(&nonces, now + Duration::from_secs(300), &nonce);
        assert_eq!(nonces.check(now + Duration::from_secs(301), &nonce), Freshness::Stale);
        let mut changed = nonce.into_bytes();
        changed[3] ^= 1;
        let changed = String::from_utf8(changed).expect("ASCII");
        assert_eq!(nonces.check(now, &changed), Freshness::Stale);
        assert_eq!(nonces.check(now, ""), Freshness::Stale);
        assert_eq!(nonces.check(now, &"A".repeat(1000)), Freshness::Stale);
    }

    #[test]
    fn a_count_is_taken_once_in_any_order_within_the_window() {
        let (mut nonces, now) = nonces(10);
        let nonce = nonces.mint(now);
        let key = fresh(&nonces, now, &nonce);
        for count in [1, 3, 2, 70, 69, 7] {
            assert!(nonces.claim(now, key, count), "{count}");
            assert!(!nonces.claim(now, key, count), "{count} again");
        }
        assert!(!nonces.claim(now, key, 6), "64 behind cannot be told");
        assert!(nonces.claim(now, key, u32::MAX));
        assert!(!nonces.claim(now, key, 71));
    }

    #[test]
    fn memory_is_bounded_and_forgetting_does_not_open_a_replay() {
        let (mut nonces, now) = nonces(4);
        let all: Vec<_> = (0..20).map(|_| nonces.mint(now)).collect();
        for nonce in &all {
            let key = fresh(&nonces, now, nonce);
            assert!(nonces.claim(now, key, 1));
            assert!(nonces.remembered() <= 4);
        }
        for nonce in &all {
            if let Freshness::Fresh(key) = nonces.check(now, nonce) {
                assert!(!nonces.claim(now, key, 1));
            }
        }
    }
}

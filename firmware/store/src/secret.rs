//! Secrets: digests of SIP passwords, and passwords kept sealed so that they can be shown again.
//!
//! A SIP password must be typed into a phone, often months later: the administrator can show it again. It is kept sealed
//! (AES-256-GCM) with a key that lives in a file of its own, `secret.key`, readable by the daemon alone; a copy of the database,
//! or a row moved to another device, gives nothing away.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _};
use md5::{Digest as _, Md5};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::Sha256;
use uuid::Uuid;

use crate::error::StoreError;

/// Name of the key file in the data directory.
pub const KEY_FILE: &str = "secret.key";

const KEY_LENGTH: usize = 32;

/// Seals and opens passwords.
pub(crate) struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Seal {
    /// Opens the key file of the data directory, or makes it.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(KEY_FILE);
        let random = SystemRandom::new();
        let mut bytes = [0; KEY_LENGTH];
        match std::fs::File::open(&path) {
            Ok(mut file) => file.read_exact(&mut bytes).map_err(key_error)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                random.fill(&mut bytes).map_err(|_| StoreError::Key("no randomness".into()))?;
                write_key(directory, &path, &bytes).map_err(key_error)?;
            }
            Err(error) => return Err(key_error(error)),
        }
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| StoreError::Key("not usable".into()))?;
        Ok(Seal { key: LessSafeKey::new(key), random })
    }

    /// Seals a text for its owner: a nonce, then the sealed bytes.
    pub(crate) fn seal(&self, owner: Uuid, text: &str) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| StoreError::Key("no randomness".into()))?;
        let mut sealed = text.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner.as_bytes()), &mut sealed)
            .map_err(|_| StoreError::Key("sealing failed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for this owner.
    pub(crate) fn open_sealed(&self, owner: Uuid, sealed: &[u8]) -> Result<String, StoreError> {
        let wrong = || StoreError::Key("it does not open this secret".into());
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(wrong)?;
        let mut body = body.to_vec();
        let text = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(owner.as_bytes()), &mut body)
            .map_err(|_| wrong())?;
        String::from_utf8(text.to_vec()).map_err(|_| wrong())
    }
}

fn key_error(error: std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreError::DiskFull,
        std::io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
        _ => StoreError::Key(error.to_string()),
    }
}

/// Written beside and renamed, so that a power cut leaves no half key.
fn write_key(directory: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let temporary = directory.join(format!("{KEY_FILE}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    std::fs::File::open(directory)?.sync_all()
}

/// HA1 of RFC 7616 §3.4.2: MD5 and SHA-256 of `username:realm:password`, hexadecimal.
pub fn ha1(username: &str, realm: &str, password: &str) -> (String, String) {
    let text = format!("{username}:{realm}:{password}");
    (hex(&Md5::digest(&text)), hex(&Sha256::digest(&text)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new password for a telephone: 20 characters without those that look alike (about 115 bits).
///
/// # Errors
/// When the system gives no randomness.
pub fn generate() -> Result<String, StoreError> {
    const ALPHABET: &[u8; 54] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ2345678";
    let random = SystemRandom::new();
    let mut password = String::with_capacity(20);
    while password.len() < 20 {
        let mut bytes = [0; 32];
        random.fill(&mut bytes).map_err(|_| StoreError::Key("no randomness".into()))?;
        // Bytes of 216 and above are thrown away: 216 = 4 × 54, so each character is equally likely.
        let characters = bytes.iter().filter(|byte| **byte < 216);
        let characters = characters.filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()));
        password.extend(characters.take(20 - password.len()).map(|byte| char::from(*byte)));
    }
    Ok(password)
}

/// 32 random bytes, e.g. for a session.
///
/// # Errors
/// When the system gives no randomness.
pub fn token() -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::Key("no randomness".into()))?;
    Ok(bytes)
}

/// 16 random bytes, for an identifier that must not be guessed.
pub(crate) fn token_bytes() -> Result<[u8; 16], StoreError> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = token()?;
    Ok([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

/// Fewest characters of a person's password.
pub const PASSWORD_LENGTH: usize = 10;

/// What is weak about a person's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Too short.
    #[error("the password is too short: take {PASSWORD_LENGTH} characters or more")]
    TooShort,
    /// Too long, or holds control characters.
    #[error("the password is too long or holds control characters")]
    Unusable,
    /// Among those tried first, or a plain sequence.
    #[error("the password is among those everybody tries first")]
    TooCommon,
    /// Holds the site's name.
    #[error("the password holds the name of the site")]
    ContainsSiteName,
}

/// Checks the password of a person. Length counts most (NIST SP 800-63B §3.1.1.2), so there are no rules about kinds of characters.
///
/// # Errors
/// What is weak about it.
pub fn check_password(password: &str, site_name: &str) -> Result<(), Weakness> {
    if password.chars().count() < PASSWORD_LENGTH {
        return Err(Weakness::TooShort);
    }
    if !crate::rules::password(password) {
        return Err(Weakness::Unusable);
    }
    let lower = password.to_lowercase();
    let site = site_name.trim().to_lowercase();
    if site.chars().count() >= 3 && lower.contains(&site) {
        return Err(Weakness::ContainsSiteName);
    }
    // `Password123!` is `password` for whoever guesses.
    let bare = lower.trim_matches(|character: char| !character.is_alphabetic());
    let words = include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with('#'));
    let common = words.into_iter().any(|word| word == lower || word == bare);
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    let steps: Vec<i64> = lower
        .chars()
        .zip(lower.chars().skip(1))
        .map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)))
        .collect();
    let first = steps.first();
    let sequence = matches!(first, Some(-1..=1)) && steps.iter().all(|step| Some(step) == first);
    // Dates, telephone numbers and the like: twenty digits or more are another matter.
    let digits = password.len() < 20 && password.bytes().all(|byte| byte.is_ascii_digit());
    if common || sequence || digits || different.len() < 5 {
        return Err(Weakness::TooCommon);
    }
    Ok(())
}

/// Argon2id hash in PHC form with the crate's defaults (19 MiB, 2 passes: OWASP's first choice). Takes tens of milliseconds.
///
/// # Errors
/// When the system gives no randomness.
pub fn hash_password(password: &str) -> Result<String, StoreError> {
    let salt = token_bytes()?;
    let salt = SaltString::encode_b64(&salt).map_err(|error| StoreError::Key(error.to_string()))?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|error| StoreError::Key(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password is the one of the hash. Takes the same time for a wrong one, and for a hash that is not readable.
pub fn verify_password(password: &str, hash: &str) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let parsed = PasswordHash::new(hash).or_else(|_| PasswordHash::new(NOBODY));
    parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

/// Whether the text is an Argon2 hash in PHC form that does not take too much memory or time.
pub fn is_password_hash(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else {
        return false;
    };
    let parameters = argon2::Params::try_from(&hash);
    hash.algorithm.as_str().starts_with("argon2")
        && hash.hash.is_some()
        && parameters.is_ok_and(|parameters| parameters.m_cost() <= 65_536 && parameters.t_cost() <= 10)
}

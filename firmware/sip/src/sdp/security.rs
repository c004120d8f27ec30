//! Protection of media in SDP: keys in the description (SDES, RFC 4568), DTLS-SRTP (RFC 5763, RFC 8842) and the credentials of an ICE
//! agent that is lite (RFC 8445 §2.5, RFC 8839). What is read, what we write, what is agreed.
//!
//! | of the RFCs | here |
//! |---|---|
//! | RFC 4568 suites | AES_CM_128 with 80 and 32 bit tags; RFC 6188 AES_256_CM; RFC 7714 AEAD_AES_128_GCM and AEAD_AES_256_GCM |
//! | lifetime, MKI | read; a lifetime below that of the suite is not waited for; lines with several keys are not taken |
//! | session parameters | WSH and those that are optional (`-`) are ignored; a line with any other is not taken |
//! | RTP/AVP with `a=crypto` | the way phones say "protected if you can": read and written |
//! | DTLS roles | we offer `actpass`, answer `passive` unless the peer is, so that a peer behind NAT opens the path |
//! | ICE | lite, with RTP and RTCP on one port; a peer that wants ICE on two ports is answered without |

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::description::{Description, Stream};

/// Crypto lines of one stream that are read; phones write up to ten.
const MAX_CRYPTO: usize = 16;

/// How media of a peer may and must be protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// Never: a peer that insists is refused.
    Off,
    /// Not offered, but given to a peer that insists.
    #[default]
    OnDemand,
    /// Offered, and taken when the peer can.
    Offered,
    /// A peer that cannot is refused.
    Required,
}

/// A suite of RFC 4568.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the registered ones")]
pub enum Suite {
    AesCm128HmacSha1Tag80,
    AesCm128HmacSha1Tag32,
    Aes256CmHmacSha1Tag80,
    Aes256CmHmacSha1Tag32,
    AeadAes128Gcm,
    AeadAes256Gcm,
}

impl Suite {
    /// All that are taken.
    pub const ALL: [Suite; 6] = [
        Suite::AeadAes256Gcm,
        Suite::AeadAes128Gcm,
        Suite::Aes256CmHmacSha1Tag80,
        Suite::AesCm128HmacSha1Tag80,
        Suite::Aes256CmHmacSha1Tag32,
        Suite::AesCm128HmacSha1Tag32,
    ];
    /// Those we offer: one that is quick and strong, one that every phone has. More would make an INVITE too long for UDP.
    const OFFERED: [Suite; 2] = [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1Tag80];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Suite::AesCm128HmacSha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm128HmacSha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
            Suite::Aes256CmHmacSha1Tag80 => "AES_256_CM_HMAC_SHA1_80",
            Suite::Aes256CmHmacSha1Tag32 => "AES_256_CM_HMAC_SHA1_32",
            Suite::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Suite::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// Bytes of master key and salt together.
    pub fn key_length(self) -> usize {
        match self {
            Suite::AesCm128HmacSha1Tag80 | Suite::AesCm128HmacSha1Tag32 => 30,
            Suite::Aes256CmHmacSha1Tag80 | Suite::Aes256CmHmacSha1Tag32 => 46,
            Suite::AeadAes128Gcm => 28,
            Suite::AeadAes256Gcm => 44,
        }
    }

    fn from_name(name: &str) -> Option<Suite> {
        // The early drafts of RFC 6188 had the words in the other order; phones kept it.
        let name = match name.to_ascii_uppercase() {
            draft if draft.starts_with("AES_CM_256_") => draft.replacen("AES_CM_256_", "AES_256_CM_", 1),
            name => name,
        };
        Suite::ALL.into_iter().find(|suite| suite.name() == name)
    }
}

/// A value that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// An `a=crypto` line: what its writer protects with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// Ties the answer to the offer.
    pub tag: u32,
    /// The suite.
    pub suite: Suite,
    /// Master key and salt, [`Suite::key_length`] bytes.
    pub key: Secret,
    /// Master key identifier, empty when packets carry none.
    pub mki: Vec<u8>,
}

impl Crypto {
    /// Reads the value of the attribute. `None` when it is not one, or asks for what we have not.
    fn parse(value: &str) -> Option<Crypto> {
        let mut fields = value.split_whitespace();
        let tag: u32 = fields.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = Suite::from_name(fields.next()?)?;
        let keys = fields.next()?;
        if keys.contains(';') || fields.any(|parameter| !parameter.starts_with('-') && !parameter.starts_with("WSH=")) {
            return None;
        }
        let (method, info) = keys.split_once(':')?;
        let mut parts = info.split('|');
        let key = decode(parts.next()?).filter(|key| key.len() == suite.key_length())?;
        // What follows: a lifetime, an identifier with its length, or both.
        let mki = parts.find_map(|part| part.split_once(':')).map(|(value, length)| mki(value, length));
        let mki = match mki {
            Some(mki) => mki?,
            None => Vec::new(),
        };
        method.eq_ignore_ascii_case("inline").then_some(Crypto { tag, suite, key: Secret(key), mki })
    }

    fn line(&self) -> String {
        format!("crypto:{} {} inline:{}", self.tag, self.suite.name(), STANDARD.encode(&self.key.0))
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text.trim_end_matches('='))).ok()
}

/// The identifier as its bytes on the wire.
fn mki(value: &str, length: &str) -> Option<Vec<u8>> {
    let length: usize = length.parse().ok().filter(|length| (1..=16).contains(length))?;
    let value: u128 = value.parse().ok()?;
    let bytes = value.to_be_bytes();
    let (front, mki) = bytes.split_at(bytes.len() - length);
    front.iter().all(|byte| *byte == 0).then(|| mki.to_vec())
}

/// A certificate's fingerprint (RFC 8122 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// `sha-256`, in lower case.
    pub hash: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Fingerprint {
    /// Reads `sha-256 AB:CD:…`.
    pub fn parse(value: &str) -> Option<Fingerprint> {
        let (hash, digits) = value.trim().split_once(' ')?;
        let bytes: Option<Vec<u8>> =
            digits.trim().split(':').take(65).map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
        let hash = hash.to_ascii_lowercase();
        // RFC 8122 §5: MD5 and MD2 must not be used; SHA-1 is as good as broken.
        let length = match hash.as_str() {
            "sha-256" => 32,
            "sha-384" => 48,
            "sha-512" => 64,
            _ => return None,
        };
        bytes.filter(|bytes| bytes.len() == length).map(|bytes| Fingerprint { hash, bytes })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.hash)?;
        for (n, byte) in self.bytes.iter().enumerate() {
            let colon = if n == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// `a=setup` (RFC 4145).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the values")]
pub enum Setup {
    Active,
    Passive,
    ActPass,
    HoldConn,
}

/// User name and password of an ICE agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceCredentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: Secret,
}

/// What a description, or one stream of it, says about protection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secured {
    /// `a=crypto` lines we could take, in order.
    pub crypto: Vec<Crypto>,
    /// `a=fingerprint`, the first we can check.
    pub fingerprint: Option<Fingerprint>,
    /// `a=setup`.
    pub setup: Option<Setup>,
    /// `a=mid` (RFC 5888).
    pub mid: Option<String>,
    /// Names in `a=group:BUNDLE` (RFC 9143), at session level.
    pub bundle: Vec<String>,
    ufrag: Option<String>,
    password: Option<String>,
}

impl Secured {
    /// Reads an attribute; false when it is about something else.
    pub(super) fn attribute(&mut self, name: &str, value: &str) -> bool {
        match name {
            "crypto" if self.crypto.len() < MAX_CRYPTO => self.crypto.extend(Crypto::parse(value)),
            "fingerprint" => self.fingerprint = self.fingerprint.take().or(Fingerprint::parse(value)),
            "setup" => {
                self.setup = match value.to_ascii_lowercase().as_str() {
                    "active" => Some(Setup::Active),
                    "passive" => Some(Setup::Passive),
                    "actpass" => Some(Setup::ActPass),
                    "holdconn" => Some(Setup::HoldConn),
                    _ => self.setup,
                }
            }
            // RFC 8839 §5.4: 4 to 256 and 22 to 256 characters.
            "ice-ufrag" => self.ufrag = is_ice(value, 4).then(|| value.to_owned()).or(self.ufrag.take()),
            "ice-pwd" => self.password = is_ice(value, 22).then(|| value.to_owned()).or(self.password.take()),
            "mid" => self.mid = is_token(value).then(|| value.to_owned()),
            "group" => {
                let mut names = value.split_whitespace();
                if names.next() == Some("BUNDLE") {
                    self.bundle = names.take(16).map(str::to_owned).collect();
                }
            }
            _ => return false,
        }
        true
    }
}

fn is_ice(value: &str, least: usize) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/' || byte == b'-' || byte == b'_';
    (least..=256).contains(&value.len()) && value.bytes().all(legal)
}

fn is_token(value: &str) -> bool {
    (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Description {
    /// ICE credentials of a stream; its own come before the session's.
    pub fn ice(&self, stream: &Stream) -> Option<IceCredentials> {
        let of = |secured: &Secured| secured.ufrag.clone().zip(secured.password.clone());
        let (ufrag, password) = of(&stream.secured).or_else(|| of(&self.secured))?;
        Some(IceCredentials { ufrag, password: Secret(password.into_bytes()) })
    }

    fn fingerprint(&self, stream: &Stream) -> Option<Fingerprint> {
        stream.secured.fingerprint.clone().or_else(|| self.secured.fingerprint.clone())
    }

    fn setup(&self, stream: &Stream) -> Option<Setup> {
        stream.secured.setup.or(self.secured.setup)
    }
}

impl Stream {
    /// A profile whose packets are protected.
    pub fn is_secure_profile(&self) -> bool {
        ["RTP/SAVP", "RTP/SAVPF"].iter().any(|known| self.protocol.eq_ignore_ascii_case(known))
            || self.is_dtls_profile()
    }

    fn is_dtls_profile(&self) -> bool {
        ["UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"].iter().any(|known| self.protocol.eq_ignore_ascii_case(known))
    }
}

/// How media is protected, as agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// Not at all.
    #[default]
    Plain,
    /// With keys from the descriptions.
    Sdes {
        /// What we protect with.
        send: Crypto,
        /// What the peer protects with.
        receive: Crypto,
    },
    /// With keys from a DTLS handshake.
    Dtls {
        /// We are its client.
        active: bool,
        /// The peer's certificate.
        fingerprint: Fingerprint,
    },
}

/// Protection and path of a stream, as agreed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// The keys.
    pub keys: Keys,
    /// ICE: our credentials and the peer's.
    pub ice: Option<(IceCredentials, IceCredentials)>,
}

/// What we can do and want on protection.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// What may be agreed.
    pub policy: Policy,
    /// The peer is a browser: it can DTLS-SRTP over ICE and nothing else.
    pub browser: bool,
    /// Our keys for SDES, one of each suite.
    pub keys: Vec<Crypto>,
    /// Our certificate, when the engine can DTLS.
    pub fingerprint: Option<Fingerprint>,
    /// Our credentials of ICE.
    pub ice: Option<IceCredentials>,
    /// What is agreed already: later offers stay with it.
    pub agreed: Option<Protection>,
}

/// What is to be written about protection.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// Attributes of the session, without `a=`.
    pub(super) session: Vec<String>,
    /// Attributes of the stream, without `a=`.
    pub(super) media: Vec<String>,
}

impl Security {
    /// Profile and attributes of an offer.
    pub(super) fn offer(&self, local: std::net::SocketAddr) -> (&'static str, Attributes) {
        let mut attributes = Attributes::default();
        let agreed = self.agreed.as_ref();
        if self.browser || matches!(agreed.map(|agreed| &agreed.keys), Some(Keys::Dtls { .. })) {
            attributes.media.extend(self.fingerprint.iter().map(|print| format!("fingerprint:{print}")));
            attributes.media.push("setup:actpass".into());
            if self.browser || agreed.is_some_and(|agreed| agreed.ice.is_some()) {
                self.ice_lines(local, &mut attributes);
            }
            return ("UDP/TLS/RTP/SAVPF", attributes);
        }
        if agreed.is_some_and(|agreed| agreed.ice.is_some()) {
            self.ice_lines(local, &mut attributes);
        }
        if let Some(Keys::Sdes { send, .. }) = agreed.map(|agreed| &agreed.keys) {
            attributes.media.push(send.line());
            return (if self.policy == Policy::Required { "RTP/SAVP" } else { "RTP/AVP" }, attributes);
        }
        if self.policy >= Policy::Offered {
            let offered =
                Suite::OFFERED.into_iter().filter_map(|suite| self.keys.iter().find(|key| key.suite == suite));
            attributes.media.extend(offered.map(Crypto::line));
            // A phone that knows DTLS-SRTP alone finds this beside; the others pass over it.
            if let Some(print) = &self.fingerprint {
                attributes.media.push(format!("fingerprint:{print}"));
                attributes.media.push("setup:actpass".into());
            }
        }
        (if self.policy == Policy::Required { "RTP/SAVP" } else { "RTP/AVP" }, attributes)
    }

    /// What we agree to on an offered stream; `None` when it cannot be taken.
    pub(super) fn take(&self, offer: &Description, stream: &Stream) -> Option<Protection> {
        let secure = stream.is_secure_profile();
        let ice = self.ice.clone().zip(offer.ice(stream)).filter(|_| stream.rtcp_mux);
        if self.policy != Policy::Off && (secure || self.policy >= Policy::Offered) {
            let fingerprint = offer.fingerprint(stream).filter(|_| self.fingerprint.is_some());
            if let Some(fingerprint) =
                fingerprint.filter(|_| stream.is_dtls_profile() || stream.secured.crypto.is_empty())
            {
                let before = match self.agreed.as_ref().map(|agreed| &agreed.keys) {
                    Some(Keys::Dtls { active, .. }) => *active,
                    _ => false,
                };
                let active = match offer.setup(stream) {
                    Some(Setup::Passive) => true,
                    Some(Setup::Active) => false,
                    _ => before,
                };
                return Some(Protection { keys: Keys::Dtls { active, fingerprint }, ice });
            }
            let both = |theirs: &Crypto| {
                let ours = self.keys.iter().find(|ours| ours.suite == theirs.suite)?;
                Some(Keys::Sdes { send: Crypto { tag: theirs.tag, ..ours.clone() }, receive: theirs.clone() })
            };
            if let Some(keys) = stream.secured.crypto.iter().find_map(both) {
                return Some(Protection { keys, ice });
            }
        }
        (!secure && self.policy != Policy::Required).then_some(Protection { keys: Keys::Plain, ice })
    }

    /// Attributes of the answer to a stream on which this was agreed.
    pub(super) fn answer(
        &self,
        protection: &Protection,
        offer: &Description,
        stream: &Stream,
        local: std::net::SocketAddr,
    ) -> Attributes {
        let mut attributes = Attributes::default();
        if let Some(mid) = &stream.secured.mid {
            if offer.secured.bundle.contains(mid) {
                attributes.session.push(format!("group:BUNDLE {mid}"));
            }
            attributes.media.push(format!("mid:{mid}"));
        }
        match &protection.keys {
            Keys::Plain => {}
            Keys::Sdes { send, .. } => attributes.media.push(send.line()),
            Keys::Dtls { active, .. } => {
                attributes.media.extend(self.fingerprint.iter().map(|print| format!("fingerprint:{print}")));
                attributes.media.push(format!("setup:{}", if *active { "active" } else { "passive" }));
            }
        }
        if protection.ice.is_some() {
            self.ice_lines(local, &mut attributes);
        }
        attributes
    }

    /// What the answer to our offer says; `None` when it is not what we ask for.
    pub(super) fn accept(&self, offered: &Stream, answer: &Description, stream: &Stream) -> Option<Protection> {
        let ice =
            self.ice.clone().zip(answer.ice(stream)).filter(|_| stream.rtcp_mux && offered.secured.ufrag.is_some());
        let sdes = offered.secured.crypto.iter().find_map(|ours| {
            let matching = |theirs: &&Crypto| theirs.tag == ours.tag && theirs.suite == ours.suite;
            let theirs = stream.secured.crypto.iter().find(matching)?;
            Some(Keys::Sdes { send: ours.clone(), receive: theirs.clone() })
        });
        let dtls = || {
            let fingerprint = answer.fingerprint(stream).filter(|_| offered.secured.fingerprint.is_some())?;
            Some(Keys::Dtls { active: answer.setup(stream) == Some(Setup::Passive), fingerprint })
        };
        match sdes.or_else(dtls) {
            Some(keys) => Some(Protection { keys, ice }),
            None => (!offered.is_secure_profile()).then_some(Protection { keys: Keys::Plain, ice }),
        }
    }

    fn ice_lines(&self, local: std::net::SocketAddr, attributes: &mut Attributes) {
        let Some(ice) = &self.ice else { return };
        attributes.session.push("ice-lite".into());
        attributes.media.push(format!("ice-ufrag:{}", ice.ufrag));
        attributes.media.push(format!("ice-pwd:{}", String::from_utf8_lossy(&ice.password.0)));
        // RFC 8445 §5.1.2: a host candidate, one component.
        attributes.media.push(format!("candidate:1 1 udp 2130706431 {} {} typ host", local.ip(), local.port()));
        attributes.media.push("end-of-candidates".into());
    }
}

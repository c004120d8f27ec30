//! Protection of a SIP leg's media: what a device may, the keys of the leg, and how the engine is told.
//!
//! | encryption of the device or trunk | over TLS | over UDP or TCP | a browser (SIP over WebSocket) |
//! |---|---|---|---|
//! | `auto` | offered | when the peer insists | DTLS-SRTP over ICE |
//! | `off` | refused when it insists | refused when it insists | DTLS-SRTP over ICE: a browser has nothing else |
//! | `offered` | offered | offered | DTLS-SRTP over ICE |
//! | `required` | a peer that cannot is refused | the same | DTLS-SRTP over ICE |
//!
//! Keys in a description are as secret as the signalling that carries it: over UDP and TCP they protect from who sees the media only.
//! That is why `auto` follows the signalling.

use offhook_media::command as media;
use offhook_media::ice::Credentials;
use offhook_media::srtp::{MasterKey, Profile};
use offhook_sip::endpoint::{Flow, Transport};
use offhook_sip::sdp::security::{
    Crypto, Fingerprint, IceCredentials, Keys, Policy, Protection, Secret, Security, Suite,
};

use crate::config::MediaEncryption;
use crate::exchange::Exchange;
use crate::id::{DeviceId, TrunkId};

/// Characters of ICE (RFC 8839 §5.4).
const ICE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Exchange {
    /// The certificate the media engine proves itself with in DTLS, as `sha-256 AB:CD:…`. Before this is said, nothing is keyed by DTLS.
    pub fn set_fingerprint(&mut self, fingerprint: &str) {
        self.fingerprint = Fingerprint::parse(fingerprint);
    }

    /// What may be agreed with a device or a trunk on this path; without one, on the path that leads to the trunk.
    fn policy(&self, device: Option<DeviceId>, trunk: Option<TrunkId>, flow: Option<&Flow>) -> (Policy, bool) {
        let transport = flow.map(|flow| flow.transport).or_else(|| self.trunk_transport(trunk?));
        if matches!(transport, Some(Transport::Ws | Transport::Wss)) {
            return (Policy::Required, true);
        }
        let encryption = self.sound_of(device, trunk).map(|sound| sound.encryption).unwrap_or_default();
        let policy = match encryption {
            MediaEncryption::Auto if transport == Some(Transport::Tls) => Policy::Offered,
            MediaEncryption::Auto => Policy::OnDemand,
            MediaEncryption::Off => Policy::Off,
            MediaEncryption::Offered => Policy::Offered,
            MediaEncryption::Required => Policy::Required,
        };
        (policy, false)
    }

    /// Keys and credentials of a new leg.
    pub(crate) fn new_security(
        &mut self,
        device: Option<DeviceId>,
        trunk: Option<TrunkId>,
        flow: Option<&Flow>,
    ) -> Security {
        let (policy, browser) = self.policy(device, trunk, flow);
        let keys = match policy {
            Policy::Off => Vec::new(),
            _ => (1..).zip(Suite::ALL).map(|(tag, suite)| self.new_key(tag, suite)).collect(),
        };
        let ice = IceCredentials { ufrag: self.ice_text(8), password: Secret(self.ice_text(24).into_bytes()) };
        Security { policy, browser, keys, fingerprint: self.fingerprint.clone(), ice: Some(ice), agreed: None }
    }

    fn new_key(&mut self, tag: u32, suite: Suite) -> Crypto {
        let mut key = vec![0; suite.key_length()];
        self.fill_random(&mut key);
        Crypto { tag, suite, key: Secret(key), mki: Vec::new() }
    }

    fn ice_text(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.fill_random(&mut bytes);
        bytes.into_iter().map(|byte| char::from(ICE[usize::from(byte & 63)])).collect()
    }
}

/// What the engine is told.
pub(super) fn protection(agreed: &Protection) -> media::Protection {
    let keys = match &agreed.keys {
        Keys::Plain => media::Keys::Plain,
        Keys::Sdes { send, receive } => match (master(send), master(receive)) {
            (Some(send), Some(receive)) => media::Keys::Sdes { send, receive },
            // Never: lengths were checked when the line was read. Plain would be a lie, so nothing passes.
            _ => media::Keys::Dtls {
                active: false,
                fingerprint: media::Fingerprint { hash: String::new(), bytes: Vec::new() },
            },
        },
        Keys::Dtls { active, fingerprint } => media::Keys::Dtls {
            active: *active,
            fingerprint: media::Fingerprint { hash: fingerprint.hash.clone(), bytes: fingerprint.bytes.clone() },
        },
    };
    let ice = agreed.ice.as_ref().map(|(ours, theirs)| Credentials {
        local_ufrag: ours.ufrag.clone(),
        local_password: String::from_utf8_lossy(&ours.password.0).into_owned(),
        remote_ufrag: theirs.ufrag.clone(),
    });
    media::Protection { keys, ice }
}

fn master(crypto: &Crypto) -> Option<MasterKey> {
    let profile = match crypto.suite {
        Suite::AesCm128HmacSha1Tag80 => Profile::AesCm128Sha1Tag80,
        Suite::AesCm128HmacSha1Tag32 => Profile::AesCm128Sha1Tag32,
        Suite::Aes256CmHmacSha1Tag80 => Profile::AesCm256Sha1Tag80,
        Suite::Aes256CmHmacSha1Tag32 => Profile::AesCm256Sha1Tag32,
        Suite::AeadAes128Gcm => Profile::AeadAes128Gcm,
        Suite::AeadAes256Gcm => Profile::AeadAes256Gcm,
    };
    MasterKey::new(profile, &crypto.key.0)?.with_mki(&crypto.mki)
}

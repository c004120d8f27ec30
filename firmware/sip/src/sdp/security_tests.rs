use super::security::{Crypto, Fingerprint, IceCredentials, Keys, Policy, Secret, Security, Suite};
use super::*;

const PRINT: &str =
    "sha-256 AB:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:FF";

fn key(tag: u32, suite: Suite, fill: u8) -> Crypto {
    Crypto { tag, suite, key: Secret(vec![fill; suite.key_length()]), mki: Vec::new() }
}

fn ours(policy: Policy) -> Capabilities {
    let keys = (1..).zip(Suite::ALL).map(|(tag, suite)| key(tag, suite, 0x11)).collect();
    let ice = IceCredentials { ufrag: "ours".into(), password: Secret(b"0123456789012345678901".to_vec()) };
    let codec = Codec { payload_type: 8, name: "PCMA".into(), clock_rate: 8000, fmtp: None };
    Capabilities {
        local: "192.0.2.1:30000".parse().unwrap(),
        codecs: vec![codec],
        ptime: 20,
        direction: Direction::SendRecv,
        session_id: 1,
        session_version: 1,
        security: Security {
            policy,
            keys,
            fingerprint: Fingerprint::parse(PRINT),
            ice: Some(ice),
            ..Security::default()
        },
        fax: false,
    }
}

fn peer(profile: &str, attributes: &[&str]) -> Vec<u8> {
    let mut text = format!(
        "v=0\r\no=- 5 5 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 {profile} 8\r\n"
    );
    attributes.iter().for_each(|attribute| text.push_str(&format!("a={attribute}\r\n")));
    text.into_bytes()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

// 30 bytes.
const INLINE: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

/// Examples of RFC 4568 §6.1 and §9.1, and what phones make of them.
#[test]
fn crypto_lines_are_read_with_lifetime_identifier_and_parameters() {
    let read = |value: &str| {
        let offer = peer("RTP/SAVP", &[&format!("crypto:{value}")]);
        Description::parse(&offer).unwrap().streams[0].secured.crypto.first().cloned()
    };
    let crypto = |value: &str| read(&value.replace("KEY", INLINE));
    let plain = crypto("1 AES_CM_128_HMAC_SHA1_80 KEY").unwrap();
    assert_eq!((plain.tag, plain.suite, plain.key.0.len()), (1, Suite::AesCm128HmacSha1Tag80, 30));
    assert_eq!(crypto("1 AES_CM_128_HMAC_SHA1_80 KEY|2^20|1:4").unwrap().mki, [0, 0, 0, 1]);
    assert_eq!(crypto("1 aes_cm_128_hmac_sha1_32 KEY|1:1").unwrap().mki, [1]);
    assert_eq!(crypto("7 AES_CM_128_HMAC_SHA1_80 KEY|2^31").unwrap().mki, []);
    assert!(crypto("1 AES_CM_128_HMAC_SHA1_80 KEY WSH=64 -UNKNOWN=1").is_some());
    for refused in [
        "1 AES_CM_128_HMAC_SHA1_80 KEY UNENCRYPTED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 KEY UNAUTHENTICATED_SRTP",
        "1 AES_CM_128_HMAC_SHA1_80 KEY KDR=1",
        "1 AES_CM_128_HMAC_SHA1_80 KEY|2^20|1:4;KEY|2^20|2:4",
        "1 AES_256_CM_HMAC_SHA1_80 KEY",
        "1 F8_128_HMAC_SHA1_80 KEY",
        "1 AES_CM_128_HMAC_SHA1_80 KEY|2^20|300:1",
        "1 AES_CM_128_HMAC_SHA1_80 KEY|2^20|1:99",
        "x AES_CM_128_HMAC_SHA1_80 KEY",
        "1 AES_CM_128_HMAC_SHA1_80",
        "1",
        "",
    ] {
        assert_eq!(crypto(refused), None, "{refused}");
    }
    assert!(!format!("{plain:?}").contains("89"), "keys are not shown: {plain:?}");
    let draft = format!("1 AES_CM_256_HMAC_SHA1_80 inline:{}", "A".repeat(62));
    assert_eq!(read(&draft).unwrap().suite, Suite::Aes256CmHmacSha1Tag80);
}

/// Every policy against every kind of offer: what is agreed.
#[test]
fn the_policy_decides_what_is_taken() {
    let crypto = format!("crypto:3 AES_CM_128_HMAC_SHA1_80 {INLINE}");
    let print = format!("fingerprint:{PRINT}");
    let agreed = |policy, profile: &str, attributes: &[&str]| {
        answer(&ours(policy), &peer(profile, attributes)).map(|(_, agreed)| match agreed.protection.keys {
            Keys::Plain => "plain",
            Keys::Sdes { .. } => "sdes",
            Keys::Dtls { .. } => "dtls",
        })
    };
    for (policy, expected) in [
        (Policy::Off, ["plain", "plain", "488", "488", "488"]),
        (Policy::OnDemand, ["plain", "plain", "sdes", "dtls", "488"]),
        (Policy::Offered, ["plain", "sdes", "sdes", "dtls", "488"]),
        (Policy::Required, ["488", "sdes", "sdes", "dtls", "488"]),
    ] {
        let got = [
            agreed(policy, "RTP/AVP", &[]),
            agreed(policy, "RTP/AVP", &[&crypto]),
            agreed(policy, "RTP/SAVP", &[&crypto]),
            agreed(policy, "UDP/TLS/RTP/SAVPF", &[&print, "setup:actpass"]),
            agreed(policy, "RTP/SAVP", &["crypto:1 F8_128_HMAC_SHA1_80 inline:abc"]),
        ];
        let got = got.map(|got| {
            got.unwrap_or_else(|unusable| {
                assert_eq!(unusable.status, 488);
                "488"
            })
        });
        assert_eq!(got, expected, "{policy:?}");
    }
}

#[test]
fn an_answer_has_the_tag_of_the_offer_and_a_key_of_ours() {
    let offer = peer(
        "RTP/SAVP",
        &[
            "crypto:1 F8_128_HMAC_SHA1_80 inline:abc",
            &format!("crypto:2 AES_CM_128_HMAC_SHA1_32 {INLINE}"),
            &format!("crypto:3 AES_CM_128_HMAC_SHA1_80 {INLINE}"),
        ],
    );
    let (body, agreed) = answer(&ours(Policy::OnDemand), &offer).unwrap();
    assert!(text(&body).contains("m=audio 30000 RTP/SAVP 8\r\n"), "{}", text(&body));
    assert_eq!(text(&body).matches("a=crypto:").count(), 1);
    assert!(text(&body).contains("a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:ERERER"));
    let Keys::Sdes { send, receive } = agreed.protection.keys else { panic!("not protected") };
    assert_eq!((send.key.0, send.tag, receive.tag), (vec![0x11; 30], 2, 2));
}

#[test]
fn our_offer_is_answered_with_a_key_or_without() {
    let offered = ours(Policy::Offered);
    let body = offer(&offered);
    assert!(
        text(&body).contains("m=audio 30000 RTP/AVP 8\r\n")
            && text(&body).contains("a=crypto:2 AEAD_AES_128_GCM inline:")
    );
    let taken = accept(&offered, &peer("RTP/AVP", &[&format!("crypto:4 AES_CM_128_HMAC_SHA1_80 {INLINE}")])).unwrap();
    let Keys::Sdes { send, receive } = &taken.protection.keys else { panic!("not protected") };
    assert_eq!((send.suite, receive.tag), (Suite::AesCm128HmacSha1Tag80, 4));
    assert_eq!(accept(&offered, &peer("RTP/AVP", &[])).unwrap().protection.keys, Keys::Plain);
    let dtls = accept(&offered, &peer("RTP/AVP", &[&format!("fingerprint:{PRINT}"), "setup:active"])).unwrap();
    assert!(matches!(dtls.protection.keys, Keys::Dtls { active: false, .. }));
    // The wrong suite for the tag is no agreement.
    let wrong = peer("RTP/AVP", &[&format!("crypto:2 AES_CM_128_HMAC_SHA1_80 {INLINE}")]);
    assert_eq!(accept(&offered, &wrong).unwrap().protection.keys, Keys::Plain);

    let required = ours(Policy::Required);
    assert!(text(&offer(&required)).contains("m=audio 30000 RTP/SAVP 8\r\n"));
    assert_eq!(accept(&required, &peer("RTP/SAVP", &[])).unwrap_err().status, 488);

    // A later offer stays with what was agreed, key and tag.
    let mut later = ours(Policy::Offered);
    later.security.agreed = Some(taken.protection);
    let again = reoffer(&later, &body);
    assert_eq!(text(&again).matches("a=crypto:").count(), 1);
    assert!(
        text(&again).contains("a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:ERERER")
            && !text(&again).contains("fingerprint")
    );
}

/// As Chromium writes it, shortened.
#[test]
fn a_browser_is_answered_with_dtls_ice_and_one_port() {
    let offer = format!(
        "v=0\r\no=- 46117317 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=msid-semantic: WMS\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 8\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
         a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=ice-options:trickle\r\na=fingerprint:{PRINT}\r\na=setup:actpass\r\n\
         a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\n"
    );
    let ours = ours(Policy::Required);
    let (body, agreed) = answer(&ours, offer.as_bytes()).unwrap();
    for line in [
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "a=mid:0",
        "a=rtcp-mux",
        "a=setup:passive",
        "a=ice-ufrag:ours",
        "a=sendrecv",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 30000 typ host",
        &format!("a=fingerprint:{PRINT}"),
    ] {
        assert!(text(&body).contains(&format!("\r\n{line}\r\n")), "{line} in {}", text(&body));
    }
    assert_eq!((agreed.remote, agreed.direction, agreed.rtcp_mux), (None, Direction::SendRecv, true));
    assert_eq!(agreed.protection.ice.unwrap().1.ufrag, "abcd");

    // And what we offer to one.
    let mut ours = ours;
    ours.security.browser = true;
    let body = super::offer(&ours);
    for line in ["m=audio 30000 UDP/TLS/RTP/SAVPF 8", "a=setup:actpass", "a=ice-lite", "a=rtcp-mux"] {
        assert!(text(&body).contains(line), "{line} in {}", text(&body));
    }
    assert!(!text(&body).contains("crypto"));
}

#[test]
fn fingerprints_that_can_be_forged_are_not_taken() {
    assert_eq!(Fingerprint::parse(PRINT).unwrap().to_string(), PRINT);
    for refused in ["md5 AA:BB", "sha-1 AA:BB", "sha-256 AA:BB", "sha-256", "sha-256 zz", ""] {
        assert_eq!(Fingerprint::parse(refused), None);
    }
}

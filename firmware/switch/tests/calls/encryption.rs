//! Encryption of a trunk's media: what its setting, and the path to it, make of offers both ways.

use crate::office::{Office, Phone, Script, Site, trunk_id};
use offhook_sip::sdp::Direction;
use offhook_sip::sdp::security::{Crypto, Keys, Policy, Secret, Security, Suite};
use offhook_switch::config::{MediaEncryption, TrunkKind};

fn office(encryption: MediaEncryption, transport: &str) -> Office {
    let site = Site::new().phones(&[1001]).sip_trunk(1, "192.0.2.50:5060", 4).route(&[1]);
    let mut site = site.inbound(Some(1), None, "1001");
    match &mut site.0.trunks.get_mut(&trunk_id(1)).expect("the trunk").kind {
        TrunkKind::Sip { sound, uri, .. } => {
            sound.encryption = encryption;
            uri.push_str(transport);
        }
        TrunkKind::Line { .. } => unreachable!("it is a SIP trunk"),
    }
    let mut office = Office::open(site.0, &["1001"]);
    let mut carrier = Phone::at("carrier", "192.0.2.50:5060".parse().expect("an address"));
    carrier.script = Script::Answer;
    office.phones.push(carrier);
    office
}

fn secured(policy: Policy) -> Security {
    let suite = Suite::AesCm128HmacSha1Tag80;
    let key = Crypto { tag: 1, suite, key: Secret(vec![7; suite.key_length()]), mki: Vec::new() };
    Security { policy, keys: vec![key], ..Security::default() }
}

/// Profile and whether keys are offered, of the INVITE to the carrier.
fn offered(office: &Office) -> (bool, bool) {
    let invite = office.phones[1].invites.last().expect("an INVITE");
    let body = String::from_utf8_lossy(invite.body()).into_owned();
    (body.contains("RTP/SAVP"), body.contains("a=crypto:"))
}

#[test]
fn what_is_offered_to_a_trunk() {
    for (encryption, transport, wanted) in [
        (MediaEncryption::Auto, "", (false, false)),
        (MediaEncryption::Auto, ";transport=tls", (false, true)),
        (MediaEncryption::Off, ";transport=tls", (false, false)),
        (MediaEncryption::Offered, "", (false, true)),
        (MediaEncryption::Required, "", (true, true)),
    ] {
        let mut office = office(encryption, transport);
        if wanted.1 {
            office.phones[1].security = secured(Policy::Offered);
        }
        office.dial(0, "00123");
        office.seconds(1);
        assert_eq!(offered(&office), wanted, "{encryption:?} {transport}");
        assert_eq!(office.phones[0].up.len(), 1, "{encryption:?} {transport}");
        let keys = office.phones[1].negotiated.as_ref().map(|agreed| agreed.protection.keys.clone());
        assert_eq!(matches!(keys, Some(Keys::Sdes { .. })), wanted.1, "{encryption:?} {transport}");
        office.hang_up(0);
        office.close();
    }
}

#[test]
fn a_trunk_without_encryption_is_refused_where_it_is_required() {
    for (encryption, policy, taken) in [
        (MediaEncryption::Required, Policy::Off, false),
        (MediaEncryption::Required, Policy::Required, true),
        (MediaEncryption::Auto, Policy::Required, true),
        (MediaEncryption::Off, Policy::Required, false),
        (MediaEncryption::Off, Policy::Off, true),
    ] {
        let mut office = office(encryption, "");
        office.phones[1].security = secured(policy);
        let offer = offhook_sip::sdp::offer(&office.phones[1].capabilities(Direction::SendRecv));
        let now = office.now().instant;
        office.phones[1].call_with(now, "1001", Some(offer), Vec::new());
        office.run();
        assert_eq!(office.phones[0].ringing.len(), usize::from(taken), "{encryption:?} {policy:?}");
        if taken {
            office.answer(0);
            office.hang_up(0);
        } else {
            assert_eq!(office.phones[1].failed, [488]);
        }
        office.close();
    }
}

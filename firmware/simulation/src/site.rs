//! The office that is simulated: eight people, SIP phones and analog sets, two lines and a SIP trunk.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use md5::{Digest, Md5};
use offhook_switch::config::{
    Announcement, AnswerSupervision, Config, Device, DeviceKind, DigestAlgorithm, InboundRoute, Line, LineKind,
    LineSound, OutboundRoute, Trunk, TrunkKind, User,
};
use offhook_switch::id::{DeviceId, LineId, TrunkId, UserId};
use sha2::Sha256;
use uuid::Uuid;

/// The realm.
pub const REALM: &str = "office.example";
/// The box.
pub const BOX: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);
/// The carrier of the SIP trunk.
pub const CARRIER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9)), 5060);
/// The number at which the carrier's calls arrive.
pub const CARRIER_NUMBER: &str = "33140000000";
/// Emergency numbers of the site.
pub const EMERGENCY: [&str; 2] = ["112", "17"];
/// A fixed announcement.
pub const ANNOUNCEMENT: &str = "7000";
/// Extensions, in the order of users.
pub const EXTENSIONS: [&str; 8] = ["1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008"];
/// Users who may not call outside.
pub const BARRED: [usize; 2] = [5, 6];

/// A user.
pub fn user_id(user: usize) -> UserId {
    UserId(Uuid::from_u128(0x1000 + user as u128))
}

/// A port by its number.
pub fn line_id(port: u16) -> LineId {
    LineId(Uuid::from_u128(0x3000 + u128::from(port)))
}

/// A trunk: 0 and 1 are lines, 2 is SIP.
pub fn trunk_id(trunk: usize) -> TrunkId {
    TrunkId(Uuid::from_u128(0x4000 + trunk as u128))
}

/// SIP phones: user, account name, address.
pub fn sip_phones() -> Vec<(usize, String, SocketAddr)> {
    [(0, "a"), (0, "b"), (1, "a"), (2, "a"), (5, "a"), (7, "a")]
        .iter()
        .enumerate()
        .map(|(index, (user, suffix))| {
            let extension = EXTENSIONS.get(*user).copied().unwrap_or_default();
            let address = SocketAddr::from(([10, 0, 1, index as u8 + 1], 5060));
            (*user, format!("{extension}{suffix}"), address)
        })
        .collect()
}

/// FXS ports and their users.
pub const SETS: [(u16, usize); 4] = [(1, 1), (2, 3), (3, 4), (4, 6)];
/// FXO ports.
pub const OFFICES: [u16; 2] = [5, 6];

/// Password of an account.
pub fn password(username: &str) -> String {
    format!("secret-{username}")
}

/// The configuration at the start.
pub fn config() -> Config {
    let mut config = Config::default();
    config.site.name = "Simulated office".into();
    config.site.realm = REALM.into();
    config.site.emergency_numbers = EMERGENCY.map(str::to_owned).to_vec();
    config.network.rtp_last = 30_199;
    // Phones answer either challenge, by chance.
    config.sip.digest = vec![DigestAlgorithm::Sha256, DigestAlgorithm::Md5];
    for (index, extension) in EXTENSIONS.iter().enumerate() {
        let user = User {
            name: format!("User {extension}"),
            extension: (*extension).into(),
            ring_time: Duration::from_secs(20),
            do_not_disturb: false,
            forward_always: None,
            forward_busy: None,
            forward_no_answer: None,
            call_waiting: index % 2 == 0,
            max_calls: 4,
            outside_calls: !BARRED.contains(&index),
        };
        config.users.insert(user_id(index), user);
    }
    for (index, (user, username, _)) in sip_phones().into_iter().enumerate() {
        let secret = format!("{username}:{REALM}:{}", password(&username));
        let kind = DeviceKind::Sip {
            ha1_md5: hex(&Md5::digest(&secret)),
            ha1_sha256: hex(&Sha256::digest(&secret)),
            username,
        };
        let id = DeviceId(Uuid::from_u128(0x2000 + index as u128));
        config
            .devices
            .insert(id, Device { user: user_id(user), label: format!("SIP {index}"), kind, sound: Default::default() });
    }
    for (port, user) in SETS {
        line(&mut config, port, LineKind::Fxs);
        let id = DeviceId(Uuid::from_u128(0x2100 + u128::from(port)));
        let kind = DeviceKind::Analog { line: line_id(port) };
        config
            .devices
            .insert(id, Device { user: user_id(user), label: format!("FXS {port}"), kind, sound: Default::default() });
    }
    for (index, port) in OFFICES.into_iter().enumerate() {
        line(&mut config, port, LineKind::Fxo);
        let kind = TrunkKind::Line { line: line_id(port) };
        config.trunks.insert(trunk_id(index), Trunk { name: format!("Line {port}"), kind, max_calls: 1 });
    }
    let kind = TrunkKind::Sip {
        uri: format!("sip:{CARRIER}"),
        username: None,
        password: None,
        addresses: vec![CARRIER.ip()],
        register: false,
        sound: Default::default(),
    };
    config.trunks.insert(trunk_id(2), Trunk { name: "Carrier".into(), kind, max_calls: 3 });
    config.routes = vec![route("00X.", &[2]), route("0X.", &[0, 1, 2])];
    config.inbound = vec![
        inbound(0, None, "1001"),
        inbound(1, None, "1004"),
        inbound(2, Some(CARRIER_NUMBER), "1003"),
        inbound(2, None, "1002"),
    ];
    config.announcements = vec![Announcement {
        number: ANNOUNCEMENT.into(),
        name: "Announcement".into(),
        file: None,
        hang_up_digit: Some('9'),
    }];
    config
}

fn line(config: &mut Config, port: u16, kind: LineKind) {
    config.lines.insert(
        line_id(port),
        Line {
            port,
            kind,
            label: format!("Port {port}"),
            answer_supervision: AnswerSupervision::default(),
            sound: LineSound::default(),
        },
    );
}

fn route(pattern: &str, trunks: &[usize]) -> OutboundRoute {
    OutboundRoute {
        pattern: pattern.into(),
        strip: 1,
        prepend: String::new(),
        trunks: trunks.iter().map(|trunk| trunk_id(*trunk)).collect(),
    }
}

fn inbound(trunk: usize, number: Option<&str>, destination: &str) -> InboundRoute {
    InboundRoute { trunk: Some(trunk_id(trunk)), number: number.map(str::to_owned), destination: destination.into() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who sits where, for the checks.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// User by address of a SIP phone.
    pub phones: BTreeMap<IpAddr, usize>,
    /// User by FXS port.
    pub sets: BTreeMap<u16, usize>,
}

impl Directory {
    /// Of the office above.
    pub fn new() -> Self {
        Directory {
            phones: sip_phones().into_iter().map(|(user, _, address)| (address.ip(), user)).collect(),
            sets: SETS.into_iter().collect(),
        }
    }
}

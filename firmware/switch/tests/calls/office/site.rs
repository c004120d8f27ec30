//! Sites for tests.

use std::time::Duration;

use offhook_sip::digest::Secret;
use offhook_switch::config::{
    Announcement, AnswerSupervision, Config, Device, DeviceKind, InboundRoute, Line, LineKind, LineSound,
    OutboundRoute, Trunk, TrunkKind, User,
};
use offhook_switch::id::{DeviceId, LineId, TrunkId, UserId};
use uuid::Uuid;

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
pub fn user(extension: u128) -> UserId {
    UserId(id(extension))
}
pub fn line(port: u128) -> LineId {
    LineId(id(0x1_0000 + port))
}
pub fn trunk_id(n: u128) -> TrunkId {
    TrunkId(id(0x2_0000 + n))
}
pub fn announcement(number: &str) -> Announcement {
    Announcement { number: number.into(), name: "Welcome".into(), file: None, hang_up_digit: Some('9') }
}

/// Makes a configuration.
pub struct Site(pub Config);

impl Site {
    pub fn new() -> Self {
        let mut config = Config::default();
        config.site.realm = "office.example".into();
        config.site.emergency_numbers = vec!["112".into(), "15".into()];
        Site(config)
    }

    /// A user without a phone.
    pub fn user(mut self, extension: u128) -> Self {
        self.0.users.insert(
            user(extension),
            User {
                name: format!("User {extension}"),
                extension: extension.to_string(),
                ring_time: Duration::from_secs(25),
                do_not_disturb: false,
                forward_always: None,
                forward_busy: None,
                forward_no_answer: None,
                call_waiting: true,
                max_calls: 4,
                outside_calls: true,
            },
        );
        self
    }

    /// A SIP device of a user.
    pub fn sip(mut self, extension: u128, username: &str) -> Self {
        let secret = Secret::from_password(username, "office.example", "secret");
        let device = DeviceId(id(0x3_0000 + self.0.devices.len() as u128));
        self.0.devices.insert(
            device,
            Device {
                user: user(extension),
                label: username.into(),
                kind: DeviceKind::Sip { username: username.into(), ha1_md5: secret.md5.0, ha1_sha256: secret.sha256.0 },
                sound: Default::default(),
            },
        );
        self
    }

    /// Users with a SIP phone each, named like their extension.
    pub fn phones(mut self, extensions: &[u128]) -> Self {
        for extension in extensions {
            self = self.user(*extension).sip(*extension, &extension.to_string());
        }
        self
    }

    /// A user with a set on an FXS port.
    pub fn set(mut self, extension: u128, port: u16) -> Self {
        if !self.0.users.contains_key(&user(extension)) {
            self = self.user(extension);
        }
        self.0.lines.insert(line(u128::from(port)), analog(port, LineKind::Fxs));
        let device = DeviceId(id(0x3_0000 + self.0.devices.len() as u128));
        self.0.devices.insert(
            device,
            Device {
                user: user(extension),
                label: String::new(),
                kind: DeviceKind::Analog { line: line(u128::from(port)) },
                sound: Default::default(),
            },
        );
        self
    }

    /// An FXO line as trunk `n`.
    pub fn outside_line(mut self, n: u128, port: u16) -> Self {
        self.0.lines.insert(line(u128::from(port)), analog(port, LineKind::Fxo));
        self.0.trunks.insert(
            trunk_id(n),
            Trunk { name: format!("Line {n}"), kind: TrunkKind::Line { line: line(u128::from(port)) }, max_calls: 1 },
        );
        self
    }

    /// A SIP trunk `n` at this address.
    pub fn sip_trunk(mut self, n: u128, address: &str, max_calls: u32) -> Self {
        let socket: std::net::SocketAddr = address.parse().unwrap();
        self.0.trunks.insert(
            trunk_id(n),
            Trunk {
                name: format!("Carrier {n}"),
                kind: TrunkKind::Sip {
                    uri: format!("sip:{address}"),
                    username: None,
                    password: None,
                    addresses: vec![socket.ip()],
                    register: false,
                    sound: Default::default(),
                },
                max_calls,
            },
        );
        self
    }

    /// `0` and a number goes out over these trunks.
    pub fn route(mut self, trunks: &[u128]) -> Self {
        self.0.routes.push(OutboundRoute {
            pattern: "0X.".into(),
            strip: 1,
            prepend: String::new(),
            trunks: trunks.iter().map(|n| trunk_id(*n)).collect(),
        });
        self
    }

    pub fn inbound(mut self, trunk: Option<u128>, number: Option<&str>, destination: &str) -> Self {
        self.0.inbound.push(InboundRoute {
            trunk: trunk.map(trunk_id),
            number: number.map(Into::into),
            destination: destination.into(),
        });
        self
    }

    /// Changes a user.
    pub fn with(mut self, extension: u128, change: impl FnOnce(&mut User)) -> Self {
        change(self.0.users.get_mut(&user(extension)).unwrap());
        self
    }
}

fn analog(port: u16, kind: LineKind) -> Line {
    Line {
        port,
        kind,
        label: String::new(),
        answer_supervision: AnswerSupervision::default(),
        sound: LineSound::default(),
    }
}

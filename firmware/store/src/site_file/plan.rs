//! What a checked site file asks for.

use std::fmt;

use offhook_switch::config::{
    Announcement, InboundRoute, Line, Network, OutboundRoute, RecordingRule, Sip, Site, Trunk, User,
};
use offhook_switch::id::{DeviceId, LineId, TrunkId, UserId};

use crate::Listen;
use crate::devices::NewDevice;

/// Something wrong in a site file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong. Never holds a password.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// What a checked site file asks for, with new identifiers.
#[derive(Debug, Default)]
pub struct Plan {
    /// The site.
    pub site: Site,
    /// SIP and RTP.
    pub network: Network,
    /// How telephones are spoken with.
    pub sip: Sip,
    /// Where to listen.
    pub listen: Listen,
    /// Weak SIP passwords were accepted.
    pub allow_weak_secrets: bool,
    /// Analog ports.
    pub lines: Vec<(LineId, Line)>,
    /// People.
    pub users: Vec<(UserId, User)>,
    /// Telephones.
    pub devices: Vec<(DeviceId, UserId, NewDevice)>,
    /// Ways out, with passwords.
    pub trunks: Vec<(TrunkId, Trunk)>,
    /// Outbound routes in order.
    pub routes: Vec<OutboundRoute>,
    /// Inbound routes in order.
    pub inbound: Vec<InboundRoute>,
    /// Announcements.
    pub announcements: Vec<Announcement>,
    /// Recording rules.
    pub recording: Vec<RecordingRule>,
    /// The first administrator.
    pub administrator: Option<AdministratorPlan>,
}

/// The first administrator of a site file.
pub struct AdministratorPlan {
    /// Name to sign in with.
    pub name: String,
    /// Password, as text or as Argon2 hash.
    pub password: PasswordPlan,
    /// `en` or `fr`; `None` the site's.
    pub language: Option<String>,
}

/// A password as text or as hash.
pub enum PasswordPlan {
    /// Text.
    Text(String),
    /// Argon2 in PHC form.
    Hash(String),
}

impl fmt::Debug for AdministratorPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdministratorPlan").field("name", &self.name).finish_non_exhaustive()
    }
}

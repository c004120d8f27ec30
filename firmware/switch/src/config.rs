//! The configuration that call control works from: parsed once into an `Arc<Config>`; calls under way keep theirs.

mod sound;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use offhook_sip::digest::Algorithm;
use serde::{Deserialize, Serialize};

pub use sound::{CodecName, DigitMode, MediaEncryption, SipSound};

use crate::id::{DeviceId, LineId, TrunkId, UserId};

/// A whole site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Name, country, time zone.
    pub site: Site,
    /// People, by id.
    pub users: BTreeMap<UserId, User>,
    /// Telephones, by id.
    pub devices: BTreeMap<DeviceId, Device>,
    /// Analog ports, by id.
    pub lines: BTreeMap<LineId, Line>,
    /// Ways out, by id.
    pub trunks: BTreeMap<TrunkId, Trunk>,
    /// Rules for numbers outside, first match wins.
    pub routes: Vec<OutboundRoute>,
    /// Where calls from outside go, by the number called (DID) or trunk; first match wins.
    pub inbound: Vec<InboundRoute>,
    /// Numbers answered by the box with a fixed announcement (scenarios replace them later).
    pub announcements: Vec<Announcement>,
    /// Which calls are recorded; any match records.
    pub recording: Vec<RecordingRule>,
    /// SIP and RTP.
    pub network: Network,
    /// How telephones are spoken with.
    #[serde(default)]
    pub sip: Sip,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
}

/// Bounds of call control. What is beyond is refused with 503 and Retry-After, or congestion tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Most calls at once, default 500. Emergency calls are not counted out.
    pub calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { calls: 500 }
    }
}

/// The site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Name of the office.
    pub name: String,
    /// ISO 3166 code: tones, cadences, emergency numbers, dialling.
    pub country: String,
    /// IANA time zone.
    pub time_zone: String,
    /// `fr` or `en`.
    pub language: String,
    /// SIP realm and domain. Secrets are bound to it.
    pub realm: String,
    /// Emergency numbers, always dialled (truth 3), e.g. 112, 15, 17, 18.
    pub emergency_numbers: Vec<String>,
}

impl Default for Site {
    fn default() -> Self {
        Site {
            name: String::new(),
            country: "FR".into(),
            time_zone: "Europe/Paris".into(),
            language: "fr".into(),
            realm: "offhook".into(),
            emergency_numbers: vec!["112".into()],
        }
    }
}

/// A person with an extension.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Shown on the phones.
    #[debug("…")]
    pub name: String,
    /// The internal number, 2–8 digits.
    #[debug("…")]
    pub extension: String,
    /// How long to ring before the next step, default 25 s.
    pub ring_time: Duration,
    /// Do not disturb: calls are refused as busy.
    pub do_not_disturb: bool,
    /// Forward all calls there.
    #[debug("…")]
    pub forward_always: Option<String>,
    /// Forward when busy.
    #[debug("…")]
    pub forward_busy: Option<String>,
    /// Forward when not answered in time (or no phone is connected).
    #[debug("…")]
    pub forward_no_answer: Option<String>,
    /// A second call rings while in a call; off: busy.
    pub call_waiting: bool,
    /// Most calls at once; beyond: busy.
    pub max_calls: u32,
    /// May call outside numbers.
    pub outside_calls: bool,
}

/// A telephone.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Whose. A user may have several; they ring together.
    pub user: UserId,
    /// Shown to the administrator.
    #[debug("…")]
    pub label: String,
    /// What it is.
    pub kind: DeviceKind,
    /// How its sound and digits go over the network (SIP only).
    #[serde(flatten)]
    pub sound: SipSound,
}

/// What a telephone is.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeviceKind {
    /// A SIP account.
    Sip {
        /// User name (the address of record's user part).
        #[debug("…")]
        username: String,
        /// HA1, MD5, hexadecimal.
        #[debug("…")]
        ha1_md5: String,
        /// HA1, SHA-256, hexadecimal.
        #[debug("…")]
        ha1_sha256: String,
    },
    /// The set on an FXS port.
    Analog {
        /// The port.
        line: LineId,
    },
}

/// An analog port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Port number as printed on the box, from 1.
    pub port: u16,
    /// FXS or FXO.
    pub kind: LineKind,
    /// Shown to the administrator.
    pub label: String,
    /// FXO: how the line tells that the far side has answered.
    #[serde(default)]
    pub answer_supervision: AnswerSupervision,
    /// How its sound is treated.
    #[serde(default)]
    pub sound: LineSound,
}

/// How the sound of an analog port is treated. Works from the next call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSound {
    /// Echo of the line is cancelled (ITU-T G.168).
    pub cancel_echo: bool,
    /// Gain of what the line says in dB, -12 to 12.
    pub from_line_db: i8,
    /// Gain of what the line hears in dB, -12 to 12.
    pub to_line_db: i8,
    /// What the line says is brought to a common level, slowly (ITU-T G.169).
    pub automatic_level: bool,
}

impl LineSound {
    /// Gains go from minus to plus this.
    pub const MOST_DB: i8 = 12;
}

impl Default for LineSound {
    fn default() -> Self {
        LineSound { cancel_echo: true, from_line_db: 0, to_line_db: 0, automatic_level: false }
    }
}

/// How an outside line tells that the far side has answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSupervision {
    /// It does not: a call counts as answered some time after the last digit.
    #[default]
    Delay,
    /// By reversing the polarity of the pair, a service of the telephone company.
    Reversal,
}

/// FXS feeds a phone; FXO faces the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "said above")]
pub enum LineKind {
    Fxs,
    Fxo,
}

/// A way out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trunk {
    /// Shown to the administrator.
    pub name: String,
    /// What it is.
    pub kind: TrunkKind,
    /// Most calls at once.
    pub max_calls: u32,
}

/// What a trunk is.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum TrunkKind {
    /// An FXO port.
    Line {
        /// The port.
        line: LineId,
    },
    /// A SIP peer.
    Sip {
        /// Host and optional port and transport as a SIP URI, e.g. `sip:carrier.example;transport=tcp`.
        #[debug("…")]
        uri: String,
        /// Credentials for its challenges.
        #[debug("…")]
        username: Option<String>,
        /// See `username`.
        #[debug("…")]
        password: Option<String>,
        /// Addresses its calls come from; a call from elsewhere is not taken as this trunk's.
        #[debug("…")]
        addresses: Vec<IpAddr>,
        /// Register with it.
        register: bool,
        /// How its sound and digits go over the network.
        #[serde(flatten)]
        sound: SipSound,
    },
}

/// A rule for numbers outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboundRoute {
    /// The number as dialled: digits, `X` any digit, `.` one or more of anything at the end. E.g. `0X.`.
    pub pattern: String,
    /// Digits taken off the front.
    pub strip: usize,
    /// Digits put in front.
    pub prepend: String,
    /// Trunks in the order to try.
    pub trunks: Vec<TrunkId>,
}

/// Where a call from outside goes.
#[derive(Clone, derive_more::Debug, PartialEq, Serialize, Deserialize)]
pub struct InboundRoute {
    /// The trunk it comes from; `None` any.
    pub trunk: Option<TrunkId>,
    /// The number called; `None` any.
    #[debug("…")]
    pub number: Option<String>,
    /// The extension (or announcement) it goes to.
    #[debug("…")]
    pub destination: String,
}

/// A fixed announcement: answers, plays over and over until `hang_up_digit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// The number that reaches it.
    pub number: String,
    /// Shown to the administrator.
    pub name: String,
    /// A WAV file under the data directory's `sounds`; `None` the built-in tone prompt.
    pub file: Option<String>,
    /// A digit that ends the call.
    pub hang_up_digit: Option<char>,
}

/// Records calls whose caller's or callee's extension matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingRule {
    /// Pattern of the caller's extension (`12XX`); `None` any.
    pub caller: Option<String>,
    /// Pattern of the number called; `None` any.
    pub callee: Option<String>,
}

/// SIP and RTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Our address in SDP and Contact when a socket is bound to all; `None`: the address the peer reaches us at.
    pub advertised: Option<IpAddr>,
    /// First RTP port (even).
    pub rtp_first: u16,
    /// Last RTP port.
    pub rtp_last: u16,
    /// Refuse a source after repeated failures; loopback is exempt when false here.
    pub ban_loopback: bool,
}

impl Default for Network {
    fn default() -> Self {
        Network { advertised: None, rtp_first: 30000, rtp_last: 39999, ban_loopback: false }
    }
}

/// How telephones are spoken with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sip {
    /// Digest algorithms offered, in this order; no other is accepted (RFC 8760). Default MD5 alone: SIPp 3.6 and baresip 1.0
    /// register nowhere when SHA-256 is offered.
    pub digest: Vec<DigestAlgorithm>,
    /// Take credentials that were signed for the server's name instead of the number called, as SIPp's are. Default false: who
    /// can change a message on its way could then call another number in its sender's name.
    pub accept_server_uri: bool,
    /// A party in conversation of whom neither sound nor RTCP came for so long has left: default 60 s. `None`: such a call lives
    /// until the session timer (RFC 4028) finds it dead, up to half an hour. Not applied while somebody in the call holds.
    pub rtp_timeout: Option<Duration>,
}

impl Default for Sip {
    fn default() -> Self {
        Sip { digest: vec![DigestAlgorithm::Md5], accept_server_uri: false, rtp_timeout: Some(Duration::from_secs(60)) }
    }
}

/// A hash of RFC 8760. Secrets are kept for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the algorithms")]
pub enum DigestAlgorithm {
    #[serde(rename = "MD5")]
    Md5,
    #[serde(rename = "SHA-256")]
    Sha256,
}

impl DigestAlgorithm {
    /// Its name in challenges.
    pub fn name(self) -> &'static str {
        Algorithm::from(self).name()
    }
}

impl From<DigestAlgorithm> for Algorithm {
    fn from(algorithm: DigestAlgorithm) -> Algorithm {
        match algorithm {
            DigestAlgorithm::Md5 => Algorithm::Md5,
            DigestAlgorithm::Sha256 => Algorithm::Sha256,
        }
    }
}

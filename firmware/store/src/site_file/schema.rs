//! The form of the site file. `firmware/docs/site-file.md` says the same to people; keep both true.

use std::net::{IpAddr, SocketAddr};

use offhook_switch::config::{DigitMode, MediaEncryption};
use serde::{Deserialize, Serialize};
use toml::Spanned;

type Text = Spanned<String>;

fn is_false(value: &bool) -> bool {
    !value
}
fn yes() -> bool {
    true
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteFile {
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) allow_weak_secrets: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) site: Option<SiteSection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) listen: Option<ListenSection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sip: Option<SipSection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) administrator: Option<Spanned<AdministratorSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) line: Vec<Spanned<LineSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) user: Vec<Spanned<UserSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) extensions: Vec<Spanned<RangeSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) device: Vec<Spanned<DeviceSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) trunk: Vec<Spanned<TrunkSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) route: Vec<Spanned<RouteSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) announcement: Vec<Spanned<AnnouncementSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) inbound: Vec<Spanned<InboundSection>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) recording: Vec<Spanned<RecordingSection>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteSection {
    pub(super) name: Text,
    pub(super) country: Option<Text>,
    pub(super) time_zone: Option<Text>,
    pub(super) language: Option<Text>,
    pub(super) realm: Option<Text>,
    #[serde(default)]
    pub(super) emergency_numbers: Option<Vec<Text>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenSection {
    pub(super) udp: Option<Vec<SocketAddr>>,
    pub(super) tcp: Option<Vec<SocketAddr>>,
    pub(super) tls: Option<Vec<SocketAddr>>,
    pub(super) ws: Option<Vec<SocketAddr>>,
    pub(super) wss: Option<Vec<SocketAddr>>,
    pub(super) http: Option<Vec<SocketAddr>>,
    pub(super) rtp: Option<Text>,
    pub(super) advertised: Option<IpAddr>,
    pub(super) ban_loopback: Option<bool>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SipSection {
    pub(super) digest: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) accept_server_uri: bool,
    pub(super) rtp_timeout: Option<Spanned<u32>>,
}

#[derive(derive_more::Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdministratorSection {
    #[debug("…")]
    pub(super) name: Option<Text>,
    #[debug("…")]
    pub(super) password: Option<Text>,
    #[debug("…")]
    pub(super) password_hash: Option<Text>,
    pub(super) language: Option<Text>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineSection {
    pub(super) port: u16,
    pub(super) kind: offhook_switch::config::LineKind,
    pub(super) label: Option<Text>,
    pub(super) answer_supervision: Option<offhook_switch::config::AnswerSupervision>,
    pub(super) cancel_echo: Option<bool>,
    pub(super) from_line_db: Option<Spanned<i8>>,
    pub(super) to_line_db: Option<Spanned<i8>>,
    pub(super) automatic_level: Option<bool>,
}

#[derive(derive_more::Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSection {
    #[debug("…")]
    pub(super) extension: Text,
    #[debug("…")]
    pub(super) name: Text,
    #[debug("…")]
    pub(super) password: Option<Text>,
    pub(super) line: Option<Spanned<u16>>,
    pub(super) ring_time: Option<Spanned<u32>>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) do_not_disturb: bool,
    #[debug("…")]
    pub(super) forward_always: Option<Text>,
    #[debug("…")]
    pub(super) forward_busy: Option<Text>,
    #[debug("…")]
    pub(super) forward_no_answer: Option<Text>,
    #[serde(default = "yes")]
    pub(super) call_waiting: bool,
    pub(super) max_calls: Option<Spanned<u32>>,
    #[serde(default = "yes")]
    pub(super) outside_calls: bool,
}

#[derive(derive_more::Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeSection {
    pub(super) from: Spanned<u32>,
    pub(super) to: Spanned<u32>,
    #[debug("…")]
    pub(super) password: Text,
    #[debug("…")]
    pub(super) name: Option<Text>,
    pub(super) max_calls: Option<Spanned<u32>>,
    #[serde(default = "yes")]
    pub(super) call_waiting: bool,
    #[serde(default = "yes")]
    pub(super) outside_calls: bool,
}

#[derive(derive_more::Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceSection {
    #[debug("…")]
    pub(super) user: Text,
    #[debug("…")]
    pub(super) label: Option<Text>,
    #[debug("…")]
    pub(super) username: Option<Text>,
    #[debug("…")]
    pub(super) password: Option<Text>,
    pub(super) line: Option<Spanned<u16>>,
    pub(super) encryption: Option<Spanned<MediaEncryption>>,
    pub(super) codecs: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) digits: Option<Spanned<DigitMode>>,
}

#[derive(derive_more::Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrunkSection {
    pub(super) name: Text,
    pub(super) max_calls: Option<Spanned<u32>>,
    pub(super) line: Option<Spanned<u16>>,
    #[debug("…")]
    pub(super) uri: Option<Text>,
    #[debug("…")]
    pub(super) username: Option<Text>,
    #[debug("…")]
    pub(super) password: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[debug("…")]
    pub(super) addresses: Vec<IpAddr>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) register: bool,
    pub(super) encryption: Option<Spanned<MediaEncryption>>,
    pub(super) codecs: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) digits: Option<Spanned<DigitMode>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteSection {
    pub(super) pattern: Text,
    #[serde(default)]
    pub(super) strip: u32,
    pub(super) prepend: Option<Text>,
    pub(super) trunks: Vec<Text>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnnouncementSection {
    pub(super) number: Text,
    pub(super) name: Text,
    pub(super) file: Option<Text>,
    pub(super) hang_up_digit: Option<Text>,
}

#[derive(derive_more::Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InboundSection {
    pub(super) trunk: Option<Text>,
    #[debug("…")]
    pub(super) number: Option<Text>,
    #[debug("…")]
    pub(super) destination: Text,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordingSection {
    pub(super) caller: Option<Text>,
    pub(super) callee: Option<Text>,
}

//! Ways to find things in a [`Config`], made once per configuration.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::config::{Config, DeviceKind, TrunkKind};
use crate::id::{DeviceId, LineId, TrunkId, UserId};

/// See the module.
#[derive(derive_more::Debug, Default)]
#[debug("Index(…)")]
pub(crate) struct Index {
    /// Extension → user.
    pub(crate) extensions: BTreeMap<String, UserId>,
    /// SIP user name → device and its user.
    pub(crate) usernames: BTreeMap<String, (DeviceId, UserId)>,
    /// Devices of each user.
    pub(crate) devices: BTreeMap<UserId, Vec<DeviceId>>,
    /// FXS port → the set on it.
    pub(crate) line_devices: BTreeMap<LineId, (DeviceId, UserId)>,
    /// FXO port → its trunk.
    pub(crate) line_trunks: BTreeMap<LineId, TrunkId>,
    /// Number → position in `config.announcements`.
    pub(crate) announcements: BTreeMap<String, usize>,
}

impl Index {
    pub(crate) fn new(config: &Config) -> Self {
        let mut index = Index::default();
        for (id, user) in &config.users {
            index.extensions.entry(user.extension.clone()).or_insert(*id);
        }
        for (id, device) in &config.devices {
            if !config.users.contains_key(&device.user) {
                continue;
            }
            index.devices.entry(device.user).or_default().push(*id);
            match &device.kind {
                DeviceKind::Sip { username, .. } => {
                    index.usernames.entry(username.clone()).or_insert((*id, device.user));
                }
                DeviceKind::Analog { line } => {
                    index.line_devices.entry(*line).or_insert((*id, device.user));
                }
            }
        }
        for (id, trunk) in &config.trunks {
            if let TrunkKind::Line { line } = trunk.kind {
                index.line_trunks.entry(line).or_insert(*id);
            }
        }
        for (position, announcement) in config.announcements.iter().enumerate() {
            index.announcements.entry(announcement.number.clone()).or_insert(position);
        }
        index
    }

    /// A number that starts with `digits` and is longer, among the numbers of the box.
    pub(crate) fn longer_number(&self, digits: &str) -> bool {
        fn longer<T>(map: &BTreeMap<String, T>, digits: &str) -> bool {
            map.range::<str, _>((Bound::Included(digits), Bound::Unbounded))
                .take_while(|(number, _)| number.starts_with(digits))
                .any(|(number, _)| number.len() > digits.len())
        }
        longer(&self.extensions, digits) || longer(&self.announcements, digits)
    }
}

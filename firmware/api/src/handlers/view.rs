//! Extensions and telephones as shown, from the database.

use std::collections::BTreeMap;

use offhook_store::{Store, StoreError};
use offhook_switch::config::{Device, DeviceKind};
use offhook_switch::exchange::StoredBinding;
use offhook_switch::id::{DeviceId, UserId};

use crate::clock::now;
use crate::types;

/// All extensions, or one.
pub(crate) fn extensions(store: &Store, only: Option<UserId>) -> Result<Vec<types::Extension>, StoreError> {
    let mut bindings = bindings(store)?;
    let mut devices: BTreeMap<UserId, Vec<types::Device>> = BTreeMap::new();
    for (id, device) in store.devices()? {
        let user = device.user;
        if only.is_none_or(|only| only == user) {
            devices.entry(user).or_default().push(shown(id, device, &mut bindings));
        }
    }
    let users = match only {
        Some(id) => store.user(id)?.map(|user| (id, user)).into_iter().collect(),
        None => store.users()?,
    };
    let shown = users.into_iter().map(|(id, user)| {
        let devices = devices.remove(&id).unwrap_or_default();
        let registrations = devices.iter().map(|device| device.registrations.len()).sum::<usize>();
        types::Extension {
            id: id.0,
            name: user.name,
            extension: user.extension,
            ring_time_ms: u32::try_from(user.ring_time.as_millis()).unwrap_or(u32::MAX),
            do_not_disturb: user.do_not_disturb,
            forward_always: user.forward_always,
            forward_busy: user.forward_busy,
            forward_no_answer: user.forward_no_answer,
            call_waiting: user.call_waiting,
            max_calls: user.max_calls,
            outside_calls: user.outside_calls,
            devices,
            registrations: u32::try_from(registrations).unwrap_or(u32::MAX),
        }
    });
    Ok(shown.collect())
}

/// A telephone.
pub(crate) fn device(store: &Store, id: DeviceId) -> Result<Option<types::Device>, StoreError> {
    let mut bindings = bindings(store)?;
    Ok(store.device(id)?.map(|device| shown(id, device, &mut bindings)))
}

fn bindings(store: &Store) -> Result<BTreeMap<String, Vec<StoredBinding>>, StoreError> {
    // What the exchange handed over a moment ago counts too. Should the disk refuse, what is there is shown.
    if let Err(error) = store.writer().flush() {
        tracing::debug!(%error, "registrations may be a moment old");
    }
    Ok(store.bindings(now())?.into_iter().collect())
}

fn shown(id: DeviceId, device: Device, bindings: &mut BTreeMap<String, Vec<StoredBinding>>) -> types::Device {
    let (kind, registrations) = match device.kind {
        DeviceKind::Sip { username, .. } => {
            let found = bindings.remove(&username).unwrap_or_default();
            (types::DeviceKind::Sip { username }, found)
        }
        DeviceKind::Analog { line } => (types::DeviceKind::Analog { line: line.0 }, Vec::new()),
    };
    types::Device {
        id: id.0,
        extension_id: device.user.0,
        label: device.label,
        kind,
        encryption: crate::sip_sound::encryption(device.sound.encryption),
        codecs: device.sound.codecs.into_iter().map(crate::sip_sound::codec).collect(),
        digits: crate::sip_sound::digits(device.sound.digits),
        registrations: registrations.into_iter().map(Into::into).collect(),
    }
}

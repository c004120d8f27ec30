//! The whole configuration, as call control wants it.

use offhook_switch::config::Config;
use rusqlite::Connection;

use crate::error::StoreError;
use crate::secret::Seal;
use crate::{Store, announcements, devices, lines, recording_rules, routes, settings, site, trunks, users};

pub(crate) fn load(connection: &Connection, seal: &Seal) -> Result<Config, StoreError> {
    let rows = devices::list(connection)?;
    Ok(Config {
        limits: offhook_switch::config::Limits::default(),
        site: site::get(connection)?.unwrap_or_default(),
        users: users::list(connection)?.into_iter().collect(),
        devices: rows.into_iter().map(|row| (row.id, row.device)).collect(),
        lines: lines::list(connection)?.into_iter().collect(),
        trunks: trunks::list(connection)?.into_iter().map(|row| row.open(seal)).collect(),
        routes: routes::outbound(connection)?.into_iter().map(|placed| placed.route).collect(),
        inbound: routes::inbound(connection)?.into_iter().map(|placed| placed.route).collect(),
        announcements: announcements::list(connection)?.into_iter().map(|(_, value)| value).collect(),
        recording: recording_rules::list(connection)?.into_iter().map(|(_, rule)| rule).collect(),
        network: site::network(connection)?.unwrap_or_default(),
        sip: settings::get(connection, settings::SIP)?.unwrap_or_default(),
    })
}

impl Store {
    /// The whole configuration, of one moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_config(&self) -> Result<Config, StoreError> {
        self.read(|connection| load(connection, self.seal()))
    }
}

//! The site: one row.

use std::net::IpAddr;

use offhook_switch::config::{Network, Site};
use rusqlite::{Connection, params};

use crate::Store;
use crate::error::{Conflict, StoreError};
use crate::sql::{Json, row, run};

pub(crate) fn get(connection: &Connection) -> Result<Option<Site>, StoreError> {
    row(connection, "SELECT name, country, time_zone, language, realm, emergency_numbers FROM site", (), |row| {
        Ok(Site {
            name: row.get(0)?,
            country: row.get(1)?,
            time_zone: row.get(2)?,
            language: row.get(3)?,
            realm: row.get(4)?,
            emergency_numbers: row.get::<_, Json<Vec<String>>>(5)?.0,
        })
    })
}

pub(crate) fn network(connection: &Connection) -> Result<Option<Network>, StoreError> {
    row(connection, "SELECT advertised, rtp_first, rtp_last, ban_loopback FROM site", (), |row| {
        Ok(Network {
            advertised: row.get::<_, Option<String>>(0)?.and_then(|text| text.parse::<IpAddr>().ok()),
            rtp_first: row.get(1)?,
            rtp_last: row.get(2)?,
            ban_loopback: row.get(3)?,
        })
    })
}

pub(crate) fn put(connection: &Connection, site: &Site, network: &Network) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT OR REPLACE INTO site (id, name, country, time_zone, language, realm, emergency_numbers, advertised, rtp_first,
            rtp_last, ban_loopback) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            site.name,
            site.country,
            site.time_zone,
            site.language,
            site.realm,
            Json(&site.emergency_numbers),
            network.advertised.map(|address| address.to_string()),
            network.rtp_first,
            network.rtp_last,
            network.ban_loopback,
        ],
    )?;
    Ok(())
}

impl Store {
    /// The site; the defaults before the first run.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn site(&self) -> Result<Site, StoreError> {
        self.read(|connection| Ok(get(connection)?.unwrap_or_default()))
    }

    /// Changes the site. The realm stays as it is once telephones have secrets bound to it.
    ///
    /// # Errors
    /// When an emergency number is an extension, or the database cannot be written.
    pub fn put_site(&self, mut site: Site) -> Result<Site, StoreError> {
        self.edit(move |connection| {
            if crate::devices::any_sip(connection)? {
                site.realm = get(connection)?.unwrap_or_default().realm;
            }
            for number in &site.emergency_numbers {
                if crate::numbers::exists(connection, number)? {
                    return Err(Conflict::NumberTaken(number.clone()).into());
                }
            }
            let network = network(connection)?.unwrap_or_default();
            put(connection, &site, &network)?;
            Ok(site)
        })
    }
}

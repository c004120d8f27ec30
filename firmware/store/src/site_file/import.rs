//! Into an empty store.

use uuid::Uuid;

use super::plan::{PasswordPlan, Plan};
use super::{ImportError, check};
use crate::administrators::{self, Administrator};
use crate::error::{Conflict, StoreError};
use crate::routes::{self, Placed};
use crate::sql::row;
use crate::trunks::{self, TrunkRow};
use crate::{Store, announcements, devices, lines, recording_rules, secret, settings, site, users};

impl Store {
    /// Whether nothing is configured: no first run, no site file yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        self.read(is_empty)
    }

    /// Puts a site file into an empty store, all or nothing.
    ///
    /// # Errors
    /// When the file is not right, the store is not empty, or the database cannot be written.
    pub fn import_site_file(&self, text: &str) -> Result<(), ImportError> {
        let plan = check(text).map_err(ImportError::File)?;
        Ok(self.import(plan)?)
    }

    fn import(&self, plan: Plan) -> Result<(), StoreError> {
        let administrator = match &plan.administrator {
            None => None,
            Some(administrator) => Some(Administrator {
                id: Uuid::now_v7(),
                name: administrator.name.clone(),
                password_hash: match &administrator.password {
                    PasswordPlan::Text(text) => secret::hash_password(text)?,
                    PasswordPlan::Hash(hash) => hash.clone(),
                },
                role: "administrator".into(),
                language: administrator.language.clone().unwrap_or_else(|| plan.site.language.clone()),
            }),
        };
        let seal = self.seal().clone();
        self.edit(move |connection| {
            if !is_empty(connection)? {
                return Err(Conflict::NotEmpty.into());
            }
            site::put(connection, &plan.site, &plan.network)?;
            settings::put(connection, settings::LISTEN, &plan.listen)?;
            settings::put(connection, settings::SIP, &plan.sip)?;
            settings::put(connection, settings::ALLOW_WEAK_SECRETS, &plan.allow_weak_secrets)?;
            for (id, line) in &plan.lines {
                lines::put(connection, *id, line)?;
            }
            for (id, user) in &plan.users {
                users::put(connection, *id, user)?;
            }
            for (id, user, new) in plan.devices {
                devices::create(connection, &seal, id, user, new)?;
            }
            for (id, trunk) in plan.trunks {
                trunks::put(connection, &TrunkRow::seal(&seal, id, trunk)?)?;
            }
            for announcement in &plan.announcements {
                announcements::put(connection, Uuid::now_v7(), announcement)?;
            }
            for (position, route) in (0..).zip(plan.routes) {
                let id = Uuid::now_v7();
                routes::put_outbound(connection, &Placed { id, position, route })?;
            }
            for (position, route) in (0..).zip(plan.inbound) {
                let id = Uuid::now_v7();
                routes::put_inbound(connection, &Placed { id, position, route })?;
            }
            for rule in &plan.recording {
                recording_rules::put(connection, Uuid::now_v7(), rule)?;
            }
            if let Some(administrator) = &administrator {
                administrators::put(connection, administrator)?;
            }
            Ok(())
        })
    }
}

fn is_empty(connection: &rusqlite::Connection) -> Result<bool, StoreError> {
    let found = row(
        connection,
        "SELECT 1 FROM site UNION ALL SELECT 1 FROM users UNION ALL SELECT 1 FROM administrators LIMIT 1",
        (),
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_none())
}

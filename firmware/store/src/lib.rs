//! The only database of the box: configuration, call records, registrations, administrators.
//!
//! One SQLite file in the data directory, in WAL mode, with one thread that writes ([`StoreWriter`]) and a pool of connections that
//! read. No SQL outside this crate; one file per resource. Every table's migrations go forward and backward ([`migration`]).
//!
//! # What survives a power cut
//! Writes of configuration are synced to the disk before they are answered. Call and leg records are gathered for
//! [`Options::linger`] and written together, so that the end of the daemon loses none older than that; the log is synced
//! [`Options::sync`] later, so that hundreds of calls a second cost one sync each 50 ms. Registrations are written without a sync of their own: after a power
//! cut the last ones may be missing (phones register again), while a crash of the daemon loses none older than the linger.
#![forbid(unsafe_code)]

pub mod administrators;
pub mod announcements;
pub mod bindings;
pub mod calls;
mod deleted;
pub mod devices;
mod error;
mod leg_quality;
mod legs;
pub mod lines;
mod load;
pub mod migration;
mod numbers;
mod readers;
pub mod recording_rules;
pub mod routes;
pub mod rules;
pub mod secret;
mod sessions;
mod settings;
mod sip_sound;
mod site;
pub mod site_file;

mod sql;
pub mod trunks;
pub mod users;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

pub use deleted::{UNDO_TIME, Undo};
pub use error::{Conflict, StoreError};
pub use sessions::SessionRow;
pub use settings::Listen;
pub use writer::{Health, StoreWriter};

/// Name of the database in the data directory.
pub const DATABASE_FILE: &str = "offhook.sqlite";

/// How the store works.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long call records are gathered before they are handed to the system. Default 2 ms. A longer time costs less processor
    /// time and loses more when the daemon is killed.
    pub linger: Duration,
    /// How long after that they are synced to the disk. Default 50 ms. A longer time costs less flash wear and loses more at a
    /// power cut.
    pub sync: Duration,
    /// How long registrations are gathered when there are only those. Default 500 ms.
    pub linger_bindings: Duration,
    /// Length of the writer's queue. Default 32 768. When it is full, records are refused with [`StoreError::QueueFull`].
    pub queue: usize,
    /// Most records kept in memory while the disk refuses them. Default 100 000 (about 40 MB at worst).
    pub backlog: usize,
    /// Connections for reading. Default 4.
    pub readers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            linger: Duration::from_millis(2),
            sync: Duration::from_millis(50),
            linger_bindings: Duration::from_millis(500),
            queue: 32_768,
            backlog: 100_000,
            readers: 4,
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: StoreWriter,
    readers: Arc<readers::Readers>,
    seal: Arc<secret::Seal>,
}

impl Store {
    /// Opens the database of a data directory, making both when they do not exist, and brings it to this program's schema.
    ///
    /// # Errors
    /// When the directory or file cannot be made, read or migrated.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_with(directory, Options::default())
    }

    /// As [`Store::open`], with other options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(directory: &Path, options: Options) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory).map_err(|error| StoreError::Disk(error.to_string()))?;
        let seal = Arc::new(secret::Seal::open(directory)?);
        let path = directory.join(DATABASE_FILE);
        let mut connection = connect(&path)?;
        migration::migrate(&mut connection, migration::STEPS)?;
        let writer = StoreWriter::start(connection, options)?;
        Ok(Store { writer, readers: Arc::new(readers::Readers::new(path, options.readers)), seal })
    }

    /// The handle for records. Cheap to clone; never waits.
    pub fn writer(&self) -> &StoreWriter {
        &self.writer
    }

    /// Runs a read.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.readers.read(read)
    }

    /// Runs a change in a transaction of its own on the writer's thread and waits until it is on the disk. An error undoes it.
    pub(crate) fn edit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.edit(change)
    }

    pub(crate) fn seal(&self) -> &Arc<secret::Seal> {
        &self.seal
    }
}

fn connect(path: &PathBuf) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    restrict(path);
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The database holds names and numbers: for the daemon's user alone.
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)) {
        tracing::debug!(%error, "the database's mode was not changed");
    }
}

impl Store {
    /// Lets the database grow by so many pages and no more, as a full disk would; `None`: no limit. For tests of full disks.
    ///
    /// # Errors
    /// When the database is closed.
    #[doc(hidden)]
    pub fn limit_size_for_tests(&self, pages: Option<u32>) -> Result<(), StoreError> {
        self.edit(move |connection| {
            let now: u32 = connection.query_row("PRAGMA page_count", (), |row| row.get(0))?;
            let most = pages.map_or(1_000_000, |pages| now + pages);
            connection.query_row(&format!("PRAGMA max_page_count = {most}"), (), |row| row.get::<_, u32>(0))?;
            Ok(())
        })
    }
}

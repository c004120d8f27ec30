//! What can go wrong with the database.

use rusqlite::ErrorCode;

/// Why the database refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left, or the quota is used up.
    #[error("the disk is full")]
    DiskFull,
    /// The file or its disk cannot be written.
    #[error("the database cannot be written: it is read-only")]
    ReadOnly,
    /// Reading or writing the disk failed.
    #[error("the disk failed: {0}")]
    Disk(String),
    /// The file is not a database, or is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The writer's queue is full: the record was not taken.
    #[error("the queue of writes is full")]
    QueueFull,
    /// The writer has stopped.
    #[error("the database is closed")]
    Closed,
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// What is asked contradicts what is there.
    #[error("{0}")]
    Conflict(#[from] Conflict),
    /// A migration cannot be run.
    #[error("migration {name}: {reason}")]
    Migration {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The key file of the box, or something sealed with it, cannot be used.
    #[error("the key file of the box: {0}")]
    Key(String),
    /// A row holds what it cannot hold.
    #[error("a stored value is not readable: {0}")]
    Value(#[from] serde_json::Error),
    /// Anything else SQLite says.
    #[error("database: {0}")]
    Sql(#[source] rusqlite::Error),
}

/// What is asked contradicts what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The number is an extension, announcement or emergency number already.
    #[error("the number {0} is in use")]
    NumberTaken(String),
    /// The number is an emergency number of the site.
    #[error("the number {0} is an emergency number")]
    NumberIsEmergency(String),
    /// Another telephone has this SIP user name.
    #[error("the SIP user name {0} is in use")]
    UsernameTaken(String),
    /// Another line has this port.
    #[error("port {0} is in use")]
    PortTaken(u16),
    /// Another telephone or trunk has this line.
    #[error("the line is in use")]
    LineTaken,
    /// The line is not of the kind needed.
    #[error("the line is of the wrong kind")]
    LineKind,
    /// Something still refers to what is to be deleted.
    #[error("still in use by {0}")]
    InUse(String),
    /// What is referred to does not exist.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// The store is not empty.
    #[error("the box is already configured")]
    NotEmpty,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::DiskFull,
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::DatabaseBusy) => {
                StoreError::Disk(error.to_string())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(error.to_string()),
            _ if error == rusqlite::Error::QueryReturnedNoRows => StoreError::NotFound,
            _ => StoreError::Sql(error),
        }
    }
}

impl StoreError {
    /// The same write may succeed later, when the disk has space or is writable again.
    pub fn is_passing(&self) -> bool {
        matches!(self, StoreError::DiskFull | StoreError::ReadOnly | StoreError::Disk(_))
    }
}

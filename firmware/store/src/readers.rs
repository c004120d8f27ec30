//! The pool of connections that read.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;

/// A pool of at most so many connections, opened when first needed.
pub(crate) struct Readers {
    path: PathBuf,
    most: usize,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    idle: Vec<Connection>,
    out: usize,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, most: usize) -> Self {
        let pool = Pool { idle: Vec::new(), out: 0 };
        Readers { path, most: most.max(1), pool: Mutex::new(pool), returned: Condvar::new() }
    }

    /// Runs a read on a free connection, waiting for one when all are busy. The read sees one state of the database.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let guard = self.take()?;
        let Some(connection) = guard.connection.as_ref() else {
            return Err(StoreError::Closed);
        };
        let transaction = connection.unchecked_transaction()?;
        let value = read(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    fn take(&self) -> Result<Taken<'_>, StoreError> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        while pool.idle.is_empty() && pool.out >= self.most {
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        pool.out += 1;
        let idle = pool.idle.pop();
        drop(pool);
        // From here on the place is given back by `Taken::drop`, also when opening fails.
        let mut taken = Taken { readers: self, connection: idle };
        if taken.connection.is_none() {
            taken.connection = Some(self.connect()?);
        }
        Ok(taken)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -1024)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }
}

struct Taken<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.out -= 1;
        pool.idle.extend(self.connection.take());
        self.readers.returned.notify_one();
    }
}

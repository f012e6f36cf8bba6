//! Records: a small ordered map with transactions, in SQLite, shared by threads and processes.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lugger_core::effect::store::{Applied, Batch, Record, StoreError};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use super::{
    error,
    index::{self, Images},
    layout::Layout,
    lock,
    table::{self, IMAGES, SCHEMA, VERSION},
};

const NAME: &str = "lugger.db";

/// How long one transaction waits for those of other processes, which take milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The database, opened by the first who asks: what only reads content does not pay for it.
pub(super) struct Records {
    connection: Mutex<Option<Connection>>,
    path: PathBuf,
}

/// How sure a transaction is when it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// After a power cut it, and all before it, are there.
    Full,
    /// After a power cut the last ones may be gone, as if they had never been.
    Later,
}

impl Records {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { connection: Mutex::default(), path: layout.path(NAME) }
    }

    /// The database, for one thread at a time. Must be asked once before the store's turn is taken: opening takes it.
    pub(super) fn session(&self, layout: &Layout) -> Result<Session<'_>, StoreError> {
        let mut guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            let connection = match layout.writable() {
                Ok(()) => self.open(layout)?,
                Err(_) => self.open_read_only(layout)?,
            };
            *guard = Some(connection);
        }
        Ok(Session { guard, records: self })
    }

    fn open(&self, layout: &Layout) -> Result<Connection, StoreError> {
        let failed = |cause| self.failed(&cause);
        create(layout)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        if version(&connection).map_err(failed)? == 0 {
            // Two that make the tables at once would be one too many.
            let _turn = lock::turn(layout)?;
            if version(&connection).map_err(failed)? == 0 {
                if !layout.durable {
                    connection.pragma_update(None, "synchronous", "OFF").map_err(failed)?;
                }
                connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
                let tables = connection.transaction_with_behavior(TransactionBehavior::Immediate);
                let tables = tables.map_err(failed)?;
                tables.execute_batch(SCHEMA).map_err(failed)?;
                tables.commit().map_err(failed)?;
            }
        }
        // The log stays: emptying it at the end of every run would take two syncs more. It is emptied every 1000 pages.
        let keep_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        connection.set_db_config(keep_log, true).map_err(failed)?;
        self.prepare(&connection)?;
        self.mend(layout, &connection)?;
        Ok(connection)
    }

    /// A write-ahead log cannot be read where its index cannot be made; without a log the database can.
    fn open_read_only(&self, layout: &Layout) -> Result<Connection, StoreError> {
        let failed = |cause| self.failed(&cause);
        let len = |name: &str| layout.root.len(name).map_err(|cause| layout.root.failed(name, cause));
        let connection = if len(NAME)?.unwrap_or(0) == 0 {
            let connection = Connection::open_in_memory().map_err(failed)?;
            connection.execute_batch(SCHEMA).map_err(failed)?;
            connection
        } else {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_URI;
            let logged = len(&format!("{NAME}-wal"))?.unwrap_or(0) > 0;
            let uri = uri(&self.path, !logged);
            Connection::open_with_flags(uri, flags).map_err(failed)?
        };
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        self.prepare(&connection)?;
        Ok(connection)
    }

    fn prepare(&self, connection: &Connection) -> Result<(), StoreError> {
        let found = version(connection).map_err(|cause| self.failed(&cause))?;
        if found != VERSION {
            let detail = format!("the records have form {found}; this version knows {VERSION}");
            return Err(error::failed(&self.path, detail));
        }
        // A quarter of a MiB of pages: the whole program is to stay below twelve.
        connection.pragma_update(None, "cache_size", -256).map_err(|cause| self.failed(&cause))?;
        connection.pragma_update(None, "mmap_size", 0).map_err(|cause| self.failed(&cause))
    }

    /// Writes the index anew if a crash came between the records and it.
    fn mend(&self, layout: &Layout, connection: &Connection) -> Result<(), StoreError> {
        let stale = || Ok(self.images_revision(connection)? != index::revision(layout)?);
        if stale()? {
            // Another process may just be about to rename it.
            let _turn = lock::turn(layout)?;
            if stale()? {
                index::prepare(layout, &self.images(connection)?)?;
                index::reveal(layout)?;
            }
        }
        Ok(())
    }

    fn images_revision(&self, connection: &Connection) -> Result<u64, StoreError> {
        table::counter(connection, "images").map_err(|cause| self.failed(&cause))
    }

    fn images(&self, connection: &Connection) -> Result<Images, StoreError> {
        let revision = self.images_revision(connection)?;
        let records = table::scan(connection, IMAGES).map_err(|cause| self.failed(&cause))?;
        let records = records
            .into_iter()
            .map(|(key, record)| (key.strip_prefix(IMAGES).unwrap_or(&key).to_owned(), record.value))
            .collect();
        Ok(Images { records, revision })
    }

    fn failed(&self, cause: &rusqlite::Error) -> StoreError {
        error::database(&self.path, cause)
    }
}

/// The database, while one thread uses it.
pub(super) struct Session<'a> {
    guard: MutexGuard<'a, Option<Connection>>,
    records: &'a Records,
}

impl Session<'_> {
    pub(super) fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        table::get(self.connection(), key).map_err(|cause| self.records.failed(&cause))
    }

    pub(super) fn scan(&self, prefix: &str) -> Result<Vec<(String, Record)>, StoreError> {
        table::scan(self.connection(), prefix).map_err(|cause| self.records.failed(&cause))
    }

    /// Begins a transaction that excludes all others.
    pub(super) fn change(&mut self, sync: Sync) -> Result<Changing<'_>, StoreError> {
        let records = self.records;
        let failed = |cause| records.failed(&cause);
        let connection = self.guard.as_mut().expect("a session has a connection");
        let level = match sync {
            Sync::Full => "FULL",
            Sync::Later => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", level).map_err(failed)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        Ok(Changing { transaction: transaction.map_err(failed)?, records })
    }

    fn connection(&self) -> &Connection {
        self.guard.as_ref().expect("a session has a connection")
    }
}

/// A transaction; dropped, it never was.
pub(super) struct Changing<'a> {
    transaction: Transaction<'a>,
    records: &'a Records,
}

impl Changing<'_> {
    /// Whether these records have the revisions that somebody expects.
    pub(super) fn holds(&self, expect: &[(String, u64)]) -> Result<bool, StoreError> {
        table::holds(&self.transaction, expect).map_err(|cause| self.records.failed(&cause))
    }

    /// Makes the changes, unless an expected revision no longer holds.
    pub(super) fn apply(&self, batch: &Batch) -> Result<Applied, StoreError> {
        table::apply(&self.transaction, batch).map_err(|cause| self.records.failed(&cause))
    }

    /// The image records as the transaction leaves them.
    pub(super) fn images(&self) -> Result<Images, StoreError> {
        self.records.images(&self.transaction)
    }

    /// Makes it so.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().map_err(|cause| self.records.failed(&cause))
    }
}

/// Makes an empty file for the database, if there is none: SQLite gives its other files the permissions of this one.
///
/// Under its own name nobody but SQLite opens it: to close it again would give back every lock that another connection of
/// this process has on it (POSIX locks belong to the process), and others would write at the same time.
fn create(layout: &Layout) -> Result<(), StoreError> {
    const NEW: &str = "lugger.db-new";
    let is_there = || layout.root.len(NAME).map_err(|cause| layout.root.failed(NAME, cause));
    if is_there()?.is_none() {
        let _turn = lock::turn(layout)?;
        if is_there()?.is_none() {
            layout.root.write(NEW, b"", false).map_err(|cause| layout.root.failed(NEW, cause))?;
            layout.root.rename(NEW, NAME).map_err(|cause| layout.root.failed(NAME, cause))?;
        }
    }
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// The path as SQLite's kind of URI.
fn uri(path: &std::path::Path, immutable: bool) -> String {
    use std::{fmt::Write as _, os::unix::ffi::OsStrExt as _};
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                uri.push(char::from(*byte));
            }
            other => write!(uri, "%{other:02x}").expect("writing to a string"),
        }
    }
    if immutable {
        uri.push_str("?immutable=1");
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_become_uris() {
        assert_eq!(uri("/a b/ü?#%".as_ref(), true), "file:/a%20b/%c3%bc%3f%23%25?immutable=1");
    }
}

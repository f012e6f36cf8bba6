//! Records: a small ordered map with transactions, in SQLite, shared by threads and processes.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lugger_core::effect::store::{Applied, Batch, Change, Record, StoreError};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior, config::DbConfig,
    params,
};

use super::{
    error,
    index::{self, Images},
    layout::Layout,
    lock,
};

const NAME: &str = "lugger.db";

/// The form of the tables, as `user_version`.
const VERSION: i64 = 1;

/// Without a rowid, the table is the index: one look-up per key, and a prefix is a stretch of pages.
const SCHEMA: &str = "
    CREATE TABLE records (key TEXT NOT NULL PRIMARY KEY COLLATE BINARY, value TEXT NOT NULL, revision INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('revision', 0), ('images', 0);
    PRAGMA user_version = 1;
";

/// Keys of the records that `index.json` shows.
const IMAGES: &str = "image/";

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
        counter(connection, "images").map_err(|cause| self.failed(&cause))
    }

    fn images(&self, connection: &Connection) -> Result<Images, StoreError> {
        let revision = self.images_revision(connection)?;
        let records = scan(connection, IMAGES).map_err(|cause| self.failed(&cause))?;
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
        get(self.connection(), key).map_err(|cause| self.records.failed(&cause))
    }

    pub(super) fn scan(&self, prefix: &str) -> Result<Vec<(String, Record)>, StoreError> {
        scan(self.connection(), prefix).map_err(|cause| self.records.failed(&cause))
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
        holds(&self.transaction, expect).map_err(|cause| self.records.failed(&cause))
    }

    /// Makes the changes, unless an expected revision no longer holds.
    pub(super) fn apply(&self, batch: &Batch) -> Result<Applied, StoreError> {
        apply(&self.transaction, batch).map_err(|cause| self.records.failed(&cause))
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

/// Whether a batch may change what `index.json` shows.
pub(super) fn touches_images(batch: &Batch) -> bool {
    batch.changes.iter().any(|change| match change {
        Change::Put { key, .. } | Change::Delete { key } => key.starts_with(IMAGES),
        Change::DeleteAll { prefix } => prefix.starts_with(IMAGES) || IMAGES.starts_with(&**prefix),
    })
}

fn holds(transaction: &Transaction<'_>, expect: &[(String, u64)]) -> rusqlite::Result<bool> {
    for (key, revision) in expect {
        let current = get(transaction, key)?.map_or(0, |record| record.revision);
        if current != *revision {
            return Ok(false);
        }
    }
    Ok(true)
}

fn apply(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<Applied> {
    if !holds(transaction, &batch.expect)? {
        return Ok(Applied::Conflict);
    }
    let mut revision = counter(transaction, "revision")?;
    for change in &batch.changes {
        // Every change has its own, so that a record that was removed and made again is never taken for the old one.
        revision += 1;
        match change {
            Change::Put { key, value } => {
                let put = "INSERT OR REPLACE INTO records (key, value, revision) VALUES (?1, ?2, ?3)";
                transaction.prepare_cached(put)?.execute(params![key, value, revision.cast_signed()])?;
            }
            Change::Delete { key } => {
                transaction.prepare_cached("DELETE FROM records WHERE key = ?1")?.execute([key])?;
            }
            Change::DeleteAll { prefix } => match end(prefix) {
                Some(end) => {
                    let delete = "DELETE FROM records WHERE key >= ?1 AND key < ?2";
                    transaction.prepare_cached(delete)?.execute(params![prefix, end])?;
                }
                None => {
                    transaction.prepare_cached("DELETE FROM records WHERE key >= ?1")?.execute([prefix])?;
                }
            },
        }
    }
    set_counter(transaction, "revision", revision)?;
    if touches_images(batch) {
        set_counter(transaction, "images", revision)?;
    }
    Ok(Applied::Done)
}

fn get(connection: &Connection, key: &str) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached("SELECT value, revision FROM records WHERE key = ?1")?
        .query_row([key], |row| Ok(Record { value: row.get(0)?, revision: unsigned(row, 1)? }))
        .optional()
}

fn scan(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<(String, Record)>> {
    // One statement for both cases would not use the key's order.
    let select = match end(prefix) {
        Some(_) => "SELECT key, value, revision FROM records WHERE key >= ?1 AND key < ?2 ORDER BY key",
        None => "SELECT key, value, revision FROM records WHERE key >= ?1 AND ?2 IS NULL ORDER BY key",
    };
    connection
        .prepare_cached(select)?
        .query_map(params![prefix, end(prefix)], |row| {
            Ok((row.get(0)?, Record { value: row.get(1)?, revision: unsigned(row, 2)? }))
        })?
        .collect()
}

/// The first text after all that start with this prefix; `None` when there is none. UTF-8 sorts as its characters do,
/// so the last character that has a successor is replaced by it.
fn end(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

fn counter(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT value FROM counters WHERE name = ?1")?
        .query_row([name], |row| unsigned(row, 0))
}

fn set_counter(connection: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    let update = "UPDATE counters SET value = ?2 WHERE name = ?1";
    connection.prepare_cached(update)?.execute(params![name, value.cast_signed()]).map(drop)
}

/// A number that we count up from 0, in the only kind of integer that SQLite has.
fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get(at).map(i64::cast_unsigned)
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
    fn the_end_of_a_prefix_is_after_all_that_start_with_it_and_before_all_others() {
        for (prefix, want) in [
            ("", None),
            ("a", Some("b")),
            ("image/", Some("image0")),
            ("a\u{7f}", Some("a\u{80}")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}\u{10ffff}", None),
            ("a\0", Some("a\u{1}")),
        ] {
            assert_eq!(end(prefix).as_deref(), want, "{prefix:?}");
        }
    }

    #[test]
    fn batches_that_touch_image_records_are_known() {
        let batch = |change| Batch { changes: vec![change], ..Batch::default() };
        let all = |prefix: &str| batch(Change::DeleteAll { prefix: prefix.to_owned() });
        for (prefix, touches) in [
            ("", true),
            ("im", true),
            ("image/", true),
            ("image/x", true),
            ("image0", false),
            ("lease/", false),
        ] {
            assert_eq!(touches_images(&all(prefix)), touches, "{prefix}");
        }
        assert!(touches_images(&batch(Change::Delete { key: "image/x".into() })));
        assert!(!touches_images(&batch(Change::Delete { key: "label/image/".into() })));
    }

    #[test]
    fn odd_paths_become_uris() {
        assert_eq!(uri("/a b/ü?#%".as_ref(), true), "file:/a%20b/%c3%bc%3f%23%25?immutable=1");
    }
}

//! The table of records: what is read of it and changed in it, within whatever transaction there is.

use lugger_core::effect::store::{Applied, Batch, Change, Record};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

/// The form of the tables, as `user_version`.
pub(super) const VERSION: i64 = 1;

/// Without a rowid, the table is the index: one look-up per key, and a prefix is a stretch of pages.
pub(super) const SCHEMA: &str = "
    CREATE TABLE records (key TEXT NOT NULL PRIMARY KEY COLLATE BINARY, value TEXT NOT NULL, revision INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('revision', 0), ('images', 0);
    PRAGMA user_version = 1;
";

/// Keys of the records that `index.json` shows.
pub(super) const IMAGES: &str = "image/";

/// Whether a batch may change what `index.json` shows.
pub(super) fn touches_images(batch: &Batch) -> bool {
    batch.changes.iter().any(|change| match change {
        Change::Put { key, .. } | Change::Delete { key } => key.starts_with(IMAGES),
        Change::DeleteAll { prefix } => prefix.starts_with(IMAGES) || IMAGES.starts_with(&**prefix),
    })
}

/// Whether these records have the revisions that somebody expects.
pub(super) fn holds(transaction: &Transaction<'_>, expect: &[(String, u64)]) -> rusqlite::Result<bool> {
    for (key, revision) in expect {
        let current = get(transaction, key)?.map_or(0, |record| record.revision);
        if current != *revision {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the changes, unless an expected revision no longer holds.
pub(super) fn apply(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<Applied> {
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

/// One record.
pub(super) fn get(connection: &Connection, key: &str) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached("SELECT value, revision FROM records WHERE key = ?1")?
        .query_row([key], |row| Ok(Record { value: row.get(0)?, revision: unsigned(row, 1)? }))
        .optional()
}

/// Every record whose key starts so, in key order.
pub(super) fn scan(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<(String, Record)>> {
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

/// How far one of our counters has come.
pub(super) fn counter(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
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
}

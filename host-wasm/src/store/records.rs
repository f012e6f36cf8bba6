//! Records: a small ordered map with transactions.
//!
//! The keys in the database are the bytes of the text: IndexedDB would order texts by UTF-16 units.

use js_sys::{Array, Uint8Array};
use lugger_core::effect::store::{Applied, Batch, Change, Record, StoreError};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{IdbKeyRange, IdbRequest};

use super::{
    error,
    idb::{Database, Mode, RECORDS, STATE, Transaction},
    rows::{count, number},
};

/// The longest key, in bytes.
const LONGEST: usize = 4096;
/// The revision that was given last, in the table of counters.
const REVISION: &str = "revision";

/// One record.
pub(super) async fn get(db: &Database, key: &str) -> Result<Option<Record>, StoreError> {
    let answers = db.read(&[RECORDS], |records| Ok(vec![records.get(RECORDS, &binary(key))?])).await?;
    Ok(answers.first().and_then(record))
}

/// Every record whose key starts so, in the order of bytes.
pub(super) async fn scan(db: &Database, prefix: &str) -> Result<Vec<(String, Record)>, StoreError> {
    let ask = |records: &Transaction| {
        let (table, range) = (records.table(RECORDS)?, starting(prefix)?);
        Ok(vec![table.get_all_keys_with_key(&range)?, table.get_all_with_key(&range)?])
    };
    let answers = db.read(&[RECORDS], ask).await?;
    let [keys, rows] = [0, 1].map(|at| answers.get(at).map(Array::from).unwrap_or_default());
    let mut found = Vec::new();
    for (key, row) in keys.iter().zip(rows.iter()) {
        let key = String::from_utf8(Uint8Array::new(&key).to_vec());
        match (key, record(&row)) {
            (Ok(key), Some(record)) => found.push((key, record)),
            _ => return Err(error::failed(&db.path(RECORDS), "there is a record that is none")),
        }
    }
    Ok(found)
}

/// Makes the changes in one transaction, unless an expected revision no longer holds.
pub(super) async fn apply(db: &Database, batch: &Batch) -> Result<Applied, StoreError> {
    let keys = batch.changes.iter().map(|change| match change {
        Change::Put { key, .. } | Change::Delete { key } => key,
        Change::DeleteAll { prefix } => prefix,
    });
    for key in keys.chain(batch.expect.iter().map(|(key, _)| key)) {
        if key.len() > LONGEST {
            return Err(error::failed(&db.path(RECORDS), "a key has more than 4096 bytes"));
        }
    }
    let ask = |records: &Transaction| {
        let counter = records.get(STATE, &REVISION.into());
        [counter].into_iter().chain(expected(records, &batch.expect)).collect()
    };
    let batch = batch.clone();
    let mode = if batch.publish { Mode::Strict } else { Mode::Change };
    db.change(mode, &[RECORDS, STATE], ask, move |records, answers| {
        let (counter, found) = answers.split_first().ok_or(JsValue::UNDEFINED)?;
        if !hold(&batch.expect, found) {
            return Ok(Applied::Conflict);
        }
        let mut revision = count(counter);
        for change in &batch.changes {
            // Every change has its own, so that a record that was removed and made again is never taken for the old one.
            revision += 1;
            match change {
                Change::Put { key, value } => {
                    let row = Array::of2(&value.into(), &number(revision));
                    records.put(RECORDS, &binary(key), &row)?;
                }
                Change::Delete { key } => records.delete(RECORDS, &binary(key))?,
                Change::DeleteAll { prefix } => records.delete(RECORDS, &starting(prefix)?)?,
            }
        }
        records.put(STATE, &REVISION.into(), &number(revision))?;
        Ok(Applied::Done)
    })
    .await
}

/// Asks for the records that somebody expects something of.
pub(super) fn expected(
    tables: &Transaction,
    expect: &[(String, u64)],
) -> impl Iterator<Item = Result<IdbRequest, JsValue>> {
    expect.iter().map(|(key, _)| tables.get(RECORDS, &binary(key)))
}

/// Whether they have the revisions that are expected.
pub(super) fn hold(expect: &[(String, u64)], rows: &[JsValue]) -> bool {
    let revisions = rows.iter().map(|row| record(row).map_or(0, |record| record.revision));
    revisions.zip(expect).all(|(found, (_, expected))| found == *expected)
}

fn record(row: &JsValue) -> Option<Record> {
    let row: &Array = row.dyn_ref()?;
    Some(Record { value: row.get(0).as_string()?, revision: count(&row.get(1)) })
}

fn binary(key: &str) -> JsValue {
    Uint8Array::from(key.as_bytes()).into()
}

/// All keys that start so. No byte of UTF-8 is 0xff, so the last one always has a successor.
fn starting(prefix: &str) -> Result<JsValue, JsValue> {
    let lower = binary(prefix);
    let mut end = prefix.as_bytes().to_vec();
    let range = match end.last_mut() {
        Some(last) => {
            *last += 1;
            let upper = Uint8Array::from(&*end);
            IdbKeyRange::bound_with_lower_open_and_upper_open(&lower, &upper, false, true)?
        }
        None => IdbKeyRange::lower_bound(&lower)?,
    };
    Ok(range.into())
}

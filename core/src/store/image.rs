//! Image records: the names of a store, and what they lead to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Lease;
use crate::{
    effect::store::{Applied, Batch, Change, Record, StoreError, StoreErrorKind},
    error::Error,
    event::Event,
    model::Descriptor,
    name::Digest,
    op::Cx,
};

/// What a name leads to (containerd.md §9.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// The root of the image: an index or a manifest.
    pub target: Descriptor,
    /// The user's and the tools' labels; a further pull keeps them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

const PREFIX: &str = "image/";

/// The key of a name's record.
pub fn image_key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// What a name leads to; `None` when the store does not know it.
pub async fn lookup(cx: &Cx, name: &str) -> Result<Option<ImageRecord>, Error> {
    let key = image_key(name);
    cx.get(&*key).await?.map(|record| read(&key, &record)).transpose().map_err(Error::from)
}

/// Every name, in order.
pub async fn images(cx: &Cx) -> Result<Vec<(String, ImageRecord)>, Error> {
    image_records(cx).await?.iter().map(|(key, record)| named(key, record)).collect()
}

/// The records of all names, in order, by their keys.
pub(crate) async fn image_records(cx: &Cx) -> Result<Vec<(String, Record)>, StoreError> {
    cx.scan(PREFIX).await
}

/// The name that a record is of, and what it says.
pub(crate) fn named(key: &str, record: &Record) -> Result<(String, ImageRecord), Error> {
    Ok((key.strip_prefix(PREFIX).unwrap_or(key).to_owned(), read(key, record)?))
}

/// Makes a name lead to this content, together with `more` changes: creates the record, or updates it and keeps its
/// labels. Before it becomes visible all that was committed is durable. Yields what the name led to before.
///
/// The lease that keeps the content must still be there: otherwise the name might lead to nothing.
///
/// Others may change the record at the same time; their change is then taken into account (containerd.md §0, step 10,
/// but bounded).
pub async fn publish(
    cx: &Cx,
    lease: &Lease,
    name: &str,
    target: &Descriptor,
    more: Vec<Change>,
) -> Result<Option<Digest>, Error> {
    /// Losing so often in a row is no coincidence.
    const MOST: usize = 16;
    let key = image_key(name);
    for _ in 0..MOST {
        let current = cx.get(&*key).await?;
        let now = cx.wall().to_string();
        let (image, before) = match &current {
            None => {
                let created_at = now.clone();
                (
                    ImageRecord {
                        target: target.clone(),
                        labels: BTreeMap::new(),
                        created_at,
                        updated_at: now,
                    },
                    None,
                )
            }
            Some(record) => {
                let old = read(&key, record)?;
                let before = old.target.digest.clone();
                (ImageRecord { target: target.clone(), updated_at: now, ..old }, Some(before))
            }
        };
        let value = serde_json::to_string(&image).expect("an image record is JSON");
        let revision = current.map_or(0, |record| record.revision);
        let mut changes = more.clone();
        changes.push(Change::Put { key: key.clone(), value });
        let mut expect = vec![(key.clone(), revision)];
        expect.extend(lease.standing(cx).await?);
        match cx.apply(Batch { expect, changes, publish: true }).await? {
            Applied::Conflict => {}
            Applied::Done => {
                cx.emit(Event::Named {
                    name: name.to_owned(),
                    digest: target.digest.clone(),
                    before: before.clone(),
                });
                return Ok(before);
            }
        }
    }
    Err(Error::Contended { key })
}

fn read(key: &str, record: &Record) -> Result<ImageRecord, StoreError> {
    record.read().map_err(|error| StoreError {
        kind: StoreErrorKind::Failed,
        path: format!("record {key}"),
        detail: error.to_string(),
    })
}

//! `index.json`: the names of the store, as any reader of OCI image layouts sees them.
//!
//! It is written from the image records, under the store's turn, in two steps around the transaction that changes them:
//! [`prepare`] writes the new one aside, so that a full disk fails before anything has changed; [`reveal`] renames it.
//! It says which revision of the records it shows, so that a crash between transaction and rename is seen and mended.

use lugger_core::effect::store::StoreError;
use serde_json::{Map, Value, json};

use super::{error, layout::Layout};

pub(super) const NAME: &str = "index.json";
const NEW: &str = "index.json.new";

/// That of a store without names.
pub(super) const EMPTY: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

/// The OCI name of an entry, which skopeo and others look for.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// containerd's name of an entry.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// The revision of the records that the index shows.
const REVISION: &str = "lugger.revision";

/// The names and the values of the image records, in order, and the revision of the last change to any of them.
pub(super) struct Images {
    pub(super) records: Vec<(String, String)>,
    pub(super) revision: u64,
}

/// Writes the index for these records aside.
pub(super) fn prepare(layout: &Layout, images: &Images) -> Result<(), StoreError> {
    let text = render(read(layout)?, images).to_string();
    layout.root.write(NEW, text.as_bytes(), layout.durable).map_err(|cause| layout.root.failed(NEW, cause))
}

/// Puts it in place.
pub(super) fn reveal(layout: &Layout) -> Result<(), StoreError> {
    let failed = |cause| layout.root.failed(NAME, cause);
    layout.root.rename(NEW, NAME).map_err(failed)?;
    if layout.durable {
        layout.root.sync_dir(".").map_err(failed)?;
    }
    Ok(())
}

/// The revision of the records that the index in place shows; 0 when it shows none.
pub(super) fn revision(layout: &Layout) -> Result<u64, StoreError> {
    let index = read(layout)?;
    let shown = index.pointer("/annotations").and_then(|all| all.get(REVISION)?.as_str()?.parse().ok());
    Ok(shown.unwrap_or(0))
}

/// The index in place; that of an empty store when there is none that can be read.
fn read(layout: &Layout) -> Result<Value, StoreError> {
    let bytes = layout.root.read(NAME).map_err(|cause| layout.root.failed(NAME, cause))?;
    let index = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).filter(Value::is_object);
    match index {
        Some(index) => Ok(index),
        None => {
            serde_json::from_str(EMPTY).map_err(|cause| error::failed(&layout.path(NAME), cause.to_string()))
        }
    }
}

/// The index with our entries replaced. What others have put there stays.
fn render(mut index: Value, images: &Images) -> Value {
    let mut manifests: Vec<Value> = match index.get_mut("manifests").map(Value::take) {
        Some(Value::Array(entries)) => entries.into_iter().filter(|entry| !is_ours(entry)).collect(),
        _ => Vec::new(),
    };
    manifests.extend(images.records.iter().filter_map(|(name, record)| entry(name, record)));
    index["schemaVersion"] = json!(2);
    index["mediaType"] = json!("application/vnd.oci.image.index.v1+json");
    index["manifests"] = Value::Array(manifests);
    annotate(&mut index, REVISION, &images.revision.to_string());
    index
}

/// Ours have the whole name twice; containerd's own exports have the tag alone as their OCI name.
fn is_ours(entry: &Value) -> bool {
    let annotation = |key: &str| entry.pointer("/annotations").and_then(|all| all.get(key)?.as_str());
    annotation(IMAGE_NAME).is_some_and(|name| annotation(REF_NAME) == Some(name))
}

/// The descriptor that a record leads to, with the name; nothing for a record that leads to no descriptor.
fn entry(name: &str, record: &str) -> Option<Value> {
    let mut record: Value = serde_json::from_str(record).ok()?;
    let Value::Object(mut target) = record.get_mut("target")?.take() else { return None };
    target.retain(|_, value| !value.is_null());
    let whole = ["mediaType", "digest"].iter().all(|key| target.get(*key).is_some_and(Value::is_string))
        && target.get("size").is_some_and(Value::is_u64);
    let mut entry = Value::Object(target);
    annotate(&mut entry, REF_NAME, name);
    annotate(&mut entry, IMAGE_NAME, name);
    whole.then_some(entry)
}

fn annotate(object: &mut Value, key: &str, value: &str) {
    let annotations = &mut object["annotations"];
    if !annotations.is_object() {
        *annotations = Value::Object(Map::new());
    }
    annotations[key] = json!(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_entries_stay_and_ours_follow_the_records() {
        let target = r#"{"mediaType":"m","digest":"sha256:00","size":3,"platform":null}"#;
        let images = |names: &[&str], revision| Images {
            records: names.iter().map(|n| ((*n).to_owned(), format!(r#"{{"target":{target}}}"#))).collect(),
            revision,
        };
        let foreign =
            json!({"digest": "sha256:11", "annotations": {IMAGE_NAME: "docker.io/a:1", REF_NAME: "1"}});
        let start = json!({"schemaVersion": 2, "manifests": [foreign], "annotations": {"k": "v"}});
        let two = render(start, &images(&["a", "b"], 7));
        assert_eq!(two["manifests"].as_array().unwrap().len(), 3);
        assert_eq!(
            two["manifests"][1],
            json!({"mediaType": "m", "digest": "sha256:00", "size": 3, "annotations": {REF_NAME: "a", IMAGE_NAME: "a"}})
        );
        let one = render(two, &images(&["b"], 8));
        assert_eq!(one["manifests"].as_array().unwrap().len(), 2);
        assert_eq!(one["manifests"][0], foreign);
        assert_eq!(one["annotations"], json!({"k": "v", REVISION: "8"}));
    }

    #[test]
    fn records_without_a_target_are_left_out() {
        for record in ["", "{}", "[]", r#"{"target":3}"#, r#"{"target":{"digest":"d","size":1}}"#] {
            assert_eq!(entry("name", record), None, "{record}");
        }
    }
}

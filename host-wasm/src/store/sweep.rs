//! What a store that is opened puts right: files that nothing names, and names that lead to no file.
//!
//! Files and names are in two databases of the browser. A file is named before it is made, and its name goes before it
//! does, whoever is killed in between; after a power cut a file may be gone that was named. Chunks need none of this: they
//! come and go in one transaction with what names them.

use js_sys::Array;
use lugger_core::effect::store::StoreError;
use wasm_bindgen::JsValue;

use super::{
    Inner,
    idb::{CONTENT, INGESTS, Mode, Transaction},
    rows::{ContentRow, IngestRow, Place},
};

/// Removes what is of no use. What another tab makes meanwhile is safe: what was listed before the names were read had been
/// named by then, if ever.
pub(super) async fn sweep(inner: &Inner) -> Result<(), StoreError> {
    let Ok(dir) = inner.dir() else { return Ok(()) };
    let orphans = dir.list().await?;
    let ask = |tables: &Transaction| {
        let content = tables.table(CONTENT)?;
        Ok(vec![content.get_all_keys()?, content.get_all()?, tables.table(INGESTS)?.get_all()?])
    };
    let answers = inner.db.read(&[CONTENT, INGESTS], ask).await?;
    let [keys, rows, ingests] = [0, 1, 2].map(|at| answers.get(at).map(Array::from).unwrap_or_default());

    for row in ingests.iter().filter_map(|row| IngestRow::from_js(&row)) {
        if let Place::File(name) = &row.place {
            orphans.delete(&JsValue::from_str(name));
        }
    }
    let mut unseen = Vec::new();
    for (key, row) in keys.iter().zip(rows.iter()) {
        if let Some(ContentRow { place: Place::File(name), .. }) = ContentRow::from_js(&row)
            && !orphans.delete(&JsValue::from_str(&name))
        {
            unseen.push((key, name));
        }
    }
    dir.remove_all(&orphans).await;
    for (key, name) in unseen {
        // Committed since the list was made, or lost.
        if dir.file(&name).await?.is_none() {
            forget(inner, &key, name).await?;
        }
    }
    Ok(())
}

/// Takes content out of the table, if it is still the one with this file.
async fn forget(inner: &Inner, key: &JsValue, name: std::rc::Rc<str>) -> Result<(), StoreError> {
    let place = Place::File(name);
    let ask = |tables: &Transaction| Ok(vec![tables.get(CONTENT, key)?]);
    let then = {
        let key = key.clone();
        move |tables: &Transaction, answers: &[JsValue]| {
            let row = answers.first().and_then(ContentRow::from_js);
            match row.filter(|row| row.place == place) {
                Some(_) => tables.delete(CONTENT, &key),
                None => Ok(()),
            }
        }
    };
    inner.db.change(Mode::Change, &[CONTENT], ask, then).await
}

//! How ingests begin: anew, or with what an earlier run left.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use lugger_core::effect::store::{Begin, Begun, StoreError};
use wasm_bindgen::JsValue;

use super::{
    Inner, chunks, content,
    idb::{CHUNKS, CONTENT, INGESTS, Mode, STATE, Transaction},
    ingest::Ingest,
    rows::{ContentRow, IngestRow, Place, count, number},
};

/// Content of no more bytes than this gets no file, which would cost more than all the rest of it.
const SMALL: u64 = 64 << 10;

/// The number that was given to a file last, in the table of counters.
const FILE: &str = "file";

/// What the tables had of content that is to begin.
enum Found {
    Committed,
    /// Its row, and whether it was just made.
    Open(IngestRow, bool),
}

/// Starts one, or takes up what an earlier run left. The caller holds the digest's lock.
pub(super) async fn begin(inner: &Rc<Inner>, begin: &Begin) -> Result<Begun, StoreError> {
    inner.ingests.ended(&begin.digest).await;
    let (found, orphan) = find_or_make(inner, begin).await?;
    if let Some(Place::File(name)) = orphan {
        let _ = inner.dir()?.remove(&name).await;
    }
    let Found::Open(row, is_new) = found else { return Ok(Begun::Committed) };
    let (mut file, mut len) = (None, 0);
    if let Place::File(name) = &row.place {
        let opened = inner.dir()?.open_file(name).await?;
        len = opened.len()?;
        if is_new && len > 0 {
            // Of a database that the browser has thrown away, and its numbers with it.
            opened.truncate(0)?;
            len = 0;
        }
        file = Some(Rc::new(opened));
    }
    let extents = row.extents(len);
    let (prefix, islands) = (extents.prefix(), extents.islands());
    let ingest = Ingest {
        digest: begin.digest.clone(),
        size: begin.size,
        place: row.place.clone(),
        file: RefCell::new(file),
        begun: RefCell::new(extents.clone()),
        extents: RefCell::new(extents),
        putting: RefCell::default(),
        checkpoint: Cell::new(row.checkpoint.as_ref().map_or(0, |(at, _)| *at)),
        has_journal: Cell::new(row.journal.is_some()),
        tails: RefCell::default(),
        writers: Cell::default(),
        unsaid: Cell::default(),
        noting: RefCell::default(),
    };
    let has_gap = !islands.is_empty();
    if ingest.checkpoint.get() > prefix || (len > prefix && !has_gap) {
        // Also what it has beyond: nobody knows what else is wrong.
        ingest.cut_off(inner, prefix).await?;
    } else if row.journal.is_some_and(|journal| journal != *ingest.extents.borrow()) {
        // What it says of others is never to be believed of bytes that take their place.
        let extents = ingest.extents.borrow().clone();
        ingest.journal(inner, Some(extents)).await?;
    }
    let islands = if ingest.extents.borrow().islands().is_empty() { Vec::new() } else { islands };
    let checkpoint = row.checkpoint.filter(|(at, _)| *at <= prefix).map(|(_, saved)| saved);
    Ok(Begun::Open { ingest: inner.ingests.insert(ingest), len: prefix, checkpoint, islands })
}

/// Looks for the content and for its ingest, and makes one where there is neither, in one transaction: a file is named
/// before it is made, so that no other tab takes it for an orphan. Yields also what nobody names any more.
async fn find_or_make(inner: &Inner, begin: &Begin) -> Result<(Found, Option<Place>), StoreError> {
    let (key, with_files) = (content::key(&begin.digest), inner.writes_files);
    let is_small = begin.size <= SMALL;
    let ask = |tables: &Transaction| {
        let (rows, counter) = ([CONTENT, INGESTS], FILE.into());
        let [committed, row] = rows.map(|table| tables.get(table, &key));
        Ok(vec![committed?, row?, tables.get(STATE, &counter)?])
    };
    let then = {
        let key = key.clone();
        move |tables: &Transaction, answers: &[JsValue]| {
            let [committed, row, last] = answers else { return Err(JsValue::UNDEFINED) };
            let row = IngestRow::from_js(row);
            if ContentRow::from_js(committed).is_some() {
                if let Some(IngestRow { place: Place::Chunks(id), .. }) = row {
                    tables.delete(CHUNKS, &chunks::all(id)?)?;
                }
                tables.delete(INGESTS, &key)?;
                return Ok((Found::Committed, row.map(|row| row.place)));
            }
            let orphan = match row {
                // What a worker left in a file is of no use to a page, which cannot write there.
                Some(IngestRow { place: Place::File(_), .. }) if !with_files => row.map(|row| row.place),
                Some(row) => return Ok((Found::Open(row, false), None)),
                None => None,
            };
            let id = count(last) + 1;
            tables.put(STATE, &FILE.into(), &number(id))?;
            let (place, journal) = if with_files && !is_small {
                (Place::File(id.to_string().into()), None)
            } else {
                (Place::Chunks(id), Some(Default::default()))
            };
            let row = IngestRow { place, checkpoint: None, journal };
            tables.put(INGESTS, &key, &row.to_js())?;
            Ok((Found::Open(row, true), orphan))
        }
    };
    inner.db.change(Mode::Change, &[CONTENT, INGESTS, STATE, CHUNKS], ask, then).await
}

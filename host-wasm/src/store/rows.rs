//! The rows of the tables: plain arrays, which IndexedDB copies as they are.

use std::rc::Rc;

use js_sys::{Array, Float64Array, Uint8Array};
use lugger_core::effect::extents::Extents;
use wasm_bindgen::{JsCast as _, JsValue};

/// Where the bytes of content or of an ingest are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a file of the store's directory.
    File(Rc<str>),
    /// In chunks under this number.
    Chunks(u64),
    /// In the table of inline content; an ingest has none there.
    Inline,
}

impl Place {
    fn to_js(&self) -> JsValue {
        match self {
            Self::File(name) => JsValue::from_str(name),
            Self::Chunks(id) => number(*id),
            Self::Inline => JsValue::NULL,
        }
    }

    fn from_js(value: &JsValue) -> Self {
        match value.as_string() {
            Some(name) => Self::File(name.into()),
            None if value.as_f64().is_some() => Self::Chunks(count(value)),
            None => Self::Inline,
        }
    }
}

/// Committed content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContentRow {
    /// How many bytes.
    pub(super) size: u64,
    pub(super) place: Place,
}

impl ContentRow {
    pub(super) fn to_js(&self) -> JsValue {
        Array::of2(&number(self.size), &self.place.to_js()).into()
    }

    /// `None` when there is no such row.
    pub(super) fn from_js(row: &JsValue) -> Option<Self> {
        let row: &Array = row.dyn_ref()?;
        Some(Self { size: count(&row.get(0)), place: Place::from_js(&row.get(1)) })
    }
}

/// What was left of an ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IngestRow {
    pub(super) place: Place,
    /// A tap's state, and how many bytes it has seen.
    pub(super) checkpoint: Option<(u64, Vec<u8>)>,
    /// What is there, of a file that has, or had, gaps, and of chunks always. A file without it has all its bytes.
    pub(super) journal: Option<Extents>,
}

impl IngestRow {
    pub(super) fn to_js(&self) -> JsValue {
        let (at, saved) = match &self.checkpoint {
            Some((at, saved)) => (number(*at), Uint8Array::from(&**saved).into()),
            None => (JsValue::NULL, JsValue::NULL),
        };
        let journal = match &self.journal {
            Some(extents) => {
                let bounds: Vec<f64> =
                    extents.iter().flat_map(|part| [part.start as f64, part.end as f64]).collect();
                Float64Array::from(&*bounds).into()
            }
            None => JsValue::NULL,
        };
        Array::of4(&self.place.to_js(), &at, &saved, &journal).into()
    }

    /// `None` when there is no such row.
    pub(super) fn from_js(row: &JsValue) -> Option<Self> {
        let row: &Array = row.dyn_ref()?;
        let saved = row.get(2).dyn_ref().map(Uint8Array::to_vec);
        let journal = row.get(3).dyn_ref().map(|bounds: &Float64Array| {
            let mut extents = Extents::default();
            for [start, end] in bounds.to_vec().as_chunks().0 {
                extents.insert(*start as u64..*end as u64);
            }
            extents
        });
        Some(Self {
            place: Place::from_js(&row.get(0)),
            checkpoint: saved.map(|saved| (count(&row.get(1)), saved)),
            journal,
        })
    }

    /// What is there of an ingest whose file, if it has one, has `len` bytes.
    pub(super) fn extents(&self, len: u64) -> Extents {
        match (&self.journal, &self.place) {
            (None, _) => Extents::prefix_of(len),
            (Some(journal), Place::File(_)) => {
                let mut extents = journal.clone();
                extents.truncate(len);
                extents
            }
            (Some(journal), _) => journal.clone(),
        }
    }
}

/// A count of bytes or revisions: JavaScript has them exactly up to 2^53.
pub(super) fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

/// The same back; 0 for what is not there.
pub(super) fn count(value: &JsValue) -> u64 {
    value.as_f64().map_or(0, |count| count as u64)
}

//! What the browser's store owes, for bytes in files and for bytes in the database.

pub(crate) mod content;
pub(crate) mod endings;
pub(crate) mod faults;
pub(crate) mod ingests;
pub(crate) mod parts;
pub(crate) mod records;
pub(crate) mod sharing;

use lugger_core::{
    effect::{
        IngestId,
        store::{Applied, Begin, Begun, Commit, Content, Removal, StoreError},
        verifier::{Verified, Verifier},
    },
    name::Digest,
};
use lugger_wasm::store::{Bytes, Options, Reader, Store, Writer};

/// Every case, as tests of the module it is used in.
#[macro_export]
macro_rules! store_cases {
    ($bytes:expr) => {
        $crate::store_cases! { $bytes;
            records: scans_are_in_the_order_of_bytes, conflicts_change_nothing, revisions_only_grow,
                prefixes_are_deleted, long_keys_are_refused;
            content: bytes_are_found_and_read, blobs_are_read_anywhere, what_is_removed_is_gone,
                other_bytes_are_refused, everything_is_cleared;
            ingests: a_stream_is_committed, small_and_empty_content, a_parked_one_goes_on,
                a_killed_one_goes_on, cutting_off_takes_the_checkpoint_too, cutting_within_a_chunk,
                what_it_has_is_read_again;
            parts: islands_are_kept, a_killed_part_is_kept, gaps_are_filled_and_committed,
                a_stream_forgets_islands, parts_may_overlap,
                a_forgotten_write_is_done;
            endings: discarded_is_gone, nothing_is_parked_as_nothing, a_wrong_one_is_refused_and_kept,
                content_that_is_there_stays, ends_are_in_order, a_forgotten_commit_is_done;
            sharing: locks_exclude_other_stores, a_released_lock_is_free_at_once, dropped_stores_free_locks,
                one_counter_for_all, content_of_one_is_that_of_all;
            faults: a_full_store_says_so, a_deleted_database_is_an_error, what_another_cleared_is_not_committed;
        }
    };
    ($bytes:expr; $($module:ident: $($name:ident),+;)+) => {
        $($(
            #[wasm_bindgen_test::wasm_bindgen_test]
            async fn $name() {
                $crate::store::$module::$name($crate::store::At::new(stringify!($name), $bytes)).await
            }
        )+)+
    };
}

/// A store of a test's own.
#[derive(Clone)]
pub(crate) struct At(pub(crate) Options);

impl At {
    pub(crate) fn new(test: &str, bytes: Bytes) -> Self {
        Self(Options { name: format!("{test}-{bytes:?}-{}", js_sys::Math::random()), bytes })
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.0).await.unwrap()
    }

    pub(crate) fn has_files(&self) -> bool {
        self.0.bytes == Bytes::Opfs
    }
}

/// Content and its proof.
pub(crate) struct Sample {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
}

/// More than two chunks.
pub(crate) const LONG: usize = (5 << 19) + 123;

impl Sample {
    pub(crate) fn new(len: usize) -> Self {
        let mut state = len as u32 | 1;
        let bytes: Vec<u8> = (0..len)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            })
            .collect();
        Self { digest: Digest::sha256(&bytes), bytes }
    }

    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(crate) fn verified(&self) -> Verified {
        Verifier::check(&self.digest, self.size(), &self.bytes).unwrap()
    }

    /// The ingest, and what it has: length, checkpoint, islands as pairs.
    pub(crate) async fn begin(&self, store: &Store) -> (IngestId, u64, Option<Vec<u8>>, Vec<(u64, u64)>) {
        match store.begin(&Begin { digest: self.digest.clone(), size: self.size() }).await.unwrap() {
            Begun::Open { ingest, len, checkpoint, islands } => {
                (ingest, len, checkpoint, islands.iter().map(|part| (part.start, part.end)).collect())
            }
            Begun::Committed => panic!("it was not committed"),
        }
    }

    pub(crate) async fn is_committed(&self, store: &Store) -> bool {
        let begun = store.begin(&Begin { digest: self.digest.clone(), size: self.size() }).await.unwrap();
        matches!(begun, Begun::Committed)
    }

    /// Writes from a writer's place to an offset, in pieces as a network has them.
    pub(crate) async fn write(&self, writer: &mut Writer, to: usize) {
        let from = writer.at() as usize;
        for piece in self.bytes[from..to].chunks(60_000) {
            writer.write(piece).await.unwrap();
        }
    }

    pub(crate) async fn fill(&self, store: &Store, ingest: IngestId, from: usize, to: usize) {
        let mut writer = store.part_writer(ingest, from as u64).await.unwrap();
        self.write(&mut writer, to).await;
        writer.close().await.unwrap();
    }

    pub(crate) async fn commit(&self, store: &Store, ingest: IngestId) -> Result<(), StoreError> {
        store.commit(&Commit { content: Content::Ingest(ingest), verified: self.verified() }).await
    }

    pub(crate) async fn remove(&self, store: &Store) {
        let removal = Removal { content: vec![self.digest.clone()], ..Removal::default() };
        assert_eq!(store.remove(&removal).await.unwrap(), Applied::Done);
    }

    pub(crate) async fn put(&self, store: &Store) -> Result<(), StoreError> {
        let content = Content::Bytes(self.bytes.clone());
        store.commit(&Commit { content, verified: self.verified() }).await
    }

    pub(crate) async fn check(&self, store: &Store) {
        assert_eq!(store.find(&self.digest).await.unwrap(), Some(self.size()));
        let blob = store.blob(&self.digest).await.unwrap();
        assert_eq!(blob.len(), self.size());
        let bytes = blob.read_at(0, usize::MAX).await.unwrap();
        assert!(bytes == self.bytes, "other bytes");
    }
}

/// All that is left to read, so many bytes at once.
pub(crate) async fn rest(reader: &mut Reader, at_once: usize) -> Vec<u8> {
    let (mut all, mut room) = (Vec::new(), vec![0; at_once]);
    loop {
        match reader.read(&mut room).await.unwrap() {
            0 => return all,
            read => all.extend(&room[..read]),
        }
    }
}

/// The names of the files of a store.
pub(crate) async fn files(at: &At) -> Vec<String> {
    let mut names = Vec::new();
    let keys = directory(at).await.keys();
    loop {
        let next = wasm_bindgen_futures::JsFuture::from(keys.next().unwrap()).await.unwrap();
        let Some(name) = js_sys::Reflect::get(&next, &"value".into()).unwrap().as_string() else { break };
        names.push(name);
    }
    names
}

/// The directory of a store.
pub(crate) async fn directory(at: &At) -> web_sys::FileSystemDirectoryHandle {
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_futures::JsFuture;
    let navigator = js_sys::Reflect::get(&js_sys::global(), &"navigator".into()).unwrap();
    let storage = js_sys::Reflect::get(&navigator, &"storage".into()).unwrap();
    let storage: web_sys::StorageManager = storage.unchecked_into();
    let root = JsFuture::from(storage.get_directory()).await.unwrap();
    let root: web_sys::FileSystemDirectoryHandle = root.unchecked_into();
    JsFuture::from(root.get_directory_handle(&at.0.name)).await.unwrap().unchecked_into()
}

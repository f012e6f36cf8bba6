//! The origin private file system: one directory of files that are named by number and mean nothing by themselves.
//!
//! IndexedDB says what they are. A file is written through a synchronous handle, which only a dedicated worker has, and
//! which excludes every other; what is committed is read as a `File`, which any page can, and any number of them.

use js_sys::{Array, Function, Promise, Reflect, Set};
use lugger_core::effect::store::{StoreError, StoreErrorKind};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle, StorageManager,
};

use super::{error, idb};

/// How often a file is tried that another has open, 50 ms from one time to the next.
const PATIENCE: usize = 40;

/// The store's directory.
pub(super) struct Directory {
    handle: FileSystemDirectoryHandle,
    name: String,
}

/// Whether files can be written here: in a dedicated worker.
pub(super) fn is_writable() -> bool {
    Reflect::has(&js_sys::global(), &"FileSystemSyncAccessHandle".into()).unwrap_or(false)
}

impl Directory {
    /// Opens it; makes it where there is none.
    pub(super) async fn open(name: &str) -> Result<Self, StoreError> {
        let path = ["OPFS ", name].concat();
        let failed = |cause: JsValue| error::thrown(&path, &cause);
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).map_err(failed)?;
        let storage = Reflect::get(&navigator, &"storage".into()).map_err(failed)?;
        if storage.is_undefined() {
            return Err(error::failed(&path, "there is no OPFS here"));
        }
        let storage: StorageManager = storage.unchecked_into();
        let root = idb::wait(storage.get_directory()).await.map_err(failed)?;
        let root: FileSystemDirectoryHandle = root.unchecked_into();
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let handle = idb::wait(root.get_directory_handle_with_options(name, &options));
        Ok(Self { handle: handle.await.map_err(failed)?.unchecked_into(), name: name.to_owned() })
    }

    /// The path of one of its files, for messages.
    pub(super) fn path(&self, file: &str) -> String {
        ["OPFS ", &*self.name, "/", file].concat()
    }

    /// The names of all its files.
    pub(super) async fn list(&self) -> Result<Set, StoreError> {
        let failed = |cause: JsValue| error::thrown(&self.path(""), &cause);
        let keys = self.handle.keys();
        let names = Set::new(&JsValue::UNDEFINED);
        loop {
            let next = idb::wait(keys.next().map_err(failed)?).await.map_err(failed)?;
            if Reflect::get(&next, &"done".into()).map_err(failed)?.is_truthy() {
                return Ok(names);
            }
            names.add(&Reflect::get(&next, &"value".into()).map_err(failed)?);
        }
    }

    /// A file as it is now, for reading; `None` when there is none.
    pub(super) async fn file(&self, name: &str) -> Result<Option<web_sys::File>, StoreError> {
        let read = async {
            let handle: FileSystemFileHandle =
                idb::wait(self.handle.get_file_handle(name)).await?.unchecked_into();
            idb::wait(handle.get_file()).await
        };
        match read.await {
            Ok(file) => Ok(Some(file.unchecked_into())),
            Err(cause) if error::is_missing(&cause) => Ok(None),
            Err(cause) => Err(error::thrown(&self.path(name), &cause)),
        }
    }

    /// Opens a file for writing, against everybody else; makes it where there is none. Whoever asks holds the lock of what is
    /// in the file; its last holder, a tab that was just closed, may lose the lock before it loses the file.
    pub(super) async fn open_file(&self, name: &str) -> Result<SyncFile, StoreError> {
        let opened = async {
            let options = FileSystemGetFileOptions::new();
            options.set_create(true);
            let handle: FileSystemFileHandle =
                idb::wait(self.handle.get_file_handle_with_options(name, &options)).await?.unchecked_into();
            for _ in 0..PATIENCE {
                match idb::wait(handle.create_sync_access_handle()).await {
                    Err(cause) if error::is_taken(&cause) => drop(pause().await?),
                    opened => return opened,
                }
            }
            idb::wait(handle.create_sync_access_handle()).await
        };
        let path = self.path(name);
        match opened.await {
            Ok(handle) => Ok(SyncFile { handle: handle.unchecked_into(), path }),
            Err(cause) => Err(error::thrown(&path, &cause)),
        }
    }

    /// Removes a file. That there is none is success.
    pub(super) async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match idb::wait(self.handle.remove_entry(name)).await {
            Ok(_) => Ok(()),
            Err(cause) if error::is_missing(&cause) => Ok(()),
            Err(cause) => Err(error::thrown(&self.path(name), &cause)),
        }
    }

    /// Removes these files, all at once. One that cannot be removed is an orphan for the next who opens the store.
    pub(super) async fn remove_all(&self, names: &Set) {
        let removals = Array::new();
        for name in Array::from(names).iter().filter_map(|name| name.as_string()) {
            removals.push(&self.handle.remove_entry(&name));
        }
        let _ = idb::wait(Promise::all_settled(&removals)).await;
    }
}

/// Some milliseconds.
async fn pause() -> Result<JsValue, JsValue> {
    let global = js_sys::global();
    let set: Function = Reflect::get(&global, &"setTimeout".into())?.unchecked_into();
    let pause = Promise::new(&mut |resolve, reject| {
        if let Err(cause) = set.call2(&global, &resolve, &JsValue::from_f64(50.0)) {
            let _ = reject.call1(&JsValue::NULL, &cause);
        }
    });
    idb::wait(pause).await
}

/// A file that is open for writing. Dropping it closes it.
pub(super) struct SyncFile {
    handle: FileSystemSyncAccessHandle,
    path: String,
}

impl SyncFile {
    /// How long it is, in bytes.
    pub(super) fn len(&self) -> Result<u64, StoreError> {
        self.handle.get_size().map(|size| size as u64).map_err(|cause| self.failed(&cause))
    }

    /// Cuts it off.
    pub(super) fn truncate(&self, len: u64) -> Result<(), StoreError> {
        self.handle.truncate_with_f64(len as f64).map_err(|cause| self.failed(&cause))
    }

    /// Writes all of the bytes at an offset.
    pub(super) fn write_at(&self, mut at: u64, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            let options = FileSystemReadWriteOptions::new();
            options.set_at(at as f64);
            let put = self.handle.write_with_u8_array_and_options(bytes, &options);
            let put = put.map_err(|cause| self.failed(&cause))? as usize;
            let Some(rest) = bytes.get(put..).filter(|_| put > 0) else {
                // What Chromium says, rather than throw, when the quota is used up.
                return Err(error::error(StoreErrorKind::Full, &self.path, "nothing more can be written"));
            };
            (at, bytes) = (at + put as u64, rest);
        }
        Ok(())
    }

    /// Reads at an offset; yields how many bytes, fewer only at the end.
    pub(super) fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(at as f64);
        let got = self.handle.read_with_u8_array_and_options(buffer, &options);
        got.map(|got| got as usize).map_err(|cause| self.failed(&cause))
    }

    /// Makes what was written durable.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.handle.flush().map_err(|cause| self.failed(&cause))
    }

    /// Lets others have it. Whatever is asked of it after this fails.
    pub(super) fn close(&self) {
        self.handle.close();
    }

    fn failed(&self, cause: &JsValue) -> StoreError {
        error::thrown(&self.path, cause)
    }
}

impl Drop for SyncFile {
    fn drop(&mut self) {
        self.close();
    }
}

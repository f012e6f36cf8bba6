//! The browser host of Lugger: operations of the core on `fetch`, IndexedDB, OPFS and Web Locks, in a dedicated worker.

pub mod store;

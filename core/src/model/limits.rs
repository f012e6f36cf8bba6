//! Bounds on documents (security.md §9).

/// The longest manifest or index, in bytes.
pub const MANIFEST_BYTES: u64 = 4 << 20;
/// The longest image configuration, in bytes.
pub const CONFIG_BYTES: u64 = 8 << 20;
/// How many layers a manifest may have.
pub const LAYERS: usize = 1024;
/// How many entries an index may have.
pub const INDEX_ENTRIES: usize = 10_000;
/// How many objects and arrays may stand in each other.
pub const JSON_DEPTH: usize = 128;

//! Image documents: manifests, indexes and configurations, each beside the exact bytes that were verified.
//!
//! Every document is read once, strictly, into types that cannot be wrong (security.md M1–M8, M11, M13); an error names
//! the member by its path, as in `layers[2].digest`.

mod chain;
mod config;
mod descriptor;
mod detect;
mod document;
mod error;
mod field;
mod index;
pub mod limits;
mod manifest;
mod saved;
mod schema1;
mod strict;

pub use chain::{chain_id, chain_ids};
pub use config::{Config, Step};
pub use descriptor::Descriptor;
pub use detect::{detect, digest_of};
pub use document::{Document, View};
pub use error::DocumentError;
pub use index::Index;
pub use manifest::Manifest;
pub use saved::Saved;
pub use schema1::signed_payload;

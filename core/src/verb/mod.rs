//! Whole operations: what a user asks for, one public flow each.

mod images;
mod inspect;
mod pull;
mod query;

pub use self::{
    images::{Image, list},
    inspect::{Inspect, Inspected, document, inspect},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
};

//! Whole operations: what a user asks for, one public flow each.

mod explain;
mod images;
mod inspect;
mod plan;
mod pull;
mod query;

pub use self::{
    explain::{Explain, Explained, Explanation, explain},
    images::{Image, list},
    inspect::{Inspect, Inspected, document, inspect},
    plan::{Needed, Plan, Planned, Requests, plan},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
};

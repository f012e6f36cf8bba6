//! Whole operations: what a user asks for, one public flow each.

mod blob;
mod explain;
mod images;
mod inspect;
#[cfg(feature = "files")]
mod login;
mod plan;
mod pull;
mod query;
#[cfg(feature = "files")]
mod registries;

pub use self::{
    blob::{OpenBlob, OpenedBlob, open_blob},
    explain::{Explain, Explained, Explanation, explain},
    images::{Image, list},
    inspect::{Inspect, Inspected, document, inspect},
    plan::{Needed, Plan, Planned, Requests, plan},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
};
#[cfg(feature = "files")]
pub use self::{
    login::{LoggedIn, LoggedOut, Login, Logout, login, logout, registry},
    registries::known_registries,
};

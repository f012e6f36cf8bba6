//! Whole operations: what a user asks for, one public flow each.

mod blob;
mod explain;
mod images;
mod inspect;
mod login;
mod plan;
mod pull;
mod query;
mod registries;

pub use self::{
    blob::{OpenBlob, OpenedBlob, open_blob},
    explain::{Explain, Explained, Explanation, explain},
    images::{Image, list},
    inspect::{Inspect, Inspected, document, inspect},
    login::{LoggedIn, LoggedOut, Login, Logout, login, logout, registry},
    plan::{Needed, Plan, Planned, Requests, plan},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
    registries::known_registries,
};

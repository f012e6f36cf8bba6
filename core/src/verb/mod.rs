//! Whole operations: what a user asks for, one public flow each.

mod images;
mod inspect;
mod login;
mod pull;
mod query;

pub use self::{
    images::{Image, list},
    inspect::{Inspect, Inspected, document, inspect},
    login::{LoggedIn, LoggedOut, Login, Logout, login, logout, registry},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
};

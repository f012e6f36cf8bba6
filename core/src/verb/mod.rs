//! Whole operations: what a user asks for, one public flow each.

mod examine;
mod explain;
mod images;
mod import;
mod inspect;
mod login;
mod overview;
mod plan;
mod pull;
mod query;
mod remove;
mod room;
mod shelf;

pub use self::{
    examine::{Examination, Examine, examine},
    explain::{Explain, Explained, Explanation, explain},
    images::{Image, list},
    import::{Import, Imported, ImportedImage, import},
    inspect::{Inspect, Inspected, document, inspect},
    login::{LoggedIn, LoggedOut, Login, Logout, login, logout, registry},
    overview::{BuildStep, LayerOverview, Look, Overview, PlatformEntry, overview},
    plan::{Needed, Plan, Planned, Requests, plan},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
    remove::{Removed, remove},
    room::touch,
};

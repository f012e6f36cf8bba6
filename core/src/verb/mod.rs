//! Whole operations: what a user asks for, one public flow each.
//!
//! Those that a page runs are [`Flow`](crate::op::Flow)s: their code is in this crate, once, and not a second time in the host's.

mod blob;
mod examine;
mod explain;
mod images;
mod import;
mod inspect;
#[cfg(feature = "files")]
mod login;
mod overview;
mod plan;
mod pull;
mod query;
#[cfg(feature = "files")]
mod registries;
mod remove;
mod room;
mod shelf;

pub use self::{
    blob::{OpenBlob, OpenedBlob, open_blob},
    examine::{Examination, Examine, examine},
    explain::{Explain, Explained, Explanation, explain},
    images::{Image, list},
    import::{Import, Imported, ImportedImage, import},
    inspect::{Inspect, Inspected, document, inspect},
    overview::{BuildStep, LayerOverview, Look, Overview, PlatformEntry, overview},
    plan::{Needed, Plan, Planned, Requests, plan},
    pull::{Pull, Pulled, Wanted, Wrap, pull},
    query::{Query, digest, manifest, tags},
    remove::{Removed, remove},
    room::touch,
};
#[cfg(feature = "files")]
pub use self::{
    login::{LoggedIn, LoggedOut, Login, Logout, login, logout, registry},
    registries::known_registries,
};

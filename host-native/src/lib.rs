//! The native host of Lugger: a library, and the `lugger` command on top of it.
//!
//! ```no_run
//! use lugger::{Host, core::{name::{Platform, Reference}, verb::{self, Pull, Wanted}}};
//!
//! let mut host = Host::open("/tmp/store".as_ref())?;
//! let want = Pull::new(Reference::parse("alpine:3.20")?, Wanted::Only(Platform::new("linux", "amd64")));
//! let pulled = host.run(async |cx| verb::pull(cx, want).await)?;
//! println!("{} is {}", pulled.name, pulled.target.digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use lugger_core as core;

mod cancel;
pub mod demo;
mod files;
mod given;
mod helper;
mod host;
mod http;
mod leaving;
mod open;
mod platform;
mod pool;
mod pump;
pub mod registry;
mod running;
pub mod serve;
mod server;
pub mod store;

pub use self::{
    cancel::Cancel,
    host::{Credentials, Host, Seen},
    open::OpenBody,
    platform::host_platform,
    store::Store,
};

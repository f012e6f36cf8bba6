//! The browser host of Lugger: operations of the core on `fetch`, IndexedDB, OPFS and Web Locks, in a dedicated worker.
//!
//! Like the native host it decides nothing: it carries out requests and brings back answers. What is seen of it in
//! JavaScript is `surface`; the package beside this crate gives that its types.

mod clock;
mod forgotten;
mod gate;
mod given;
mod host;
mod http;
mod inbox;
mod js;
mod pump;
mod running;
pub mod store;
mod stream;
mod surface;

pub use self::host::{Cancel, Host, limits};

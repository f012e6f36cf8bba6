//! What every host owes: cases written as flows over [`Cx`], so that whoever can drive an operation can run them.
//!
//! A host gives the base URL of an HTTP server that answers as [`fixture`] says; natively that is [`server`]. Each case
//! wants a store of its own, or one that no case has used before. A failing case panics with what it saw.

mod committed;
mod exchanges;
pub mod fixture;
mod ingests;
mod parts;
mod records;
#[cfg(not(target_arch = "wasm32"))]
pub mod server;

use std::pin::Pin;

use lugger_core::{error::Error, op::Cx};
use url::Url;

/// A case at work.
pub type Running = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// One thing that a host owes.
pub struct Case {
    /// What, in a few words.
    pub name: &'static str,
    /// How it is seen.
    pub flow: Box<dyn FnOnce(Cx) -> Running>,
}

impl Case {
    fn new<F: Future<Output = Result<(), Error>> + 'static>(
        name: &'static str,
        flow: impl FnOnce(Cx) -> F + 'static,
    ) -> Self {
        Self { name, flow: Box::new(move |cx| Box::pin(flow(cx))) }
    }
}

/// Every case; `base` is the fixture server's, and ends with a slash.
pub fn cases(base: &Url) -> Vec<Case> {
    let mut cases = ingests::cases(base);
    cases.extend(parts::cases(base));
    cases.extend(committed::cases());
    cases.extend(records::cases());
    cases.extend(exchanges::cases(base));
    cases
}

/// A URL below the base.
fn at(base: &Url, path: &str) -> Url {
    base.join(path).expect("a path of the fixture is a URL")
}

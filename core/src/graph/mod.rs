//! Walking an image: from a root over manifests and indexes to blobs, by a chain of handlers.
//!
//! The chain is containerd's (containerd.md §5): a handler looks at one descriptor and says what is below it; handlers
//! run one after the other ([`chain`]), others change what an inner one found ([`filter_platforms`],
//! [`limit_manifests`], [`set_child_labels`]), and [`dispatch`] runs the whole over everything that is found. One's own
//! handler joins as another link of the chain, or wraps all of it.

mod children;
mod dispatch;
mod documents;
mod handler;

pub(crate) use self::children::{best_first, no_platform};
pub(crate) use self::handler::Lent;
pub use self::{
    children::{append_distribution_source, children, filter_platforms, limit_manifests, set_child_labels},
    dispatch::dispatch,
    documents::Documents,
    handler::{Handler, Handling, Step, chain},
};

//! Every decision of Lugger, without I/O.
//!
//! A container image is moved by conversations (resolve, authenticate, fetch, resume, commit) and described by formats
//! (references, digests, manifests). Here both are synchronous, deterministic values: an [`op::Op`] runs a flow and says
//! what it needs from the world as [`effect::Request`]s; whoever holds it satisfies them, in any order, with any I/O.
//!
//! ```
//! use lugger_core::{name::{Platform, Reference}, op::{Op, Output, Setup}, time::Instant, verb::{self, Pull, Wanted}};
//!
//! let reference = Reference::parse("alpine:3.20").unwrap();
//! let want = Pull::new(reference, Wanted::Only(Platform::new("linux", "amd64")));
//! let mut op = Op::new(Setup::default(), async |cx| verb::pull(cx, want).await);
//! // The first thing a pull asks is whether the store knows the name.
//! let Output::Request(request) = op.poll(Instant(0)) else { panic!() };
//! assert_eq!(request.to_string(), "get image/docker.io/library/alpine:3.20");
//! ```
//!
//! From the top down, each using only what is below it:
//!
//! | module | what it holds |
//! |---|---|
//! | [`verb`] | whole operations: pull, inspect, images, tags |
//! | [`registry`], [`graph`], [`store`] | the distribution protocol; walking an image; what flows do with a store |
//! | [`op`], [`effect`] | the executor of flows; what it asks of a host |
//! | [`machine`] | byte formats: gzip, tar, layers |
//! | [`name`], [`model`] | references, digests, platforms, media types; manifests, indexes, configs |
#![forbid(unsafe_code)]

pub mod archive;
pub mod effect;
pub mod error;
pub mod event;
pub mod graph;
pub mod machine;
pub mod model;
pub mod name;
pub mod op;
pub mod registry;
pub mod rng;
pub mod small;
pub mod store;
pub mod time;
pub mod verb;

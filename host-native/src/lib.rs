//! The native host of Lugger: a library, and the `lugger` command on top of it.

pub mod demo;
pub mod registry;

//! Whole operations under test: a seeded world to run them in, an exact-order driver, the suite that every host passes,
//! and the real servers and clients of the field.
//!
//! | module | what it holds |
//! |---|---|
//! | [`sim`] | the deterministic simulator: registry, store, network and clock from a seed, with faults |
//! | [`script`] | a driver for one exact conversation: `script.expect("GET …").answer(…)` |
//! | [`contract`] | what a host owes, as flows over [`Cx`](lugger_core::op::Cx) that any host can run |
//! | [`interop`] | docker-registry, nginx, a token server, bad wires and skopeo around lugger |
//! | [`slow`] | an embedded registry that takes its time |
//!
//! The first three build for wasm32 as well, where `lugger-wasm` runs them.

pub mod archive;
pub mod contract;
#[cfg(not(target_arch = "wasm32"))]
pub mod interop;
pub mod script;
pub mod sim;
#[cfg(not(target_arch = "wasm32"))]
pub mod slow;

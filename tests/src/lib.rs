//! Whole operations: the simulator, contract suites, interop with real servers and clients.

pub mod interop;

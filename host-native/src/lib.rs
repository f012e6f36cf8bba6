//! The native host: what Lugger's core asks for, done with files, sockets and threads.

pub mod store;

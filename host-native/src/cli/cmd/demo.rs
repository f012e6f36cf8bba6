//! `lugger demo`: the whole job, with a registry of its own.

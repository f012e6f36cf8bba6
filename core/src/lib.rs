//! core

pub mod model;
pub mod name;

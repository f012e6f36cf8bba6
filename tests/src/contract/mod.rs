//! t
pub mod fixture;

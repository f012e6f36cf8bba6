//! Byte formats as machines: fed with whatever pieces come, bounded in memory, total on every input.
//!
//! A machine never waits, allocates no more than its bounds say, and never panics: what feeds it runs on a host's thread,
//! with bytes that anybody may have made (security.md Z1–Z5).

mod gunzip;
mod layer;
mod tar;

pub use self::{
    gunzip::{Gunzip, GunzipError},
    layer::{Examined, LayerError, LayerTap, Unpacked},
    tar::{Kind, Member, TarError, Walker},
};

//! stub
use crate::name::*;
use serde::{Deserialize, Serialize};
/// d
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// m
    pub media_type: MediaType,
    /// d
    pub digest: Digest,
    /// s
    pub size: u64,
    /// p
    pub platform: Option<Platform>,
}
impl Descriptor {
    /// x
    pub fn is_document(&self) -> bool {
        false
    }
    /// x
    pub fn inline(&self) -> Option<&[u8]> {
        None
    }
}
/// e
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("x")]
pub struct DocumentError;
/// x
#[derive(Clone, Debug, PartialEq)]
pub struct Document;
impl Document {
    /// x
    pub fn parse(_: Option<&str>, _: Vec<u8>) -> Result<Self, DocumentError> {
        todo!()
    }
    /// x
    pub fn digest(&self) -> &Digest {
        todo!()
    }
    /// x
    pub fn bytes(&self) -> &[u8] {
        todo!()
    }
    /// x
    pub fn size(&self) -> u64 {
        todo!()
    }
    /// x
    pub fn named(self, _: Digest) -> Self {
        todo!()
    }
    /// x
    pub fn is_index(&self) -> bool {
        todo!()
    }
    /// x
    pub fn children(&self) -> Vec<Descriptor> {
        todo!()
    }
    /// x
    pub fn descriptor(&self) -> Descriptor {
        todo!()
    }
}
/// x
#[derive(Clone, Debug, PartialEq)]
pub struct Config;
impl Config {
    /// x
    pub fn parse(_: Vec<u8>) -> Result<Self, DocumentError> {
        todo!()
    }
    /// x
    pub fn platform(&self) -> Platform {
        todo!()
    }
}
/// x
pub const CONFIG_MAX: u64 = 8 << 20;

//! What is wrong with content.

use super::ArchiveError;
use crate::{
    model::DocumentError,
    name::{Digest, Excerpt, Mismatch, Platform},
};

/// What is wrong with content.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ContentError {
    /// Not the bytes that its digest and size promise.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// Not a document that we can read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The registry names another digest than it sends.
    #[error("the registry says {said}, the bytes say {got}")]
    HeaderDigest {
        /// `Docker-Content-Digest`.
        said: Digest,
        /// The digest of the body.
        got: Digest,
    },
    /// Documents inside documents beyond the bound.
    #[error("more than {max} levels of nested indexes")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// More documents and blobs than the bound.
    #[error("more than {max} documents and blobs")]
    TooMany {
        /// The bound.
        max: usize,
    },
    /// A blob, or the documents of an image together, beyond the bound.
    #[error("more than the {max} bytes that are allowed")]
    TooLarge {
        /// The bound.
        max: u64,
    },
    /// Not an archive that we can read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// None for the platform.
    #[error("no image for {}; it has: {}", shown(want), listed(have))]
    NoPlatform {
        /// What was wanted.
        want: Platform,
        /// What there is.
        have: Vec<Platform>,
    },
    /// One image, for another platform than was asked for.
    #[error("the image is for {}, not for {}", shown(got), shown(want))]
    OtherPlatform {
        /// What was wanted.
        want: Platform,
        /// What it is.
        got: Platform,
    },
}

fn listed(platforms: &[Platform]) -> String {
    /// More than a person reads.
    const MOST: usize = 20;
    let mut names: Vec<_> = platforms.iter().take(MOST).map(shown).collect();
    if platforms.len() > MOST {
        names.push(format!("and {} more", platforms.len() - MOST));
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn shown(platform: &Platform) -> String {
    Excerpt::of(&platform.format()).to_string()
}

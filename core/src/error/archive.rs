//! What is wrong with what the user gave.

use crate::{
    machine::{LayerError, TarError},
    name::Excerpt,
};

/// What is wrong with an archive or folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It is packed as a whole, so that nothing in it can be found without unpacking all of it.
    #[error("it is compressed with {how}: decompress it first, then open it again")]
    Compressed {
        /// By what.
        how: &'static str,
    },
    /// It is no tar archive, or a damaged one.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// There is no image in it that we know to read.
    #[error("it is neither an OCI image layout nor what `docker save` writes")]
    NoImage,
    /// Something that is named is not there.
    #[error("it is not in the archive")]
    Missing,
    /// More files than the bound.
    #[error("it has more than {max} files")]
    TooMany {
        /// The bound.
        max: usize,
    },
    /// More bytes than a file of this kind may have.
    #[error("it has {size} bytes, more than {max}")]
    TooLarge {
        /// How many.
        size: u64,
        /// The bound.
        max: u64,
    },
    /// The configuration knows other layers than the archive has.
    #[error("the archive has {files} layers, the configuration names {diff_ids}")]
    Layers {
        /// In the archive.
        files: usize,
        /// In the configuration.
        diff_ids: usize,
    },
    /// A layer cannot be unpacked.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// One name for several images.
    #[error("there are {count} images in it, which cannot all be called {name}")]
    Several {
        /// How many.
        count: usize,
        /// The name.
        name: Excerpt,
    },
}

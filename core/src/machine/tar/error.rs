//! What can be wrong with an archive.

use super::MEMBERS;

/// Why bytes are not a tar archive. `at` is the offset of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// A header whose checksum is not that of its bytes: this is no tar archive, or it is damaged.
    #[error("no tar header at byte {at}")]
    Header {
        /// Where.
        at: u64,
    },
    /// A size that is no number, or one that no file can have.
    #[error("the tar header at byte {at} has no valid size")]
    Size {
        /// Where.
        at: u64,
    },
    /// Records of an extended header that cannot be read.
    #[error("the extended tar header at byte {at} is malformed")]
    Extended {
        /// Where.
        at: u64,
    },
    /// An extended header or sparse map beyond its bound.
    #[error("the extended tar header at byte {at} is too long")]
    TooLong {
        /// Where.
        at: u64,
    },
    /// More members than there may be.
    #[error("the tar archive has more than {MEMBERS} members")]
    TooMany,
    /// The archive breaks off within a header or a member.
    #[error("the tar archive ends too early, at byte {at}")]
    Truncated {
        /// Where.
        at: u64,
    },
}

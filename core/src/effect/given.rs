//! Files that the user gave to an operation: archives and folders, which the host reads and the core understands.

use std::fmt;

/// One of the files that were given: the host numbers them from 0, in the order in which they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GivenId(pub u32);

impl fmt::Display for GivenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "given {}", self.0)
    }
}

/// A few bytes of a file that was given; fewer come where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which file.
    pub given: GivenId,
    /// First byte.
    pub from: u64,
    /// How many bytes at most.
    pub len: u32,
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ({} bytes)", self.given, self.from, self.len)
    }
}

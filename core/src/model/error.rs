use crate::name::{DigestError, Excerpt, MediaType, MediaTypeError, Mismatch};

/// Why bytes are not the document that they should be. `at` is the path of a member, as in `layers[2].digest`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Nothing, or only white space.
    #[error("the document is empty")]
    Empty,
    /// Over its limit, in bytes; it was not read.
    #[error("the document has {size} bytes, more than {limit}")]
    TooLarge {
        /// How long it is.
        size: u64,
        /// How long it may be.
        limit: u64,
    },
    /// It begins with a byte order mark, which JSON may not.
    #[error("the document begins with a byte order mark")]
    ByteOrderMark,
    /// Not JSON: a login page, say.
    #[error("not JSON at line {line}, column {column}, in {at}: it begins `{start}`")]
    Syntax {
        /// The member that was being read.
        at: Excerpt,
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// How the document begins.
        start: Excerpt,
    },
    /// Something other than white space behind the document.
    #[error("data after the end of the document, at line {line}, column {column}")]
    Trailing {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// The same name twice in one object, which readers take differently.
    #[error("{at} is there twice")]
    Duplicate {
        /// The second of them.
        at: Excerpt,
    },
    /// A name that some readers take for another.
    #[error("{at} is `{known}` in another letter case")]
    LetterCase {
        /// The member.
        at: Excerpt,
        /// What it should be called.
        known: &'static str,
    },
    /// Objects and arrays in each other beyond their limit.
    #[error("{at} is more than {limit} levels deep")]
    TooDeep {
        /// Where the limit was reached.
        at: Excerpt,
        /// How many levels there may be.
        limit: usize,
    },
    /// More items than their limit.
    #[error("{at} has {count} items, more than {limit}")]
    TooMany {
        /// The array.
        at: Excerpt,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A required member is not there.
    #[error("{at} is missing")]
    Missing {
        /// The member.
        at: Excerpt,
    },
    /// A member is not what it must be.
    #[error("{at} must be {want}")]
    Wrong {
        /// The member.
        at: Excerpt,
        /// What it must be.
        want: &'static str,
    },
    /// A member is not a digest.
    #[error("{at}: {why}")]
    Digest {
        /// The member.
        at: Excerpt,
        /// What is wrong with it.
        why: DigestError,
    },
    /// A member is not a media type.
    #[error("{at}: {why}")]
    MediaType {
        /// The member.
        at: Excerpt,
        /// What is wrong with it.
        why: MediaTypeError,
    },
    /// A member of another format, by which the document could be read as that too (CVE-2021-41190).
    #[error("{at} does not belong in {format}")]
    OtherFormat {
        /// The member.
        at: Excerpt,
        /// What the document was read as.
        format: &'static str,
    },
    /// A member of schema 1, in a document that was not given as that.
    #[error("{at} is a member of a schema 1 manifest, which is not supported as {format}")]
    Schema1 {
        /// The member.
        at: Excerpt,
        /// What the document was read as.
        format: &'static str,
    },
    /// The document says it is something else than what it was given as.
    #[error("the document is of type `{said}`, not `{given}`")]
    TypeMismatch {
        /// Its `mediaType` member.
        said: Excerpt,
        /// The type of its descriptor or `Content-Type`.
        given: MediaType,
    },
    /// A manifest of schema 1, where one of a later format is needed.
    #[error("`{0}` is a manifest of schema 1, which nobody makes any more: the image must be pushed again")]
    OnlySchema1(MediaType),
    /// The media type is neither a manifest's nor an index's.
    #[error("`{0}` is neither an image manifest nor an index")]
    NotADocument(MediaType),
    /// The bytes alone do not tell what the document is.
    #[error("the document is no manifest or index of a known format")]
    Undetected,
    /// The signature block of a signed schema 1 manifest is malformed.
    #[error("malformed signature: {at} must be {want}")]
    Signature {
        /// The member.
        at: &'static str,
        /// What it must be.
        want: &'static str,
    },
    /// Not the content of its descriptor.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

//! Names of things: references, digests, platforms, media types. Parsed at the edge, correct from then on.

pub mod digest;
pub mod media;
pub mod platform;
pub mod reference;
mod text;

pub use digest::{Algorithm, Digest, DigestError, Hasher, Mismatch};
pub use media::{MediaType, MediaTypeError};
pub use platform::{Matcher, Platform, PlatformError};
pub use reference::{Reference, ReferenceError};
pub use text::{Excerpt, Inert};

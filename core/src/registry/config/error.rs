//! What is wrong with the user's settings.

use crate::{
    effect::{file::FileError, secret::SecretError},
    registry::place::Place,
};

/// Settings that cannot be used. Never passed over: a mirror that is silently ignored is found out on the day it is needed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file that is there cannot be read.
    #[error("cannot read {0}")]
    File(#[from] FileError),
    /// Something that is set is not valid.
    #[error("{place}: {detail}")]
    Invalid {
        /// Where it is set.
        place: Place,
        /// What is wrong with it.
        detail: String,
    },
    /// Credentials cannot be looked up.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The user forbade it.
    #[error("{name} is blocked by {place}")]
    Blocked {
        /// What was asked for.
        name: String,
        /// Where that is set.
        place: Place,
    },
}

//! The last line of `--progress json`, when a command failed; the others are events of the core.

use lugger::core::error::Attempt;
use serde::Serialize;

/// Why a command failed.
#[derive(Serialize)]
#[serde(tag = "event", rename = "failed")]
pub(crate) struct Failed<'a> {
    pub(crate) exit: u8,
    pub(crate) error: String,
    pub(crate) hint: Option<String>,
    pub(crate) attempts: Vec<&'a Attempt>,
}

//! Where an operation is stopped, and how it ended.

use std::{fmt, str::FromStr};

use lugger_core::error::Error;

/// Whether and where an operation is stopped: counted in decisions, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It runs to its end.
    Never,
    /// Cancelled while it waits (`late`: between an answer and the next poll).
    Cancel {
        /// At this decision.
        at: u64,
        /// After what was decided was done.
        late: bool,
    },
    /// Its process ends without a word.
    Kill {
        /// At this decision.
        at: u64,
        /// And so does the power.
        power: bool,
    },
}

/// How an operation ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// By itself, or cancelled.
    Done(Result<T, Error>),
    /// With its process.
    Killed,
}

/// `never`, `cancel@5`, `late@5`, `kill@5`, `power@5`.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Cancel { at, late: false } => write!(f, "cancel@{at}"),
            Self::Cancel { at, late: true } => write!(f, "late@{at}"),
            Self::Kill { at, power: false } => write!(f, "kill@{at}"),
            Self::Kill { at, power: true } => write!(f, "power@{at}"),
        }
    }
}

impl FromStr for Stop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no way to stop");
        if text == "never" {
            return Ok(Self::Never);
        }
        let (how, at) = text.split_once('@').ok_or_else(wrong)?;
        let at = at.parse().map_err(|_| wrong())?;
        match how {
            "cancel" | "late" => Ok(Self::Cancel { at, late: how == "late" }),
            "kill" | "power" => Ok(Self::Kill { at, power: how == "power" }),
            _ => Err(wrong()),
        }
    }
}

//! What stdout and stderr are, and what they can show.

use std::{env, io::IsTerminal as _};

use super::args::Progress;

/// What is known of where output goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Colour on stdout.
    pub(crate) stdout_colour: bool,
    /// Colour on stderr.
    pub(crate) stderr_colour: bool,
    /// Bars on stderr.
    bars: bool,
}

impl Terminal {
    /// Looks at the streams and at `NO_COLOR`, `TERM` and `CI`.
    pub(crate) fn look() -> Self {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let (stdout, stderr) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = !dumb && !is_set("NO_COLOR");
        Self {
            stdout_colour: colour && stdout,
            stderr_colour: colour && stderr,
            bars: stderr && !dumb && !is_set("CI"),
        }
    }

    /// How progress is shown here.
    pub(crate) fn progress(&self, wanted: Progress, quiet: bool) -> Progress {
        match wanted {
            Progress::Auto if quiet => Progress::None,
            Progress::Auto if self.bars => Progress::Tty,
            Progress::Auto => Progress::Plain,
            wanted => wanted,
        }
    }
}

/// Text with and without emphasis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style(pub(crate) bool);

impl Style {
    /// Stands out.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Stands back.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Warns.
    pub(crate) fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// Points somewhere.
    pub(crate) fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

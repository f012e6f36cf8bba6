//! Everything that is no result, on stderr: progress, notes, warnings, errors.

use std::io::Write as _;

use lugger::core::{error::Attempt, event::Event, name::Inert};

use super::{
    args::Progress,
    bars::Bars,
    event::Failed,
    json,
    plain::Plain,
    terminal::{Style, Terminal},
};

/// Tells what happens.
pub(crate) struct Report {
    mode: Mode,
    style: Style,
    verbose: u8,
}

enum Mode {
    Silent,
    Plain(Plain),
    Json,
    /// Made when there is something to show.
    Bars(Option<Box<Bars>>),
}

impl Report {
    /// In the way that was asked for, as far as the terminal can show it.
    pub(crate) fn new(terminal: &Terminal, progress: Progress, quiet: bool, verbose: u8) -> Self {
        let mode = match terminal.progress(progress, quiet) {
            Progress::None => Mode::Silent,
            Progress::Json => Mode::Json,
            Progress::Tty => Mode::Bars(None),
            Progress::Plain | Progress::Auto => Mode::Plain(Plain::new(verbose > 0)),
        };
        Self { mode, style: Style(terminal.stderr_colour), verbose }
    }

    /// Shows an event.
    pub(crate) fn event(&mut self, event: &Event) {
        if matches!(event, Event::Exchanged { .. }) && self.verbose < 2 {
            return;
        }
        let line = match &mut self.mode {
            Mode::Silent => None,
            Mode::Json => return self.print(&json::line(event)),
            Mode::Plain(plain) => plain.line(event),
            Mode::Bars(bars) => bars.get_or_insert_with(|| Box::new(Bars::new(self.style.0))).show(event),
        };
        if let Some(line) = line {
            self.print(&Inert(&line).to_string());
        }
        if let Event::Warned(warning) = event {
            self.warn(&warning.to_string());
        }
    }

    /// The operation is over.
    pub(crate) fn end(&mut self) {
        // What is told from now on comes below the bars.
        if let Mode::Bars(bars) = &mut self.mode
            && let Some(mut bars) = bars.take()
        {
            bars.end();
        }
    }

    /// Something worth knowing.
    pub(crate) fn note(&self, text: &str) {
        if matches!(self.mode, Mode::Plain(_) | Mode::Bars(_)) {
            self.print(&Inert(text).to_string());
        }
    }

    /// Something that only `-v` asks for.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose > 0 {
            self.note(text);
        }
    }

    /// Something that should be known.
    pub(crate) fn warn(&self, text: &str) {
        self.print(&format!("{} {}", self.style.bold("warning:"), Inert(text)));
    }

    /// Why the command failed: what was being done, what came of it, and what to try.
    pub(crate) fn error(
        &self,
        exit: u8,
        doing: Option<&str>,
        error: &str,
        hints: &[String],
        attempts: Vec<&Attempt>,
    ) {
        if matches!(self.mode, Mode::Json) {
            let error = doing.map_or_else(|| error.to_owned(), |doing| format!("cannot {doing}: {error}"));
            let hint = (!hints.is_empty()).then(|| hints.join("; "));
            return self.print(&json::line(&Failed { exit, error, hint, attempts }));
        }
        let head = self.style.red("error:");
        match doing {
            Some(doing) => {
                self.print(&format!("{head} cannot {}", Inert(doing)));
                self.print(&format!("  {}", Inert(error)));
            }
            None => self.print(&format!("{head} {}", Inert(error))),
        }
        for hint in hints {
            self.print(&format!("  {} {}", self.style.cyan("hint:"), Inert(hint)));
        }
    }

    /// A command that was stopped by its user.
    pub(crate) fn interrupted(&self, doing: Option<&str>, hint: &str) {
        if matches!(self.mode, Mode::Json) {
            return self.error(130, doing, "interrupted", &[hint.to_owned()], Vec::new());
        }
        self.print(&format!("{} {}", self.style.bold("interrupted:"), Inert(hint)));
    }

    fn print(&self, line: &str) {
        // Without a stderr there is nobody to tell.
        let write = || drop(writeln!(std::io::stderr().lock(), "{line}"));
        match &self.mode {
            Mode::Bars(Some(bars)) => bars.suspend(write),
            _ => write(),
        }
    }
}

//! A file of settings: its text, its path, and which line a place in the text is on.

use super::ConfigError;
use crate::{name::Excerpt, registry::place::Place};

/// A file of settings.
#[derive(Debug)]
pub(super) struct Source<'a> {
    path: &'a str,
    text: &'a str,
    /// Where lines begin.
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { path, text, starts: starts.collect() }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The directory that the file is in; empty for a bare file name.
    pub(super) fn dir(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(dir, _)| if dir.is_empty() { "/" } else { dir })
    }

    /// The place of this byte of the text.
    pub(super) fn place(&self, at: usize) -> Place {
        Place::File { path: self.path.to_owned(), line: self.starts.partition_point(|start| *start <= at) }
    }

    /// The place of a line, from 1.
    pub(super) fn line(&self, line: usize) -> Place {
        Place::File { path: self.path.to_owned(), line: line.max(1) }
    }

    pub(super) fn invalid(&self, at: usize, detail: impl Into<String>) -> ConfigError {
        ConfigError::Invalid { place: self.place(at), detail: detail.into() }
    }
}

/// The bytes of a file as text.
pub(super) fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, ConfigError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let place = Place::File { path: path.to_owned(), line };
        ConfigError::Invalid { place, detail: "not UTF-8".to_owned() }
    })
}

/// A path of a file as it is meant there: relative ones are relative to the directory, and `.`, `..` and doubled slashes are
/// resolved as text, as containerd does.
pub(super) fn absolute(dir: &str, path: &str) -> String {
    let has_drive = path.get(1..3).is_some_and(|it| matches!(it, ":\\" | ":/"));
    if has_drive {
        return path.to_owned();
    }
    let joined =
        if path.starts_with('/') || dir.is_empty() { path.to_owned() } else { format!("{dir}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if joined.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let root = if joined.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Foreign text in a message.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", Excerpt::of(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let source = Source::new("/etc/a/b.toml", "a\nb\n\nc");
        let line = |at| match source.place(at) {
            Place::File { line, .. } => line,
            _ => 0,
        };
        assert_eq!([0, 1, 2, 4, 5, 6, 99].map(line), [1, 1, 2, 3, 4, 4, 4]);
        assert_eq!(
            (source.dir(), Source::new("b", "").dir(), Source::new("/b", "").dir()),
            ("/etc/a", "", "/")
        );
        let error = text("f", b"a\n\xff").unwrap_err();
        assert_eq!(error.to_string(), "f:2: not UTF-8");
    }

    #[test]
    fn relative_paths_begin_at_the_files_directory() {
        for (path, want) in [
            ("ca.pem", "/base/ca.pem"),
            ("./certs//ca.pem", "/base/certs/ca.pem"),
            ("../ca.pem", "/ca.pem"),
            ("../../../ca.pem", "/ca.pem"),
            ("/etc/ca.pem", "/etc/ca.pem"),
            ("C:\\ca.pem", "C:\\ca.pem"),
        ] {
            assert_eq!(absolute("/base", path), want);
        }
        assert_eq!(absolute("", "../a"), "../a");
    }
}

//! Results, on stdout.

use std::io::{self, BufWriter, StdoutLock, Write};

use lugger::core::name::Inert;
use serde::Serialize;

use super::{exit::Failure, json, terminal::Style};

/// Where results go. Nothing is sure to be out before [`Output::finish`].
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    /// Whether results are to be JSON.
    pub(crate) is_json: bool,
    style: Style,
}

impl Output {
    /// On this process's stdout.
    pub(crate) fn new(is_json: bool, colour: bool) -> Self {
        Self { out: BufWriter::new(io::stdout().lock()), is_json, style: Style(colour) }
    }

    /// A line of text, made fit for a terminal.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.write(format_args!("{}\n", Inert(text)))
    }

    /// A line that what follows belongs to; a newline in front of it sets it apart.
    pub(crate) fn heading(&mut self, text: &str) -> Result<(), Failure> {
        let (space, text) = text.strip_prefix('\n').map_or(("", text), |text| ("\n", text));
        let text = self.style.bold(&Inert(text).to_string());
        self.write(format_args!("{space}{text}\n"))
    }

    /// A line that can be skipped.
    pub(crate) fn aside(&mut self, text: &str) -> Result<(), Failure> {
        let text = self.style.dim(&Inert(text).to_string());
        self.write(format_args!("{text}\n"))
    }

    /// Exactly these bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(|cause| Failure::output(&cause))
    }

    /// A value on a line of its own.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.write(format_args!("{}\n", json::line(value)))
    }

    /// An array, an element a line.
    pub(crate) fn json_array(&mut self, values: &[impl Serialize]) -> Result<(), Failure> {
        let lines: Vec<_> = values.iter().map(json::line).collect();
        self.write(format_args!("[{}]\n", lines.join(",\n ")))
    }

    /// A table.
    pub(crate) fn table(&mut self, table: &Table) -> Result<(), Failure> {
        table.lines().iter().try_for_each(|line| self.write(format_args!("{line}\n")))
    }

    /// Everything so far is out.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|cause| Failure::output(&cause))
    }

    /// There is no more.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.flush()
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        self.out.write_fmt(text).map_err(|cause| Failure::output(&cause))
    }
}

/// Rows of cells in aligned columns.
#[derive(Debug, Default)]
pub(crate) struct Table {
    indent: usize,
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

impl Table {
    /// With a first row of names.
    pub(crate) fn headed(names: &[&str]) -> Self {
        let mut table = Self::default();
        table.row(names.iter().copied());
        table
    }

    /// Indented by so many characters.
    pub(crate) fn indented(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// With these columns aligned to the right.
    pub(crate) fn right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    /// A further row. Cells are made fit for a terminal.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| Inert(cell.as_ref()).to_string()).collect());
    }

    fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column| {
            let cells = self.rows.iter().filter_map(|row: &Vec<String>| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
                if self.right.contains(&at) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            format!("{:indent$}{}", "", line.trim_end(), indent = self.indent)
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_inert() {
        let mut table = Table::headed(&["NAME", "SIZE"]).right(&[1]);
        table.row(["a\u{1b}[31m", "7 B"]);
        table.row(["b", "100 B"]);
        let lines = ["NAME          SIZE", r"a\u{1b}[31m    7 B", "b            100 B"];
        assert_eq!(table.lines(), lines);
    }
}

//! Tables with aligned columns for humans.

use std::fmt::Write;

use super::report_writer::{ReportWriter, TextStyle};
use super::text_layout::text_width;

/// Rows below a heading. The last column has no maximum width.
#[derive(Debug)]
pub(crate) struct TextTable<const N: usize> {
    rows: Vec<[String; N]>,
    /// The columns that are aligned to the right.
    numbers: &'static [usize],
}

impl<const N: usize> TextTable<N> {
    /// A table that has only its heading.
    pub(crate) fn new(head: [&str; N], numbers: &'static [usize]) -> Self {
        Self {
            rows: vec![head.map(str::to_owned)],
            numbers,
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Prints the table, each line after `indent`.
    pub(crate) fn print(&self, out: &mut ReportWriter, indent: &str) {
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = self.rows.iter().map(|row| text_width(&row[column]));
            cells.max().unwrap_or(0)
        });
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = indent.to_owned();
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                // Writing to a string does not fail.
                let _ = if self.numbers.contains(&column) {
                    write!(line, "{gap}{cell:>width$}")
                } else {
                    write!(line, "{gap}{cell:<width$}")
                };
            }
            let line = line.trim_end();
            match index {
                0 => out.line(out.paint(TextStyle::Dim, line).to_string()),
                _ => out.line(line),
            }
        }
    }
}

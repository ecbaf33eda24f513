//! Findings with a place, for machines that show them: annotations of GitHub Actions, and tests
//! in the notation of JUnit.

use crate::cli::escaping::{data, property, xml};
use crate::cli::report_writer::ReportWriter;

/// The most annotations that are written; pages show fewer, and a log should end.
const NOTES_MAX: usize = 200;

/// How much a note weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoteLevel {
    /// It is to be known.
    Warning,
    /// It is to be changed.
    Error,
}

/// One finding.
#[derive(Clone, Debug)]
pub(super) struct OwnersNote {
    pub(super) level: NoteLevel,
    pub(super) kind: &'static str,
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

impl NoteLevel {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl OwnersNote {
    /// `file:line`, or the file.
    pub(super) fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

/// Writes workflow commands of GitHub Actions.
pub(super) fn print_github(out: &mut ReportWriter, notes: &[OwnersNote]) {
    for note in notes.iter().take(NOTES_MAX) {
        let level = note.level.as_str();
        let file = property(&note.file);
        let line = note.line.map(|line| format!(",line={line}"));
        let line = line.unwrap_or_default();
        let message = data(&note.message);
        out.line(format_args!(
            "::{level} file={file}{line},title={}::{message}",
            note.kind
        ));
    }
    if notes.len() > NOTES_MAX {
        let more = notes.len() - NOTES_MAX;
        out.line(format_args!(
            "::notice::and {more} more (--format json lists all)"
        ));
    }
}

/// Writes a test suite in which each error is a failed test. A run without any is one that passed,
/// since a suite without tests counts as not run.
pub(super) fn print_junit(out: &mut ReportWriter, suite: &str, notes: &[OwnersNote]) {
    let errors = notes.iter().filter(|note| note.level == NoteLevel::Error);
    let (failures, tests) = (errors.count(), notes.len().max(1));
    let suite = xml(suite);
    out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.line(format_args!(
        "<testsuites tests=\"{tests}\" failures=\"{failures}\">\n  \
         <testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\">"
    ));
    if notes.is_empty() {
        out.line(format_args!(
            "    <testcase classname=\"{suite}\" name=\"no findings\"/>"
        ));
    }
    for note in notes {
        print_case(out, note);
    }
    out.line("  </testsuite>\n</testsuites>");
}

fn print_case(out: &mut ReportWriter, note: &OwnersNote) {
    let (kind, place) = (note.kind, note.place());
    let (place, message) = (xml(&place), xml(&note.message));
    out.line(format_args!(
        "    <testcase classname=\"{kind}\" name=\"{place}\">"
    ));
    out.line(match note.level {
        NoteLevel::Error => format!("      <failure message=\"{message}\"/>"),
        NoteLevel::Warning => format!("      <system-out>{message}</system-out>"),
    });
    out.line("    </testcase>");
}

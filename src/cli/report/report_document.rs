//! The whole report of a command, independent of its format.

use super::finding::{ReportFinding, TestCase};

/// The report of one run.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The command without `portcullis`, such as `owners check`.
    pub(crate) command: &'static str,
    pub(crate) title: String,
    /// The result in one sentence, with the counts.
    pub(crate) summary: String,
    /// Figures, for formats that show tables.
    pub(crate) tables: Vec<ReportTable>,
    pub(crate) sections: Vec<ReportSection>,
    /// Notes and advice about the whole run.
    pub(crate) remarks: Vec<String>,
}

/// A table of figures.
#[derive(Clone, Debug)]
pub(crate) struct ReportTable {
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// One thing that was examined, such as a contract, with its findings.
#[derive(Clone, Debug)]
pub(crate) struct ReportSection {
    pub(crate) name: String,
    /// The file of the findings that have no location.
    pub(crate) path: String,
    pub(crate) heading: Option<String>,
    pub(crate) notes: Vec<String>,
    /// The findings that need attention in a few sentences, the worst first. Formats that show
    /// them fold the findings.
    pub(crate) sentences: Vec<String>,
    /// How long it took.
    pub(crate) seconds: Option<f64>,
    /// The test case that passes if there is no finding.
    pub(crate) passed: TestCase,
    pub(crate) findings: Vec<ReportFinding>,
}

impl Report {
    /// All findings with their sections.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (&ReportSection, &ReportFinding)> {
        let sections = self.sections.iter();
        sections.flat_map(|section| section.findings.iter().map(move |found| (section, found)))
    }
}

//! The report model: what a command found, and the formats that print it.
//!
//! A [`Report`] has sections, one for each thing that was examined, and each section has
//! findings. `check`, `diff`, `gate`, `replay` and `owners` implement [`CommandReport`]: their
//! text and JSON are their own, all other formats are rendered here from the [`Report`].

mod report_format;
mod fail_threshold;
mod finding;
mod report_document;
mod report_output;
mod report_text;
mod report_markdown;
mod report_github;
mod report_sarif;
mod report_junit;
mod report_gitlab;
mod approval_template;

pub(super) use approval_template::{ApprovalTemplate, print_templates};
pub(super) use fail_threshold::FailThreshold;
pub(super) use finding::{FindingLevel, FindingLocation, ReportFinding, TestCase, fingerprint_of};
pub(super) use report_document::{Report, ReportSection, ReportTable};
pub(super) use report_format::ReportFormat;
pub(super) use report_markdown::render_markdown;
pub(super) use report_output::{CommandReport, print_report};
pub(super) use report_text::{level_style, print_findings};

#[cfg(test)]
mod tests;

//! The formats of reports.

use clap::ValueEnum;

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For humans
    #[default]
    Text,
    /// For programs: stable and complete
    Json,
    /// For the comment of a pull request
    Markdown,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for pipelines that show test results
    Junit,
    /// A code quality report of GitLab
    #[value(alias = "code-quality")]
    Gitlab,
}

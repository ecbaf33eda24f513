//! Prints the response to a change of a contract or of the configuration.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::admin_client::{AdminClient, ChangeOutcome};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, TextStyle, one_line, print_json, print_more};
use crate::cli::run_error::RunError;

/// The most problems that are listed.
const PROBLEMS_MAX: usize = 50;

/// A change that the proxy rejected.
#[derive(Debug, Deserialize)]
struct ChangeRejection {
    detail: String,
    #[serde(default)]
    problems: Vec<String>,
}

/// Prints the outcome of a change; `print` prints a successful one as text. A rejected change is a
/// finding.
pub(crate) fn print_change<T: DeserializeOwned>(
    client: &AdminClient,
    change: ChangeOutcome,
    format: DataFormat,
    out: &mut ReportWriter,
    print: impl FnOnce(&mut ReportWriter, T),
) -> Result<CommandOutcome, RunError> {
    let (body, outcome): (Value, CommandOutcome) = match change {
        ChangeOutcome::Changed(body) => (body, CommandOutcome::Success),
        ChangeOutcome::Rejected(problem) => (problem, CommandOutcome::Finding),
    };
    match (format, outcome) {
        (DataFormat::Json, _) => print_json(out, &body),
        (DataFormat::Text, CommandOutcome::Success) => print(out, client.deserialize(&body)?),
        (DataFormat::Text, _) => print_rejection(out, &client.deserialize(&body)?),
    }
    Ok(outcome)
}

/// Prints the problems of a contract or a configuration.
pub(crate) fn print_problems(out: &mut ReportWriter, problems: &[String]) {
    for problem in problems.iter().take(PROBLEMS_MAX) {
        out.line(format_args!("  {}", one_line(problem)));
    }
    print_more(out, problems.len().saturating_sub(PROBLEMS_MAX), "problems");
}

fn print_rejection(out: &mut ReportWriter, rejection: &ChangeRejection) {
    let word = out.paint(TextStyle::Red, "refused").to_string();
    out.line(format_args!("{word}: {}", one_line(&rejection.detail)));
    // The first problem may be the detail.
    let is_other = |problem: &&String| **problem != rejection.detail;
    let problems: Vec<String> = rejection
        .problems
        .iter()
        .filter(is_other)
        .cloned()
        .collect();
    print_problems(out, &problems);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::printed;

    #[test]
    fn prints_a_reason_once() {
        let rejection = ChangeRejection {
            detail: "a".to_owned(),
            problems: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(
            printed(|out| print_rejection(out, &rejection)),
            "refused: a\n  b\n"
        );
    }

    #[test]
    fn shortens_long_lists_of_problems() {
        let rejection = ChangeRejection {
            detail: "no".to_owned(),
            problems: vec!["wrong".to_owned(); 53],
        };
        let text = printed(|out| print_rejection(out, &rejection));
        assert_eq!(text.lines().count(), 1 + 50 + 1);
        assert!(
            text.ends_with("  … and 3 more problems (--format json lists all)\n"),
            "{text}"
        );
    }
}

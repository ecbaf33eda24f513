//! `portcullis check`: compiles contracts and says what is wrong with them.

use std::path::Path;

use portcullis_contract::DocumentSet;
use portcullis_vocabulary::Limits;

use super::check_report::{CheckReport, CheckSummary, ContractReport};
use super::check_text;
use crate::cli::command_line::{CheckArgs, FailThreshold, ReportFormat};
use crate::cli::contract_files::find_contracts;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, print_error};

/// Checks every contract that the arguments name. Text is printed contract by contract, so
/// that a long run shows how far it is.
pub(crate) fn check(args: &CheckArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let limits = Limits::default();
    let mut checking = CheckRun {
        limits: &limits,
        format: args.format,
        out,
        report: CheckReport::default(),
    };
    for path in &args.contracts {
        if path.is_dir() {
            checking.directory(path)?;
        } else {
            checking.file(path, |_| true);
        }
    }
    let report = checking.report;
    match args.format {
        ReportFormat::Text => check_text::print_summary(out, report.summary),
        ReportFormat::Json => {
            let json = serde_json::to_string_pretty(&report).expect("a report has a JSON form");
            out.line(json);
        }
    }
    out.finish()?;
    Ok(outcome(report.summary, args.fail_on))
}

struct CheckRun<'a> {
    limits: &'a Limits,
    format: ReportFormat,
    out: &'a mut ReportWriter,
    report: CheckReport,
}

impl CheckRun<'_> {
    fn directory(&mut self, path: &Path) -> Result<(), RunError> {
        let before = self.report.summary;
        for file in find_contracts(path)? {
            self.file(&file, is_contract);
        }
        if self.report.summary == before {
            return Err(RunError::NoContracts {
                path: path.to_owned(),
            });
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, is_wanted: fn(&DocumentSet) -> bool) {
        match ContractReport::of(path, self.limits, is_wanted) {
            Ok(None) => {}
            Ok(Some(contract)) => {
                if self.format == ReportFormat::Text {
                    check_text::print_contract(self.out, &contract);
                }
                self.report.add(contract);
            }
            Err(error) => {
                print_error(&error.to_string());
                self.report.add_unreadable(path, &error);
            }
        }
    }
}

fn is_contract(documents: &DocumentSet) -> bool {
    let root = documents.entry().root();
    root.get("openapi").or(root.get("swagger")).is_some()
}

fn outcome(summary: CheckSummary, fail_on: FailThreshold) -> CommandOutcome {
    let found = match fail_on {
        FailThreshold::Error => summary.errors,
        FailThreshold::Warning => summary.errors + summary.warnings,
    };
    match (summary.unreadable, found) {
        (0, 0) => CommandOutcome::Success,
        (0, _) => CommandOutcome::Finding,
        _ => CommandOutcome::CouldNotRun,
    }
}

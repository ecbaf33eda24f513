//! Checks every contract that the arguments name.

use std::path::Path;

use portcullis_contract::DocumentSet;
use portcullis_vocabulary::Limits;

use super::check_args::CheckArgs;
use super::check_report::{CheckReport, CheckSummary, ContractReport};
use super::check_text;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{find_contracts, is_contract};
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::report::{FailThreshold, ReportFormat, print_report};
use crate::cli::run_error::RunError;

/// Checks every contract that the arguments name. Text is printed contract by contract, so a long
/// run shows its progress.
pub(crate) fn check(args: &CheckArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let limits = Limits::default();
    let mut run = CheckRun {
        limits: &limits,
        format: args.format,
        out,
        report: CheckReport::default(),
    };
    for path in &args.contracts {
        if path.is_dir() {
            run.check_directory(path)?;
        } else {
            run.check_file(path, |_| true);
        }
    }
    let report = run.report;
    print_report(&report, args.format, out);
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
    fn check_directory(&mut self, path: &Path) -> Result<(), RunError> {
        let before = self.report.summary;
        for file in find_contracts(path)? {
            self.check_file(&file, is_contract);
        }
        if self.report.summary == before {
            return Err(RunError::NoContracts {
                path: path.to_owned(),
            });
        }
        Ok(())
    }

    fn check_file(&mut self, path: &Path, is_wanted: fn(&DocumentSet) -> bool) {
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

fn outcome(summary: CheckSummary, fail_on: FailThreshold) -> CommandOutcome {
    if summary.unreadable > 0 {
        return CommandOutcome::CouldNotRun;
    }
    let is_failed = fail_on.is_reached(summary.errors, summary.warnings);
    CommandOutcome::finding_unless(!is_failed)
}

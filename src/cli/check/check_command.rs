//! Checks every contract that the arguments name.

use portcullis_contract::DocumentSet;
use portcullis_vocabulary::{ContractReading, Limits};

use super::check_args::CheckArgs;
use super::check_report::{CheckReport, CheckSummary, ContractReport};
use super::check_text;
use super::ignored_problems::IgnoredKind;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{ContractInput, is_contract};
use crate::cli::output::{ReportWriter, print_error};
use crate::cli::report::{FailThreshold, ReportFormat, print_report};
use crate::cli::run_error::RunError;
use crate::source::ReferenceRoot;

/// Checks every contract that the arguments name. Text is printed contract by contract, so a long
/// run shows its progress.
pub(crate) fn check(args: &CheckArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let limits = Limits::default();
    let mut run = CheckRun {
        limits: &limits,
        root: args.references.root(),
        ignored: &args.ignore,
        reading: args.reading.reading(),
        format: args.format,
        out,
        report: CheckReport::default(),
    };
    for name in &args.contracts {
        match ContractInput::of(name) {
            Ok(input) if input.is_directory() => run.check_directory(&input)?,
            Ok(input) => run.check_file(&input, |_| true),
            Err(error) => run.report_unreadable(name.clone(), error.to_string()),
        }
    }
    let report = run.report;
    print_report(&report, args.format, out);
    out.finish()?;
    Ok(outcome(report.summary, args.fail_on))
}

struct CheckRun<'a> {
    limits: &'a Limits,
    root: ReferenceRoot,
    ignored: &'a [IgnoredKind],
    reading: ContractReading,
    format: ReportFormat,
    out: &'a mut ReportWriter,
    report: CheckReport,
}

impl CheckRun<'_> {
    fn check_directory(&mut self, directory: &ContractInput) -> Result<(), RunError> {
        let before = self.report.summary;
        for file in directory.files()?.values() {
            self.check_file(file, is_contract);
        }
        if self.report.summary == before {
            return Err(RunError::NoContracts {
                path: directory.name().into(),
            });
        }
        Ok(())
    }

    fn check_file(&mut self, input: &ContractInput, is_wanted: fn(&DocumentSet) -> bool) {
        let how = (&self.root, self.reading);
        match ContractReport::of(input, self.limits, how, self.ignored, is_wanted) {
            Ok(None) => {}
            Ok(Some(contract)) => {
                if self.format == ReportFormat::Text {
                    check_text::print_contract(self.out, &contract);
                }
                self.report.add(contract);
            }
            Err(error) => self.report_unreadable(input.name(), error.to_string()),
        }
    }

    fn report_unreadable(&mut self, name: String, message: String) {
        print_error(&message);
        self.report.add_unreadable(name, message);
    }
}

fn outcome(summary: CheckSummary, fail_on: FailThreshold) -> CommandOutcome {
    if summary.unreadable > 0 {
        return CommandOutcome::CouldNotRun;
    }
    let is_failed = fail_on.is_reached(summary.errors, summary.warnings);
    CommandOutcome::finding_unless(!is_failed)
}

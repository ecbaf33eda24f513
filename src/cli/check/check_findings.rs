//! The result of `check` as a [`Report`]: a section for each contract and each unreadable file.

use super::check_report::{CheckReport, ContractReport, ProblemReport, UnreadableFile};
use super::check_text::{print_summary, summary_text};
use crate::cli::output::{ReportWriter, print_json};
use crate::cli::report::{
    CommandReport, FindingLevel, FindingLocation, Report, ReportFinding, ReportSection, TestCase,
    fingerprint_of,
};

impl CommandReport for CheckReport {
    /// Prints the last line only: each contract was printed when it had been checked.
    fn print_text(&self, out: &mut ReportWriter) {
        print_summary(out, self.summary);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_json(out, self);
    }

    fn report(&self) -> Report {
        let contracts = self.contracts.iter().map(contract_section);
        let unreadable = self.unreadable.iter().map(unreadable_section);
        Report {
            command: "check",
            title: "Contract check".to_owned(),
            summary: summary_text(self.summary),
            tables: Vec::new(),
            sections: contracts.chain(unreadable).collect(),
            remarks: Vec::new(),
        }
    }
}

fn contract_section(contract: &ContractReport) -> ReportSection {
    let ContractReport {
        path,
        title,
        version,
        problems,
        advice,
        ..
    } = contract;
    let findings = problems.iter().map(|problem| finding(path, problem));
    ReportSection {
        sentences: Vec::new(),
        name: path.clone(),
        path: path.clone(),
        heading: Some(format!("{title} {version} (`{path}`)")),
        notes: advice.iter().cloned().collect(),
        seconds: None,
        passed: TestCase::new(path, "no problems"),
        findings: findings.collect(),
    }
}

fn finding(path: &str, problem: &ProblemReport) -> ReportFinding {
    let ProblemReport {
        kind,
        title,
        file,
        line,
        column,
        pointer,
        message,
        ..
    } = problem;
    let level = if problem.is_error() {
        FindingLevel::Error
    } else {
        FindingLevel::Warning
    };
    let case = TestCase::new(path, format!("{kind} {file}#{pointer}"));
    let mut finding = ReportFinding::new(kind, level, message, case);
    finding.rule_title = Some(title);
    finding.location = Some(FindingLocation {
        pointer: Some(pointer.clone()),
        column: column.map(u64::from),
        ..FindingLocation::line(&**file, *line)
    });
    finding.fingerprint = Some(fingerprint_of(&[kind, file, pointer, message]));
    finding
}

fn unreadable_section(unreadable: &UnreadableFile) -> ReportSection {
    let UnreadableFile { path, message } = unreadable;
    let case = TestCase::new(path, "the file can be read");
    let level = FindingLevel::Error;
    let mut finding = ReportFinding::new("unreadable-file", level, message, case.clone());
    finding.location = Some(FindingLocation::file(path));
    ReportSection {
        sentences: Vec::new(),
        name: path.clone(),
        path: path.clone(),
        heading: Some(format!("`{path}`")),
        notes: Vec::new(),
        seconds: None,
        passed: case,
        findings: vec![finding],
    }
}

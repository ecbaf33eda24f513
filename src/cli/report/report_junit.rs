//! Reports as JUnit XML: a suite for each section, a failed test case for each error.

use std::collections::HashMap;

use super::finding::{ReportFinding, TestCase};
use super::report_document::{Report, ReportSection};
use crate::cli::output::escape_xml;

/// Renders the results of the run. A section without findings has one case that passed, because
/// pipelines take an empty suite for one that did not run.
pub(crate) fn render_junit(report: &Report) -> String {
    let suites: Vec<JunitSuite<'_>> = report.sections.iter().map(JunitSuite::of).collect();
    let tests: usize = suites.iter().map(JunitSuite::tests).sum();
    let failures: usize = suites.iter().map(JunitSuite::failures).sum();
    let name = escape_xml(&format!("portcullis {}", report.command));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\">\n"
    );
    for suite in suites {
        text.push_str(&suite.render());
    }
    text.push_str("</testsuites>\n");
    text
}

/// A section whose findings are grouped by test case.
struct JunitSuite<'a> {
    section: &'a ReportSection,
    cases: Vec<Vec<&'a ReportFinding>>,
}

impl<'a> JunitSuite<'a> {
    fn of(section: &'a ReportSection) -> Self {
        let mut numbers: HashMap<&TestCase, usize> = HashMap::new();
        let mut cases: Vec<Vec<&ReportFinding>> = Vec::new();
        for finding in &section.findings {
            let number = *numbers.entry(&finding.test_case).or_insert(cases.len());
            match cases.get_mut(number) {
                Some(case) => case.push(finding),
                None => cases.push(vec![finding]),
            }
        }
        Self { section, cases }
    }

    fn tests(&self) -> usize {
        self.cases.len().max(1)
    }

    fn failures(&self) -> usize {
        let failed = self
            .cases
            .iter()
            .filter(|findings| findings.iter().any(|finding| finding.is_failure()));
        failed.count()
    }

    fn render(&self) -> String {
        let section = self.section;
        let seconds = section.seconds;
        let time = seconds.map(|seconds| format!(" time=\"{seconds:.3}\""));
        let mut text = format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\"{}>\n",
            escape_xml(&section.name),
            self.tests(),
            self.failures(),
            time.unwrap_or_default()
        );
        if self.cases.is_empty() {
            text.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"{}\"/>\n",
                escape_xml(&section.passed.class_name),
                escape_xml(&section.passed.name)
            ));
        }
        for findings in &self.cases {
            text.push_str(&render_case(findings));
        }
        text.push_str("  </testsuite>\n");
        text
    }
}

fn render_case(findings: &[&ReportFinding]) -> String {
    let case = &findings[0].test_case;
    let mut text = format!(
        "    <testcase classname=\"{}\" name=\"{}\">\n",
        escape_xml(&case.class_name),
        escape_xml(&case.name)
    );
    for finding in findings {
        let message = escape_xml(&finding.sentence());
        text.push_str(&if finding.is_failure() {
            let rule = escape_xml(finding.rule);
            format!("      <failure type=\"{rule}\" message=\"{message}\"/>\n")
        } else {
            let label = escape_xml(finding.label);
            format!("      <system-out>{label}: {message}</system-out>\n")
        });
    }
    text.push_str("    </testcase>\n");
    text
}

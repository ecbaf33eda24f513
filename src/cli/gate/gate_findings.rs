//! The verdict as a [`Report`]: one section with a finding for each reason.

use portcullis_control::gate::GateReason;

use super::gate_report::{GateReport, print_verdict, reason_level};
use super::gate_text;
use crate::cli::output::ReportWriter;
use crate::cli::report::{
    CommandReport, FindingLocation, Report, ReportFinding, ReportSection, ReportTable, TestCase,
};

impl CommandReport for GateReport<'_> {
    fn print_text(&self, out: &mut ReportWriter) {
        gate_text::print(self, out);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_verdict(self, out);
    }

    fn report(&self) -> Report {
        let verdict = self.verdict;
        let figures = [
            ("drift_score", self.drift()),
            ("blast_radius", self.squads()),
            ("risk_score", verdict.risk_score.to_string()),
            ("gate_duration_ms", self.duration_ms().to_string()),
            ("recommended_action", verdict.recommended_action.to_owned()),
        ];
        let figures = figures.map(|(name, value)| vec![name.to_owned(), value]);
        let reasons = verdict.reasons.iter();
        Report {
            command: "gate",
            title: format!("Gate: {} {}", self.service, verdict.decision.as_str()),
            summary: format!(
                "{} of {}, version {}",
                self.service, self.squad, self.candidate.version
            ),
            tables: vec![ReportTable {
                head: vec!["figure", "value"],
                rows: figures.into(),
            }],
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: self.service.to_owned(),
                path: "registry.json".to_owned(),
                heading: None,
                notes: Vec::new(),
                seconds: Some(self.duration.as_secs_f64()),
                passed: TestCase::new(self.service, verdict.decision.as_str()),
                findings: reasons.map(|reason| finding(self, reason)).collect(),
            }],
            remarks: Vec::new(),
        }
    }
}

fn finding(report: &GateReport<'_>, reason: &GateReason) -> ReportFinding {
    let rule = reason.rule.as_str();
    let case = TestCase::new(report.service, format!("{rule}: {}", reason.message));
    let level = reason_level(reason.weight);
    let mut finding = ReportFinding::new(rule, level, &reason.message, case);
    finding.label = reason.weight.as_str();
    finding.title = Some(format!("gate: {rule}"));
    finding.advice.clone_from(&reason.advice);
    let place = reason.place.as_ref();
    finding.location = place.map(|place| FindingLocation::line(&place.file, place.line));
    if let Some(change) = &reason.change {
        finding.example.clone_from(&change.witness);
        finding.fingerprint = Some(change.fingerprint.clone());
    }
    finding
}

//! A scorecard as text, JSON and Markdown.
//!
//! As JSON:
//!
//! ```json
//! {
//!   "catalog": "contracts/squads.toml",
//!   "services": [{
//!     "service": "orders", "squad": "payments", "passed": 7, "checks": [{
//!       "check": "runbook", "result": "gap", "detail": "no runbook",
//!       "advice": "add runbook = …", "file": "contracts/squads.toml", "line": 16
//!     }]
//!   }],
//!   "summary": { "services": 3, "passed": 20, "gaps": 7 }
//! }
//! ```

use portcullis_control::ownership::{ScoreCheck, ScoreKind, Scorecard, ServiceScore};
use portcullis_vocabulary::ConfigLocation;
use serde::Serialize;

use crate::cli::output::{ReportWriter, TextStyle, counted, escape_line, escape_markdown};

/// A scorecard for programs.
#[derive(Debug, Serialize)]
pub(super) struct ScorecardReport {
    catalog: String,
    services: Vec<ServiceScoreReport>,
    summary: ScorecardSummary,
}

#[derive(Debug, Serialize)]
struct ServiceScoreReport {
    service: String,
    squad: String,
    passed: usize,
    checks: Vec<ScoreCheckReport>,
}

#[derive(Debug, Serialize)]
struct ScoreCheckReport {
    check: &'static str,
    result: &'static str,
    detail: String,
    advice: Option<String>,
    file: Option<String>,
    line: Option<usize>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct ScorecardSummary {
    services: usize,
    passed: usize,
    gaps: usize,
}

impl ScorecardReport {
    pub(super) fn new(catalog: String, scorecard: &Scorecard) -> Self {
        let services: Vec<ServiceScoreReport> = scorecard
            .services
            .iter()
            .map(ServiceScoreReport::of)
            .collect();
        let passed = services.iter().map(|service| service.passed).sum();
        let checks: usize = services.iter().map(|service| service.checks.len()).sum();
        Self {
            catalog,
            summary: ScorecardSummary {
                services: services.len(),
                passed,
                gaps: checks - passed,
            },
            services,
        }
    }

    pub(super) fn print_text(&self, out: &mut ReportWriter) {
        for service in &self.services {
            let name = out.paint(TextStyle::Bold, &service.service).to_string();
            out.line(format_args!(
                "{name} of {}: {} of {}",
                service.squad,
                service.passed,
                service.checks.len()
            ));
            for check in &service.checks {
                let style = if check.is_gap() {
                    TextStyle::Yellow
                } else {
                    TextStyle::Dim
                };
                let result = out.paint(style, format!("{:<5}", check.result)).to_string();
                let detail = escape_line(&check.detail);
                out.line(format_args!("  {result} {:<16} {detail}", check.check));
                if let Some(advice) = &check.advice {
                    let place = check.place().map(|place| format!(" ({place})"));
                    let place = place.unwrap_or_default();
                    out.line(format_args!("{:25}{}{place}", "", escape_line(advice)));
                }
            }
            out.line("");
        }
        out.line(self.summary.sentence());
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = "### Scorecard\n\n| service | squad |".to_owned();
        for kind in ScoreKind::ALL {
            text += &format!(" {} |", kind.as_str());
        }
        text += "\n|---|---|";
        text += &"---|".repeat(ScoreKind::ALL.len());
        text.push('\n');
        for service in &self.services {
            let (name, squad) = (
                escape_markdown(&service.service),
                escape_markdown(&service.squad),
            );
            text += &format!("| {name} | {squad} |");
            for check in &service.checks {
                text += if check.is_gap() { " gap |" } else { " pass |" };
            }
            text.push('\n');
        }
        for service in &self.services {
            for check in service.checks.iter().filter(|check| check.is_gap()) {
                let advice = check.advice.as_deref().unwrap_or_default();
                let place = check
                    .place()
                    .map(|place| format!(" ({place})"))
                    .unwrap_or_default();
                let line = format!(
                    "{}, {}: {}: {advice}{place}",
                    service.service, check.check, check.detail
                );
                text += &format!("\n- {}", escape_markdown(&line));
            }
        }
        text += &format!("\n\n{}\n", self.summary.sentence());
        text
    }
}

impl ServiceScoreReport {
    fn of(score: &ServiceScore) -> Self {
        Self {
            service: score.service.clone(),
            squad: score.squad.clone(),
            passed: score.passed(),
            checks: score.checks.iter().map(ScoreCheckReport::of).collect(),
        }
    }
}

impl ScoreCheckReport {
    fn of(check: &ScoreCheck) -> Self {
        let (file, line) = match &check.place {
            Some(ConfigLocation::Line(path, line)) => {
                (Some(path.display().to_string()), Some(*line))
            }
            Some(other) => (Some(other.to_string()), None),
            None => (None, None),
        };
        Self {
            check: check.kind.as_str(),
            result: if check.is_passed { "pass" } else { "gap" },
            detail: check.detail.clone(),
            advice: check.advice.clone(),
            file,
            line,
        }
    }

    fn is_gap(&self) -> bool {
        self.advice.is_some()
    }

    fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(match self.line {
            Some(line) => format!("{file}:{line}"),
            None => file.clone(),
        })
    }
}

impl ScorecardSummary {
    fn sentence(self) -> String {
        let Self {
            services,
            passed,
            gaps,
        } = self;
        format!(
            "{}, {passed} passed, {}",
            counted(services as u64, "service"),
            counted(gaps as u64, "gap")
        )
    }
}

//! The result of `portcullis owners transfer`.
//!
//! As JSON:
//!
//! ```json
//! {
//!   "catalog": "contracts/squads.toml", "service": "orders", "from": "payments", "to": "checkout",
//!   "until": "2026-12-31", "written": false,
//!   "steps": [{
//!     "kind": "service", "state": "planned", "file": "contracts/squads.toml", "line": 20,
//!     "message": "…"
//!   }],
//!   "summary": { "planned": 5, "written": 0, "open": 4, "obstacles": 0 }
//! }
//! ```

use portcullis_vocabulary::{ConfigLocation, ServiceTransfer};
use serde::{Serialize, Serializer};

use crate::cli::output::{ReportWriter, counted, print_json};
use crate::cli::report::{
    CommandReport, FindingLevel, FindingLocation, Report, ReportFinding, ReportSection, TestCase,
    print_findings,
};

/// What must change for a transfer.
#[derive(Debug, Serialize)]
pub(super) struct TransferReport {
    pub(super) catalog: String,
    pub(super) service: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) until: String,
    pub(super) written: bool,
    pub(super) steps: Vec<TransferStep>,
    summary: TransferSummary,
}

/// One thing that must change, or that stands against the transfer.
#[derive(Debug, Serialize)]
pub(super) struct TransferStep {
    pub(super) kind: &'static str,
    #[serde(serialize_with = "state_name")]
    pub(super) state: StepState,
    file: Option<String>,
    line: Option<u64>,
    message: String,
}

/// Who makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepState {
    /// `--write` makes it.
    Planned,
    /// It was written.
    Written,
    /// A person makes it.
    Open,
    /// Nothing can be written before it is resolved.
    Obstacle,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct TransferSummary {
    planned: usize,
    written: usize,
    open: usize,
    obstacles: usize,
}

impl StepState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Written => "written",
            Self::Open => "open",
            Self::Obstacle => "obstacle",
        }
    }

    const fn level(self) -> FindingLevel {
        match self {
            Self::Planned | Self::Written => FindingLevel::Info,
            Self::Open => FindingLevel::Warning,
            Self::Obstacle => FindingLevel::Error,
        }
    }
}

fn state_name<S: Serializer>(state: &StepState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

impl TransferStep {
    /// A step without a location.
    pub(super) fn new(kind: &'static str, state: StepState, message: impl Into<String>) -> Self {
        Self {
            kind,
            state,
            file: None,
            line: None,
            message: message.into(),
        }
    }

    /// A step that a person makes, at a line.
    pub(super) fn open(
        kind: &'static str,
        file: impl Into<String>,
        line: u64,
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: Some(file.into()),
            line: Some(line),
            ..Self::new(kind, StepState::Open, message)
        }
    }

    /// The step at a location of the catalog or the configuration.
    #[must_use]
    pub(super) fn at(self, location: Option<&ConfigLocation>) -> Self {
        let (file, line) = match location {
            Some(ConfigLocation::Line(path, line)) => {
                (Some(path.display().to_string()), Some(*line as u64))
            }
            Some(location) => (Some(location.to_string()), None),
            None => (None, None),
        };
        Self { file, line, ..self }
    }

    fn finding(&self) -> ReportFinding {
        let location = self.file.as_ref().map(|file| FindingLocation {
            line: self.line,
            ..FindingLocation::file(file)
        });
        let place = location.as_ref().map(FindingLocation::text);
        let case = TestCase::new(self.kind, place.unwrap_or_else(|| self.message.clone()));
        let mut finding = ReportFinding::new(self.kind, self.state.level(), &self.message, case);
        finding.label = self.state.as_str();
        finding.location = location;
        finding
    }
}

impl TransferReport {
    pub(super) fn new(
        catalog: String,
        transfer: &ServiceTransfer,
        steps: Vec<TransferStep>,
        written: bool,
    ) -> Self {
        let count = |state| steps.iter().filter(|step| step.state == state).count();
        Self {
            summary: TransferSummary {
                planned: count(StepState::Planned),
                written: count(StepState::Written),
                open: count(StepState::Open),
                obstacles: count(StepState::Obstacle),
            },
            catalog,
            service: transfer.service.clone(),
            from: transfer.from.to_string(),
            to: transfer.to.to_string(),
            until: transfer.until.to_string(),
            written,
            steps,
        }
    }

    fn sentence(&self) -> String {
        let Self {
            service, from, to, ..
        } = self;
        let summary = self.summary;
        let open = counted(summary.open as u64, "change");
        if summary.obstacles > 0 {
            let obstacles = counted(summary.obstacles as u64, "obstacle");
            return format!(
                "{service} cannot move from {from} to {to}: {obstacles}; nothing was written"
            );
        }
        if self.written {
            return format!(
                "{} was written: {service} belongs to {to}, and until {} both squads can act; {open} \
                 left to make",
                self.catalog, self.until
            );
        }
        let planned = counted(summary.planned as u64, "change");
        format!(
            "{service} can move from {from} to {to}: --write makes {planned} of {}, {open} left to make",
            self.catalog
        )
    }
}

impl CommandReport for TransferReport {
    fn print_text(&self, out: &mut ReportWriter) {
        print_findings(&self.report(), out);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_json(out, self);
    }

    fn report(&self) -> Report {
        let suite = "portcullis owners transfer";
        Report {
            command: "owners transfer",
            title: format!("{}: {} → {}", self.service, self.from, self.to),
            summary: self.sentence(),
            tables: Vec::new(),
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: suite.to_owned(),
                path: self.catalog.clone(),
                heading: None,
                notes: Vec::new(),
                seconds: None,
                passed: TestCase::new(suite, "no obstacles"),
                findings: self.steps.iter().map(TransferStep::finding).collect(),
            }],
            remarks: Vec::new(),
        }
    }
}

//! The responses of the admin port about contracts, as far as they are printed.

use serde::Deserialize;

/// The response of `/contracts`.
#[derive(Debug, Deserialize)]
pub(super) struct ContractsReply {
    pub(super) services: Vec<ContractStatus>,
}

/// The contract of one service.
#[derive(Debug, Deserialize)]
pub(super) struct ContractStatus {
    pub(super) service: String,
    pub(super) title: Option<String>,
    pub(super) version: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) source: String,
    pub(super) operations: u64,
    pub(super) since: Option<String>,
    pub(super) since_seconds: Option<f64>,
    /// Whether a revision is active.
    #[serde(rename = "in_force")]
    pub(super) is_active: bool,
    pub(super) stale: bool,
    pub(super) stale_since: Option<String>,
    pub(super) stale_seconds: Option<f64>,
    #[serde(default)]
    pub(super) warnings: Vec<String>,
    pub(super) last_error: Option<String>,
    pub(super) policy: String,
    pub(super) candidate: Option<CandidateSummary>,
    pub(super) history: Vec<HistoryRow>,
}

/// The revision of a candidate.
#[derive(Debug, Deserialize)]
pub(super) struct CandidateSummary {
    pub(super) version: String,
    pub(super) revision: String,
}

/// An entry of the history.
#[derive(Debug, Deserialize)]
pub(super) struct HistoryRow {
    pub(super) at: String,
    pub(super) version: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) trigger: String,
    pub(super) result: String,
    pub(super) reason: Option<String>,
    pub(super) compile_ms: Option<u64>,
}

/// The response to a change.
#[derive(Debug, Deserialize)]
pub(super) struct ReloadReply {
    pub(super) service: String,
    pub(super) result: String,
    pub(super) version: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) problems: Vec<String>,
    pub(super) compile_ms: Option<u64>,
}

/// The report of a candidate.
#[derive(Debug, Deserialize)]
pub(super) struct CandidateStatus {
    pub(super) service: String,
    pub(super) version: String,
    pub(super) revision: String,
    pub(super) since: String,
    pub(super) since_seconds: f64,
    pub(super) sample: f64,
    pub(super) judged: u64,
    pub(super) refused: u64,
    pub(super) unjudged: u64,
    pub(super) refusals: Vec<CandidateRefusalRow>,
}

/// The violations of one kind that the candidate would reject.
#[derive(Debug, Deserialize)]
pub(super) struct CandidateRefusalRow {
    pub(super) operation: String,
    pub(super) class: String,
    pub(super) squad: String,
    pub(super) count: u64,
    pub(super) example: String,
    pub(super) pointer: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u64>,
}

impl ContractStatus {
    /// Whether the contract of the source is active.
    pub(super) fn is_well(&self) -> bool {
        self.is_active && !self.stale && self.last_error.is_none()
    }

    /// When the state began, and for how many seconds it has lasted.
    pub(super) fn state_since(&self) -> Option<(&str, f64)> {
        let (since, seconds) = match (&self.stale_since, self.stale) {
            (Some(since), true) => (since, self.stale_seconds),
            _ => (self.since.as_ref()?, self.since_seconds),
        };
        Some((since, seconds?))
    }

    /// The state in a word or two.
    pub(super) fn state(&self) -> &'static str {
        match (self.is_active, self.stale) {
            (false, _) => "none",
            (true, true) => "stale",
            (true, false) => "active",
        }
    }
}

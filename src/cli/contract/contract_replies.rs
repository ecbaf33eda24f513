//! What an admin port answers about contracts, as far as it is printed.

use serde::Deserialize;

/// The answer of `/contracts`.
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
    pub(super) in_force: bool,
    pub(super) stale: bool,
    pub(super) last_error: Option<String>,
    pub(super) policy: String,
    pub(super) candidate: Option<CandidateSummary>,
    pub(super) history: Vec<HistoryRow>,
}

/// Which revision is a candidate.
#[derive(Debug, Deserialize)]
pub(super) struct CandidateSummary {
    pub(super) version: String,
    pub(super) revision: String,
}

/// Something that happened.
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

/// The answer to a change.
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

/// The answer to a change of the configuration.
#[derive(Debug, Deserialize)]
pub(super) struct ConfigReloadReply {
    pub(super) result: String,
    pub(super) changed: Vec<String>,
    pub(super) needs_restart: Vec<String>,
    pub(super) problems: Vec<String>,
}

/// A change that is refused.
#[derive(Debug, Deserialize)]
pub(super) struct ChangeRefusal {
    pub(super) detail: String,
    #[serde(default)]
    pub(super) problems: Vec<String>,
}

/// What a candidate has come to.
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

/// What it would refuse.
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
    /// Whether traffic is judged by what its source holds.
    pub(super) fn is_well(&self) -> bool {
        self.in_force && !self.stale && self.last_error.is_none()
    }

    /// How it stands, in a word or two.
    pub(super) fn state(&self) -> &'static str {
        match (self.in_force, self.stale) {
            (false, _) => "none",
            (true, true) => "stale",
            (true, false) => "in force",
        }
    }
}

//! What an admin port answers about contracts, as far as it is printed.

use serde::Deserialize;

/// The answer of `/contracts`.
#[derive(Debug, Deserialize)]
pub(super) struct Contracts {
    pub(super) services: Vec<Contract>,
}

/// The contract of one service.
#[derive(Debug, Deserialize)]
pub(super) struct Contract {
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
    pub(super) candidate: Option<CandidateName>,
    pub(super) history: Vec<Entry>,
}

/// Which revision is a candidate.
#[derive(Debug, Deserialize)]
pub(super) struct CandidateName {
    pub(super) version: String,
    pub(super) revision: String,
}

/// Something that happened.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
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
pub(super) struct Reloaded {
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
pub(super) struct ConfigReloaded {
    pub(super) result: String,
    pub(super) changed: Vec<String>,
    pub(super) needs_restart: Vec<String>,
    pub(super) problems: Vec<String>,
}

/// A change that is refused.
#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    pub(super) detail: String,
    #[serde(default)]
    pub(super) problems: Vec<String>,
}

/// What a candidate has come to.
#[derive(Debug, Deserialize)]
pub(super) struct Candidate {
    pub(super) service: String,
    pub(super) version: String,
    pub(super) revision: String,
    pub(super) since: String,
    pub(super) since_seconds: f64,
    pub(super) sample: f64,
    pub(super) judged: u64,
    pub(super) refused: u64,
    pub(super) unjudged: u64,
    pub(super) refusals: Vec<Refusal>,
}

/// What it would refuse.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
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

impl Contract {
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

//! The JSON of contracts and their revisions. Properties are added, never removed or changed.

use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use serde::{Serialize, Serializer};

/// The contract of one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContractView {
    /// The service.
    pub service: String,
    /// `info.title` of the active contract, if there is one.
    pub title: Option<String>,
    /// Its `info.version`.
    pub version: Option<String>,
    /// The hash of its documents.
    pub revision: Option<String>,
    /// The source: a path, or a URL without credentials.
    pub source: String,
    /// The number of operations.
    pub operations: usize,
    /// When it became active.
    #[serde(flatten)]
    pub since: Option<SinceView>,
    /// Whether requests are checked against it.
    pub in_force: bool,
    /// Whether the source has another contract or cannot be read.
    pub stale: bool,
    /// When it became stale.
    #[serde(flatten)]
    pub stale_since: Option<StaleView>,
    /// The error of the last read, if it failed.
    pub last_error: Option<String>,
    /// Operations that no request can reach.
    pub unreachable_operations: usize,
    /// What is probably not intended, each in a sentence with what to do.
    pub warnings: Vec<String>,
    /// The reload policy.
    pub policy: String,
    /// The candidate, if there is one.
    pub candidate: Option<CandidateRevision>,
    /// The last events, newest first.
    pub history: Vec<HistoryEntry>,
}

/// A point in time with its age: `since` and `since_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SinceView {
    #[serde(rename = "since", serialize_with = "rfc3339")]
    at: SystemTime,
    since_seconds: f64,
}

/// When a contract became stale, with its age: `stale_since` and `stale_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StaleView {
    #[serde(rename = "stale_since", serialize_with = "rfc3339")]
    at: SystemTime,
    stale_seconds: f64,
}

/// The revision of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateRevision {
    /// Its `info.version`.
    pub version: String,
    /// The hash of its documents.
    pub revision: String,
}

/// An event of a service's contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// When it happened.
    #[serde(serialize_with = "rfc3339")]
    pub at: SystemTime,
    /// The version, if the document could be parsed.
    pub version: Option<String>,
    /// The revision, if the document could be read.
    pub revision: Option<String>,
    /// The source it was read from.
    pub source: String,
    /// The cause of the event: `start`, `source`, `signal`, `operator` or `configuration`.
    pub trigger: &'static str,
    /// The result.
    pub result: RevisionResult,
    /// An explanation, if the result needs one.
    pub reason: Option<String>,
    /// The compile time, if the contract was compiled.
    pub compile_ms: Option<u64>,
}

/// The result of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevisionResult {
    /// The revision became active.
    #[serde(rename = "in-force")]
    Active,
    /// The revision was active already.
    Unchanged,
    /// The contract has problems, or may not replace the active one.
    Refused,
    /// The source could not be read.
    Unavailable,
    /// The revision became the candidate.
    Candidate,
    /// The candidate became active.
    Promoted,
    /// The candidate was dropped.
    Dropped,
}

/// The result of a change of a service's contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReloadView {
    /// The service.
    pub service: String,
    /// The result.
    pub result: RevisionResult,
    /// The version, if the document could be parsed.
    pub version: Option<String>,
    /// The revision, if the document could be read.
    pub revision: Option<String>,
    /// An explanation, if the result needs one, with what to do after a refusal.
    pub reason: Option<String>,
    /// The problems, each with file, line and pointer.
    pub problems: Vec<String>,
    /// The compile time, if the contract was compiled.
    pub compile_ms: Option<u64>,
}

/// The report of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateView {
    /// The service.
    pub service: String,
    /// Its `info.version`.
    pub version: String,
    /// The hash of its documents.
    pub revision: String,
    /// When the candidate started.
    #[serde(flatten)]
    pub since: SinceView,
    /// The fraction of the traffic that it checks, from 0 to 1.
    pub sample: f64,
    /// Exchanges that it has checked.
    pub judged: u64,
    /// Exchanges that it would refuse.
    pub refused: u64,
    /// Exchanges that were sampled but could not be checked.
    pub unjudged: u64,
    /// The refusals, most frequent first.
    pub refusals: Vec<CandidateRefusal>,
    /// The squads whose requests it would refuse.
    pub squads: Vec<String>,
}

/// A kind of refusal: one violation class, one operation and one squad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateRefusal {
    /// The operation.
    pub operation: String,
    /// The violation class.
    pub class: String,
    /// The calling squad.
    pub squad: String,
    /// How many exchanges.
    pub count: u64,
    /// One violation in a sentence without payload values.
    pub example: String,
    /// The location in the payload, if it has one.
    pub pointer: Option<String>,
    /// The pointer to the violated schema, in the candidate.
    pub schema: Option<String>,
    /// The file of the candidate that contains the schema.
    pub file: Option<String>,
    /// The line in the file, starting at 1.
    pub line: Option<u64>,
}

/// The result of a reload of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigReloadView {
    /// The result.
    pub result: ConfigResult,
    /// Keys and sections whose new values are active.
    pub changed: Vec<String>,
    /// Keys whose new values need a restart.
    pub needs_restart: Vec<String>,
    /// The problems, each with file and line.
    pub problems: Vec<String>,
}

/// The result of reading the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigResult {
    /// Changes were applied.
    Applied,
    /// Nothing differs from the active configuration.
    Unchanged,
    /// The configuration has problems; nothing was applied.
    Refused,
}

impl SinceView {
    /// A point in time with its age at `now`. The age is zero if a clock change put `at` in the
    /// future.
    pub fn new(at: SystemTime, now: SystemTime) -> Self {
        let age = now.duration_since(at).unwrap_or_default();
        Self {
            at,
            since_seconds: age.as_secs_f64(),
        }
    }
}

impl StaleView {
    /// A contract that is stale since `at`, seen at `now`.
    pub fn new(at: SystemTime, now: SystemTime) -> Self {
        let age = now.duration_since(at).unwrap_or_default();
        Self {
            at,
            stale_seconds: age.as_secs_f64(),
        }
    }
}

impl RevisionResult {
    /// The name in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "in-force",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Candidate => "candidate",
            Self::Promoted => "promoted",
            Self::Dropped => "dropped",
        }
    }
}

fn rfc3339<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_rfc3339_millis(*at))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn result_names_match_their_json() {
        for result in [
            RevisionResult::Active,
            RevisionResult::Unchanged,
            RevisionResult::Refused,
            RevisionResult::Unavailable,
            RevisionResult::Candidate,
            RevisionResult::Promoted,
            RevisionResult::Dropped,
        ] {
            assert_eq!(serde_json::to_value(result).unwrap(), result.as_str());
        }
    }

    #[test]
    fn a_time_is_serialized_with_its_age() {
        let at = UNIX_EPOCH + Duration::from_millis(1500);
        let since = |now| serde_json::to_string(&SinceView::new(at, now)).unwrap();
        assert_eq!(
            since(at + Duration::from_secs(2)),
            r#"{"since":"1970-01-01T00:00:01.500Z","since_seconds":2.0}"#
        );
        assert!(since(UNIX_EPOCH).ends_with(r#""since_seconds":0.0}"#));
    }
}

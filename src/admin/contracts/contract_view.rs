//! Revisions as they are shown. Members are only ever added.

use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use serde::{Serialize, Serializer};

/// The contract of one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContractView {
    /// The service.
    pub service: String,
    /// `info.title` of the revision in force, where there is one.
    pub title: Option<String>,
    /// Its `info.version`.
    pub version: Option<String>,
    /// The hash of its bytes.
    pub revision: Option<String>,
    /// Where it was read: a path or an address, without credentials.
    pub source: String,
    /// How many operations it has.
    pub operations: usize,
    /// Since when it is in force.
    #[serde(flatten)]
    pub since: Option<SinceView>,
    /// Whether traffic is judged by it.
    pub in_force: bool,
    /// Whether its source holds something else, or could not be read for too long.
    pub stale: bool,
    /// What went wrong with the last reading, where it did.
    pub last_error: Option<String>,
    /// What happens when the source changes.
    pub policy: String,
    /// What is tried beside it.
    pub candidate: Option<CandidateRevision>,
    /// What happened, newest first.
    pub history: Vec<HistoryEntry>,
}

/// A point in time with its age: `since` and `since_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SinceView {
    #[serde(rename = "since", serialize_with = "rfc3339")]
    at: SystemTime,
    since_seconds: f64,
}

/// Which revision is a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateRevision {
    /// Its `info.version`.
    pub version: String,
    /// The hash of its bytes.
    pub revision: String,
}

/// One thing that happened to the contract of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: SystemTime,
    /// The version it was about, where it could be read that far.
    pub version: Option<String>,
    /// The revision it was about, where there were bytes.
    pub revision: Option<String>,
    /// Where that was read.
    pub source: String,
    /// Who or what began it, such as `start`, `watch` or `operator`.
    pub trigger: &'static str,
    /// What came of it.
    pub result: RevisionResult,
    /// Why, where it is not plain.
    pub reason: Option<String>,
    /// How long compiling took, where it came to that.
    pub compile_ms: Option<u64>,
}

/// What came of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevisionResult {
    /// Traffic is judged by it.
    InForce,
    /// It is the one in force already.
    Unchanged,
    /// It is no contract, or may not follow the one in force.
    Refused,
    /// Its source could not be read.
    Unavailable,
    /// It is tried beside the one in force.
    Candidate,
    /// It was the candidate, and is in force.
    Promoted,
    /// It was the candidate, and is none any more.
    Dropped,
}

/// What came of a change of a service's contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReloadView {
    /// The service.
    pub service: String,
    /// What came of it.
    pub result: RevisionResult,
    /// The version that the change was about, where it could be read that far.
    pub version: Option<String>,
    /// The revision, where there were bytes.
    pub revision: Option<String>,
    /// Why, where it is not plain; what to do where it is refused.
    pub reason: Option<String>,
    /// What is wrong with it, or questionable: each with file, line and pointer.
    pub problems: Vec<String>,
    /// How long compiling took, where it came to that.
    pub compile_ms: Option<u64>,
}

/// What a candidate has come to so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandidateView {
    /// The service.
    pub service: String,
    /// Its `info.version`.
    pub version: String,
    /// The hash of its bytes.
    pub revision: String,
    /// Since when it is tried.
    #[serde(flatten)]
    pub since: SinceView,
    /// The part of the traffic that it judges, from 0 to 1.
    pub sample: f64,
    /// How many exchanges it has judged.
    pub judged: u64,
    /// How many of them it would refuse although the revision in force does not.
    pub refused: u64,
    /// How many were sampled, and could not be judged.
    pub unjudged: u64,
    /// What it would refuse, most frequent first.
    pub refusals: Vec<CandidateRefusal>,
    /// Whose traffic it would refuse.
    pub squads: Vec<String>,
}

/// What a candidate would refuse: one kind of violation of one operation by one squad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CandidateRefusal {
    /// The operation.
    pub operation: String,
    /// The class of violation.
    pub class: String,
    /// Who called.
    pub squad: String,
    /// How often.
    pub count: u64,
    /// A violation in a sentence that shows no value of the message.
    pub example: String,
    /// Where in the message, where there is such a place.
    pub pointer: Option<String>,
    /// The pointer to what it breaks, in the candidate.
    pub schema: Option<String>,
    /// The candidate's file that holds it.
    pub file: Option<String>,
    /// The line in it, counted from 1.
    pub line: Option<u64>,
}

/// What came of reading the configuration again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigReloadView {
    /// What came of it.
    pub result: ConfigResult,
    /// Keys and services that are in force now as they are configured.
    pub changed: Vec<String>,
    /// Keys that are configured anew and hold only after a restart.
    pub needs_restart: Vec<String>,
    /// What is wrong with it: each with file and line.
    pub problems: Vec<String>,
}

/// What came of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigResult {
    /// What could change has changed.
    Applied,
    /// It says what it said before.
    Unchanged,
    /// It is no configuration; nothing has changed.
    Refused,
}

impl SinceView {
    /// A point in time, seen from now. One that is still to come, by a clock that was set back,
    /// has no age.
    pub fn new(at: SystemTime, now: SystemTime) -> Self {
        let age = now.duration_since(at).unwrap_or_default();
        Self {
            at,
            since_seconds: age.as_secs_f64(),
        }
    }
}

impl RevisionResult {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
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
    fn results_are_written_as_they_are_named() {
        for result in [
            RevisionResult::InForce,
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
    fn a_time_is_shown_with_its_age() {
        let at = UNIX_EPOCH + Duration::from_millis(1500);
        let since = |now| serde_json::to_string(&SinceView::new(at, now)).unwrap();
        assert_eq!(
            since(at + Duration::from_secs(2)),
            r#"{"since":"1970-01-01T00:00:01.500Z","since_seconds":2.0}"#
        );
        assert!(since(UNIX_EPOCH).ends_with(r#""since_seconds":0.0}"#));
    }
}

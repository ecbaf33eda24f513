//! What became of a service's contract, the last few times.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::admin::RevisionResult;

/// How much is remembered of each service.
const HISTORY_MAX: usize = 50;

/// Why a contract was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum ReloadTrigger {
    /// The program started.
    Start,
    /// Its source changed, or was looked at.
    Source,
    /// SIGHUP.
    Signal,
    /// An operator asked.
    Operator,
    /// The configuration changed how it is compiled.
    Configuration,
}

/// One time.
#[derive(Clone, Debug)]
pub(in crate::app) struct RevisionEvent {
    pub(in crate::app) at: SystemTime,
    pub(in crate::app) version: String,
    pub(in crate::app) revision: String,
    pub(in crate::app) source: String,
    pub(in crate::app) trigger: ReloadTrigger,
    pub(in crate::app) result: RevisionResult,
    pub(in crate::app) problems: Vec<String>,
    pub(in crate::app) took: Duration,
}

/// The last few times, the oldest first.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct RevisionHistory(VecDeque<RevisionEvent>);

impl RevisionHistory {
    /// Remembers; what was read again and again without a change is remembered once.
    pub(super) fn add(&mut self, entry: RevisionEvent) {
        let is_again = |last: &RevisionEvent| {
            last.result == entry.result
                && last.revision == entry.revision
                && last.problems == entry.problems
                && matches!(
                    entry.result,
                    RevisionResult::Unchanged | RevisionResult::Unavailable
                )
        };
        if self.0.back().is_some_and(is_again) {
            self.0.pop_back();
        }
        if self.0.len() == HISTORY_MAX {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// The newest first.
    pub(in crate::app) fn newest_first(&self) -> impl Iterator<Item = &RevisionEvent> {
        self.0.iter().rev()
    }
}

impl RevisionEvent {
    pub(super) fn of(trigger: ReloadTrigger, source: String, result: RevisionResult) -> Self {
        Self {
            at: SystemTime::now(),
            version: String::new(),
            revision: String::new(),
            source,
            trigger,
            result,
            problems: Vec::new(),
            took: Duration::ZERO,
        }
    }

    pub(super) fn with_revision(mut self, version: &str, revision: &str) -> Self {
        version.clone_into(&mut self.version);
        revision.clone_into(&mut self.revision);
        self
    }

    pub(super) fn with_problems(mut self, problems: Vec<String>) -> Self {
        self.problems = problems;
        self
    }

    pub(super) fn compiled_in(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }
}

impl ReloadTrigger {
    /// Its stable name.
    pub(in crate::app) const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Source => "source",
            Self::Signal => "signal",
            Self::Operator => "operator",
            Self::Configuration => "configuration",
        }
    }
}

impl fmt::Display for ReloadTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_again_and_again_is_remembered_once() {
        let entry = |result, revision: &str| RevisionEvent {
            at: SystemTime::UNIX_EPOCH,
            version: "1.0.0".to_owned(),
            revision: revision.to_owned(),
            source: "a.yaml".to_owned(),
            trigger: ReloadTrigger::Source,
            result,
            problems: Vec::new(),
            took: Duration::ZERO,
        };
        let mut history = RevisionHistory::default();
        history.add(entry(RevisionResult::InForce, "a"));
        for _ in 0..5 {
            history.add(entry(RevisionResult::Unavailable, ""));
        }
        history.add(entry(RevisionResult::InForce, "b"));
        history.add(entry(RevisionResult::InForce, "a"));
        let results: Vec<_> = history
            .newest_first()
            .map(|entry| entry.result.as_str())
            .collect();
        assert_eq!(results, ["in-force", "in-force", "unavailable", "in-force"]);
        for number in 0..2 * HISTORY_MAX {
            history.add(entry(RevisionResult::InForce, &number.to_string()));
        }
        assert_eq!(history.newest_first().count(), HISTORY_MAX);
    }
}

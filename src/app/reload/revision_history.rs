//! The last events of a service's contract.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::admin::RevisionResult;

/// The most events that are kept for each service.
const HISTORY_MAX: usize = 50;

/// Why a contract was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum ReloadTrigger {
    /// The program started.
    Start,
    /// The source changed, or a poll was due.
    Source,
    /// SIGHUP arrived.
    Signal,
    /// An operator asked for it.
    Operator,
    /// A new configuration changed how the contract is compiled.
    Configuration,
}

/// One read, promotion or drop of a contract.
#[derive(Clone, Debug)]
pub(in crate::app) struct RevisionEvent {
    pub(super) at: SystemTime,
    pub(super) version: String,
    pub(super) revision: String,
    pub(super) source: String,
    pub(super) trigger: ReloadTrigger,
    pub(super) result: RevisionResult,
    pub(super) problems: Vec<String>,
    pub(super) took: Duration,
}

/// The last events, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct RevisionHistory(VecDeque<RevisionEvent>);

impl RevisionHistory {
    /// Adds an event. Repeated reads without a change are kept once.
    pub(super) fn add(&mut self, event: RevisionEvent) {
        let is_repeated = |last: &RevisionEvent| {
            last.result == event.result
                && last.revision == event.revision
                && last.problems == event.problems
                && matches!(
                    event.result,
                    RevisionResult::Unchanged | RevisionResult::Unavailable
                )
        };
        if self.0.back().is_some_and(is_repeated) {
            self.0.pop_back();
        }
        if self.0.len() == HISTORY_MAX {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    /// The events, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &RevisionEvent> {
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
    /// The stable name, as shown on the admin port.
    pub(super) const fn as_str(self) -> &'static str {
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
    fn repeated_events_are_kept_once() {
        let event = |result, revision: &str| RevisionEvent {
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
        history.add(event(RevisionResult::Active, "a"));
        for _ in 0..5 {
            history.add(event(RevisionResult::Unavailable, ""));
        }
        history.add(event(RevisionResult::Active, "b"));
        history.add(event(RevisionResult::Active, "a"));
        let results: Vec<_> = history
            .newest_first()
            .map(|event| event.result.as_str())
            .collect();
        assert_eq!(results, ["in-force", "in-force", "unavailable", "in-force"]);
        for number in 0..2 * HISTORY_MAX {
            history.add(event(RevisionResult::Active, &number.to_string()));
        }
        assert_eq!(history.newest_first().count(), HISTORY_MAX);
    }
}

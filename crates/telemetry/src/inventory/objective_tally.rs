//! Counters of good and bad requests by objective.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_vocabulary::ServiceObjective;

use super::exchange_tally::bump;

/// The requests that one objective judges. Only one data core writes to it.
#[derive(Debug, Default)]
pub(crate) struct ObjectiveTally {
    good: AtomicU64,
    bad: AtomicU64,
}

/// What an objective is about: its kind and the label of its operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectiveKey {
    kind: &'static str,
    operation: Box<str>,
}

impl ObjectiveTally {
    /// Counts a request. Only the data core that owns the tally may call it.
    pub(crate) fn count(&self, is_good: bool) {
        bump(if is_good { &self.good } else { &self.bad });
    }

    /// The good and the bad requests.
    pub(super) fn counts(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.good), load(&self.bad))
    }
}

impl ObjectiveKey {
    pub(super) fn of(objective: &ServiceObjective<'_>) -> Self {
        Self {
            kind: objective.kind.as_str(),
            operation: objective.operation_label().into(),
        }
    }
}

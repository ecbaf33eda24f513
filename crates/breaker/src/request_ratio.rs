//! Counts all requests and those of one kind among them, over the last ten seconds.

use std::time::Duration;

use portcullis_vocabulary::protection::{BudgetPolicy, RetryPolicy};

use super::circuit::sliding_window::{CallTally, SECONDS, SlidingWindow, second, tally, windows};
use super::core_index::CoreIndex;

/// Counts requests and, among them, those of one kind. Each core counts by itself, so cores that
/// decide at the same moment may together exceed a bound by one request each.
#[derive(Debug)]
pub(super) struct RequestRatio(Box<[SlidingWindow]>);

impl RequestRatio {
    pub(super) fn new(cores: usize) -> Self {
        Self(windows(cores))
    }

    /// Counts a request.
    pub(super) fn count(&self, core: CoreIndex, now: Duration, is_kind: bool) {
        self.0[core.get()].count(0, second(now), is_kind, false);
    }

    /// All requests are `calls`, those of the kind are `failures`.
    pub(super) fn tally(&self, now: Duration) -> CallTally {
        tally(&self.0, 0, second(now))
    }
}

/// Whether one more request from another squad is within the budget.
pub(super) fn has_budget(tally: CallTally, policy: &BudgetPolicy) -> bool {
    let Some(max) = policy.cross_squad_max else {
        return true;
    };
    tally.calls < policy.calls_min
        || f64::from(tally.failures + 1) <= max * f64::from(tally.calls + 1)
}

/// Whether one more retry is within the budget, which grows with the requests sent first.
pub(super) fn may_retry(tally: CallTally, policy: &RetryPolicy) -> bool {
    let requests = f64::from(tally.calls.saturating_sub(tally.failures));
    let free = f64::from(policy.per_second_min) * f64::from(SECONDS);
    f64::from(tally.failures + 1) <= policy.ratio_max * requests + free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_budget_is_a_share_of_the_admitted_requests() {
        let policy = BudgetPolicy {
            cross_squad_max: Some(0.15),
            calls_min: 100,
        };
        let ratio = RequestRatio::new(2);
        let mut cross = 0;
        for request in 0..4000_usize {
            let is_cross = request % 2 == 0;
            if is_cross && !has_budget(ratio.tally(at(3)), &policy) {
                continue;
            }
            cross += u32::from(is_cross);
            ratio.count(CoreIndex::new(request % 2), at(3), is_cross);
        }
        let all = 2000 + cross;
        let share = f64::from(cross) / f64::from(all);
        assert!((0.149..=0.15).contains(&share), "{share}");
        assert!(has_budget(ratio.tally(at(13)), &policy));
        let off = BudgetPolicy::default();
        assert!(has_budget(ratio.tally(at(3)), &off));
    }

    #[test]
    fn retries_are_a_share_of_requests_plus_a_few() {
        let policy = RetryPolicy {
            ratio_max: 0.1,
            per_second_min: 1,
            ..RetryPolicy::default()
        };
        let ratio = RequestRatio::new(1);
        for _ in 0..100 {
            ratio.count(CoreIndex::new(0), at(0), false);
        }
        let mut retries = 0;
        while may_retry(ratio.tally(at(1)), &policy) {
            ratio.count(CoreIndex::new(0), at(1), true);
            retries += 1;
        }
        assert_eq!(retries, 20);
        assert!(may_retry(ratio.tally(at(11)), &policy));
    }
}

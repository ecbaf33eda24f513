//! Counts all requests and those of one kind among them, over the last ten seconds.

use std::time::Duration;

use portcullis_vocabulary::protection::RetryPolicy;

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

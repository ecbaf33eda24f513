//! The probes of a half-open breaker: few run at a time, and their results decide.
//!
//! A probe frees its place when its call ends, is abandoned or takes too long. A result that
//! comes after that still counts, because an upstream may take longer than a place is kept. Where
//! several squads probe together, each has places by its weight, so a squad that calls often does
//! not decide for all.

use std::time::Duration;

use crate::consumer_index::ConsumerIndex;

/// The number of a probe, which is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProbeId(u64);

/// A consumer that wants to probe, and its share of the probes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeShare {
    /// The consumer.
    pub(crate) consumer: ConsumerIndex,
    /// Its weight; the unknown consumer has 0.
    pub(crate) weight: u32,
    /// The sum of all weights.
    pub(crate) weights: u32,
}

#[derive(Clone, Copy, Debug)]
struct RunningProbe {
    id: ProbeId,
    consumer: ConsumerIndex,
    since: Duration,
}

/// The probes of one half-open period.
#[derive(Clone, Debug, Default)]
pub(super) struct ProbeSet {
    next: u64,
    running: Vec<RunningProbe>,
    results: u32,
    failures: u32,
}

/// What the results of the probes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeVerdict {
    /// More results are needed.
    Undecided,
    /// The upstream has recovered.
    Passed,
    /// The upstream still fails.
    Failed,
}

impl ProbeSet {
    /// Forgets everything but the numbers of earlier probes.
    pub(super) fn restart(&mut self) {
        self.running.clear();
        (self.results, self.failures) = (0, 0);
    }

    /// Starts a probe if there is a place: never more run at a time than results are wanted.
    pub(super) fn start(
        &mut self,
        now: Duration,
        prober: ProbeShare,
        probes_max: u32,
        timeout: Duration,
    ) -> Option<ProbeId> {
        self.reclaim(now, timeout);
        // The policy wants fewer results now than there are already, and none of them decided.
        if self.running.is_empty() && self.results >= probes_max {
            (self.results, self.failures) = (0, 0);
        }
        let running = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let own = self
            .running
            .iter()
            .filter(|probe| probe.consumer == prober.consumer)
            .count();
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        if running + self.results >= probes_max || own >= places_of(prober, probes_max) {
            return None;
        }
        let id = ProbeId(self.next);
        self.next += 1;
        self.running.push(RunningProbe {
            id,
            consumer: prober.consumer,
            since: now,
        });
        Some(id)
    }

    /// Frees the place of a probe without a result. False when it was free already.
    pub(super) fn end(&mut self, id: ProbeId) -> bool {
        let index = self.running.iter().position(|probe| probe.id == id);
        index.map(|index| self.running.swap_remove(index)).is_some()
    }

    /// Counts a result. The verdict is final as soon as the missing results cannot change it.
    pub(super) fn record(&mut self, failed: bool, probes_max: u32, rate_max: f64) -> ProbeVerdict {
        self.results += 1;
        self.failures += u32::from(failed);
        self.verdict(probes_max, rate_max)
    }

    /// Turns a result that was counted as a success into a failure.
    pub(super) fn revoke(&mut self, probes_max: u32, rate_max: f64) -> ProbeVerdict {
        self.failures = (self.failures + 1).min(self.results);
        self.verdict(probes_max, rate_max)
    }

    /// How many probes are running.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// How many probes failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// How many probes ended.
    pub(super) fn results(&self) -> u32 {
        self.results
    }

    fn verdict(&self, probes_max: u32, rate_max: f64) -> ProbeVerdict {
        let allowed = rate_max * f64::from(probes_max);
        let successes = self.results - self.failures;
        if f64::from(self.failures) > allowed {
            ProbeVerdict::Failed
        } else if f64::from(probes_max.saturating_sub(successes)) <= allowed
            || self.results >= probes_max
        {
            ProbeVerdict::Passed
        } else {
            ProbeVerdict::Undecided
        }
    }

    fn reclaim(&mut self, now: Duration, timeout: Duration) {
        self.running
            .retain(|probe| now.saturating_sub(probe.since) < timeout);
    }
}

/// How many probes one consumer may run: its share, rounded up, and at least one.
fn places_of(prober: ProbeShare, probes_max: u32) -> u32 {
    let share = u64::from(probes_max) * u64::from(prober.weight);
    let share = share.div_ceil(u64::from(prober.weights.max(1)));
    u32::try_from(share)
        .unwrap_or(u32::MAX)
        .clamp(1, probes_max.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: ProbeShare = ProbeShare {
        consumer: ConsumerIndex::new(1),
        weight: 1,
        weights: 1,
    };
    const TIMEOUT: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_more_run_than_results_are_wanted() {
        let mut probes = ProbeSet::default();
        let first = probes.start(at(0), ALONE, 2, TIMEOUT).unwrap();
        assert!(probes.start(at(0), ALONE, 2, TIMEOUT).is_some());
        assert!(probes.start(at(0), ALONE, 2, TIMEOUT).is_none());
        assert!(probes.end(first));
        assert!(!probes.end(first));
        assert_eq!(probes.record(false, 2, 0.4), ProbeVerdict::Undecided);
        assert!(probes.start(at(0), ALONE, 2, TIMEOUT).is_none());
    }

    #[test]
    fn a_lost_probe_frees_its_place() {
        let mut probes = ProbeSet::default();
        let lost = probes.start(at(0), ALONE, 1, TIMEOUT).unwrap();
        assert!(probes.start(at(9), ALONE, 1, TIMEOUT).is_none());
        assert!(probes.start(at(10), ALONE, 1, TIMEOUT).is_some());
        assert!(!probes.end(lost));
        assert_eq!(probes.running(), 1);
    }

    #[test]
    fn fewer_wanted_probes_than_results_start_again() {
        let mut probes = ProbeSet::default();
        assert_eq!(probes.record(true, 5, 0.5), ProbeVerdict::Undecided);
        assert_eq!(probes.record(false, 5, 0.5), ProbeVerdict::Undecided);
        let probe = probes.start(at(0), ALONE, 2, TIMEOUT);
        assert!(probe.is_some_and(|probe| probes.end(probe)));
        assert_eq!((probes.failures(), probes.results()), (0, 0));
    }

    #[test]
    fn the_majority_decides_as_early_as_possible() {
        let verdict = |results: &[bool]| {
            let mut probes = ProbeSet::default();
            let mut verdict = ProbeVerdict::Undecided;
            for failed in results {
                verdict = probes.record(*failed, 5, 0.5);
            }
            verdict
        };
        assert_eq!(verdict(&[false, false]), ProbeVerdict::Undecided);
        assert_eq!(verdict(&[false, false, false]), ProbeVerdict::Passed);
        assert_eq!(verdict(&[true, true, false]), ProbeVerdict::Undecided);
        assert_eq!(verdict(&[true, true, true]), ProbeVerdict::Failed);
        assert_eq!(verdict(&[true, true, true]), ProbeVerdict::Failed);
        assert_eq!(
            verdict(&[true, false, true, false, false]),
            ProbeVerdict::Passed
        );
    }

    #[test]
    fn probes_are_shared_by_weight() {
        let prober = |consumer, weight| ProbeShare {
            consumer: ConsumerIndex::new(consumer),
            weight,
            weights: 5,
        };
        let mut probes = ProbeSet::default();
        let mut started = |consumer, weight| {
            (0..9)
                .filter(|_| {
                    probes
                        .start(at(0), prober(consumer, weight), 10, TIMEOUT)
                        .is_some()
                })
                .count()
        };
        assert_eq!(started(1, 3), 6);
        assert_eq!(started(2, 1), 2);
        assert_eq!(started(0, 0), 1);
        assert_eq!(started(3, 1), 1);
    }
}

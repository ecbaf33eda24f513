//! The probes of a half-open cell: few at a time, and judged by their number.
//!
//! A slot is free again when its call ends, is given up, or takes too long; what comes back after
//! that still counts, for an upstream may take longer than a slot is kept. Where several squads probe together,
//! each has slots by its weight, so that one that calls often does not decide for all.

use std::time::Duration;

/// A call that probes; its number is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProbeId(u64);

/// Who probes, and what share of the slots that gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeShare {
    /// The consumer's index.
    pub(crate) consumer: usize,
    /// Its weight; 0 is that of the unknown.
    pub(crate) weight: u32,
    /// The weights of all.
    pub(crate) weights: u32,
}

#[derive(Clone, Copy, Debug)]
struct RunningProbe {
    id: ProbeId,
    consumer: usize,
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

/// What the probes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeVerdict {
    /// Too little.
    Undecided,
    /// The trouble is over.
    Passed,
    /// It is not.
    Failed,
}

impl ProbeSet {
    /// Forgets everything but the numbers that were used.
    pub(super) fn restart(&mut self) {
        self.running.clear();
        (self.results, self.failures) = (0, 0);
    }

    /// Starts a probe if there is a slot: never more at a time than results are still wanted.
    pub(super) fn start(
        &mut self,
        now: Duration,
        prober: ProbeShare,
        most: u32,
        timeout: Duration,
    ) -> Option<ProbeId> {
        self.reclaim(now, timeout);
        // Fewer are wanted than when these results came in: no more would come to decide.
        if self.running.is_empty() && self.results >= most {
            (self.results, self.failures) = (0, 0);
        }
        let running = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let own = self
            .running
            .iter()
            .filter(|probe| probe.consumer == prober.consumer)
            .count();
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        if running + self.results >= most || own >= slots_of(prober, most) {
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

    /// Frees the slot of a probe without a result. False when it was gone already.
    pub(super) fn end(&mut self, id: ProbeId) -> bool {
        let place = self.running.iter().position(|probe| probe.id == id);
        place.map(|place| self.running.swap_remove(place)).is_some()
    }

    /// Counts a result, and says what all results so far mean: decided as soon as the rest
    /// cannot change it.
    pub(super) fn result(&mut self, failed: bool, most: u32, rate_max: f64) -> ProbeVerdict {
        self.results += 1;
        self.failures += u32::from(failed);
        self.say(most, rate_max)
    }

    /// A result that was counted as a success was none.
    pub(super) fn revoke(&mut self, most: u32, rate_max: f64) -> ProbeVerdict {
        self.failures = (self.failures + 1).min(self.results);
        self.say(most, rate_max)
    }

    /// How many are under way.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// How many failed, and of how many.
    pub(super) fn counts(&self) -> (u32, u32) {
        (self.failures, self.results)
    }

    fn say(&self, most: u32, rate_max: f64) -> ProbeVerdict {
        let allowed = rate_max * f64::from(most);
        let successes = self.results - self.failures;
        if f64::from(self.failures) > allowed {
            ProbeVerdict::Failed
        } else if f64::from(most.saturating_sub(successes)) <= allowed || self.results >= most {
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

/// How many slots one prober may hold: its share, rounded up; the unknown have one.
fn slots_of(prober: ProbeShare, most: u32) -> u32 {
    let share = u64::from(most) * u64::from(prober.weight);
    let share = share.div_ceil(u64::from(prober.weights.max(1)));
    u32::try_from(share)
        .unwrap_or(u32::MAX)
        .clamp(1, most.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: ProbeShare = ProbeShare {
        consumer: 1,
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
        assert_eq!(probes.result(false, 2, 0.4), ProbeVerdict::Undecided);
        assert!(probes.start(at(0), ALONE, 2, TIMEOUT).is_none());
    }

    #[test]
    fn a_lost_probe_gives_its_slot_back() {
        let mut probes = ProbeSet::default();
        let lost = probes.start(at(0), ALONE, 1, TIMEOUT).unwrap();
        assert!(probes.start(at(9), ALONE, 1, TIMEOUT).is_none());
        assert!(probes.start(at(10), ALONE, 1, TIMEOUT).is_some());
        assert!(!probes.end(lost));
        assert_eq!(probes.running(), 1);
    }

    #[test]
    fn fewer_probes_than_there_were_results_begin_anew() {
        let mut probes = ProbeSet::default();
        assert_eq!(probes.result(true, 5, 0.5), ProbeVerdict::Undecided);
        assert_eq!(probes.result(false, 5, 0.5), ProbeVerdict::Undecided);
        let probe = probes.start(at(0), ALONE, 2, TIMEOUT);
        assert!(probe.is_some_and(|probe| probes.end(probe)));
        assert_eq!(probes.counts(), (0, 0));
    }

    #[test]
    fn the_majority_decides_as_soon_as_it_is_one() {
        let said = |results: &[bool]| {
            let mut probes = ProbeSet::default();
            let mut said = ProbeVerdict::Undecided;
            for failed in results {
                said = probes.result(*failed, 5, 0.5);
            }
            said
        };
        assert_eq!(said(&[false, false]), ProbeVerdict::Undecided);
        assert_eq!(said(&[false, false, false]), ProbeVerdict::Passed);
        assert_eq!(said(&[true, true, false]), ProbeVerdict::Undecided);
        assert_eq!(said(&[true, true, true]), ProbeVerdict::Failed);
        assert_eq!(
            said(&[true, false, true, false, false]),
            ProbeVerdict::Passed
        );
    }

    #[test]
    fn slots_go_by_weight() {
        let prober = |consumer, weight| ProbeShare {
            consumer,
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

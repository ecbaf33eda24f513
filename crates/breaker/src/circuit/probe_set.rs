//! The probes of a half-open breaker: few start at a time, and their results decide.
//!
//! A token bucket limits them: it holds as many tokens as results are wanted, is full when the breaker
//! becomes half-open, and gets one more token every `open_base`. So probes that hang do not stop the
//! recovery, and a recovering upstream gets few calls. A probe that is abandoned gives its token
//! back.
//!
//! Where several squads probe together, each may run probes by its weight at a time, so a squad that
//! calls often does not decide for all. A probe no longer counts as running when its call takes too
//! long, but a result that comes after that still counts.

use std::time::Duration;

use portcullis_vocabulary::protection::BreakerPolicy;

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
    /// None before the first probe.
    tokens: Option<ProbeTokens>,
}

/// The tokens of a bucket at one moment.
#[derive(Clone, Copy, Debug)]
struct ProbeTokens {
    number: f64,
    at: Duration,
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
        self.tokens = None;
    }

    /// Starts a probe if there is a token and the consumer does not run too many.
    pub(super) fn start(
        &mut self,
        now: Duration,
        prober: ProbeShare,
        policy: &BreakerPolicy,
    ) -> Option<ProbeId> {
        let probes_max = policy.probes;
        self.reclaim(now, policy.probe_timeout);
        // The policy wants fewer results now than there are already, and none of them decided.
        if self.running.is_empty() && self.results >= probes_max {
            (self.results, self.failures) = (0, 0);
        }
        let own = self
            .running
            .iter()
            .filter(|probe| probe.consumer == prober.consumer)
            .count();
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        if own >= places_of(prober, probes_max) || !self.take_token(now, policy) {
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

    fn take_token(&mut self, now: Duration, policy: &BreakerPolicy) -> bool {
        let full = f64::from(policy.probes);
        let tokens = self.tokens.get_or_insert(ProbeTokens {
            number: full,
            at: now,
        });
        let elapsed = now.saturating_sub(tokens.at).as_secs_f64();
        let earned = elapsed / policy.open_base.as_secs_f64().max(f64::MIN_POSITIVE);
        let number = (tokens.number + earned).min(full);
        let has_token = number >= 1.0;
        *tokens = ProbeTokens {
            number: if has_token { number - 1.0 } else { number },
            at: tokens.at.max(now),
        };
        has_token
    }

    /// Ends a probe whose call was abandoned, and gives its token back.
    pub(super) fn cancel(&mut self, id: ProbeId) {
        if let (true, Some(tokens)) = (self.end(id), &mut self.tokens) {
            tokens.number += 1.0;
        }
    }

    /// Ends a probe. False when it no longer counted as running.
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

    /// A policy that wants so many probes; a token a second.
    fn wants(probes: u32) -> BreakerPolicy {
        BreakerPolicy {
            probes,
            ..BreakerPolicy::default()
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_more_start_at_a_time_than_results_are_wanted() {
        let mut probes = ProbeSet::default();
        let first = probes.start(at(0), ALONE, &wants(2)).unwrap();
        assert!(probes.start(at(0), ALONE, &wants(2)).is_some());
        assert!(probes.start(at(0), ALONE, &wants(2)).is_none());
        assert!(probes.end(first));
        assert!(!probes.end(first));
        assert_eq!(probes.record(false, 2, 0.4), ProbeVerdict::Undecided);
        assert!(probes.start(at(0), ALONE, &wants(2)).is_none());
        assert!(probes.start(at(1), ALONE, &wants(2)).is_some());
        assert!(probes.start(at(1), ALONE, &wants(2)).is_none());
    }

    #[test]
    fn an_abandoned_probe_gives_its_token_back() {
        let mut probes = ProbeSet::default();
        for _ in 0..10 {
            let abandoned = probes.start(at(0), ALONE, &wants(1)).unwrap();
            assert!(probes.start(at(0), ALONE, &wants(1)).is_none());
            probes.cancel(abandoned);
        }
    }

    #[test]
    fn probes_that_hang_do_not_stop_the_recovery() {
        let mut probes = ProbeSet::default();
        let prober = |consumer| ProbeShare {
            consumer: ConsumerIndex::new(consumer),
            ..ALONE
        };
        for _ in 0..5 {
            assert!(probes.start(at(0), ALONE, &wants(5)).is_some());
        }
        assert!(probes.start(at(0), prober(2), &wants(5)).is_none());
        let started =
            (1..=3).filter(|second| probes.start(at(*second), prober(2), &wants(5)).is_some());
        assert_eq!(started.count(), 3);
        // After their timeout they no longer count against their squad.
        assert!(probes.start(at(10), ALONE, &wants(5)).is_some());
        assert_eq!(probes.running(), 4);
    }

    #[test]
    fn fewer_wanted_probes_than_results_start_again() {
        let mut probes = ProbeSet::default();
        assert_eq!(probes.record(true, 5, 0.5), ProbeVerdict::Undecided);
        assert_eq!(probes.record(false, 5, 0.5), ProbeVerdict::Undecided);
        let probe = probes.start(at(0), ALONE, &wants(2));
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
                        .start(at(0), prober(consumer, weight), &wants(10))
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

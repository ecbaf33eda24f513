//! One circuit breaker against a simple model of its counts.

use std::time::Duration;

use portcullis_vocabulary::protection::{BreakerMode, BreakerPolicy};

use super::seeds::each;
use crate::circuit::breaker_permit::{
    BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict,
};
use crate::circuit::breaker_state::{BreakerOverride, BreakerState};
use crate::circuit::circuit_breaker::CircuitBreaker;
use crate::circuit::probe_set::ProbeShare;
use crate::circuit::sliding_window::{CallTally, SECONDS, second};
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

const ALONE: ProbeShare = ProbeShare {
    consumer: ConsumerIndex::new(1),
    weight: 1,
    weights: 1,
};

/// A call in flight.
struct Running {
    permit: BreakerPermit,
    core: CoreIndex,
    /// How many transitions there had been when it was admitted.
    era: usize,
}

/// A call that was counted.
struct Counted {
    second: u32,
    core: CoreIndex,
    permit: BreakerPermit,
    failed: bool,
    slow: bool,
}

struct Model {
    breaker: CircuitBreaker,
    cores: usize,
    policy: BreakerPolicy,
    failure_rate_max: f64,
    now: Duration,
    running: Vec<Running>,
    counted: Vec<Counted>,
    eras: usize,
}

impl Model {
    fn new(random: &mut fastrand::Rng) -> Self {
        let cores = random.usize(1..4);
        let policy = BreakerPolicy {
            mode: match random.u8(0..10) {
                0 => BreakerMode::Observe,
                _ => BreakerMode::Enforce,
            },
            calls_min: random.u32(1..30),
            slow_rate_max: [1.0, 0.5][random.usize(0..2)],
            probes: random.u32(1..8),
            probe_timeout: Duration::from_secs(random.u64(1..20)),
            open_max: Duration::from_secs(random.u64(1..30)),
            ..BreakerPolicy::default()
        };
        Self {
            breaker: CircuitBreaker::new(cores, random.u64(..)),
            cores,
            policy,
            failure_rate_max: [0.5, 0.8, 0.2, 1.0][random.usize(0..4)],
            now: Duration::from_millis(random.u64(0..5000)),
            running: Vec::new(),
            counted: Vec::new(),
            eras: 0,
        }
    }

    fn step(&mut self, random: &mut fastrand::Rng) {
        match random.u8(0..100) {
            0..40 => self.admit(random),
            40..75 => self.end(random),
            75..80 => self.give_up(random),
            80..83 => self.fail_late(random),
            83..99 => self.now += Duration::from_millis(random.u64(0..400)),
            _ => self.set_override(random),
        }
        self.check();
    }

    fn admit(&mut self, random: &mut fastrand::Rng) {
        let before = self.breaker.snapshot(self.now, self.policy.mode);
        let admission = self.breaker.admit(self.now, || ALONE, &self.policy);
        self.changed(admission.transition.is_some());
        if let Some(transition) = admission.transition {
            // The call only makes what time has caused and every view has shown.
            assert_eq!(before.state, transition.to);
            assert_eq!(before.since, transition.at);
            assert_eq!(before.reason, Some(transition.reason));
            assert_eq!(before.history.last(), Some(&transition));
        }
        let is_overridden = before.operator_override != BreakerOverride::None
            || self.policy.mode != BreakerMode::Enforce;
        let is_waiting = before.until.is_some_and(|until| self.now < until);
        match admission.permit {
            Ok(permit) => {
                assert!(is_overridden || !is_waiting, "an open breaker admitted");
                assert_ne!(before.operator_override, BreakerOverride::ForcedOpen);
                let is_probed = self.breaker.snapshot(self.now, self.policy.mode).state
                    == BreakerState::HalfOpen;
                assert_eq!(
                    permit.is_probe(),
                    is_probed && before.operator_override == BreakerOverride::None
                );
                self.running.push(Running {
                    permit,
                    core: CoreIndex::new(random.usize(0..self.cores)),
                    era: self.eras,
                });
            }
            Err(BreakerRejection::Forced) => {
                assert_eq!(before.operator_override, BreakerOverride::ForcedOpen)
            }
            Err(BreakerRejection::Open { retry_after, .. }) => {
                assert!(is_waiting && retry_after > Duration::ZERO);
                assert!(self.breaker.peek(self.now, &self.policy).is_some());
            }
            Err(BreakerRejection::Probing) => assert_eq!(before.state, BreakerState::HalfOpen),
        }
    }

    fn end(&mut self, random: &mut fastrand::Rng) {
        if self.running.is_empty() {
            return;
        }
        let call = self
            .running
            .swap_remove(random.usize(0..self.running.len()));
        let before = self.breaker.snapshot(self.now, self.policy.mode);
        let verdict = CallVerdict {
            failed: random.u8(0..100) < [5, 60, 95][(second(self.now) / 20 % 3) as usize],
            slow: random.u8(0..10) == 0,
            retry_after: (random.u8(0..20) == 0).then(|| Duration::from_secs(random.u64(0..100))),
        };
        let thresholds = BreakerThresholds {
            policy: &self.policy,
            failure_rate_max: self.failure_rate_max,
            probe_failure_rate_max: self.failure_rate_max,
            open_max: self.policy.open_max,
        };
        let transition = self
            .breaker
            .record(call.core, call.permit, self.now, verdict, thresholds);
        if call.era != self.eras {
            let after = self.breaker.snapshot(self.now, self.policy.mode);
            assert!(transition.is_none(), "a late result changed the breaker");
            assert_eq!(before.tally, after.tally, "a late result was counted");
            return;
        }
        let is_judged = before.operator_override != BreakerOverride::Disabled;
        if !call.permit.is_probe() && is_judged {
            self.counted.push(Counted {
                second: second(self.now),
                core: call.core,
                permit: call.permit,
                failed: verdict.failed,
                slow: verdict.slow,
            });
        }
        if let Some(transition) = transition
            && transition.to == BreakerState::Open
        {
            let wait = transition.until.unwrap() - self.now;
            assert!(wait <= self.policy.open_max.max(self.policy.retry_after_max));
        }
        self.changed(transition.is_some());
    }

    fn give_up(&mut self, random: &mut fastrand::Rng) {
        if !self.running.is_empty() {
            let call = self
                .running
                .swap_remove(random.usize(0..self.running.len()));
            self.breaker.release(call.permit);
        }
    }

    fn fail_late(&mut self, random: &mut fastrand::Rng) {
        if self.counted.is_empty() {
            return;
        }
        let which = random.usize(0..self.counted.len());
        let thresholds = BreakerThresholds {
            policy: &self.policy,
            failure_rate_max: self.failure_rate_max,
            probe_failure_rate_max: self.failure_rate_max,
            open_max: self.policy.open_max,
        };
        let counted = &mut self.counted[which];
        if counted.failed {
            return;
        }
        counted.failed = true;
        let recorded = Duration::from_secs(u64::from(counted.second));
        let transition = self.breaker.record_late_failure(
            counted.core,
            counted.permit,
            recorded,
            self.now,
            thresholds,
        );
        self.changed(transition.is_some());
    }

    fn set_override(&mut self, random: &mut fastrand::Rng) {
        let (_, operator_override) = BreakerOverride::NAMES[random.usize(0..4)];
        self.breaker.set_override(operator_override, self.now);
        self.changed(true);
    }

    /// A transition begins a generation, for which nothing is counted yet.
    fn changed(&mut self, changed: bool) {
        if changed {
            self.eras += 1;
            self.counted.clear();
        }
    }

    fn check(&self) {
        let snapshot = self.breaker.snapshot(self.now, self.policy.mode);
        let mut expected = CallTally::default();
        for call in &self.counted {
            if second(self.now) - call.second < SECONDS {
                expected.calls += 1;
                expected.failures += u32::from(call.failed);
                expected.slow += u32::from(call.slow);
            }
        }
        assert_eq!(snapshot.tally, expected, "the window is exact");
        let earned =
            (self.now - snapshot.since).as_secs_f64() / self.policy.open_base.as_secs_f64();
        assert!(snapshot.probing as f64 <= f64::from(self.policy.probes) + earned);
        let probes = self.running.iter().filter(|call| call.permit.is_probe());
        let probes = probes.filter(|call| call.era == self.eras).count();
        assert!(snapshot.probing <= probes, "each probe has its call");
    }

    /// When the upstream answers again, the breaker closes.
    fn recover(&mut self) {
        self.breaker.set_override(BreakerOverride::None, self.now);
        self.running.clear();
        for _ in 0..1000 {
            self.now += Duration::from_millis(500);
            let admission = self.breaker.admit(self.now, || ALONE, &self.policy);
            let Ok(permit) = admission.permit else {
                continue;
            };
            let thresholds = BreakerThresholds {
                policy: &self.policy,
                failure_rate_max: self.failure_rate_max,
                probe_failure_rate_max: self.failure_rate_max,
                open_max: self.policy.open_max,
            };
            let success = CallVerdict::default();
            self.breaker
                .record(CoreIndex::new(0), permit, self.now, success, thresholds);
        }
        assert_eq!(
            self.breaker.snapshot(self.now, self.policy.mode).state,
            BreakerState::Closed
        );
        assert!(self.breaker.peek(self.now, &self.policy).is_none());
    }
}

#[test]
fn a_breaker_counts_exactly_and_ignores_late_results() {
    each(400, |random| {
        let mut model = Model::new(random);
        for _ in 0..3000 {
            model.step(random);
        }
        model.recover();
    });
}

#[test]
fn an_open_breaker_closes_by_successful_probes() {
    each(200, |random| {
        let mut model = Model::new(random);
        model.policy.mode = BreakerMode::Enforce;
        model.failure_rate_max = 0.5;
        let mut opened = 0;
        for _ in 0..200 {
            model.now += Duration::from_millis(50);
            let admission = model.breaker.admit(model.now, || ALONE, &model.policy);
            let Ok(permit) = admission.permit else {
                continue;
            };
            let thresholds = BreakerThresholds {
                policy: &model.policy,
                failure_rate_max: model.failure_rate_max,
                probe_failure_rate_max: model.failure_rate_max,
                open_max: model.policy.open_max,
            };
            let failed = CallVerdict {
                failed: true,
                ..CallVerdict::default()
            };
            let transition =
                model
                    .breaker
                    .record(CoreIndex::new(0), permit, model.now, failed, thresholds);
            opened +=
                u32::from(transition.is_some_and(|transition| transition.to == BreakerState::Open));
        }
        assert!(opened > 0, "it never opened");
        model.recover();
    });
}

/// After an outage of any length, calls pass again within the bound of open times, even if probes
/// hang at first.
#[test]
fn traffic_recovers_within_the_bound_of_open_times() {
    each(300, |random| {
        let policy = BreakerPolicy::default();
        let thresholds = BreakerThresholds {
            policy: &policy,
            failure_rate_max: 0.5,
            probe_failure_rate_max: 0.5,
            open_max: Duration::from_secs(10),
        };
        let breaker = CircuitBreaker::new(1, random.u64(..));
        let hangs = random.bool();
        let outage = Duration::from_secs(random.u64(5..120));
        let mut hung = Vec::new();
        let mut now = Duration::ZERO;
        let recovered = loop {
            now += Duration::from_millis(random.u64(1..100));
            let is_over = now >= outage;
            if let Ok(permit) = breaker.admit(now, || ALONE, &policy).permit {
                // Calls of the last second before the end of the outage never come back.
                if hangs && !is_over && now + Duration::from_secs(1) >= outage {
                    hung.push(permit);
                    continue;
                }
                let verdict = CallVerdict {
                    failed: !is_over,
                    ..CallVerdict::default()
                };
                breaker.record(CoreIndex::new(0), permit, now, verdict, thresholds);
            }
            if is_over && breaker.snapshot(now, policy.mode).state == BreakerState::Closed {
                break now - outage;
            }
        };
        assert!(
            recovered <= Duration::from_secs(15),
            "{recovered:?}, {} hung",
            hung.len()
        );
    });
}

/// A breaker without traffic is half-open when its wait is over. It waits for a call once none has
/// come for ten seconds, until one comes.
#[test]
fn a_breaker_without_traffic_is_half_open_and_waits() {
    each(100, |random| {
        let policy = BreakerPolicy::default();
        let (mode, open_max) = (policy.mode, Duration::from_secs(30));
        let thresholds = BreakerThresholds {
            policy: &policy,
            failure_rate_max: 0.5,
            probe_failure_rate_max: 0.5,
            open_max,
        };
        let breaker = CircuitBreaker::new(1, random.u64(..));
        let failed = CallVerdict {
            failed: true,
            ..CallVerdict::default()
        };
        let core = CoreIndex::new(0);
        let start = Duration::from_secs(random.u64(0..100));
        assert_eq!(breaker.status(mode, start).is_waiting, None);
        while let Ok(permit) = breaker.admit(start, || ALONE, &policy).permit {
            breaker.record(core, permit, start, failed, thresholds);
        }
        let until = breaker.snapshot(start, mode).until.unwrap();
        let check = |at: Duration, state, is_waiting| {
            let status = breaker.status(mode, at);
            assert_eq!((status.state, status.is_waiting), (state, Some(is_waiting)));
        };
        let quiet = Duration::from_secs(10);
        check(start, BreakerState::Open, false);
        check(until - Duration::from_nanos(1), BreakerState::Open, false);
        check(until, BreakerState::HalfOpen, false);
        check(until + quiet, BreakerState::HalfOpen, true);
        let later = until + Duration::from_secs(random.u64(10..10_000));
        check(later, BreakerState::HalfOpen, true);
        assert_eq!(breaker.snapshot(later, mode).since, until);
        // In `observe` mode it is closed again at the same moment.
        let observed = breaker.status(BreakerMode::Observe, later);
        assert_eq!(
            (observed.state, observed.is_waiting),
            (BreakerState::Closed, Some(false))
        );
        let probe = breaker.admit(later, || ALONE, &policy).permit.unwrap();
        check(later + quiet, BreakerState::HalfOpen, false);
        breaker.record(
            core,
            probe,
            later + quiet,
            CallVerdict::default(),
            thresholds,
        );
        check(later + quiet, BreakerState::HalfOpen, true);
    });
}

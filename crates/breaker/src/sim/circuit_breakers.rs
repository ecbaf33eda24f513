//! One cell against a plain model of what it has to count.

use std::time::Duration;

use portcullis_vocabulary::protection::{BreakerMode, BreakerPolicy};

use super::seeds::each;
use crate::circuit::breaker_permit::{
    BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict,
};
use crate::circuit::breaker_state::{BreakerOverride, BreakerState};
use crate::circuit::circuit_breaker::{CircuitBreaker, second};
use crate::circuit::probe_set::ProbeShare;
use crate::circuit::sliding_window::{CallTally, SECONDS};

pub(crate) const ALONE: ProbeShare = ProbeShare {
    consumer: 1,
    weight: 1,
    weights: 1,
};

/// A call under way.
struct Running {
    pass: BreakerPermit,
    core: usize,
    /// How many changes there had been when it was admitted.
    era: usize,
}

/// A call that was counted.
struct Counted {
    second: u32,
    core: usize,
    pass: BreakerPermit,
    failed: bool,
    slow: bool,
}

struct Model {
    cell: CircuitBreaker,
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
            cell: CircuitBreaker::new(cores, random.u64(..)),
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
            80..83 => self.break_off(random),
            83..99 => self.now += Duration::from_millis(random.u64(0..400)),
            _ => self.decide(random),
        }
        self.check();
    }

    fn admit(&mut self, random: &mut fastrand::Rng) {
        let before = self.cell.snapshot(self.now);
        let (admitted, change) = self.cell.admit(self.now, || ALONE, &self.policy);
        self.changed(change.is_some());
        let passes =
            before.over != BreakerOverride::None || self.policy.mode != BreakerMode::Enforce;
        let is_waiting = before.until.is_some_and(|until| self.now < until);
        match admitted {
            Ok(pass) => {
                assert!(passes || !is_waiting, "passed an open cell");
                assert_ne!(before.over, BreakerOverride::ForcedOpen);
                let is_probed = self.cell.snapshot(self.now).phase == BreakerState::HalfOpen;
                assert_eq!(
                    pass.is_probe(),
                    is_probed && before.over == BreakerOverride::None
                );
                self.running.push(Running {
                    pass,
                    core: random.usize(0..self.cores),
                    era: self.eras,
                });
            }
            Err(BreakerRejection::Forced) => assert_eq!(before.over, BreakerOverride::ForcedOpen),
            Err(BreakerRejection::Open { retry_after, .. }) => {
                assert!(is_waiting && retry_after > Duration::ZERO);
                assert!(self.cell.peek(self.now, &self.policy).is_some());
            }
            Err(BreakerRejection::Probing) => assert_eq!(before.phase, BreakerState::HalfOpen),
        }
    }

    fn end(&mut self, random: &mut fastrand::Rng) {
        if self.running.is_empty() {
            return;
        }
        let call = self
            .running
            .swap_remove(random.usize(0..self.running.len()));
        let before = self.cell.snapshot(self.now);
        let verdict = CallVerdict {
            failed: random.u8(0..100) < [5, 60, 95][(second(self.now) / 20 % 3) as usize],
            slow: random.u8(0..10) == 0,
            retry_after: (random.u8(0..20) == 0).then(|| Duration::from_secs(random.u64(0..100))),
        };
        let limits = BreakerThresholds {
            policy: &self.policy,
            failure_rate_max: self.failure_rate_max,
        };
        let change = self
            .cell
            .record(call.core, call.pass, self.now, verdict, limits);
        if call.era != self.eras {
            let after = self.cell.snapshot(self.now);
            assert!(change.is_none(), "a late result changed the cell");
            assert_eq!(before.tally, after.tally, "a late result was counted");
            return;
        }
        let is_judged = before.over != BreakerOverride::Disabled;
        if !call.pass.is_probe() && is_judged {
            self.counted.push(Counted {
                second: second(self.now),
                core: call.core,
                pass: call.pass,
                failed: verdict.failed,
                slow: verdict.slow,
            });
        }
        if let Some(change) = change
            && change.to == BreakerState::Open
        {
            let wait = change.until.unwrap() - self.now;
            assert!(wait <= self.policy.open_max.max(self.policy.retry_after_max));
        }
        self.changed(change.is_some());
    }

    fn give_up(&mut self, random: &mut fastrand::Rng) {
        if !self.running.is_empty() {
            let call = self
                .running
                .swap_remove(random.usize(0..self.running.len()));
            self.cell.release(call.pass);
        }
    }

    fn break_off(&mut self, random: &mut fastrand::Rng) {
        if self.counted.is_empty() {
            return;
        }
        let which = random.usize(0..self.counted.len());
        let limits = BreakerThresholds {
            policy: &self.policy,
            failure_rate_max: self.failure_rate_max,
        };
        let counted = &mut self.counted[which];
        if counted.failed {
            return;
        }
        counted.failed = true;
        let recorded = Duration::from_secs(u64::from(counted.second));
        let change =
            self.cell
                .record_late_failure(counted.core, counted.pass, recorded, self.now, limits);
        self.changed(change.is_some());
    }

    fn decide(&mut self, random: &mut fastrand::Rng) {
        let over = BreakerOverride::NAMES[random.usize(0..4)].1;
        self.cell.set_override(over, self.now);
        self.changed(true);
    }

    /// A change begins a generation: what was counted is void.
    fn changed(&mut self, changed: bool) {
        if changed {
            self.eras += 1;
            self.counted.clear();
        }
    }

    fn check(&self) {
        let snapshot = self.cell.snapshot(self.now);
        let mut expected = CallTally::default();
        for call in &self.counted {
            if second(self.now) - call.second < SECONDS {
                expected.calls += 1;
                expected.failures += u32::from(call.failed);
                expected.slow += u32::from(call.slow);
            }
        }
        assert_eq!(snapshot.tally, expected, "the window is exact");
        assert!(snapshot.probing <= self.policy.probes as usize);
        let probes = self.running.iter().filter(|call| call.pass.is_probe());
        let probes = probes.filter(|call| call.era == self.eras).count();
        assert!(snapshot.probing <= probes, "a probe without a call");
    }

    /// With an upstream that answers again, the cell closes.
    fn recover(&mut self) {
        self.cell.set_override(BreakerOverride::None, self.now);
        self.running.clear();
        for _ in 0..1000 {
            self.now += Duration::from_millis(500);
            let (admitted, _) = self.cell.admit(self.now, || ALONE, &self.policy);
            let Ok(pass) = admitted else { continue };
            let limits = BreakerThresholds {
                policy: &self.policy,
                failure_rate_max: self.failure_rate_max,
            };
            let well = CallVerdict::default();
            self.cell.record(0, pass, self.now, well, limits);
        }
        assert_eq!(self.cell.snapshot(self.now).phase, BreakerState::Closed);
        assert!(self.cell.peek(self.now, &self.policy).is_none());
    }
}

#[test]
fn a_cell_counts_exactly_and_heeds_no_late_result() {
    each(400, |random| {
        let mut model = Model::new(random);
        for _ in 0..3000 {
            model.step(random);
        }
        model.recover();
    });
}

#[test]
fn a_cell_that_nobody_touches_closes_by_itself_when_probed() {
    each(200, |random| {
        let mut model = Model::new(random);
        model.policy.mode = BreakerMode::Enforce;
        model.failure_rate_max = 0.5;
        let mut opened = 0;
        for _ in 0..200 {
            model.now += Duration::from_millis(50);
            let (admitted, _) = model.cell.admit(model.now, || ALONE, &model.policy);
            let Ok(pass) = admitted else { continue };
            let limits = BreakerThresholds {
                policy: &model.policy,
                failure_rate_max: model.failure_rate_max,
            };
            let failed = CallVerdict {
                failed: true,
                ..CallVerdict::default()
            };
            let change = model.cell.record(0, pass, model.now, failed, limits);
            opened += u32::from(change.is_some_and(|change| change.to == BreakerState::Open));
        }
        assert!(opened > 0, "it never opened");
        model.recover();
    });
}

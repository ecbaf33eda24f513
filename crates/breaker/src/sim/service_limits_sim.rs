//! All limits of a service together: a failing squad affects no other, and every caller is served
//! again after the failures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_vocabulary::protection::{BreakerMode, BreakerPolicy, BudgetPolicy, Protection};
use portcullis_vocabulary::{Caller, Catalog, Consumer, Squad, Tier};

use super::seeds::each;
use crate::admission_refusal::AdmissionRule;
use crate::circuit::breaker_state::BreakerState;
use crate::core_admission::{CallOutcome, CallResult, CoreAdmission};
use crate::core_index::CoreIndex;
use crate::service_limits::ServiceLimits;
use crate::service_policy::ServicePolicy;
use crate::sharing::slot_wait::SlotOutcome;

struct World {
    limits: Arc<ServiceLimits>,
    cores: Vec<CoreAdmission>,
    callers: Vec<Caller>,
    now: Duration,
}

impl World {
    fn new(random: &mut fastrand::Rng, protection: Protection) -> Self {
        let names = ["a", "b", "c", "d"];
        let squads = names
            .map(|name| Squad::named(name.parse().unwrap()))
            .to_vec();
        let catalog = Catalog::new(squads, vec![], vec![]);
        let policy = Arc::new(ServicePolicy {
            protection,
            provider: catalog.find("a"),
            ..ServicePolicy::default()
        });
        let cores = random.usize(1..4);
        let started = Instant::now();
        let limits = Arc::new(ServiceLimits::new(
            &catalog,
            &policy,
            cores,
            started,
            random.u64(..),
        ));
        let callers = catalog.consumers().map(|consumer| Caller {
            consumer,
            tier: match consumer {
                Consumer::Unknown => Tier::Bronze,
                Consumer::Squad(_) => Tier::ALL[random.usize(0..3)],
            },
        });
        Self {
            callers: callers.collect(),
            cores: (0..cores)
                .map(|core| {
                    CoreAdmission::new(
                        Arc::clone(&limits),
                        Arc::clone(&policy),
                        CoreIndex::new(core),
                    )
                })
                .collect(),
            limits,
            now: Duration::from_secs(1),
        }
    }

    /// Makes one call; returns the rule that refused it, if one did.
    fn call(
        &mut self,
        random: &mut fastrand::Rng,
        caller: Caller,
        result: CallResult,
    ) -> Option<AdmissionRule> {
        let core = &self.cores[random.usize(0..self.cores.len())];
        let mut events = Vec::new();
        if let Some(refusal) = core.peek(caller, self.now) {
            return Some(refusal.rule);
        }
        let permit = match core.admit(caller, self.now, &mut events) {
            Ok(permit) => permit,
            Err(refusal) => return Some(refusal.rule),
        };
        if let Err(refusal) = core.charge_budget(caller, || self.now) {
            core.release(caller, permit);
            return Some(refusal.rule);
        }
        let SlotOutcome::Granted(slot) = core.acquire_slot(caller, self.now) else {
            panic!("slots are plenty");
        };
        // Some clients disconnect.
        if random.u8(0..20) == 0 {
            core.release(caller, permit);
        } else {
            let outcome = CallOutcome {
                result,
                took: Some(Duration::from_millis(3)),
                retry_after: None,
            };
            core.record(caller, permit, self.now, outcome, &mut events);
        }
        core.release_slot(slot, || self.now);
        None
    }
}

#[test]
fn a_failing_squad_affects_no_other() {
    each(200, |random| {
        let mut world = World::new(random, Protection::default());
        let failing = world.callers[random.usize(1..world.callers.len())];
        let mut cut = 0;
        for step in 0..4000 {
            world.now += Duration::from_millis(random.u64(0..20));
            let caller = world.callers[random.usize(0..world.callers.len())];
            let is_failing = caller == failing && step < 2000;
            let result = if is_failing {
                CallResult::Failed
            } else {
                CallResult::Answered
            };
            match world.call(random, caller, result) {
                Some(AdmissionRule::Squad(tier, _)) => {
                    assert_eq!((caller, tier), (failing, failing.tier));
                    cut += 1;
                }
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
        assert!(cut > 50, "it was cut {cut} times");
        // Long after the failures, every caller is served.
        world.now += Duration::from_secs(120);
        for caller in world.callers.clone() {
            for _ in 0..10 {
                assert_eq!(world.call(random, caller, CallResult::Answered), None);
            }
            let breaker = world.limits.squad_breaker(caller.consumer, caller.tier);
            assert_eq!(
                breaker.status(BreakerMode::Enforce, world.now).state,
                BreakerState::Closed
            );
        }
    });
}

#[test]
fn an_unreachable_upstream_trips_the_service_breaker_only() {
    each(200, |random| {
        let mut world = World::new(random, Protection::default());
        let mut cut = 0;
        for _ in 0..2000 {
            world.now += Duration::from_millis(random.u64(0..20));
            let caller = world.callers[random.usize(0..world.callers.len())];
            match world.call(random, caller, CallResult::Unreachable) {
                Some(AdmissionRule::Service(_)) => cut += 1,
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
        assert!(cut > 500, "{cut}");
        for caller in &world.callers {
            let breaker = world.limits.squad_breaker(caller.consumer, caller.tier);
            assert_eq!(
                breaker
                    .snapshot(world.now, BreakerMode::Enforce)
                    .tally
                    .calls,
                0
            );
            assert!(
                breaker
                    .snapshot(world.now, BreakerMode::Enforce)
                    .history
                    .is_empty()
            );
        }
        world.now += Duration::from_secs(120);
        for _ in 0..20 {
            let caller = world.callers[random.usize(0..world.callers.len())];
            assert_eq!(world.call(random, caller, CallResult::Answered), None);
        }
    });
}

#[test]
fn the_cross_squad_budget_is_kept() {
    each(100, |random| {
        let budget = BudgetPolicy {
            cross_squad_max: Some(0.15),
            calls_min: 50,
        };
        let protection = Protection {
            budget,
            breaker: BreakerPolicy::default(),
            ..Protection::default()
        };
        let mut world = World::new(random, protection);
        let own = world.callers[1];
        let mut refused = 0;
        for step in 0..6000 {
            world.now += Duration::from_millis(random.u64(0..10));
            let caller = world.callers[random.usize(0..world.callers.len())];
            match world.call(random, caller, CallResult::Answered) {
                Some(AdmissionRule::Budget { .. }) => {
                    assert_ne!(caller, own, "the provider has no budget");
                    refused += 1;
                }
                Some(other) => panic!("{other:?}"),
                None => {}
            }
            let tally = world.limits.requests.tally(world.now);
            assert!(tally.failures <= tally.calls);
            let is_admitted_late = step > 4500 && tally.calls > 200;
            let share = f64::from(tally.failures) / f64::from(tally.calls.max(1));
            assert!(!is_admitted_late || share < 0.2, "{tally:?}");
        }
        assert!(refused > 500, "{refused}");
    });
}

#[test]
fn a_deploy_window_spares_gold_and_ends_by_itself() {
    each(50, |random| {
        let mut world = World::new(random, Protection::default());
        let squad = world.callers[1].consumer;
        let of = |tier| Caller {
            consumer: squad,
            tier,
        };
        let length = Duration::from_secs(180);
        world
            .limits
            .open_deploy_window(world.now, length, Some("a new version".to_owned()));
        let mut cut = [0_u32; 3];
        for step in 0..3000_u32 {
            world.now += Duration::from_millis(10);
            let result = if step % 5 < 3 {
                CallResult::Failed
            } else {
                CallResult::Answered
            };
            for tier in Tier::ALL {
                if world.call(random, of(tier), result).is_some() {
                    cut[tier as usize] += 1;
                }
            }
        }
        assert_eq!(cut[Tier::Gold as usize], 0);
        assert!(cut[Tier::Silver as usize] > 500 && cut[Tier::Bronze as usize] > 500);
        world.now += length;
        assert!(!world.limits.is_deploying(world.now));
        assert_eq!(world.limits.deploy_window(world.now), None);
        for step in 0..200_u32 {
            world.now += Duration::from_millis(10);
            let result = if step % 5 < 3 {
                CallResult::Failed
            } else {
                CallResult::Answered
            };
            cut[Tier::Gold as usize] +=
                u32::from(world.call(random, of(Tier::Gold), result).is_some());
        }
        assert!(cut[Tier::Gold as usize] > 50);
    });
}

//! A whole bank: one squad's trouble stays that squad's, and everybody is served again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_vocabulary::protection::{BreakerMode, BreakerPolicy, BudgetPolicy, Protection};
use portcullis_vocabulary::{Caller, Catalog, Consumer, Squad, Tier};

use super::seeds::each;
use crate::admission_refusal::AdmissionRule;
use crate::circuit::breaker_state::BreakerState;
use crate::core_admission::{CallResult, CoreAdmission};
use crate::service_limits::{ServiceLimits, ServicePolicy};
use crate::sharing::slot_pool::SlotOutcome;

struct World {
    bank: Arc<ServiceLimits>,
    turnstiles: Vec<CoreAdmission>,
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
        let bank = Arc::new(ServiceLimits::new(
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
            turnstiles: (0..cores)
                .map(|core| CoreAdmission::new(Arc::clone(&bank), Arc::clone(&policy), core))
                .collect(),
            bank,
            now: Duration::from_secs(1),
        }
    }

    /// One whole call; the rule that refused it, if one did.
    fn call(
        &mut self,
        random: &mut fastrand::Rng,
        caller: Caller,
        ended: CallResult,
    ) -> Option<AdmissionRule> {
        let turnstile = &self.turnstiles[random.usize(0..self.turnstiles.len())];
        let mut events = Vec::new();
        if let Some(refusal) = turnstile.peek(caller, self.now) {
            return Some(refusal.rule);
        }
        let passes = match turnstile.admit(caller, self.now, &mut events) {
            Ok(passes) => passes,
            Err(refusal) => return Some(refusal.rule),
        };
        if let Err(refusal) = turnstile.charge_budget(caller, || self.now) {
            turnstile.release(caller, passes);
            return Some(refusal.rule);
        }
        let SlotOutcome::Granted(slot) = turnstile.acquire_slot(caller, self.now) else {
            panic!("slots are plenty");
        };
        // Now and then a client goes away.
        if random.u8(0..20) == 0 {
            turnstile.release(caller, passes);
        } else {
            let took = Some(Duration::from_millis(3));
            turnstile.record(caller, passes, self.now, took, (ended, None), &mut events);
        }
        turnstile.release_slot(slot);
        None
    }
}

#[test]
fn one_squads_trouble_stays_that_squads() {
    each(200, |random| {
        let mut world = World::new(random, Protection::default());
        let troubled = world.callers[random.usize(1..world.callers.len())];
        let mut cut = 0;
        for step in 0..4000 {
            world.now += Duration::from_millis(random.u64(0..20));
            let caller = world.callers[random.usize(0..world.callers.len())];
            let is_troubled = caller == troubled && step < 2000;
            let ended = match is_troubled {
                true => CallResult::Failed,
                false => CallResult::Answered,
            };
            match world.call(random, caller, ended) {
                Some(AdmissionRule::Squad(tier, _)) => {
                    assert_eq!((caller, tier), (troubled, troubled.tier));
                    cut += 1;
                }
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
        assert!(cut > 50, "it was cut {cut} times");
        // Long after the trouble, everybody is served.
        world.now += Duration::from_secs(120);
        for caller in world.callers.clone() {
            for _ in 0..10 {
                assert_eq!(world.call(random, caller, CallResult::Answered), None);
            }
            let cell = world.bank.squad_breaker(caller.consumer, caller.tier);
            assert_eq!(cell.shown(BreakerMode::Enforce), BreakerState::Closed);
        }
    });
}

#[test]
fn an_unreachable_upstream_cuts_everybody_and_no_squad() {
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
            let cell = world.bank.squad_breaker(caller.consumer, caller.tier);
            assert_eq!(cell.snapshot(world.now).tally.calls, 0);
            assert!(cell.snapshot(world.now).history.is_empty());
        }
        world.now += Duration::from_secs(120);
        for _ in 0..20 {
            let caller = world.callers[random.usize(0..world.callers.len())];
            assert_eq!(world.call(random, caller, CallResult::Answered), None);
        }
    });
}

#[test]
fn the_budget_between_squads_holds() {
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
        for step in 0..3000 {
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
            let tally = world.bank.requests.tally(world.now);
            assert!(tally.failures <= tally.calls);
            let is_admitted_late = step > 1500 && tally.calls > 200;
            let share = f64::from(tally.failures) / f64::from(tally.calls.max(1));
            assert!(!is_admitted_late || share < 0.25, "{tally:?}");
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
            .bank
            .open_deploy_window(world.now, length, Some("a new version".to_owned()));
        let mut cut = [0_u32; 3];
        for step in 0..3000_u32 {
            world.now += Duration::from_millis(10);
            let ended = match step % 5 < 3 {
                true => CallResult::Failed,
                false => CallResult::Answered,
            };
            for tier in Tier::ALL {
                if world.call(random, of(tier), ended).is_some() {
                    cut[tier as usize] += 1;
                }
            }
        }
        assert_eq!(cut[Tier::Gold as usize], 0);
        assert!(cut[Tier::Silver as usize] > 500 && cut[Tier::Bronze as usize] > 500);
        world.now += length;
        assert!(!world.bank.is_deploying(world.now));
        assert_eq!(world.bank.deploy_window(world.now), None);
        for step in 0..200_u32 {
            world.now += Duration::from_millis(10);
            let ended = match step % 5 < 3 {
                true => CallResult::Failed,
                false => CallResult::Answered,
            };
            cut[Tier::Gold as usize] +=
                u32::from(world.call(random, of(Tier::Gold), ended).is_some());
        }
        assert!(cut[Tier::Gold as usize] > 50);
    });
}

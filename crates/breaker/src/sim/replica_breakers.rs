//! Circuit breakers of a gateway of many replicas. Each replica judges the calls that it makes
//! itself, and probes by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_vocabulary::protection::{BreakerPolicy, Protection};
use portcullis_vocabulary::{Caller, Catalog, Squad, Tier};

use super::replica_fleet::{TrafficSpread, pause_seconds, print_table};
use super::seeds::each;
use crate::core_admission::{CallOutcome, CallResult, CoreAdmission};
use crate::core_index::CoreIndex;
use crate::service_limits::ServiceLimits;
use crate::service_policy::ServicePolicy;

/// Calls of the squad in the whole gateway, each second.
const RATE: f64 = 200.0;

const END: f64 = 60.0;

/// When the breakers should have settled.
const SETTLED: f64 = 30.0;

/// The share of the calls that the gateway refuses after it has settled, if this share fails.
fn run_fleet(
    replicas: usize,
    spread: TrafficSpread,
    calls_min: u32,
    failing: f64,
    random: &mut fastrand::Rng,
) -> f64 {
    let (mut calls, mut refused) = (0_u32, 0_u32);
    for part in spread.parts(replicas, random) {
        let rate = RATE * part;
        if rate == 0.0 {
            continue;
        }
        let catalog = Catalog::new(vec![Squad::named("a".parse().unwrap())], vec![], vec![]);
        let policy = Arc::new(ServicePolicy {
            protection: Protection {
                breaker: BreakerPolicy {
                    calls_min,
                    ..BreakerPolicy::default()
                },
                ..Protection::default()
            },
            ..ServicePolicy::default()
        });
        let seed = random.u64(..);
        let limits = Arc::new(ServiceLimits::new(
            &catalog,
            &policy,
            1,
            Instant::now(),
            seed,
        ));
        let core = CoreAdmission::new(limits, policy, CoreIndex::new(0));
        let caller = Caller {
            consumer: catalog.consumer(b"a"),
            tier: Tier::Gold,
        };
        let mut now = pause_seconds(rate, random);
        while now < END {
            let fails = random.f64() < failing;
            let is_refused = !call(&core, caller, Duration::from_secs_f64(now), fails);
            if now >= SETTLED {
                calls += 1;
                refused += u32::from(is_refused);
            }
            now += pause_seconds(rate, random);
        }
    }
    f64::from(refused) / f64::from(calls)
}

/// Makes one call; false if it was refused.
fn call(core: &CoreAdmission, caller: Caller, now: Duration, fails: bool) -> bool {
    let mut events = Vec::new();
    let Ok(permit) = core.admit(caller, now, &mut events) else {
        return false;
    };
    let outcome = CallOutcome {
        result: if fails {
            CallResult::Failed
        } else {
            CallResult::Answered
        },
        took: Some(Duration::from_millis(5)),
        retry_after: None,
    };
    core.record(caller, permit, now, outcome, &mut events);
    true
}

#[test]
fn replicas_open_their_breakers_each() {
    each(1, |random| {
        let columns = [
            "calls each in 10 s",
            "refused if all fail %",
            "refused if 30 % fail %",
            "the same with calls_min = 5: all fail %",
            "30 % fail %",
        ];
        print_table(
            "Circuit breakers",
            columns,
            random,
            |replicas, spread, random| {
                let each_in_window = RATE * 10.0 / replicas as f64;
                let mut refused = |calls_min, failing| {
                    100.0 * run_fleet(replicas, spread, calls_min, failing, random)
                };
                let values = [
                    each_in_window,
                    refused(20, 1.0),
                    refused(20, 0.3),
                    refused(5, 1.0),
                    refused(5, 0.3),
                ];
                if spread == TrafficSpread::Even && each_in_window >= 100.0 {
                    assert!(values[1] > 80.0, "{replicas}: {values:?}");
                    assert!(values[2] < 1.0, "{replicas}: {values:?}");
                }
                values
            },
        );
    });
}

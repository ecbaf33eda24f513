//! The cross-squad budget of a gateway of many replicas. Each replica compares the requests that it
//! gets itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_vocabulary::protection::{BudgetPolicy, Protection};
use portcullis_vocabulary::{Caller, Catalog, Squad, Tier};

use super::replica_fleet::{TrafficSpread, pause_seconds, print_table};
use super::seeds::each;
use crate::core_admission::CoreAdmission;
use crate::core_index::CoreIndex;
use crate::service_limits::ServiceLimits;
use crate::service_policy::ServicePolicy;

const SHARE_MAX: f64 = 0.15;

/// Requests each second in the whole gateway, of the provider and of two other squads.
const RATES: [f64; 3] = [600.0, 400.0, 120.0];

const MEASURED_FROM: f64 = 20.0;
const END: f64 = 60.0;

/// What the gateway admitted.
#[derive(Clone, Copy, Debug)]
struct FleetBudget {
    /// The share of other squads.
    cross: f64,
    /// How much more than the other the squad that asks most got of what both got; 0 is fair.
    departure: f64,
}

fn run_fleet(
    replicas: usize,
    spread: TrafficSpread,
    calls_min: u32,
    random: &mut fastrand::Rng,
) -> FleetBudget {
    let mut admitted = [0.0; 3];
    for parts in spread.parts_of_squads::<3>(replicas, random) {
        let rates: Vec<f64> = RATES
            .iter()
            .zip(parts)
            .map(|(rate, part)| rate * part)
            .collect();
        run_replica(&rates, calls_min, random, &mut admitted);
    }
    let [own, most, less] = admitted;
    FleetBudget {
        cross: (most + less) / (own + most + less),
        departure: (most - less) / (most + less),
    }
}

/// Adds what one replica admits.
fn run_replica(rates: &[f64], calls_min: u32, random: &mut fastrand::Rng, admitted: &mut [f64; 3]) {
    let names = ["provider", "most", "less"];
    let squads = names.map(|name| Squad::named(name.parse().unwrap()));
    let catalog = Catalog::new(squads.to_vec(), vec![], vec![]);
    let budget = BudgetPolicy {
        cross_squad_max: Some(SHARE_MAX),
        calls_min,
    };
    let policy = Arc::new(ServicePolicy {
        protection: Protection {
            budget,
            ..Protection::default()
        },
        provider: catalog.find("provider"),
        ..ServicePolicy::default()
    });
    let limits = Arc::new(ServiceLimits::new(&catalog, &policy, 1, Instant::now(), 7));
    let core = CoreAdmission::new(limits, policy, CoreIndex::new(0));
    let callers = names.map(|name| Caller {
        consumer: catalog.consumer(name.as_bytes()),
        tier: Tier::Gold,
    });
    let sum: f64 = rates.iter().sum();
    if sum == 0.0 {
        return;
    }
    let mut now = pause_seconds(sum, random);
    while now < END {
        let mut pick = random.f64() * sum;
        let squad = rates.iter().position(|rate| {
            pick -= rate;
            pick < 0.0
        });
        let squad = squad.unwrap_or(0);
        let is_admitted = core
            .charge_budget(callers[squad], || Duration::from_secs_f64(now))
            .is_ok();
        if is_admitted && now >= MEASURED_FROM {
            admitted[squad] += 1.0;
        }
        now += pause_seconds(sum, random);
    }
}

#[test]
fn replicas_keep_a_budget_each() {
    each(1, |random| {
        let columns = [
            "calls each in 10 s",
            "cross %",
            "unfair %",
            "cross % with calls_min = 10",
        ];
        print_table(
            "Budget of 15 %",
            columns,
            random,
            |replicas, spread, random| {
                let each_in_window = RATES.iter().sum::<f64>() * 10.0 / replicas as f64;
                let fleet = run_fleet(replicas, spread, 100, random);
                let low = run_fleet(replicas, spread, 10, random);
                if spread == TrafficSpread::Even && each_in_window >= 1000.0 {
                    assert!(
                        (fleet.cross - SHARE_MAX).abs() < 0.015,
                        "{replicas}: {fleet:?}"
                    );
                    assert!(fleet.departure.abs() < 0.05, "{replicas}: {fleet:?}");
                }
                let percent = [fleet.cross, fleet.departure, low.cross].map(|part| part * 100.0);
                [each_in_window, percent[0], percent[1], percent[2]]
            },
        );
    });
}

//! Capacity is divided by weight, measured in slot-seconds: for open and closed loops, for calls of
//! unequal length, and for squads that want less than their share.

use std::time::Duration;

use portcullis_vocabulary::protection::SharePolicy;

use super::seeds::each;
use super::slot_traffic::{Arrivals, SquadOutcome, SquadTraffic, TrafficRun, slot_pool};
use crate::sharing::share_table::ConsumerShare;

const LIMIT: u32 = 20;

/// How far a share may be from its fair value.
const TOLERANCE: f64 = 0.05;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn squad(weight: u32, arrivals: Arrivals, hold_ms: u64) -> SquadTraffic {
    SquadTraffic {
        share: ConsumerShare {
            weight,
            lendable: 0.5,
        },
        arrivals,
        hold: ms(hold_ms),
        hangs: None,
        from: ms(1),
        wanted_max: u32::MAX,
    }
}

fn open(weight: u32, rate: f64, hold_ms: u64) -> SquadTraffic {
    squad(weight, Arrivals::Open(rate), hold_ms)
}

fn closed(weight: u32, clients: u32, hold_ms: u64) -> SquadTraffic {
    let think = ms(5);
    squad(weight, Arrivals::Closed { clients, think }, hold_ms)
}

/// How many slots a squad would use alone.
fn demand(squad: &SquadTraffic) -> f64 {
    let hold = squad.hold.as_secs_f64();
    match squad.arrivals {
        Arrivals::Open(rate) => rate * hold,
        Arrivals::Closed { clients, think } => {
            f64::from(clients) * hold / (hold + think.as_secs_f64())
        }
        Arrivals::Bursts { size, pause } => f64::from(size) * hold / pause.as_secs_f64(),
    }
}

/// Whether a squad wants so much less than its share that it gets all of it.
fn is_satisfied(squad: &SquadTraffic, weights: u32) -> bool {
    let share = f64::from(LIMIT) * f64::from(squad.share.weight) / f64::from(weights);
    demand(squad) < 0.8 * share
}

/// Runs a mix. Squads that want little get it, and the others share the rest by weight.
fn check(name: &str, mix: &[SquadTraffic], seconds: u64) {
    let mut squads = vec![squad(0, Arrivals::Open(0.001), 20)];
    squads.extend_from_slice(mix);
    let policy = SharePolicy {
        in_flight_max: LIMIT,
        waiting_max: 40,
        ..SharePolicy::default()
    };
    let weights = mix.iter().map(|squad| squad.share.weight).sum();
    for cores in [1, 2] {
        each(1, |random| {
            let slots = slot_pool(&squads, &policy, cores);
            let measured_from = Duration::from_secs(seconds / 5);
            let mut run = TrafficRun::new(&slots, &squads, policy, cores, measured_from);
            let end = measured_from + Duration::from_secs(seconds);
            run.run(end, random);
            let measured = (end - measured_from).as_secs_f64();
            let outcomes = squads.iter().zip(&run.outcomes).skip(1);
            let (satisfied, others): (Vec<_>, Vec<_>) =
                outcomes.partition(|(squad, _)| is_satisfied(squad, weights));
            for (squad, outcome) in satisfied {
                let is_served = outcome.refused * 50 <= outcome.asked;
                assert!(is_served, "{name}, {cores} cores: {squad:?} {outcome:?}");
            }
            let used = |outcome: &SquadOutcome| outcome.slot_seconds / measured;
            let others = others.iter().map(|(squad, outcome)| (squad, used(outcome)));
            let others: Vec<_> = others.collect();
            let rest: f64 = others.iter().map(|(_, slots)| slots).sum();
            let rest_weights: u32 = others.iter().map(|(squad, _)| squad.share.weight).sum();
            for (squad, slots) in others {
                let fair = rest * f64::from(squad.share.weight) / f64::from(rest_weights);
                let is_fair = (slots - fair).abs() <= TOLERANCE * fair;
                assert!(
                    is_fair,
                    "{name}, {cores} cores: {slots:.2} not {fair:.2} {squad:?}"
                );
            }
        });
    }
}

#[test]
fn saturating_clients_share_by_weight() {
    check(
        "closed",
        &[closed(3, 40, 20), closed(1, 40, 20), closed(1, 20, 20)],
        10,
    );
    check("equal", &[closed(1, 60, 20), closed(1, 30, 20)], 8);
    // The slot that the last one never lends leaves shares that are not whole numbers.
    check(
        "beside an idle squad",
        &[
            closed(3, 30, 20),
            closed(1, 24, 20),
            closed(1, 24, 20),
            open(1, 0.5, 20),
        ],
        10,
    );
    check(
        "beside squads that never call",
        &[
            closed(5, 30, 20),
            closed(2, 24, 40),
            closed(1, 24, 10),
            open(1, 0.0001, 20),
            open(2, 0.0001, 20),
        ],
        10,
    );
}

#[test]
fn an_open_loop_shares_by_weight() {
    check(
        "open",
        &[
            open(3, 800.0, 20),
            open(1, 350.0, 20),
            open(1, 300.0, 20),
            open(1, 300.0, 20),
        ],
        10,
    );
    check(
        "one floods",
        &[open(1, 1500.0, 20), open(1, 600.0, 20), open(2, 700.0, 20)],
        10,
    );
}

#[test]
fn what_one_squad_leaves_is_shared_by_weight() {
    check(
        "less than its share",
        &[open(3, 150.0, 20), closed(1, 60, 20), closed(1, 30, 20)],
        10,
    );
    check(
        "much less",
        &[open(2, 20.0, 20), open(1, 900.0, 20), closed(2, 60, 20)],
        10,
    );
}

#[test]
fn calls_of_unequal_length_cost_what_they_take() {
    check(
        "long and short",
        &[closed(1, 60, 1000), closed(1, 60, 20)],
        30,
    );
    check(
        "long, middle and short",
        &[closed(2, 60, 1000), closed(1, 60, 200), closed(1, 60, 20)],
        30,
    );
    check("open", &[open(1, 20.0, 1000), open(1, 900.0, 20)], 60);
}

//! Shares of a gateway of many replicas. The limit of the whole gateway is divided by the number of
//! replicas, and each replica divides its part by weight.

use std::time::Duration;

use portcullis_vocabulary::protection::SharePolicy;

use super::replica_fleet::{TrafficSpread, print_table};
use super::seeds::each;
use super::slot_traffic::{Arrivals, SquadOutcome, SquadTraffic, TrafficRun, slot_pool};
use crate::sharing::share_table::ConsumerShare;

/// The requests in flight of the whole gateway.
const SLOTS: u32 = 1000;

const HOLD: Duration = Duration::from_millis(200);
const MEASURED_FROM: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);

/// Weight, and the slots that a squad wants at a time: one squad wants four fifths of its
/// guarantee, two others want more than is left.
const SQUADS: [(u32, f64); 3] = [(2, 400.0), (1, 1000.0), (1, 500.0)];

/// What the gateway did.
#[derive(Clone, Copy, Debug, Default)]
struct FleetShares {
    /// The share of the calls within the guarantee of the whole gateway that was refused.
    refused: f64,
    /// How much more than the other the squad that asks most got of what both got; 0 is fair.
    departure: f64,
    /// The requests in flight, as a share of [`SLOTS`].
    used: f64,
}

/// Runs a gateway whose replicas have `slots` requests in flight together.
fn run_fleet(
    replicas: usize,
    spread: TrafficSpread,
    slots: u32,
    random: &mut fastrand::Rng,
) -> FleetShares {
    let policy = SharePolicy {
        in_flight_max: (slots / u32::try_from(replicas).unwrap()).max(1),
        ..SharePolicy::default()
    };
    let mut sums: [SquadOutcome; 3] = Default::default();
    for parts in spread.parts_of_squads::<3>(replicas, random) {
        let wanted = |number: usize| SQUADS[number].1 * parts[number];
        let mut squads = vec![squad(0, 0.0)];
        squads.extend((0..3).map(|number| squad(SQUADS[number].0, wanted(number))));
        let slots = slot_pool(&squads, &policy, 1);
        let mut run = TrafficRun::new(&slots, &squads, policy, 1, MEASURED_FROM);
        run.run(MEASURED_FROM + MEASURED, random);
        for (sum, outcome) in sums.iter_mut().zip(&run.outcomes[1..]) {
            sum.asked += outcome.asked;
            sum.refused += outcome.refused;
            sum.slot_seconds += outcome.slot_seconds;
        }
    }
    let [guaranteed, most, less] = sums.each_ref().map(|sum| sum.slot_seconds);
    FleetShares {
        refused: f64::from(sums[0].refused) / f64::from(sums[0].asked),
        departure: (most - less) / (most + less),
        used: (guaranteed + most + less) / (f64::from(SLOTS) * MEASURED.as_secs_f64()),
    }
}

fn squad(weight: u32, wanted: f64) -> SquadTraffic {
    let is_absent = wanted == 0.0;
    SquadTraffic {
        share: ConsumerShare {
            weight,
            lendable: 0.5,
        },
        arrivals: Arrivals::Open(wanted.max(1e-3) / HOLD.as_secs_f64()),
        hold: HOLD,
        hangs: None,
        from: if is_absent {
            2 * (MEASURED_FROM + MEASURED)
        } else {
            Duration::from_millis(1)
        },
        wanted_max: u32::MAX,
    }
}

#[test]
fn replicas_divide_the_slots_of_a_gateway() {
    each(1, |random| {
        let columns = [
            "slots each",
            "refused %",
            "unfair %",
            "used %",
            "with twice the slots: refused %",
            "used %",
        ];
        print_table("Shares", columns, random, |replicas, spread, random| {
            let fleet = run_fleet(replicas, spread, SLOTS, random);
            let twice = run_fleet(replicas, spread, 2 * SLOTS, random);
            let slots = f64::from(SLOTS) / replicas as f64;
            if spread == TrafficSpread::Even && slots >= 50.0 {
                assert!(fleet.refused < 0.01, "{replicas}: {fleet:?}");
                assert!(fleet.departure.abs() < 0.05, "{replicas}: {fleet:?}");
            }
            let FleetShares {
                refused,
                departure,
                used,
            } = fleet;
            let values = [
                slots / 100.0,
                refused,
                departure,
                used,
                twice.refused,
                twice.used,
            ];
            values.map(|part| part * 100.0)
        });
    });
}

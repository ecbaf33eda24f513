//! Guarantees hold under every load: squads that behave share a pool with squads whose calls hang,
//! are slow, flood the service, come in bursts, or appear late.

use std::time::Duration;

use portcullis_vocabulary::protection::SharePolicy;

use super::seeds::each;
use super::slot_traffic::{Arrivals, Hang, SquadOutcome, SquadTraffic, TrafficRun, slot_pool};
use crate::sharing::share_table::ConsumerShare;

const WAIT_MAX: Duration = Duration::from_millis(100);

fn policy(limit: u32) -> SharePolicy {
    SharePolicy {
        in_flight_max: limit,
        adaptive: false,
        waiting_max: 30,
        wait_max: WAIT_MAX,
        lendable: 0.5,
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn share(random: &mut fastrand::Rng) -> ConsumerShare {
    ConsumerShare {
        weight: random.u32(1..5),
        lendable: [0.0, 0.5, 0.5, 0.8, 1.0][random.usize(0..5)],
    }
}

/// A caller that is in no catalog.
fn unknown(arrivals: Arrivals, hold: Duration) -> SquadTraffic {
    SquadTraffic {
        share: ConsumerShare {
            weight: 0,
            lendable: 0.5,
        },
        arrivals,
        hold,
        hangs: None,
        from: ms(0),
        wanted_max: u32::MAX,
    }
}

/// A squad with short calls that never wants more than its guarantee, which is set later.
fn well_behaved(random: &mut fastrand::Rng) -> SquadTraffic {
    let arrivals = match random.u8(0..3) {
        0 => Arrivals::Open(random.f64() * 200.0 + 2.0),
        1 => Arrivals::Closed {
            clients: random.u32(1..12),
            think: ms(random.u64(1..300)),
        },
        _ => Arrivals::Bursts {
            size: random.u32(1..12),
            pause: ms(random.u64(100..400)),
        },
    };
    SquadTraffic {
        share: share(random),
        arrivals,
        hold: ms(random.u64(1..30)),
        hangs: None,
        from: ms(0),
        wanted_max: 0,
    }
}

/// What a hostile squad does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hostility {
    /// Every call hangs.
    Hangs,
    /// Calls take seconds, as those of clients that read slowly do.
    Slow,
    /// Many short calls.
    Floods,
    /// Many short calls that hang from some moment on.
    Betrays,
}

fn hostile(hostility: Hostility, random: &mut fastrand::Rng) -> SquadTraffic {
    let arrivals = match random.u8(0..3) {
        0 => Arrivals::Open(random.f64() * 600.0 + 10.0),
        1 => Arrivals::Closed {
            clients: random.u32(20..60),
            think: ms(random.u64(5..50)),
        },
        _ => Arrivals::Bursts {
            size: random.u32(20..80),
            pause: ms(random.u64(50..500)),
        },
    };
    let hang = |from| Hang {
        from,
        time: ms(30_000),
    };
    SquadTraffic {
        share: share(random),
        arrivals,
        hold: match hostility {
            Hostility::Slow => ms(random.u64(1000..8000)),
            Hostility::Floods | Hostility::Betrays | Hostility::Hangs => ms(random.u64(1..30)),
        },
        hangs: match hostility {
            Hostility::Hangs => Some(hang(ms(0))),
            Hostility::Betrays => Some(hang(ms(random.u64(500..3000)))),
            Hostility::Slow | Hostility::Floods => None,
        },
        // After the others, or a second later than they.
        from: ms([1, 1000][random.usize(0..2)]),
        wanted_max: u32::MAX,
    }
}

/// A run with one hostile squad or two, and some that behave. Returns the squads that behave, with
/// their outcomes.
fn compete(
    random: &mut fastrand::Rng,
    hostility: Hostility,
    late: bool,
    has_unknown: bool,
) -> Vec<(SquadTraffic, SquadOutcome)> {
    let limit = random.u32(6..60);
    let rate = if has_unknown { 300.0 } else { 0.001 };
    let mut squads = vec![unknown(Arrivals::Open(rate), ms(20))];
    squads.extend((0..random.usize(1..3)).map(|_| hostile(hostility, random)));
    let first = squads.len();
    squads.extend((0..random.usize(1..4)).map(|_| well_behaved(random)));
    let sum: u32 = squads.iter().map(|squad| squad.share.weight).sum();
    for squad in &mut squads[first..] {
        squad.wanted_max = limit * squad.share.weight / sum;
        if late {
            squad.from = ms(random.u64(1000..3000));
        }
    }
    let policy = policy(limit);
    let cores = random.usize(1..3);
    let slots = slot_pool(&squads, &policy, cores);
    let mut run = TrafficRun::new(&slots, &squads, policy, cores, ms(0));
    run.run(ms(4000), random);
    let outcomes = std::mem::take(&mut run.outcomes);
    drop(run);
    squads.into_iter().zip(outcomes).skip(first).collect()
}

/// Slots that are never lent are available at once, under every competition.
fn check_kept(squads: &[(SquadTraffic, SquadOutcome)]) {
    for (squad, outcome) in squads {
        assert_eq!(outcome.delayed_kept, 0, "{squad:?} {outcome:?}");
        assert!(outcome.longest_wait <= WAIT_MAX);
    }
}

#[test]
fn within_its_guarantee_a_squad_does_not_notice_calls_that_hang_or_are_slow() {
    each(250, |random| {
        let hostility = [Hostility::Hangs, Hostility::Slow][random.usize(0..2)];
        let squads = compete(random, hostility, false, false);
        check_kept(&squads);
        for (squad, outcome) in squads {
            assert_eq!(outcome.refused, 0, "{squad:?} {outcome:?}");
        }
    });
}

#[test]
fn within_its_guarantee_a_squad_is_not_refused_in_a_flood_of_short_calls() {
    each(100, |random| {
        let (late, has_unknown) = (random.bool(), random.bool());
        let squads = compete(random, Hostility::Floods, late, has_unknown);
        check_kept(&squads);
        for (squad, outcome) in squads {
            assert_eq!(outcome.refused, 0, "{squad:?} {outcome:?}");
        }
    });
}

#[test]
fn slots_that_are_never_lent_survive_an_absence_and_a_betrayal() {
    each(250, |random| {
        let hostility = [Hostility::Hangs, Hostility::Slow, Hostility::Betrays];
        let hostility = hostility[random.usize(0..3)];
        let (late, has_unknown) = (random.bool(), random.bool());
        check_kept(&compete(random, hostility, late, has_unknown));
    });
}

/// Squads that are seen all the time, and sometimes want all that they are guaranteed, in
/// calls that are longer than the wait for a slot.
fn surging(random: &mut fastrand::Rng, number: usize) -> Vec<SquadTraffic> {
    let squad = |random: &mut fastrand::Rng| SquadTraffic {
        share: share(random),
        arrivals: Arrivals::Bursts {
            size: 60,
            pause: ms(random.u64(300..600)),
        },
        hold: ms(random.u64(200..500)),
        hangs: None,
        from: ms(0),
        wanted_max: 0,
    };
    (0..number).map(|_| squad(random)).collect()
}

/// Runs squads, of which those from `first` want no more than their guarantees less `less`, and
/// returns these with their outcomes.
fn surge(
    random: &mut fastrand::Rng,
    mut squads: Vec<SquadTraffic>,
    first: usize,
    limit: u32,
    less: u32,
) -> Vec<(SquadTraffic, SquadOutcome)> {
    let sum: u32 = squads.iter().map(|squad| squad.share.weight).sum();
    for squad in &mut squads[first..] {
        squad.wanted_max = (limit * squad.share.weight / sum).saturating_sub(less);
    }
    let policy = policy(limit);
    let cores = random.usize(1..3);
    let slots = slot_pool(&squads, &policy, cores);
    let mut run = TrafficRun::new(&slots, &squads, policy, cores, ms(0));
    run.run(ms(8000), random);
    let outcomes = std::mem::take(&mut run.outcomes);
    drop(run);
    squads.into_iter().zip(outcomes).skip(first).collect()
}

/// Calls that hang from one moment to the next keep at most as many slots as calls of their squad
/// ended within `wait_max`. Here these are fewer than it is guaranteed, so nothing is missing.
#[test]
fn calls_that_hang_from_one_moment_to_the_next_hold_what_they_gave_back_before() {
    each(150, |random| {
        let limit = random.u32(60..200);
        let mut squads = vec![unknown(Arrivals::Open(0.001), ms(20))];
        squads.push(hostile(Hostility::Betrays, random));
        let number = random.usize(1..4);
        squads.extend(surging(random, number));
        let sum: u32 = squads.iter().map(|squad| squad.share.weight).sum();
        let traitor = &mut squads[1];
        let guaranteed = f64::from(limit * traitor.share.weight / sum);
        traitor.arrivals = Arrivals::Open(0.7 * guaranteed / WAIT_MAX.as_secs_f64());
        // After it has become known that its calls are short.
        traitor.hangs = traitor.hangs.map(|hang| Hang {
            from: hang.from + ms(3000),
            ..hang
        });
        for (squad, outcome) in surge(random, squads, 2, limit, 0) {
            assert_eq!(outcome.refused, 0, "{squad:?} {outcome:?}");
        }
    });
}

/// Of squads that were seen recently, calls of unknown callers that hang hold two slots.
#[test]
fn calls_of_unknown_callers_that_hang_take_two_slots_from_squads_that_are_seen() {
    each(150, |random| {
        let limit = random.u32(20..120);
        let mut stranger = unknown(Arrivals::Open(300.0), ms(20));
        stranger.hangs = Some(Hang {
            from: ms(0),
            time: ms(30_000),
        });
        // Before that, squads have not been seen, and what they lend is free to use.
        stranger.from = ms(2000);
        let mut squads = vec![stranger];
        let number = random.usize(2..5);
        squads.extend(surging(random, number));
        for (squad, outcome) in surge(random, squads, 1, limit, 2) {
            assert_eq!(outcome.refused, 0, "{squad:?} {outcome:?}");
        }
    });
}

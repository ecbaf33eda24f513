//! Cores that hand out slots at the same time: slots are conserved, and what the arbiter knows of
//! all consumers together agrees with them afterwards.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::seeds::each;
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;
use crate::sharing::held_slot::HeldSlot;
use crate::sharing::share_table::ConsumerShare;
use crate::sharing::slot_pool::SlotPool;
use crate::sharing::slot_wait::SlotOutcome;

const CORES: usize = 3;
const CONSUMERS: usize = 5;

fn policy(limit: u32) -> SharePolicy {
    SharePolicy {
        in_flight_max: limit,
        adaptive: false,
        waiting_max: 10,
        wait_max: Duration::from_millis(1),
        lendable: 0.5,
    }
}

/// One core: requests begin and end in random order.
fn run_core(slots: &SlotPool, core: CoreIndex, policy: &SharePolicy, random: &mut fastrand::Rng) {
    let mut held: Vec<HeldSlot> = Vec::new();
    for step in 0..3000 {
        let now = Duration::from_micros(step * 50);
        if random.u8(0..10) < 5 || held.is_empty() {
            // Few squads are active at a time, so some are beyond their guarantee.
            let active = usize::try_from(step / 1000).unwrap();
            let consumer = ConsumerIndex::new((active + random.usize(0..3)) % CONSUMERS);
            match slots.acquire(core, consumer, Tier::Gold, now, policy) {
                SlotOutcome::Granted(slot) => held.push(slot),
                SlotOutcome::Queued(wait) => held.extend(wait.give_up().ok()),
                SlotOutcome::Shed(_) => {}
            }
        } else {
            let slot = held.swap_remove(random.usize(0..held.len()));
            slots.release(slot, || now);
        }
    }
    for slot in held {
        slots.release(slot, || Duration::from_secs(1));
    }
}

#[test]
fn slots_are_conserved_when_cores_run_at_the_same_time() {
    each(20, |random| {
        let limit = random.u32(10..80);
        let share = |weight| ConsumerShare {
            weight,
            lendable: 0.5,
        };
        let shares: Vec<_> = [0, 3, 1, 1, 2].map(share).into();
        let policy = policy(limit);
        let slots = SlotPool::new(CORES, &shares, &policy);
        let barrier = Barrier::new(CORES);
        thread::scope(|scope| {
            for core in 0..CORES {
                let mut random = fastrand::Rng::with_seed(random.u64(..));
                let (slots, barrier, policy) = (&slots, &barrier, &policy);
                scope.spawn(move || {
                    barrier.wait();
                    run_core(slots, CoreIndex::new(core), policy, &mut random);
                });
            }
        });
        assert_eq!(slots.free(), i64::from(limit));
        slots.check_figures();
        let in_flight = slots.occupancy().consumers.into_iter();
        assert_eq!(in_flight.map(|consumer| consumer.in_flight).sum::<u32>(), 0);
    });
}

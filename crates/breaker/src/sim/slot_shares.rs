//! Slots are conserved and each squad has its share, whatever happens in whatever order. Requests
//! come and go at random on several cores.

use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::seeds::each;
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;
use crate::sharing::held_slot::HeldSlot;
use crate::sharing::share_table::ConsumerShare;
use crate::sharing::slot_pool::SlotPool;
use crate::sharing::slot_wait::{SlotOutcome, SlotWait};

struct Held {
    slot: HeldSlot,
    consumer: usize,
}

struct Queued<'s> {
    waiting: SlotWait<'s>,
    consumer: usize,
}

struct Model<'s> {
    slots: &'s SlotPool,
    shares: Vec<ConsumerShare>,
    policy: SharePolicy,
    cores: usize,
    consumers: usize,
    now: Duration,
    held: Vec<Held>,
    queued: Vec<Queued<'s>>,
    shed: usize,
}

impl<'s> Model<'s> {
    fn new(
        slots: &'s SlotPool,
        shares: &[ConsumerShare],
        policy: SharePolicy,
        cores: usize,
    ) -> Self {
        Self {
            slots,
            shares: shares.to_vec(),
            policy,
            cores,
            consumers: shares.len(),
            now: Duration::ZERO,
            held: Vec::new(),
            queued: Vec::new(),
            shed: 0,
        }
    }

    fn step(&mut self, random: &mut fastrand::Rng) {
        match random.u8(0..100) {
            0..45 => {
                let consumer = random.usize(0..self.consumers);
                let tier = Tier::ALL[random.usize(0..3)];
                self.enter(random.usize(0..self.cores), consumer, tier);
            }
            45..80 => self.leave(random),
            80..85 => self.abandon(random),
            85..90 => self.collect(),
            90..95 => self.expire(),
            _ => self.now += Duration::from_millis(random.u64(0..300)),
        }
        self.check();
    }

    fn enter(&mut self, core: usize, consumer: usize, tier: Tier) {
        self.collect();
        let free = self.slots.free();
        let squad_waits = self.queued.iter().any(|queued| queued.consumer != 0);
        let is_kept = self.in_flight(consumer) + 1.0 <= self.kept(consumer);
        let index = ConsumerIndex::new(consumer);
        let core = CoreIndex::new(core);
        match self
            .slots
            .acquire(core, index, tier, self.now, &self.policy)
        {
            SlotOutcome::Granted(slot) => {
                assert!(free > 0, "a granted slot was free");
                if consumer == 0 && self.consumers > 1 {
                    let kept = self.kept_by_others(0).floor();
                    assert!(free as f64 > kept && !squad_waits, "squads need this slot");
                }
                self.held.push(Held { slot, consumer });
            }
            SlotOutcome::Queued(waiting) => {
                assert!(!is_kept, "a slot that is never lent is available at once");
                assert!(waiting.deadline <= self.now + self.policy.wait_max);
                self.queued.push(Queued { waiting, consumer });
            }
            SlotOutcome::Shed(_) => {
                assert!(!is_kept, "a slot that is never lent is available at once");
                assert!(self.slots.occupancy().waiting >= self.policy.waiting_max as usize);
                self.shed += 1;
            }
        }
    }

    /// The share of a consumer in slots.
    fn share(&self, consumer: usize) -> f64 {
        let sum: u32 = self.shares.iter().map(|share| share.weight).sum();
        let limit = f64::from(self.slots.occupancy().limit);
        limit * f64::from(self.shares[consumer].weight) / f64::from(sum.max(1))
    }

    /// The part of a consumer's share that is never lent.
    fn kept(&self, consumer: usize) -> f64 {
        self.share(consumer) * (1.0 - self.shares[consumer].lendable)
    }

    fn in_flight(&self, consumer: usize) -> f64 {
        let own = self.held.iter().filter(|held| held.consumer == consumer);
        own.count() as f64
    }

    /// What other consumers never lend and do not use.
    fn kept_by_others(&self, consumer: usize) -> f64 {
        let others = (0..self.consumers).filter(|other| *other != consumer);
        others
            .map(|other| (self.kept(other) - self.in_flight(other)).max(0.0))
            .sum()
    }

    /// What others are guaranteed and do not use.
    fn unused_by_others(&self, consumer: usize) -> f64 {
        let others = (0..self.consumers).filter(|other| *other != consumer);
        others
            .map(|other| (self.share(other) - self.in_flight(other)).max(0.0))
            .sum()
    }

    fn leave(&mut self, random: &mut fastrand::Rng) {
        self.collect();
        if !self.held.is_empty() {
            let held = self.held.swap_remove(random.usize(0..self.held.len()));
            self.slots.release(held.slot, || self.now);
        }
    }

    /// A client disconnects while it waits, perhaps after its request was granted a slot.
    fn abandon(&mut self, random: &mut fastrand::Rng) {
        if !self.queued.is_empty() {
            drop(self.queued.swap_remove(random.usize(0..self.queued.len())));
        }
    }

    /// Takes the decisions about waiting requests.
    fn collect(&mut self) {
        let mut still = Vec::new();
        for mut queued in self.queued.drain(..) {
            match queued.waiting.decided() {
                Some(Ok(slot)) => self.held.push(Held {
                    slot,
                    consumer: queued.consumer,
                }),
                Some(Err(_)) => self.shed += 1,
                None => still.push(queued),
            }
        }
        self.queued = still;
    }

    fn expire(&mut self) {
        let (late, early): (Vec<_>, Vec<_>) = self
            .queued
            .drain(..)
            .partition(|queued| queued.waiting.deadline <= self.now);
        self.queued = early;
        for queued in late {
            match queued.waiting.give_up() {
                Ok(slot) => self.held.push(Held {
                    slot,
                    consumer: queued.consumer,
                }),
                Err(shed) => {
                    assert_eq!(shed.limit, self.slots.occupancy().limit);
                    self.shed += 1;
                }
            }
        }
    }

    /// Ends all requests.
    fn drain(&mut self, random: &mut fastrand::Rng) {
        while !self.held.is_empty() || !self.queued.is_empty() {
            self.now += Duration::from_secs(1);
            self.expire();
            self.leave(random);
            self.check();
        }
    }

    fn check(&mut self) {
        self.collect();
        let held = i64::try_from(self.held.len()).unwrap();
        let occupancy = self.slots.occupancy();
        let limit = i64::from(occupancy.limit);
        assert_eq!(self.slots.free() + held, limit, "slots are conserved");
        for consumer in 0..self.consumers {
            let own = self.held.iter().filter(|held| held.consumer == consumer);
            let in_flight = occupancy.consumers[consumer].in_flight;
            assert_eq!(in_flight as usize, own.count());
        }
        // No capacity is idle while a squad waits, but what others are guaranteed.
        for queued in self.queued.iter().filter(|queued| queued.consumer != 0) {
            let unused = self.unused_by_others(queued.consumer);
            let free = self.slots.free() as f64;
            assert!(
                free <= unused + 1e-6,
                "{free} slots are idle, {unused} are guaranteed"
            );
        }
        self.slots.check_figures();
        assert_eq!(occupancy.waiting, self.queued.len());
        assert!(self.queued.len() <= self.policy.waiting_max as usize);
    }
}

fn consumer_shares(weights: &[u32], mut lendable: impl FnMut() -> f64) -> Vec<ConsumerShare> {
    let share = |weight: &u32| ConsumerShare {
        weight: *weight,
        lendable: lendable(),
    };
    weights.iter().map(share).collect()
}

#[test]
fn slots_are_conserved_and_kept_slots_are_available_at_once() {
    each(300, |random| {
        let cores = random.usize(1..4);
        let consumers = random.usize(1..6);
        let weights: Vec<u32> = (0..consumers)
            .map(|consumer| match consumer {
                0 => 0,
                _ => random.u32(1..6),
            })
            .collect();
        let shares = consumer_shares(&weights, || f64::from(random.u8(0..=4)) / 4.0);
        let policy = SharePolicy {
            in_flight_max: random.u32(1..80),
            adaptive: false,
            waiting_max: random.u32(0..20),
            wait_max: Duration::from_millis(random.u64(0..200)),
            lendable: 0.5,
        };
        let slots = SlotPool::new(cores, &shares, &policy);
        let mut model = Model::new(&slots, &shares, policy, cores);
        for _ in 0..3000 {
            model.step(random);
        }
        // Without new requests the rest is served, and after that each request at once.
        model.drain(random);
        for consumer in (1..consumers).chain([0]) {
            // What squads needed long ago is forgotten after two periods.
            for _ in 0..2 {
                model.now += Duration::from_secs(60);
                model.enter(0, consumer, Tier::Bronze);
                model.drain(random);
            }
            model.now += Duration::from_secs(60);
            model.enter(0, consumer, Tier::Bronze);
            let others = model.kept_by_others(consumer).floor();
            let is_available = f64::from(slots.occupancy().limit) > others;
            assert_eq!(model.held.len(), usize::from(is_available));
            model.drain(random);
        }
        assert_eq!(slots.free(), i64::from(slots.occupancy().limit));
    });
}

/// The shares of consumers that always want more than they get, with calls of random length.
fn saturate(random: &mut fastrand::Rng, weights: &[u32], limit: u32, cores: usize) -> Vec<f64> {
    let policy = SharePolicy {
        in_flight_max: limit,
        adaptive: false,
        waiting_max: 10_000,
        wait_max: Duration::from_secs(3600),
        lendable: 0.5,
    };
    let shares = consumer_shares(weights, || 0.5);
    let slots = SlotPool::new(cores, &shares, &policy);
    let mut model = Model::new(&slots, &shares, policy, cores);
    let mut sums = vec![0_u64; weights.len()];
    for step in 0..4000_u64 {
        for consumer in 0..weights.len() {
            while model.queued_of(consumer) < 3 {
                let tier = Tier::ALL[random.usize(0..3)];
                model.enter(random.usize(0..cores), consumer, tier);
            }
        }
        model.now += Duration::from_millis(random.u64(0..5));
        model.leave(random);
        model.check();
        // What unknown callers got before the squads came has ended by then.
        if step >= 2000 {
            for (sum, holding) in sums.iter_mut().zip(slots.occupancy().consumers) {
                *sum += u64::from(holding.in_flight);
            }
        }
    }
    let all: u64 = sums.iter().sum();
    sums.iter().map(|sum| *sum as f64 / all as f64).collect()
}

impl Model<'_> {
    fn queued_of(&self, consumer: usize) -> usize {
        let own = self.queued.iter();
        own.filter(|queued| queued.consumer == consumer).count()
    }
}

#[test]
fn under_saturation_each_squad_has_its_share_and_unknown_callers_nothing() {
    each(100, |random| {
        let squads = random.usize(2..5);
        let mut weights = vec![0];
        weights.extend((0..squads).map(|_| random.u32(1..6)));
        let cores = random.usize(1..3);
        let shares = saturate(random, &weights, 120, cores);
        let sum: u32 = weights.iter().sum();
        for (share, weight) in shares.iter().zip(&weights).skip(1) {
            let fair = f64::from(*weight) / f64::from(sum);
            let off = (share - fair).abs();
            assert!(off <= 0.05 * fair, "{shares:?} for {weights:?}");
        }
        assert!(shares[0] < 0.001, "{shares:?}");
    });
}

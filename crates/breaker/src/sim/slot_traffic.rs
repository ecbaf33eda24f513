//! Traffic of several squads on one slot pool, event by event: requests arrive at random, hold
//! their slots for random times, wait, and give up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;
use crate::sharing::held_slot::HeldSlot;
use crate::sharing::share_table::ConsumerShare;
use crate::sharing::slot_pool::SlotPool;
use crate::sharing::slot_wait::{SlotOutcome, SlotWait};

/// What one squad does.
#[derive(Clone, Debug)]
pub(super) struct SquadTraffic {
    pub(super) share: ConsumerShare,
    pub(super) arrivals: Arrivals,
    /// The mean time that a call holds its slot.
    pub(super) hold: Duration,
    /// When calls begin to hang, and for how long; `None` if they never do.
    pub(super) hangs: Option<Hang>,
    /// When it appears.
    pub(super) from: Duration,
    /// The most requests in flight and waiting at a time.
    pub(super) wanted_max: u32,
}

/// When calls hang.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hang {
    pub(super) from: Duration,
    pub(super) time: Duration,
}

/// When requests arrive.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arrivals {
    /// At random, this many each second.
    Open(f64),
    /// This many clients, each of which thinks for a random time between two requests.
    Closed { clients: u32, think: Duration },
    /// This many at once, and the next ones after a random time.
    Bursts { size: u32, pause: Duration },
}

/// What happened to the requests of one squad.
#[derive(Clone, Debug, Default)]
pub(super) struct SquadOutcome {
    pub(super) asked: u32,
    pub(super) refused: u32,
    /// Requests that were refused or waited although the squad wanted no more than it never lends.
    pub(super) delayed_kept: u32,
    /// Requests that were refused although the squad wanted no more than its guarantee.
    pub(super) refused_guaranteed: u32,
    /// Requests that waited although the squad wanted no more than its guarantee.
    pub(super) waited_guaranteed: u32,
    pub(super) longest_wait: Duration,
    pub(super) slot_seconds: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TrafficEvent {
    Arrival(usize),
    End(u64),
    Expiry(u64),
}

struct WaitingRequest<'s> {
    wait: SlotWait<'s>,
    squad: usize,
    since: Duration,
    is_guaranteed: bool,
}

/// One run. Consumer 0 is the unknown consumer.
pub(super) struct TrafficRun<'s> {
    slots: &'s SlotPool,
    policy: SharePolicy,
    cores: usize,
    squads: &'s [SquadTraffic],
    pub(super) outcomes: Vec<SquadOutcome>,
    pub(super) now: Duration,
    events: BinaryHeap<Reverse<(Duration, u64, TrafficEvent)>>,
    sequence: u64,
    held: BTreeMap<u64, (usize, HeldSlot, Duration)>,
    waiting: BTreeMap<u64, WaitingRequest<'s>>,
    /// By squad.
    in_flight: Vec<u32>,
    waits: Vec<u32>,
    shares: Vec<f64>,
    /// The time after which slot-seconds are counted.
    measured_from: Duration,
}

/// The pool of a run.
pub(super) fn slot_pool(squads: &[SquadTraffic], policy: &SharePolicy, cores: usize) -> SlotPool {
    let shares: Vec<ConsumerShare> = squads.iter().map(|squad| squad.share).collect();
    SlotPool::new(cores, &shares, policy)
}

impl<'s> TrafficRun<'s> {
    pub(super) fn new(
        slots: &'s SlotPool,
        squads: &'s [SquadTraffic],
        policy: SharePolicy,
        cores: usize,
        measured_from: Duration,
    ) -> Self {
        let sum: u32 = squads.iter().map(|squad| squad.share.weight).sum();
        let share = |squad: &SquadTraffic| {
            f64::from(policy.in_flight_max) * f64::from(squad.share.weight) / f64::from(sum)
        };
        let mut run = Self {
            in_flight: vec![0; squads.len()],
            waits: vec![0; squads.len()],
            shares: squads.iter().map(share).collect(),
            slots,
            policy,
            cores,
            squads,
            outcomes: vec![SquadOutcome::default(); squads.len()],
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            sequence: 0,
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            measured_from,
        };
        for (number, squad) in squads.iter().enumerate() {
            let first = match squad.arrivals {
                Arrivals::Closed { clients, .. } => clients,
                Arrivals::Open(_) | Arrivals::Bursts { .. } => 1,
            };
            for _ in 0..first {
                run.schedule(squad.from, TrafficEvent::Arrival(number));
            }
        }
        run
    }

    /// Runs until a time and checks after each event.
    pub(super) fn run(&mut self, until: Duration, random: &mut fastrand::Rng) {
        while let Some(Reverse((at, _, event))) = self.events.pop() {
            if at > until {
                break;
            }
            self.now = at;
            match event {
                TrafficEvent::Arrival(squad) => self.arrive(squad, random),
                TrafficEvent::End(call) => self.end(call, random),
                TrafficEvent::Expiry(call) => self.expire(call, random),
            }
            self.collect(random);
            self.check();
        }
    }

    fn schedule(&mut self, at: Duration, event: TrafficEvent) {
        self.sequence += 1;
        self.events.push(Reverse((at, self.sequence, event)));
    }

    fn arrive(&mut self, squad: usize, random: &mut fastrand::Rng) {
        let size = match self.squads[squad].arrivals {
            Arrivals::Open(rate) => {
                let pause = exponential(Duration::from_secs(1), random).div_f64(rate);
                self.schedule(self.now + pause, TrafficEvent::Arrival(squad));
                1
            }
            Arrivals::Closed { .. } => 1,
            Arrivals::Bursts { size, pause } => {
                let pause = exponential(pause, random);
                self.schedule(self.now + pause, TrafficEvent::Arrival(squad));
                random.u32(1..=size)
            }
        };
        for _ in 0..size {
            if self.wanted(squad) >= self.squads[squad].wanted_max {
                self.think(squad, random);
            } else {
                self.ask(squad, random);
            }
        }
    }

    fn ask(&mut self, squad: usize, random: &mut fastrand::Rng) {
        let wanted = f64::from(self.wanted(squad) + 1);
        let is_kept = wanted <= self.share(squad) * (1.0 - self.squads[squad].share.lendable);
        let is_guaranteed = wanted <= self.share(squad);
        self.outcomes[squad].asked += 1;
        let core = CoreIndex::new(random.usize(0..self.cores));
        let consumer = ConsumerIndex::new(squad);
        let tier = Tier::ALL[squad % Tier::ALL.len()];
        let slots = self.slots;
        match slots.acquire(core, consumer, tier, self.now, &self.policy) {
            SlotOutcome::Granted(slot) => self.hold(squad, slot, random),
            SlotOutcome::Queued(wait) => {
                let outcome = &mut self.outcomes[squad];
                outcome.delayed_kept += u32::from(is_kept);
                outcome.waited_guaranteed += u32::from(is_guaranteed);
                assert!(wait.deadline <= self.now + self.policy.wait_max);
                let deadline = wait.deadline;
                self.schedule(deadline, TrafficEvent::Expiry(self.sequence + 1));
                let request = WaitingRequest {
                    wait,
                    squad,
                    since: self.now,
                    is_guaranteed,
                };
                self.waits[squad] += 1;
                self.waiting.insert(self.sequence, request);
            }
            SlotOutcome::Shed(_) => {
                self.outcomes[squad].delayed_kept += u32::from(is_kept);
                self.refuse(squad, is_guaranteed, random);
            }
        }
    }

    fn hold(&mut self, squad: usize, slot: HeldSlot, random: &mut fastrand::Rng) {
        let traffic = &self.squads[squad];
        let hangs = traffic.hangs.filter(|hang| self.now >= hang.from);
        let time = match hangs {
            Some(hang) => hang.time,
            // At most twice the mean, so that short calls are short.
            None => traffic.hold.mul_f64(2.0 * random.f64()),
        };
        self.schedule(self.now + time, TrafficEvent::End(self.sequence + 1));
        self.in_flight[squad] += 1;
        self.held.insert(self.sequence, (squad, slot, self.now));
    }

    fn end(&mut self, call: u64, random: &mut fastrand::Rng) {
        if let Some((squad, slot, since)) = self.held.remove(&call) {
            self.in_flight[squad] -= 1;
            self.slots.release(slot, || self.now);
            let counted = self.now.saturating_sub(since.max(self.measured_from));
            self.outcomes[squad].slot_seconds += counted.as_secs_f64();
            self.think(squad, random);
        }
    }

    fn expire(&mut self, call: u64, random: &mut fastrand::Rng) {
        let Some(request) = self.waiting.remove(&call) else {
            return;
        };
        self.waits[request.squad] -= 1;
        match request.wait.give_up() {
            Ok(slot) => self.hold(request.squad, slot, random),
            Err(_) => self.refuse(request.squad, request.is_guaranteed, random),
        }
    }

    fn refuse(&mut self, squad: usize, is_guaranteed: bool, random: &mut fastrand::Rng) {
        self.outcomes[squad].refused += 1;
        self.outcomes[squad].refused_guaranteed += u32::from(is_guaranteed);
        self.think(squad, random);
    }

    /// The next request of a closed loop.
    fn think(&mut self, squad: usize, random: &mut fastrand::Rng) {
        if let Arrivals::Closed { think, .. } = self.squads[squad].arrivals {
            let pause = exponential(think, random);
            self.schedule(self.now + pause, TrafficEvent::Arrival(squad));
        }
    }

    /// Takes the decisions about waiting requests.
    fn collect(&mut self, random: &mut fastrand::Rng) {
        if self.waiting.len() == self.slots.waiting() {
            return;
        }
        let calls: Vec<u64> = self.waiting.keys().copied().collect();
        for call in calls {
            let Some(request) = self.waiting.get_mut(&call) else {
                continue;
            };
            let Some(decision) = request.wait.decided() else {
                continue;
            };
            let (squad, since) = (request.squad, request.since);
            let is_guaranteed = request.is_guaranteed;
            self.waiting.remove(&call);
            self.waits[squad] -= 1;
            match decision {
                Ok(slot) => {
                    let longest = &mut self.outcomes[squad].longest_wait;
                    *longest = (*longest).max(self.now - since);
                    self.hold(squad, slot, random);
                }
                Err(_) => self.refuse(squad, is_guaranteed, random),
            }
        }
    }

    fn check(&self) {
        let free = self.slots.free();
        let held = i64::try_from(self.held.len()).unwrap();
        let limit = i64::from(self.policy.in_flight_max);
        assert_eq!(free + held, limit, "slots are conserved");
        self.slots.check_figures();
        // Nothing is idle while a squad waits, but what others are guaranteed.
        let unused =
            |squad: usize| (self.shares[squad] - f64::from(self.in_flight[squad])).max(0.0);
        let all: f64 = (0..self.squads.len()).map(unused).sum();
        for squad in (1..self.squads.len()).filter(|squad| self.waits[*squad] > 0) {
            let others = all - unused(squad);
            assert!(free as f64 <= others + 1e-6, "{free} slots are idle");
        }
    }

    fn share(&self, squad: usize) -> f64 {
        self.shares[squad]
    }

    fn wanted(&self, squad: usize) -> u32 {
        self.in_flight[squad] + self.waits[squad]
    }
}

fn exponential(mean: Duration, random: &mut fastrand::Rng) -> Duration {
    mean.mul_f64(-(1.0 - random.f64()).ln())
}

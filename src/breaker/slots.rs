//! Slots: how many requests of a service are in flight, and whose.
//!
//! Each squad is guaranteed its share, the limit × its weight / all weights, and may borrow what
//! is idle. When slots run out, requests wait, and a slot that becomes free goes first to those
//! below their share, the furthest below before the others; then to gold before silver before
//! bronze, and among those to whoever is least above. When too many wait, those furthest above
//! give way, in the reverse order. The unknown have what nobody needs: slots that no squad has
//! used lately (up to its share), and only while no squad waits.
//!
//! While slots are plentiful, data cores hand out what they have borrowed (`seats`); the lock is
//! for when they are not. Slots are conserved: the limit is what is free, lent and held.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use crate::config::protection::SharePolicy;
use crate::squad::Tier;

use super::line::{Line, Standing};
use super::seats::{Seats, Times};
use super::vegas::Vegas;
use super::waiting::{Shed, ShedReason, Ticket, Waiting};

/// The unknown consumer's index.
const UNKNOWN: usize = 0;

/// How long a squad's demand is remembered: between once and twice this.
const DEMAND_PERIOD: Duration = Duration::from_secs(5);

/// How often an adaptive limit is reconsidered.
const ADAPT_EVERY: Duration = Duration::from_millis(100);

/// The least number of calls that an adaptive limit is judged by.
const ADAPT_CALLS_MIN: u32 = 10;

/// The slots of one service.
#[derive(Debug)]
pub struct Slots {
    /// Slots are short: cores have to ask.
    pressed: AtomicBool,
    /// How many slots a core may borrow.
    chunk: AtomicU32,
    has_squads: bool,
    cores: Box<[Seats]>,
    arbiter: Mutex<Arbiter>,
}

/// A slot that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    consumer: usize,
    /// The core that lent it, where it was not the arbiter.
    lender: Option<usize>,
}

/// What becomes of a request that asks for a slot.
#[derive(Debug)]
pub enum Entered<'s> {
    /// It has one.
    In(Slot),
    /// It has to wait for one.
    Wait(Waiting<'s>),
    /// It has to go.
    Shed(Shed),
}

#[derive(Debug)]
struct Arbiter {
    limit: u32,
    /// Negative after the limit has shrunk.
    free: i64,
    weights: Box<[u32]>,
    weights_sum: u64,
    held: Box<[u32]>,
    line: Line,
    now: Duration,
    demand: Demand,
    adaptive: Option<Adaptive>,
}

/// The most that each consumer needed at a time, in this period and the one before.
#[derive(Debug)]
struct Demand {
    since: Duration,
    peaks: Box<[[u32; 2]]>,
}

#[derive(Debug)]
struct Adaptive {
    vegas: Vegas,
    since: Duration,
    seen: Vec<Times>,
}

/// Who has to be woken when the lock is released.
type Wakers = Vec<Waker>;

impl Slots {
    /// Slots for consumers of these weights; the first one is the unknown and has none.
    pub fn new(cores: usize, weights: &[u32], policy: &SharePolicy) -> Self {
        let consumers = weights.len().max(1);
        let adaptive = policy.adaptive.then(|| Adaptive {
            vegas: Vegas::new(policy.in_flight_max),
            since: Duration::ZERO,
            seen: vec![Times::default(); cores],
        });
        let limit = match &adaptive {
            Some(adaptive) => adaptive.vegas.limit(),
            None => policy.in_flight_max,
        };
        let slots = Self {
            pressed: AtomicBool::new(false),
            chunk: AtomicU32::new(0),
            has_squads: consumers > 1,
            cores: (0..cores).map(|_| Seats::new(consumers)).collect(),
            arbiter: Mutex::new(Arbiter {
                limit,
                free: i64::from(limit),
                weights: weights.into(),
                weights_sum: weights.iter().map(|weight| u64::from(*weight)).sum(),
                held: vec![0; consumers].into(),
                line: Line::default(),
                now: Duration::ZERO,
                demand: Demand {
                    since: Duration::ZERO,
                    peaks: vec![[0; 2]; consumers].into(),
                },
                adaptive,
            }),
        };
        slots.chunk.store(slots.chunk_of(limit), Ordering::Release);
        slots
    }

    /// Asks for a slot. It must be given back with [`leave`](Self::leave), on the same core.
    #[inline]
    pub fn enter(
        &self,
        core: usize,
        consumer: usize,
        tier: Tier,
        now: Duration,
        policy: &SharePolicy,
    ) -> Entered<'_> {
        let asks = consumer == UNKNOWN && self.has_squads;
        if !asks && !self.pressed.load(Ordering::Acquire) && self.cores[core].take(consumer) {
            return Entered::In(Slot {
                consumer,
                lender: Some(core),
            });
        }
        self.ask(core, consumer, tier, now, policy)
    }

    /// Gives a slot back.
    #[inline]
    pub fn leave(&self, slot: Slot) {
        if let Some(core) = slot.lender {
            let seats = &self.cores[core];
            seats.leave(slot.consumer);
            if !self.pressed.load(Ordering::Acquire)
                && seats.spare() < 2 * self.chunk.load(Ordering::Relaxed)
            {
                seats.lend(1);
                // Somebody may have begun to wait since the first look.
                if !self.pressed.load(Ordering::SeqCst) || !seats.take_back() {
                    return;
                }
            }
        }
        self.return_one(slot);
    }

    /// Gives a slot back that came too late to be used.
    pub(super) fn leave_late(&self, slot: Slot) {
        self.leave(slot);
    }

    /// A call took so long until its answer began; an adaptive limit learns from it.
    pub fn time(&self, core: usize, took: Duration, now: Duration, policy: &SharePolicy) {
        if !policy.adaptive {
            return;
        }
        self.cores[core].time(took);
        let Ok(mut arbiter) = self.arbiter.try_lock() else {
            return;
        };
        let wakers = arbiter.adapt(self, now);
        drop(arbiter);
        wake(wakers);
    }

    /// Takes a ticket out of the line, with what to say of it.
    pub(super) fn withdraw(&self, ticket: &Arc<Ticket>) -> Shed {
        let mut arbiter = self.lock();
        arbiter.line.leave(ticket);
        arbiter.press(self);
        arbiter.shed(self, ticket.consumer, ShedReason::Waited)
    }

    /// How many of a consumer's requests are in flight.
    pub fn in_flight(&self, consumer: usize) -> u32 {
        self.lock().in_flight(self, consumer)
    }

    /// How many requests may be in flight.
    pub fn limit(&self) -> u32 {
        self.lock().limit
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.lock().line.len()
    }

    /// How many requests a consumer is guaranteed to have in flight.
    pub fn guaranteed(&self, consumer: usize) -> u32 {
        self.lock().guaranteed(consumer)
    }

    /// Slots that nobody holds, for tests of their conservation.
    #[cfg(test)]
    pub(super) fn free(&self) -> i64 {
        let arbiter = self.lock();
        arbiter.free + i64::from(self.spare())
    }

    /// How many slots squads needed lately and do not hold now.
    #[cfg(test)]
    pub(super) fn reserved(&self, now: Duration) -> u64 {
        let mut arbiter = self.lock();
        arbiter.advance(self, now);
        arbiter.reserved(self)
    }

    fn ask(
        &self,
        core: usize,
        consumer: usize,
        tier: Tier,
        now: Duration,
        policy: &SharePolicy,
    ) -> Entered<'_> {
        let mut arbiter = self.lock();
        arbiter.advance(self, now);
        if arbiter.may_enter(self, consumer) {
            let slot = arbiter.hold(self, consumer);
            arbiter.lend(self, core);
            arbiter.press(self);
            return Entered::In(slot);
        }
        let (entered, waker) = arbiter.join_line(self, consumer, tier, policy);
        arbiter.press(self);
        drop(arbiter);
        wake(waker);
        entered
    }

    fn return_one(&self, slot: Slot) {
        let mut arbiter = self.lock();
        if slot.lender.is_none() {
            arbiter.held[slot.consumer] -= 1;
        }
        arbiter.free += 1;
        let wakers = arbiter.serve(self);
        arbiter.press(self);
        drop(arbiter);
        wake(wakers);
    }

    fn spare(&self) -> u32 {
        self.cores.iter().map(Seats::spare).sum()
    }

    /// A quarter of the slots may be lent, in equal parts.
    fn chunk_of(&self, limit: u32) -> u32 {
        limit / 4 / u32::try_from(self.cores.len().max(1)).unwrap_or(u32::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Arbiter> {
        self.arbiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

impl Arbiter {
    fn in_flight(&self, slots: &Slots, consumer: usize) -> u32 {
        let lent = slots.cores.iter().map(|seats| seats.in_flight(consumer));
        self.held[consumer] + lent.sum::<u32>()
    }

    /// A share, in slots, rounded down.
    fn guaranteed(&self, consumer: usize) -> u32 {
        let share = u64::from(self.limit) * u64::from(self.weights[consumer]);
        u32::try_from(share / self.weights_sum.max(1)).unwrap_or(u32::MAX)
    }

    /// Whether this many slots are less than the consumer's share.
    fn is_below(&self, consumer: usize, in_flight: u32) -> bool {
        let share = u64::from(self.limit) * u64::from(self.weights[consumer]);
        u64::from(in_flight) * self.weights_sum < share
    }

    /// How many slots squads needed lately, up to their shares, and do not hold now.
    fn reserved(&self, slots: &Slots) -> u64 {
        let of = |consumer: usize| {
            let lately = slots.cores.iter().map(|seats| seats.peak(consumer)).sum();
            let [this, before] = self.demand.peaks[consumer];
            let needed = this.max(before).max(lately).min(self.guaranteed(consumer));
            u64::from(needed.saturating_sub(self.in_flight(slots, consumer)))
        };
        (1..self.weights.len()).map(of).sum()
    }

    fn may_enter(&mut self, slots: &Slots, consumer: usize) -> bool {
        if consumer == UNKNOWN && slots.has_squads {
            let spare = self.free + i64::from(slots.spare());
            let reserved = i64::try_from(self.reserved(slots)).unwrap_or(i64::MAX);
            let is_spare = spare > reserved && !self.squads_wait();
            return is_spare && self.find_free(slots);
        }
        self.find_free(slots)
    }

    fn squads_wait(&self) -> bool {
        self.line.len() > self.line.len_of(UNKNOWN)
    }

    /// Takes lent slots back when there is no free one. Cores must know before that slots are
    /// short, lest one is lent again behind the arbiter's back.
    fn find_free(&mut self, slots: &Slots) -> bool {
        if self.free <= 0 {
            slots.pressed.store(true, Ordering::SeqCst);
            let lent: u32 = slots.cores.iter().map(Seats::take_all_back).sum();
            self.free += i64::from(lent);
        }
        self.free > 0
    }

    fn hold(&mut self, slots: &Slots, consumer: usize) -> Slot {
        self.free -= 1;
        self.held[consumer] += 1;
        self.need(consumer, self.in_flight(slots, consumer));
        Slot {
            consumer,
            lender: None,
        }
    }

    fn need(&mut self, consumer: usize, slots: u32) {
        let peak = &mut self.demand.peaks[consumer][0];
        *peak = slots.max(*peak);
    }

    /// Lends a core what it may have, while slots are plentiful.
    fn lend(&mut self, slots: &Slots, core: usize) {
        let chunk = slots.chunk.load(Ordering::Relaxed);
        let is_plenty = self.line.is_empty() && self.free > i64::from(self.limit / 2);
        if chunk > 0 && is_plenty && slots.cores[core].spare() == 0 {
            self.free -= i64::from(chunk);
            slots.cores[core].lend(chunk);
        }
    }

    /// Says whether cores may lend by themselves.
    fn press(&self, slots: &Slots) {
        let is_short = !self.line.is_empty() || self.free <= 0;
        let is_plenty = self.line.is_empty() && self.free > i64::from(self.limit / 2);
        if is_short {
            slots.pressed.store(true, Ordering::SeqCst);
        } else if is_plenty {
            slots.pressed.store(false, Ordering::SeqCst);
        }
    }

    fn join_line<'s>(
        &mut self,
        slots: &'s Slots,
        consumer: usize,
        tier: Tier,
        policy: &SharePolicy,
    ) -> (Entered<'s>, Option<Waker>) {
        let mut displaced = None;
        if self.line.len() >= policy.waiting_max as usize {
            let victim = self.first_to_give_way(slots, (consumer, tier));
            let Some(ticket) = victim.and_then(|victim| self.line.last(victim)) else {
                let shed = self.shed(slots, consumer, ShedReason::LineFull);
                return (Entered::Shed(shed), None);
            };
            let shed = self.shed(slots, ticket.consumer, ShedReason::Displaced);
            displaced = ticket.shed(shed);
        }
        let patience = self.line.patience(self.now, policy.wait_max);
        let ticket = Ticket::new(consumer, tier, self.now);
        self.line.join(Arc::clone(&ticket));
        let wanted = self.in_flight(slots, consumer) as usize + self.line.len_of(consumer);
        self.need(consumer, u32::try_from(wanted).unwrap_or(u32::MAX));
        let waiting = Waiting {
            slots,
            ticket,
            deadline: self.now + patience,
        };
        (Entered::Wait(waiting), displaced)
    }

    /// Hands free slots to those who wait, in the order of their right to them.
    fn serve(&mut self, slots: &Slots) -> Wakers {
        let mut wakers = Wakers::new();
        while !self.line.is_empty() && self.free > 0 {
            let Some(ticket) = self.next_ticket(slots) else {
                break;
            };
            let slot = self.hold(slots, ticket.consumer);
            wakers.extend(ticket.grant(slot));
        }
        wakers
    }

    fn next_ticket(&mut self, slots: &Slots) -> Option<Arc<Ticket>> {
        let known = self.line.consumers().filter(|at| at.consumer != UNKNOWN);
        let next = known
            .min_by_key(|at| {
                let in_flight = self.in_flight(slots, at.consumer);
                (self.right(at.consumer, at.highest, in_flight), at.since)
            })
            .map(|at| at.consumer);
        let next = match next {
            Some(squad) => squad,
            None if !slots.has_squads => UNKNOWN,
            None => {
                let spare = self.free + i64::from(slots.spare());
                let reserved = i64::try_from(self.reserved(slots)).unwrap_or(i64::MAX);
                (spare > reserved).then_some(UNKNOWN)?
            }
        };
        self.line.next(next, self.now)
    }

    /// Who gives way when too many wait, a consumer in line; none where it is the newcomer.
    fn first_to_give_way(&self, slots: &Slots, newcomer: (usize, Tier)) -> Option<usize> {
        let claim = |consumer: usize, tier, extra: usize| {
            let waits = self.line.len_of(consumer) + extra;
            let waits = u32::try_from(waits).unwrap_or(u32::MAX);
            let wanted = self.in_flight(slots, consumer).saturating_add(waits);
            (consumer == UNKNOWN, self.right(consumer, tier, wanted))
        };
        let (consumer, tier) = newcomer;
        let own = claim(consumer, tier, 1);
        let of = |at: &Standing| {
            let extra = usize::from(at.consumer == consumer);
            claim(at.consumer, at.lowest, extra)
        };
        let victim = self.line.consumers().max_by_key(of)?;
        (of(&victim) > own).then_some(victim.consumer)
    }

    /// The right to one more slot of a consumer with so many, the least first. Half a slot more
    /// per weight rounds shares without favour to small or to large ones (Webster's method).
    fn right(&self, consumer: usize, tier: Tier, slots: u32) -> (bool, u8, u64) {
        let weight = u64::from(self.weights[consumer].max(1));
        let ratio = ((2 * u64::from(slots) + 1) << 20) / weight;
        match self.is_below(consumer, slots) {
            true => (false, 0, ratio),
            false => (true, Tier::Gold as u8 - tier as u8, ratio),
        }
    }

    fn shed(&self, slots: &Slots, consumer: usize, reason: ShedReason) -> Shed {
        Shed {
            reason,
            in_flight: self.in_flight(slots, consumer),
            guaranteed: self.guaranteed(consumer),
            limit: self.limit,
        }
    }

    fn advance(&mut self, slots: &Slots, now: Duration) {
        self.now = self.now.max(now);
        let elapsed = self.now - self.demand.since;
        if elapsed < DEMAND_PERIOD {
            return;
        }
        let is_long_ago = elapsed >= 2 * DEMAND_PERIOD;
        self.demand.since = self.now;
        for consumer in 0..self.weights.len() {
            let lent = slots.cores.iter().map(|seats| seats.take_peak(consumer));
            let lent: u32 = lent.sum();
            let [this, before] = self.demand.peaks[consumer];
            let is_fresh = before.max(this) > 0 || lent > 0;
            if is_fresh {
                let in_flight = self.in_flight(slots, consumer);
                // What cores lent by themselves may be recent, whenever the arbiter looked last.
                let before = match is_long_ago {
                    true => lent,
                    false => this.max(lent),
                };
                self.demand.peaks[consumer] = [in_flight, before];
            }
        }
    }

    fn adapt(&mut self, slots: &Slots, now: Duration) -> Wakers {
        let in_flight = self.limit.saturating_sub(
            u32::try_from(self.free + i64::from(slots.spare())).unwrap_or_default(),
        );
        let Some(adaptive) = &mut self.adaptive else {
            return Wakers::new();
        };
        if now.saturating_sub(adaptive.since) < ADAPT_EVERY {
            return Wakers::new();
        }
        let times: Vec<Times> = slots.cores.iter().map(Seats::times).collect();
        let (mut calls, mut micros) = (0_u32, 0_u64);
        for (now, seen) in times.iter().zip(&adaptive.seen) {
            calls += now.calls.wrapping_sub(seen.calls);
            micros += now.micros.wrapping_sub(seen.micros);
        }
        if calls < ADAPT_CALLS_MIN {
            return Wakers::new();
        }
        (adaptive.since, adaptive.seen) = (now, times);
        adaptive
            .vegas
            .sample(micros as f64 / f64::from(calls), in_flight);
        let limit = adaptive.vegas.limit();
        self.set_limit(slots, limit)
    }

    fn set_limit(&mut self, slots: &Slots, limit: u32) -> Wakers {
        self.free += i64::from(limit) - i64::from(self.limit);
        self.limit = limit;
        slots.chunk.store(slots.chunk_of(limit), Ordering::Release);
        let wakers = self.serve(slots);
        self.press(slots);
        wakers
    }
}

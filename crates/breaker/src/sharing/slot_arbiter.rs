//! Who gets a slot when slots are short: what the lock of [`SlotPool`] guards.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::core_slots::{CallTimes, CoreSlots};
use super::slot_pool::{HeldSlot, SlotOutcome, SlotPool, UNKNOWN};
use super::slot_wait::{QueueTicket, ShedDetails, ShedReason, SlotWait};
use super::vegas_limit::VegasLimit;
use super::wait_queue::{QueuedConsumer, WaitQueue};

/// What is free, held and waited for.
#[derive(Debug)]
pub(super) struct SlotArbiter {
    pub(super) limit: u32,
    /// Negative after the limit has shrunk.
    pub(super) free: i64,
    weights: Box<[u32]>,
    weights_sum: u64,
    pub(super) held: Box<[u32]>,
    pub(super) line: WaitQueue,
    now: Duration,
    demand: RecentDemand,
    adaptive: Option<LimitAdapter>,
}

/// How long a squad's demand is remembered: between once and twice this.
const DEMAND_PERIOD: Duration = Duration::from_secs(5);

/// How often an adaptive limit is reconsidered.
const ADAPT_EVERY: Duration = Duration::from_millis(100);

/// The least number of calls that an adaptive limit is judged by.
const ADAPT_CALLS_MIN: u32 = 10;

/// The most that each consumer needed at a time, in this period and the one before.
#[derive(Debug)]
struct RecentDemand {
    since: Duration,
    peaks: Box<[[u32; 2]]>,
}

#[derive(Debug)]
struct LimitAdapter {
    vegas: VegasLimit,
    since: Duration,
    seen: Vec<CallTimes>,
}

/// Who has to be woken when the lock is released.
pub(super) type PendingWakers = Vec<Waker>;

impl SlotArbiter {
    pub(super) fn new(cores: usize, weights: &[u32], policy: &SharePolicy) -> Self {
        let adaptive = policy.adaptive.then(|| LimitAdapter {
            vegas: VegasLimit::new(policy.in_flight_max),
            since: Duration::ZERO,
            seen: vec![CallTimes::default(); cores],
        });
        let limit = match &adaptive {
            Some(adaptive) => adaptive.vegas.limit(),
            None => policy.in_flight_max,
        };
        Self {
            limit,
            free: i64::from(limit),
            weights: weights.into(),
            weights_sum: weights.iter().map(|weight| u64::from(*weight)).sum(),
            held: vec![0; weights.len()].into(),
            line: WaitQueue::default(),
            now: Duration::ZERO,
            demand: RecentDemand {
                since: Duration::ZERO,
                peaks: vec![[0; 2]; weights.len()].into(),
            },
            adaptive,
        }
    }

    pub(super) fn in_flight(&self, slots: &SlotPool, consumer: usize) -> u32 {
        let lent = slots.cores.iter().map(|seats| seats.in_flight(consumer));
        self.held[consumer] + lent.sum::<u32>()
    }

    /// A share, in slots, rounded down.
    pub(super) fn guaranteed(&self, consumer: usize) -> u32 {
        u32::try_from(self.parts(consumer) / self.weights_sum.max(1)).unwrap_or(u32::MAX)
    }

    /// A share, in slots, rounded up: where many squads have less than one, each may need one.
    fn share(&self, consumer: usize) -> u32 {
        let share = self.parts(consumer).div_ceil(self.weights_sum.max(1));
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    /// Whether this many slots are less than the consumer's share.
    fn is_below(&self, consumer: usize, in_flight: u32) -> bool {
        u64::from(in_flight) * self.weights_sum < self.parts(consumer)
    }

    /// A share, in parts of a slot, of which a slot has as many as all weights together.
    fn parts(&self, consumer: usize) -> u64 {
        u64::from(self.limit) * u64::from(self.weights[consumer])
    }

    /// How many slots squads needed lately, up to their shares, and do not hold now.
    pub(super) fn reserved(&self, slots: &SlotPool) -> u64 {
        let of = |consumer: usize| {
            let lately = slots.cores.iter().map(|seats| seats.peak(consumer)).sum();
            let [this, before] = self.demand.peaks[consumer];
            let needed = this.max(before).max(lately).min(self.share(consumer));
            u64::from(needed.saturating_sub(self.in_flight(slots, consumer)))
        };
        (1..self.weights.len()).map(of).sum()
    }

    pub(super) fn may_enter(&mut self, slots: &SlotPool, consumer: usize) -> bool {
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
    fn find_free(&mut self, slots: &SlotPool) -> bool {
        if self.free <= 0 {
            slots.is_short.store(true, Ordering::SeqCst);
            self.reclaim_loans(slots);
        }
        self.free > 0
    }

    /// Takes all lent slots back that nobody holds.
    pub(super) fn reclaim_loans(&mut self, slots: &SlotPool) {
        let lent: u32 = slots.cores.iter().map(CoreSlots::take_all_back).sum();
        self.free += i64::from(lent);
    }

    pub(super) fn hold(&mut self, slots: &SlotPool, consumer: usize) -> HeldSlot {
        self.free -= 1;
        self.held[consumer] += 1;
        self.need(consumer, self.in_flight(slots, consumer));
        HeldSlot {
            consumer,
            lender: None,
        }
    }

    fn need(&mut self, consumer: usize, slots: u32) {
        let peak = &mut self.demand.peaks[consumer][0];
        *peak = slots.max(*peak);
    }

    /// Lends a core what it may have, while slots are plentiful.
    pub(super) fn lend(&mut self, slots: &SlotPool, core: usize) {
        let chunk = slots.chunk.load(Ordering::Relaxed);
        let is_plenty = self.line.is_empty() && self.free > i64::from(self.limit / 2);
        if chunk > 0 && is_plenty && slots.cores[core].spare() == 0 {
            self.free -= i64::from(chunk);
            slots.cores[core].lend(chunk);
        }
    }

    /// Says whether cores may lend by themselves.
    pub(super) fn update_shortage(&self, slots: &SlotPool) {
        let is_short = !self.line.is_empty() || self.free <= 0;
        let is_plenty = self.line.is_empty() && self.free > i64::from(self.limit / 2);
        if is_short {
            slots.is_short.store(true, Ordering::SeqCst);
        } else if is_plenty {
            slots.is_short.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn enqueue<'s>(
        &mut self,
        slots: &'s SlotPool,
        consumer: usize,
        tier: Tier,
        policy: &SharePolicy,
    ) -> (SlotOutcome<'s>, Option<Waker>) {
        let mut displaced = None;
        if self.line.len() >= policy.waiting_max as usize {
            let victim = self.displacement_victim(slots, (consumer, tier));
            let Some(ticket) = victim.and_then(|victim| self.line.pop_displaced(victim)) else {
                let shed = self.shed(slots, consumer, ShedReason::QueueFull);
                return (SlotOutcome::Shed(shed), None);
            };
            let shed = self.shed(slots, ticket.consumer, ShedReason::Displaced);
            displaced = ticket.shed(shed);
        }
        let patience = self.line.patience(consumer, self.now, policy.wait_max);
        let ticket = QueueTicket::new(consumer, tier, self.now);
        self.line.join(Arc::clone(&ticket));
        let wanted = self.in_flight(slots, consumer) as usize + self.line.len_of(consumer);
        self.need(consumer, u32::try_from(wanted).unwrap_or(u32::MAX));
        let waiting = SlotWait {
            slots,
            ticket,
            deadline: self.now + patience,
        };
        (SlotOutcome::Queued(waiting), displaced)
    }

    /// Hands free slots to those who wait, in the order of their right to them.
    pub(super) fn grant_waiting(&mut self, slots: &SlotPool) -> PendingWakers {
        let mut wakers = PendingWakers::new();
        while !self.line.is_empty() && self.free > 0 {
            let Some(ticket) = self.next_ticket(slots) else {
                break;
            };
            let slot = self.hold(slots, ticket.consumer);
            wakers.extend(ticket.grant(slot));
        }
        wakers
    }

    fn next_ticket(&mut self, slots: &SlotPool) -> Option<Arc<QueueTicket>> {
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
    fn displacement_victim(&self, slots: &SlotPool, newcomer: (usize, Tier)) -> Option<usize> {
        let claim = |consumer: usize, tier, extra: usize| {
            let waits = self.line.len_of(consumer) + extra;
            let waits = u32::try_from(waits).unwrap_or(u32::MAX);
            let wanted = self.in_flight(slots, consumer).saturating_add(waits);
            (consumer == UNKNOWN, self.right(consumer, tier, wanted))
        };
        let (consumer, tier) = newcomer;
        let own = claim(consumer, tier, 1);
        let of = |at: &QueuedConsumer| {
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

    pub(super) fn shed(
        &self,
        slots: &SlotPool,
        consumer: usize,
        reason: ShedReason,
    ) -> ShedDetails {
        ShedDetails {
            reason,
            in_flight: self.in_flight(slots, consumer),
            guaranteed: self.guaranteed(consumer),
            limit: self.limit,
        }
    }

    pub(super) fn advance(&mut self, slots: &SlotPool, now: Duration) {
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

    pub(super) fn adapt(&mut self, slots: &SlotPool, now: Duration) -> PendingWakers {
        let in_flight = self.limit.saturating_sub(
            u32::try_from(self.free + i64::from(slots.spare())).unwrap_or_default(),
        );
        let Some(adaptive) = &mut self.adaptive else {
            return PendingWakers::new();
        };
        if now.saturating_sub(adaptive.since) < ADAPT_EVERY {
            return PendingWakers::new();
        }
        let times: Vec<CallTimes> = slots.cores.iter().map(CoreSlots::times).collect();
        let (mut calls, mut micros) = (0_u32, 0_u64);
        for (now, seen) in times.iter().zip(&adaptive.seen) {
            calls += now.calls.wrapping_sub(seen.calls);
            micros += now.micros.wrapping_sub(seen.micros);
        }
        if calls < ADAPT_CALLS_MIN {
            return PendingWakers::new();
        }
        (adaptive.since, adaptive.seen) = (now, times);
        adaptive
            .vegas
            .sample(micros as f64 / f64::from(calls), in_flight);
        let limit = adaptive.vegas.limit();
        self.set_limit(slots, limit)
    }

    pub(super) fn adopt(
        &mut self,
        slots: &SlotPool,
        weights: &[u32],
        policy: &SharePolicy,
    ) -> PendingWakers {
        let fresh = Self::new(slots.cores.len(), weights, policy);
        self.weights = fresh.weights;
        self.weights_sum = fresh.weights_sum;
        let is_same = self.adaptive.is_some() && fresh.adaptive.is_some();
        let limit = match &self.adaptive {
            // What it has learnt is still true.
            Some(adaptive) if is_same => adaptive.vegas.limit().min(policy.in_flight_max),
            _ => fresh.limit,
        };
        if !is_same {
            self.adaptive = fresh.adaptive;
        } else if let Some(adaptive) = &mut self.adaptive {
            adaptive.vegas.bound(policy.in_flight_max);
        }
        self.set_limit(slots, limit)
    }

    fn set_limit(&mut self, slots: &SlotPool, limit: u32) -> PendingWakers {
        self.free += i64::from(limit) - i64::from(self.limit);
        self.limit = limit;
        slots.chunk.store(slots.chunk_of(limit), Ordering::Release);
        let wakers = self.grant_waiting(slots);
        self.update_shortage(slots);
        wakers
    }
}

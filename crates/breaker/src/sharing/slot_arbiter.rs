//! Decides who gets a slot when slots are short. The lock of the slot pool guards the arbiter.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::held_slot::HeldSlot;
use super::lent_slots::LentSlots;
use super::limit_adapter::LimitAdapter;
use super::queue_ticket::QueueTicket;
use super::recent_demand::RecentDemand;
use super::shed_details::{ShedDetails, ShedReason};
use super::wait_queue::{QueuedConsumer, WaitQueue};
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

/// The free slots, the slots that it has granted, and the queue for slots.
#[derive(Debug)]
pub(super) struct SlotArbiter {
    pub(super) limit: u32,
    /// Negative after the limit has shrunk.
    pub(super) free: i64,
    weights: Box<[u32]>,
    weights_sum: u64,
    pub(super) held: Box<[u32]>,
    pub(super) queue: WaitQueue,
    now: Duration,
    demand: RecentDemand,
    adaptive: Option<LimitAdapter>,
}

/// A request that was put in the queue.
#[derive(Debug)]
pub(super) struct EnqueuedTicket {
    pub(super) ticket: Arc<QueueTicket>,
    pub(super) deadline: Duration,
    /// Wakes the request that was displaced.
    pub(super) displaced: Option<Waker>,
}

/// A claim to one more slot; the least is the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SlotClaim {
    is_above_share: bool,
    /// The tier decides only above the share.
    tier: Option<Reverse<Tier>>,
    ratio: u64,
}

/// The tasks to wake once the lock is released.
pub(super) type PendingWakers = Vec<Waker>;

impl SlotArbiter {
    pub(super) fn new(cores: usize, weights: &[u32], policy: &SharePolicy) -> Self {
        let adaptive = policy
            .adaptive
            .then(|| LimitAdapter::new(cores, policy.in_flight_max));
        let limit = adaptive
            .as_ref()
            .map_or(policy.in_flight_max, LimitAdapter::limit);
        Self {
            limit,
            free: i64::from(limit),
            weights: weights.into(),
            weights_sum: weights.iter().map(|weight| u64::from(*weight)).sum(),
            held: vec![0; weights.len()].into(),
            queue: WaitQueue::default(),
            now: Duration::ZERO,
            demand: RecentDemand::new(weights.len()),
            adaptive,
        }
    }

    pub(super) fn in_flight(&self, lent: &LentSlots, consumer: ConsumerIndex) -> u32 {
        self.held[consumer.get()] + lent.in_flight(consumer)
    }

    /// The share of a consumer in slots, rounded down.
    pub(super) fn guaranteed(&self, consumer: ConsumerIndex) -> u32 {
        u32::try_from(self.share_parts(consumer) / self.weights_sum.max(1)).unwrap_or(u32::MAX)
    }

    /// The share of a consumer in slots, rounded up: where many squads have a share below one slot,
    /// each may need one.
    fn share(&self, consumer: ConsumerIndex) -> u32 {
        let share = self.share_parts(consumer).div_ceil(self.weights_sum.max(1));
        u32::try_from(share).unwrap_or(u32::MAX)
    }

    /// Whether this many slots are less than the consumer's share.
    fn is_below(&self, consumer: ConsumerIndex, in_flight: u32) -> bool {
        u64::from(in_flight) * self.weights_sum < self.share_parts(consumer)
    }

    /// The share of a consumer in fractions of a slot, whose denominator is the sum of all weights.
    fn share_parts(&self, consumer: ConsumerIndex) -> u64 {
        u64::from(self.limit) * u64::from(self.weights[consumer.get()])
    }

    /// How many slots squads needed recently, up to their shares, and do not hold now.
    pub(super) fn reserved(&self, lent: &LentSlots) -> u64 {
        let reserved = |consumer: ConsumerIndex| {
            let needed = self.demand.peak(consumer).max(lent.peak(consumer));
            let needed = needed.min(self.share(consumer));
            u64::from(needed.saturating_sub(self.in_flight(lent, consumer)))
        };
        let squads = (1..self.weights.len()).map(ConsumerIndex::new);
        squads.map(reserved).sum()
    }

    /// Whether a consumer may have a free slot now. Unknown callers may have only what squads did
    /// not need recently.
    pub(super) fn may_enter(&mut self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        if consumer.is_unknown() && self.has_squads() {
            return self.has_unreserved(lent) && !self.squads_wait() && self.find_free(lent);
        }
        self.find_free(lent)
    }

    fn squads_wait(&self) -> bool {
        self.queue.len() > self.queue.len_of(ConsumerIndex::UNKNOWN)
    }

    fn has_squads(&self) -> bool {
        self.weights.len() > 1
    }

    /// Whether more slots are free than squads needed recently.
    fn has_unreserved(&self, lent: &LentSlots) -> bool {
        let free = self.free + i64::from(lent.spare());
        free > i64::try_from(self.reserved(lent)).unwrap_or(i64::MAX)
    }

    /// Takes lent slots back when no slot is free. The flag is set first, so that no core lends a
    /// slot again that the arbiter counts on.
    fn find_free(&mut self, lent: &LentSlots) -> bool {
        if self.free <= 0 {
            lent.is_short.store(true, Ordering::SeqCst);
            self.reclaim_loans(lent);
        }
        self.free > 0
    }

    /// Takes back all lent slots that no request holds.
    pub(super) fn reclaim_loans(&mut self, lent: &LentSlots) {
        self.free += i64::from(lent.take_all_back());
    }

    pub(super) fn hold(&mut self, lent: &LentSlots, consumer: ConsumerIndex) -> HeldSlot {
        self.free -= 1;
        self.held[consumer.get()] += 1;
        self.demand.note(consumer, self.in_flight(lent, consumer));
        HeldSlot {
            consumer,
            lender: None,
        }
    }

    /// Lends slots to a core, while slots are plentiful.
    pub(super) fn lend(&mut self, lent: &LentSlots, core: CoreIndex) {
        let chunk = lent.chunk();
        if chunk > 0 && self.is_plentiful() && lent.core(core).spare() == 0 {
            self.free -= i64::from(chunk);
            lent.core(core).lend(chunk);
        }
    }

    fn is_plentiful(&self) -> bool {
        self.queue.is_empty() && self.free > i64::from(self.limit / 2)
    }

    /// Sets or clears the flag that makes cores ask the arbiter. Between shortage and plenty the
    /// flag stays as it is.
    pub(super) fn update_shortage(&self, lent: &LentSlots) {
        let is_short = !self.queue.is_empty() || self.free <= 0;
        if is_short {
            lent.is_short.store(true, Ordering::SeqCst);
        } else if self.is_plentiful() {
            lent.is_short.store(false, Ordering::SeqCst);
        }
    }

    /// Puts a request in the queue, if need be in the place of one with a weaker claim.
    pub(super) fn enqueue(
        &mut self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        tier: Tier,
        policy: &SharePolicy,
    ) -> Result<EnqueuedTicket, ShedDetails> {
        let mut displaced = None;
        if self.queue.len() >= policy.waiting_max as usize {
            let victim = self.displacement_victim(lent, consumer, tier);
            let Some(ticket) = victim.and_then(|victim| self.queue.pop_displaced(victim)) else {
                return Err(self.shed(lent, consumer, ShedReason::QueueFull));
            };
            let shed = self.shed(lent, ticket.consumer, ShedReason::Displaced);
            displaced = ticket.shed(shed);
        }
        let patience = self.queue.patience(consumer, self.now, policy.wait_max);
        let ticket = QueueTicket::new(consumer, tier, self.now);
        self.queue.join(Arc::clone(&ticket));
        let wanted = self.in_flight(lent, consumer) as usize + self.queue.len_of(consumer);
        self.demand
            .note(consumer, u32::try_from(wanted).unwrap_or(u32::MAX));
        Ok(EnqueuedTicket {
            ticket,
            deadline: self.now + patience,
            displaced,
        })
    }

    /// Grants free slots to waiting requests, the strongest claim first.
    pub(super) fn grant_waiting(&mut self, lent: &LentSlots) -> PendingWakers {
        let mut wakers = PendingWakers::new();
        while !self.queue.is_empty() && self.free > 0 {
            let Some(ticket) = self.next_ticket(lent) else {
                break;
            };
            let slot = self.hold(lent, ticket.consumer);
            wakers.extend(ticket.grant(slot));
        }
        wakers
    }

    fn next_ticket(&mut self, lent: &LentSlots) -> Option<Arc<QueueTicket>> {
        let known = self
            .queue
            .consumers()
            .filter(|queued| !queued.consumer.is_unknown());
        let next = known
            .min_by_key(|queued| {
                let in_flight = self.in_flight(lent, queued.consumer);
                let claim = self.slot_claim(queued.consumer, queued.highest, in_flight);
                (claim, queued.since)
            })
            .map(|queued| queued.consumer);
        let next = match next {
            Some(squad) => squad,
            None if !self.has_squads() || self.has_unreserved(lent) => ConsumerIndex::UNKNOWN,
            None => return None,
        };
        self.queue.next(next, self.now)
    }

    /// The waiting consumer with the weakest claim, which loses a place in the full queue; none if
    /// the newcomer's claim is the weakest.
    fn displacement_victim(
        &self,
        lent: &LentSlots,
        newcomer: ConsumerIndex,
        tier: Tier,
    ) -> Option<ConsumerIndex> {
        let claim = |consumer: ConsumerIndex, tier, extra: usize| {
            let waits = self.queue.len_of(consumer) + extra;
            let waits = u32::try_from(waits).unwrap_or(u32::MAX);
            let wanted = self.in_flight(lent, consumer).saturating_add(waits);
            (
                consumer.is_unknown(),
                self.slot_claim(consumer, tier, wanted),
            )
        };
        let own = claim(newcomer, tier, 1);
        let claim_of = |queued: &QueuedConsumer| {
            let extra = usize::from(queued.consumer == newcomer);
            claim(queued.consumer, queued.lowest, extra)
        };
        let victim = self.queue.consumers().max_by_key(claim_of)?;
        (claim_of(&victim) > own).then_some(victim.consumer)
    }

    /// The claim to one more slot of a consumer that has `slots`; the least is the strongest. It is
    /// ranked by Webster's method, which rounds shares without a bias to small or large ones.
    fn slot_claim(&self, consumer: ConsumerIndex, tier: Tier, slots: u32) -> SlotClaim {
        let weight = u64::from(self.weights[consumer.get()].max(1));
        let is_above_share = !self.is_below(consumer, slots);
        SlotClaim {
            is_above_share,
            tier: is_above_share.then_some(Reverse(tier)),
            ratio: ((2 * u64::from(slots) + 1) << 20) / weight,
        }
    }

    pub(super) fn shed(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        reason: ShedReason,
    ) -> ShedDetails {
        ShedDetails {
            reason,
            in_flight: self.in_flight(lent, consumer),
            guaranteed: self.guaranteed(consumer),
            limit: self.limit,
        }
    }

    /// Moves the time on, and with it the periods of recent demand.
    pub(super) fn advance(&mut self, lent: &LentSlots, now: Duration) {
        self.now = self.now.max(now);
        let held = &self.held;
        let in_flight = |consumer: ConsumerIndex| held[consumer.get()] + lent.in_flight(consumer);
        self.demand.advance(lent, self.now, in_flight);
    }

    /// Adapts the limit to the times of recent calls, if there are enough.
    pub(super) fn adapt(&mut self, lent: &LentSlots, now: Duration) -> PendingWakers {
        let free = self.free + i64::from(lent.spare());
        let in_flight = self
            .limit
            .saturating_sub(u32::try_from(free).unwrap_or_default());
        let adaptive = self.adaptive.as_mut();
        match adaptive.and_then(|adaptive| adaptive.adapt(lent, now, in_flight)) {
            Some(limit) => self.set_limit(lent, limit),
            None => PendingWakers::new(),
        }
    }

    /// Takes over a policy and weights of the same consumers.
    pub(super) fn adopt(
        &mut self,
        lent: &LentSlots,
        weights: &[u32],
        policy: &SharePolicy,
    ) -> PendingWakers {
        let fresh = Self::new(lent.core_count(), weights, policy);
        self.weights = fresh.weights;
        self.weights_sum = fresh.weights_sum;
        let limit = match &mut self.adaptive {
            // The learnt limit is still valid.
            Some(adaptive) if fresh.adaptive.is_some() => {
                let learnt = adaptive.limit();
                adaptive.set_limit_max(policy.in_flight_max);
                learnt.min(policy.in_flight_max)
            }
            adaptive => {
                *adaptive = fresh.adaptive;
                fresh.limit
            }
        };
        self.set_limit(lent, limit)
    }

    fn set_limit(&mut self, lent: &LentSlots, limit: u32) -> PendingWakers {
        self.free += i64::from(limit) - i64::from(self.limit);
        self.limit = limit;
        lent.set_limit(limit);
        let wakers = self.grant_waiting(lent);
        self.update_shortage(lent);
        wakers
    }
}

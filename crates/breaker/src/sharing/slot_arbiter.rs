//! Decides who gets a slot when slots are short. The lock of the slot pool guards the arbiter.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::core_slots::SlotQuota;
use super::held_slot::HeldSlot;
use super::lent_slots::LentSlots;
use super::limit_adapter::LimitAdapter;
use super::queue_ticket::QueueTicket;
use super::recent_demand::RecentDemand;
use super::share_table::{ConsumerShare, ShareTable};
use super::shed_details::{ShedDetails, ShedReason};
use super::slot_claim::SlotClaim;
use super::slot_figures::SlotFigures;
use super::slot_usage::SlotUsage;
use super::wait_queue::WaitQueue;
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

/// The free slots, the slots that it has granted, and the queue for slots.
#[derive(Debug)]
pub(super) struct SlotArbiter {
    pub(super) table: ShareTable,
    /// Negative after the limit has shrunk.
    pub(super) free: i64,
    pub(super) held: Box<[u32]>,
    /// The slots that cores have, in use or not.
    pub(super) lent_total: i64,
    /// The calls of each consumer that had a slot from here and ended; it wraps.
    ended: Box<[u32]>,
    pub(super) queue: WaitQueue,
    pub(super) now: Duration,
    pub(super) wait_max: Duration,
    pub(super) demand: RecentDemand,
    pub(super) usage: SlotUsage,
    /// The squads whose whole guarantee is free or in use.
    pub(super) settled: Box<[bool]>,
    pub(super) figures: SlotFigures,
    /// Nothing has changed without the arbiter since the figures were made.
    pub(super) is_exact: bool,
    /// When loans beyond guarantees last began.
    pub(super) loans_since: Duration,
    /// When the figures of all waiting consumers were last brought up to date.
    pub(super) waiting_updated: Duration,
    pub(super) adaptive: Option<LimitAdapter>,
}

/// A request that was put in the queue.
#[derive(Debug)]
pub(super) struct EnqueuedTicket {
    pub(super) ticket: Arc<QueueTicket>,
    pub(super) deadline: Duration,
    /// Wakes the request that was displaced.
    pub(super) displaced: Option<Waker>,
}

/// The tasks to wake once the lock is released.
pub(super) type PendingWakers = Vec<Waker>;

impl SlotArbiter {
    pub(super) fn new(cores: usize, shares: &[ConsumerShare], policy: &SharePolicy) -> Self {
        let adaptive = policy
            .adaptive
            .then(|| LimitAdapter::new(cores, policy.in_flight_max));
        let limit = adaptive
            .as_ref()
            .map_or(policy.in_flight_max, LimitAdapter::limit);
        let consumers = shares.len();
        Self {
            table: ShareTable::new(limit, shares),
            free: i64::from(limit),
            held: vec![0; consumers].into(),
            lent_total: 0,
            ended: vec![0; consumers].into(),
            queue: WaitQueue::new(consumers),
            now: Duration::ZERO,
            wait_max: policy.wait_max,
            demand: RecentDemand::new(consumers),
            usage: SlotUsage::new(consumers),
            settled: vec![false; consumers].into(),
            figures: SlotFigures::new(consumers),
            is_exact: false,
            loans_since: Duration::ZERO,
            waiting_updated: Duration::ZERO,
            adaptive,
        }
    }

    pub(super) fn in_flight(&self, lent: &LentSlots, consumer: ConsumerIndex) -> u32 {
        self.held[consumer.get()] + lent.in_flight(consumer)
    }

    /// Takes back all lent slots that no request holds.
    pub(super) fn reclaim_loans(&mut self, lent: &LentSlots) {
        let slots = i64::from(lent.take_all_back());
        self.free += slots;
        self.lent_total -= slots;
    }

    pub(super) fn hold(&mut self, lent: &LentSlots, consumer: ConsumerIndex) -> HeldSlot {
        self.update_usage(lent, consumer);
        self.free -= 1;
        self.held[consumer.get()] += 1;
        self.demand.note(consumer, self.in_flight(lent, consumer));
        self.set_quota(lent, consumer, 0);
        self.refresh(lent, consumer);
        if self.figures.of(consumer).is_beyond_guarantee {
            self.begin_loans(lent);
        }
        HeldSlot {
            consumer,
            lender: None,
        }
    }

    /// Takes back the slot of a call that ended.
    pub(super) fn release(&mut self, lent: &LentSlots, slot: HeldSlot) {
        let consumer = slot.consumer;
        self.update_usage(lent, consumer);
        if slot.lender.is_none() {
            self.held[consumer.get()] -= 1;
            let ended = &mut self.ended[consumer.get()];
            *ended = ended.wrapping_add(1);
            self.set_quota(lent, consumer, 0);
        } else {
            self.lent_total -= 1;
        }
        self.free += 1;
        self.refresh(lent, consumer);
        self.end_loans(lent);
    }

    pub(super) fn update_usage(&mut self, lent: &LentSlots, consumer: ConsumerIndex) {
        let ended = self.ended[consumer.get()].wrapping_add(lent.ended(consumer));
        let in_flight = self.in_flight(lent, consumer);
        self.usage.update(consumer, self.now, in_flight, ended);
    }

    /// Lets cores hand out what a consumer may have and does not hold here, less `kept_back` slots.
    /// While a consumer is beyond its guarantee, one that was not seen recently must ask first.
    pub(super) fn set_quota(&self, lent: &LentSlots, consumer: ConsumerIndex, kept_back: u32) {
        let held = self.held[consumer.get()] + kept_back;
        let quota = if !self.table.has_squads() {
            SlotQuota::UNLIMITED
        } else if consumer.is_unknown() {
            // It always asks.
            return;
        } else {
            SlotQuota {
                guaranteed: self.table.guaranteed(consumer).saturating_sub(held),
                kept: if self.is_seen(lent, consumer) {
                    self.table.kept(consumer).saturating_sub(held)
                } else {
                    0
                },
            }
        };
        lent.set_quota(consumer, quota);
    }

    /// Sets the quotas of all consumers, after the limit or the weights have changed.
    pub(super) fn set_quotas(&self, lent: &LentSlots) {
        for consumer in self.table.consumers() {
            self.set_quota(lent, consumer, 0);
        }
    }

    /// Lends slots to a core, while slots are plentiful.
    pub(super) fn lend(&mut self, lent: &LentSlots, core: CoreIndex) {
        let chunk = lent.chunk();
        if chunk > 0 && self.is_plentiful() && lent.core(core).spare() == 0 {
            self.free -= i64::from(chunk);
            self.lent_total += i64::from(chunk);
            lent.core(core).lend(chunk);
        }
    }

    fn is_plentiful(&self) -> bool {
        self.queue.is_empty() && self.free > i64::from(self.table.limit() / 2)
    }

    /// Sets or clears the flag that makes cores ask the arbiter. Between shortage and plenty the
    /// flag stays as it is.
    pub(super) fn update_shortage(&mut self, lent: &LentSlots) {
        let is_short = !self.queue.is_empty() || self.free <= 0;
        if is_short {
            lent.is_short.store(true, Ordering::SeqCst);
        } else if self.is_plentiful() {
            self.is_exact = false;
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
        self.begin_loans(lent);
        let mut displaced = None;
        if self.queue_is_full(policy) {
            let victim = self.displacement_victim(lent, consumer, tier);
            let Some(ticket) = victim.and_then(|victim| self.queue.pop_displaced(victim)) else {
                return Err(self.shed(lent, consumer, ShedReason::QueueFull));
            };
            self.refresh(lent, ticket.consumer);
            let shed = self.shed(lent, ticket.consumer, ShedReason::Displaced);
            displaced = ticket.shed(shed);
        }
        let waiting = u32::try_from(self.queue.len_of(consumer)).unwrap_or(u32::MAX);
        let wanted = self.in_flight(lent, consumer).saturating_add(waiting);
        let is_within_share =
            self.table.is_below(consumer, wanted) || self.has_used_less(lent, consumer);
        let patience = if is_within_share {
            policy.wait_max
        } else {
            self.queue.patience(consumer, self.now, policy.wait_max)
        };
        let ticket = QueueTicket::new(consumer, tier, self.now);
        self.queue.join(Arc::clone(&ticket));
        self.demand.note(consumer, wanted.saturating_add(1));
        self.set_quota(lent, consumer, 0);
        self.refresh(lent, consumer);
        Ok(EnqueuedTicket {
            ticket,
            deadline: self.now + patience,
            displaced,
        })
    }

    pub(super) fn queue_is_full(&self, policy: &SharePolicy) -> bool {
        self.queue.len() >= policy.waiting_max as usize
    }

    /// Takes a ticket out of the queue.
    pub(super) fn leave_queue(&mut self, lent: &LentSlots, ticket: &Arc<QueueTicket>) {
        self.queue.leave(ticket);
        self.refresh(lent, ticket.consumer);
    }

    /// Whether a squad has recently used less than its share on average.
    fn has_used_less(&mut self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        self.update_usage(lent, consumer);
        self.usage.slots(consumer) * (self.table.parts(1) as f64)
            < self.table.share_parts(consumer) as f64
    }

    /// Takes back what cores do not use, and grants it to waiting requests.
    pub(super) fn grant_reclaimed(&mut self, lent: &LentSlots) -> PendingWakers {
        // The flag is set before the loans are reclaimed, so a core that lends after that takes
        // the slot back itself.
        self.update_shortage(lent);
        self.reclaim_loans(lent);
        let wakers = self.grant_waiting(lent);
        self.update_shortage(lent);
        wakers
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
        self.update_waiting(lent);
        let next = match self.next_squad(lent) {
            Some(squad) => squad,
            None if self.squads_wait() || !self.has_room(lent, ConsumerIndex::UNKNOWN) => {
                return None;
            }
            None => ConsumerIndex::UNKNOWN,
        };
        let ticket = self.queue.next(next, self.now);
        self.refresh(lent, next);
        ticket
    }

    /// The waiting squad with the strongest claim of those that may have a free slot.
    fn next_squad(&self, lent: &LentSlots) -> Option<ConsumerIndex> {
        let mut next: Option<(ConsumerIndex, SlotClaim)> = None;
        for (consumer, claims) in self.figures.waiting() {
            let is_stronger = next.is_none_or(|(_, strongest)| claims.slot < strongest);
            if is_stronger && !consumer.is_unknown() && self.has_room(lent, *consumer) {
                next = Some((*consumer, claims.slot));
            }
        }
        next.map(|(consumer, _)| consumer)
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
            guaranteed: self.table.guaranteed(consumer),
            limit: self.table.limit(),
        }
    }

    /// Moves the time on, and with it the periods of recent demand.
    pub(super) fn advance(&mut self, lent: &LentSlots, now: Duration) {
        self.now = self.now.max(now);
        let held = &self.held;
        let in_flight = |consumer: ConsumerIndex| held[consumer.get()] + lent.in_flight(consumer);
        if self.demand.advance(lent, self.now, in_flight) {
            for consumer in self.table.consumers() {
                self.settled[consumer.get()] &= self.is_seen(lent, consumer);
            }
            if lent.has_loans_beyond_guarantees() {
                self.set_quotas(lent);
                self.refresh_all(lent);
            }
        }
    }
}

//! Whether a consumer may have a free slot: how it borrows, and what must stay free for others.

use std::sync::atomic::Ordering;

use super::lent_slots::LentSlots;
use super::slot_arbiter::SlotArbiter;
use super::slot_reserve::{SlotBorrower, SlotReserve};
use crate::consumer_index::ConsumerIndex;

impl SlotArbiter {
    /// Whether a consumer may have a free slot now. Unknown callers also wait for squads that wait.
    pub(super) fn may_enter(&mut self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        if consumer.is_unknown() && self.table.has_squads() && self.squads_wait() {
            return false;
        }
        // What cores may lend without asking is lowered first, so what they lend and the slot that
        // may be granted here never exceed what the consumer may have.
        self.set_quota(lent, consumer, 1);
        self.update_usage(lent, consumer);
        self.settle(lent, consumer);
        let had_loans = lent.has_loans_beyond_guarantees();
        let borrower = self.borrower(lent, consumer);
        if borrower.is_some_and(SlotBorrower::is_beyond_guarantee) {
            self.begin_loans(lent);
        }
        let may_enter = self.has_room(lent, consumer) || {
            // No core lends a slot again that is counted on here: the flag is set first.
            lent.is_short.store(true, Ordering::SeqCst);
            self.reclaim_loans(lent);
            self.has_room(lent, consumer)
        };
        if !may_enter {
            self.set_quota(lent, consumer, 0);
            lent.set_loans_beyond_guarantees(had_loans);
        }
        may_enter
    }

    /// Notes that a consumer is going to be beyond its guarantee. Until now none was, so each squad
    /// that was seen recently has its whole guarantee.
    pub(super) fn begin_loans(&mut self, lent: &LentSlots) {
        if lent.has_loans_beyond_guarantees() {
            return;
        }
        lent.set_loans_beyond_guarantees(true);
        for consumer in self.table.consumers() {
            self.settled[consumer.get()] = self.is_seen(lent, consumer);
        }
    }

    /// Settles a squad that appeared while its slots were lent, once its whole guarantee is free or
    /// in use without what other settled squads are guaranteed.
    pub(super) fn settle(&mut self, lent: &LentSlots, consumer: ConsumerIndex) {
        if self.settled[consumer.get()] || !lent.has_loans_beyond_guarantees() {
            return;
        }
        let reserve = self.reserve(lent);
        let own = self.own_reserve(lent, consumer);
        let others = reserve.for_borrower(SlotBorrower::Newcomer, own);
        let guaranteed = self.table.guaranteed(consumer);
        let unused = guaranteed.saturating_sub(self.in_flight(lent, consumer));
        let free = u32::try_from(self.free + i64::from(lent.spare())).unwrap_or(0);
        self.settled[consumer.get()] = self.table.parts(free) >= others + self.table.parts(unused);
    }

    pub(super) fn is_seen(&self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        self.demand.peak(consumer).max(lent.peak(consumer)) > 0
    }

    pub(super) fn own_reserve(&self, lent: &LentSlots, consumer: ConsumerIndex) -> SlotReserve {
        SlotReserve::of(
            consumer,
            &self.table,
            &self.demand,
            lent,
            &self.held,
            &self.settled,
        )
    }

    /// Whether a squad that is within its guarantee waits.
    pub(super) fn owners_wait(&self, lent: &LentSlots) -> bool {
        self.queue.consumers().any(|queued| {
            let guaranteed = self.table.guaranteed(queued.consumer);
            self.in_flight(lent, queued.consumer) < guaranteed
        })
    }

    pub(super) fn squads_wait(&self) -> bool {
        self.queue.len() > self.queue.len_of(ConsumerIndex::UNKNOWN)
    }

    pub(super) fn has_room(&self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        self.free > 0
            && match self.borrower(lent, consumer) {
                Some(borrower) => self.has_unreserved(lent, consumer, borrower, self.reserve(lent)),
                None => true,
            }
    }

    /// Whether enough slots stay free for others when a consumer borrows one. Slots that are lent
    /// to cores are not counted, because a core may be handing them out at this moment.
    pub(super) fn has_unreserved(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        borrower: SlotBorrower,
        reserve: SlotReserve,
    ) -> bool {
        if borrower.is_beyond_guarantee() && self.owners_wait(lent) {
            return false;
        }
        let own = self.own_reserve(lent, consumer);
        let free = u32::try_from(self.free).unwrap_or(0);
        self.table.parts(free) > reserve.for_borrower(borrower, own)
    }

    /// How a consumer borrows when it takes one more slot; none if that slot is never lent.
    pub(super) fn borrower(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
    ) -> Option<SlotBorrower> {
        if !self.table.has_squads() {
            return None;
        }
        if consumer.is_unknown() {
            return Some(SlotBorrower::Unknown);
        }
        let in_flight = self.in_flight(lent, consumer);
        if in_flight < self.table.kept(consumer) {
            None
        } else if in_flight < self.table.guaranteed(consumer) {
            let is_settled = self.settled[consumer.get()] || !lent.has_loans_beyond_guarantees();
            Some(if is_settled {
                SlotBorrower::Owner
            } else {
                SlotBorrower::Newcomer
            })
        } else if self.table.is_below(consumer, in_flight) {
            Some(SlotBorrower::Fraction)
        } else if self.usage.is_short(consumer, self.wait_max) {
            Some(SlotBorrower::Short)
        } else {
            Some(SlotBorrower::Long)
        }
    }
}

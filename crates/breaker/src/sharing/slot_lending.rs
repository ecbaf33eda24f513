//! Whether a consumer may have a free slot: how it borrows, and what must stay free for others.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::lent_slots::LentSlots;
use super::recent_demand::PERIOD;
use super::slot_arbiter::SlotArbiter;
use super::slot_figures::ConsumerFigures;
use super::slot_reserve::{SlotBorrower, SlotReserve};
use crate::consumer_index::ConsumerIndex;

/// How long loans last at least. To begin them costs a look at all consumers, so a squad around its
/// guarantee must not begin them with each call.
const LOANS_MIN: Duration = Duration::from_millis(100);

/// How old may be what depends on time or on calls that asked only their core: the order of waiting
/// squads by their usage, and for unknown callers the peaks of squads below what they never lend.
const FIGURES_AGE_MAX: Duration = Duration::from_millis(10);

impl SlotArbiter {
    /// Whether a consumer may have a free slot now. Unknown callers also wait for squads that wait.
    pub(super) fn may_enter(&mut self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        if consumer.is_unknown() && self.table.has_squads() && self.squads_wait() {
            return false;
        }
        // What cores may lend without asking is lowered first, so what they lend and the slot that
        // may be granted here never exceed what the consumer may have.
        self.set_quota(lent, consumer, 1);
        self.update(lent, consumer);
        let borrower = self.figures.of(consumer).borrower;
        if borrower.is_some_and(SlotBorrower::is_beyond_guarantee) {
            self.begin_loans(lent);
            self.set_quota(lent, consumer, 1);
        }
        if consumer.is_unknown() && self.figures_are_old() {
            self.refresh_all(lent);
        }
        let may_enter = self.has_room(lent, consumer)
            || {
                // No core lends a slot again that is counted on here: the flag is set first.
                lent.is_short.store(true, Ordering::SeqCst);
                self.reclaim_loans(lent);
                self.has_room(lent, consumer)
            }
            || (self.make_exact(lent) && self.has_room(lent, consumer));
        if !may_enter {
            self.set_quota(lent, consumer, 0);
        }
        may_enter
    }

    /// Notes that a consumer is going to be beyond its guarantee, or that requests wait. Until now
    /// each squad that was seen recently has its whole guarantee.
    pub(super) fn begin_loans(&mut self, lent: &LentSlots) {
        if lent.has_loans_beyond_guarantees() || !self.table.has_squads() {
            return;
        }
        lent.set_loans_beyond_guarantees(true);
        self.loans_since = self.now;
        for consumer in self.table.consumers() {
            self.settled[consumer.get()] = self.is_seen(lent, consumer);
        }
        self.set_quotas(lent);
        self.refresh_all(lent);
    }

    /// Stops lending beyond guarantees when the queue is empty and no squad is above its guarantee.
    pub(super) fn end_loans(&self, lent: &LentSlots) {
        let is_over = !self.figures.is_any_beyond_guarantee()
            && self.queue.is_empty()
            && self.now.saturating_sub(self.loans_since) >= LOANS_MIN;
        if is_over && lent.has_loans_beyond_guarantees() {
            lent.set_loans_beyond_guarantees(false);
        }
    }

    /// Brings everything about a consumer up to date.
    fn update(&mut self, lent: &LentSlots, consumer: ConsumerIndex) {
        self.update_usage(lent, consumer);
        self.refresh(lent, consumer);
        self.settle(lent, consumer);
    }

    /// Brings everything about the waiting consumers up to date, if time has passed.
    pub(super) fn update_waiting(&mut self, lent: &LentSlots) {
        let is_due = self.now.saturating_sub(self.waiting_updated) >= FIGURES_AGE_MAX;
        if is_due {
            self.waiting_updated = self.now;
        }
        let consumers = self.figures.waiting().iter().map(|(consumer, _)| *consumer);
        let due = consumers.filter(|consumer| is_due || !self.settled[consumer.get()]);
        for consumer in due.collect::<Vec<_>>() {
            self.update(lent, consumer);
        }
    }

    fn figures_are_old(&self) -> bool {
        self.now.saturating_sub(self.figures.made) >= FIGURES_AGE_MAX
    }

    /// Makes the sums exact, while cores hand out nothing. Whether they may have changed.
    fn make_exact(&mut self, lent: &LentSlots) -> bool {
        let is_due = self.figures.may_be_high() && !self.is_exact;
        self.is_exact = true;
        if is_due {
            self.refresh_all(lent);
        }
        is_due
    }

    /// Makes the rows of all consumers again.
    pub(super) fn refresh_all(&mut self, lent: &LentSlots) {
        self.figures.made = self.now;
        for consumer in self.table.consumers() {
            self.refresh(lent, consumer);
        }
    }

    /// Makes the row of a consumer again.
    pub(super) fn refresh(&mut self, lent: &LentSlots, consumer: ConsumerIndex) {
        let lent_calls = lent.in_flight(consumer);
        let in_flight = self.held[consumer.get()] + lent_calls;
        let guaranteed = self.table.guaranteed(consumer);
        let queued = self.queue.queued(consumer);
        let row = ConsumerFigures {
            reserve: self.own_reserve(lent, consumer, in_flight),
            lent: lent_calls,
            is_beyond_guarantee: in_flight > guaranteed,
            may_be_high: lent_calls > 0 && in_flight > self.table.kept(consumer),
            waits_as_owner: queued.is_some() && in_flight < guaranteed,
            borrower: self.borrower(lent, consumer, in_flight),
        };
        let claims = queued.map(|queued| self.queued_claims(queued, in_flight));
        self.figures.set(consumer, row);
        self.figures.set_claims(consumer, claims);
    }

    /// What a squad keeps from others.
    pub(super) fn own_reserve(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        in_flight: u32,
    ) -> SlotReserve {
        if consumer.is_unknown() {
            return SlotReserve::default();
        }
        let peak = self.demand.peak(consumer).max(lent.peak(consumer));
        let is_settled = self.settled[consumer.get()];
        SlotReserve::of(&self.table, consumer, in_flight, peak, is_settled)
    }

    /// Settles a squad that appeared while its slots were lent, once its whole guarantee is free or
    /// in use without what other settled squads are guaranteed.
    fn settle(&mut self, lent: &LentSlots, consumer: ConsumerIndex) {
        if self.settled[consumer.get()] || !lent.has_loans_beyond_guarantees() {
            return;
        }
        let others = self.reserve_of_others(lent, consumer, SlotBorrower::Newcomer);
        let guaranteed = self.table.guaranteed(consumer);
        let unused = guaranteed.saturating_sub(self.in_flight(lent, consumer));
        let free = u32::try_from(self.free + i64::from(lent.spare())).unwrap_or(0);
        let is_settled =
            i128::from(self.table.parts(free)) >= others + i128::from(self.table.parts(unused));
        if is_settled {
            self.settled[consumer.get()] = true;
            self.refresh(lent, consumer);
        }
    }

    pub(super) fn is_seen(&self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        self.demand.peak(consumer).max(lent.peak(consumer)) > 0
    }

    pub(super) fn squads_wait(&self) -> bool {
        self.queue.len() > self.queue.len_of(ConsumerIndex::UNKNOWN)
    }

    /// Whether a consumer, whose row is up to date, may have a free slot.
    pub(super) fn has_room(&self, lent: &LentSlots, consumer: ConsumerIndex) -> bool {
        self.free > 0
            && match self.figures.of(consumer).borrower {
                Some(borrower) => self.has_unreserved(lent, consumer, borrower),
                None => true,
            }
    }

    /// Whether enough slots stay free for others when a consumer borrows one. Slots that are lent
    /// to cores are not counted, because a core may be handing them out at this moment.
    fn has_unreserved(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        borrower: SlotBorrower,
    ) -> bool {
        if !lent.has_loans_beyond_guarantees() {
            // All are within their guarantees, whose sum is at most the limit, so there is room for
            // this one to reach its own.
            return true;
        }
        if borrower.is_beyond_guarantee() && self.figures.owners_wait() {
            return false;
        }
        let free = u32::try_from(self.free).unwrap_or(0);
        i128::from(self.table.parts(free)) > self.reserve_of_others(lent, consumer, borrower)
    }

    fn reserve_of_others(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        borrower: SlotBorrower,
    ) -> i128 {
        let lent_now = self.lent_total - i64::from(lent.spare());
        self.figures
            .reserve_of_others(consumer, borrower, lent_now, self.table.parts(1))
    }

    /// How a consumer borrows when it takes one more slot; none if that slot is never lent.
    fn borrower(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        in_flight: u32,
    ) -> Option<SlotBorrower> {
        if !self.table.has_squads() {
            return None;
        }
        let next = in_flight.saturating_add(1);
        if consumer.is_unknown() {
            // Squads keep what they needed within a period, so calls that end within one follow
            // their demand.
            let follows = self.usage.may_give_back(consumer, next, PERIOD);
            return Some(if follows {
                SlotBorrower::Unknown
            } else {
                SlotBorrower::Long
            });
        }
        if in_flight < self.table.kept(consumer) {
            None
        } else if in_flight < self.table.guaranteed(consumer) {
            let is_settled = self.settled[consumer.get()] || !lent.has_loans_beyond_guarantees();
            Some(if is_settled {
                SlotBorrower::Owner
            } else {
                SlotBorrower::Newcomer
            })
        } else if self.usage.gives_back(consumer, next, self.wait_max) {
            Some(SlotBorrower::Short)
        } else if self.table.is_below(consumer, in_flight) {
            Some(SlotBorrower::Fraction)
        } else {
            Some(SlotBorrower::Long)
        }
    }
}

#[cfg(test)]
impl SlotArbiter {
    /// Checks the sums: less than they say never has to stay free, and while cores hand out nothing
    /// they are exact.
    pub(super) fn check_figures(&self, lent: &LentSlots) {
        if !lent.has_loans_beyond_guarantees() {
            return;
        }
        let mut exact = SlotReserve::default();
        for consumer in self.table.consumers() {
            let in_flight = self.in_flight(lent, consumer);
            let own = self.own_reserve(lent, consumer, in_flight);
            exact.replace(SlotReserve::default(), own);
        }
        let borrowers = [
            SlotBorrower::Owner,
            SlotBorrower::Newcomer,
            SlotBorrower::Fraction,
            SlotBorrower::Short,
            SlotBorrower::Long,
        ];
        for borrower in borrowers {
            let unknown = ConsumerIndex::UNKNOWN;
            let kept = self.reserve_of_others(lent, unknown, borrower);
            let exact = i128::from(exact.for_borrower(borrower, SlotReserve::default()));
            assert!(kept >= exact, "{borrower:?}: {kept} of {exact} stay free");
            let is_exact = self.queue.is_empty() || kept == exact;
            assert!(
                is_exact,
                "{borrower:?}: {kept} instead of {exact} stay free"
            );
        }
    }
}

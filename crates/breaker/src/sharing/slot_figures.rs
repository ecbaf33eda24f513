//! What the arbiter knows of each consumer, and the sums of all, so that a decision does not look at
//! every squad.
//!
//! A row is made whenever the arbiter acts for its consumer. While a squad is beyond its guarantee,
//! or requests wait, rows stay usable although cores hand out slots without asking:
//!
//! - A core hands out only what its squad never lends, so each such call reduces what its squad keeps
//!   by exactly the slot that it takes. How many calls have slots of cores follows from the number of
//!   slots that cores have, so the sum is corrected by the difference since the rows were made.
//! - A call that ends gives its slot back to its core, which the arbiter does not count as free.
//!   Unless more calls than its squad never lends were in flight with slots of cores, the sum is
//!   still exact. Otherwise it is too high, never too low, and [`SlotFigures::may_be_high`] says so:
//!   then a new look at all consumers may find more.
//! - A squad that was not seen recently has no quota on the cores, so its first call asks the
//!   arbiter.
//! - While slots are short, cores hand out nothing, and the arbiter sees every call begin and end.

use std::time::Duration;

use super::slot_claim::QueuedClaims;
use super::slot_reserve::{SlotBorrower, SlotReserve};
use crate::consumer_index::ConsumerIndex;

/// One consumer, as of the last time the arbiter acted for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConsumerFigures {
    /// What it keeps from others.
    pub(super) reserve: SlotReserve,
    /// Its calls with slots of cores.
    pub(super) lent: u32,
    pub(super) is_beyond_guarantee: bool,
    /// More of its calls are in flight than it never lends, some of them with slots of cores.
    pub(super) may_be_high: bool,
    /// It waits and is within its guarantee.
    pub(super) waits_as_owner: bool,
    /// How it borrows; none if the next slot is one that it never lends.
    pub(super) borrower: Option<SlotBorrower>,
}

/// All consumers, and their sums.
#[derive(Debug)]
pub(super) struct SlotFigures {
    rows: Box<[ConsumerFigures]>,
    /// The consumers that wait, in no order, with what they claim. It is small, so a look at all of
    /// them takes about a nanosecond each.
    waiting: Vec<(ConsumerIndex, QueuedClaims)>,
    /// Where each consumer is among those that wait.
    places: Box<[Option<usize>]>,
    reserve: SlotReserve,
    lent: i64,
    beyond_guarantee: usize,
    may_be_high: usize,
    owners_waiting: usize,
    /// When all rows were last made.
    pub(super) made: Duration,
}

impl SlotFigures {
    pub(super) fn new(consumers: usize) -> Self {
        Self {
            rows: vec![ConsumerFigures::default(); consumers].into(),
            waiting: Vec::new(),
            places: vec![None; consumers].into(),
            reserve: SlotReserve::default(),
            lent: 0,
            beyond_guarantee: 0,
            may_be_high: 0,
            owners_waiting: 0,
            made: Duration::ZERO,
        }
    }

    pub(super) fn of(&self, consumer: ConsumerIndex) -> &ConsumerFigures {
        &self.rows[consumer.get()]
    }

    /// Replaces the row of a consumer.
    pub(super) fn set(&mut self, consumer: ConsumerIndex, row: ConsumerFigures) {
        let old = std::mem::replace(&mut self.rows[consumer.get()], row);
        self.reserve.replace(old.reserve, row.reserve);
        self.lent += i64::from(row.lent) - i64::from(old.lent);
        replace(
            &mut self.beyond_guarantee,
            old.is_beyond_guarantee,
            row.is_beyond_guarantee,
        );
        replace(&mut self.may_be_high, old.may_be_high, row.may_be_high);
        replace(
            &mut self.owners_waiting,
            old.waits_as_owner,
            row.waits_as_owner,
        );
    }

    /// Replaces what a consumer claims, or notes that it does not wait.
    pub(super) fn set_claims(&mut self, consumer: ConsumerIndex, claims: Option<QueuedClaims>) {
        let place = self.places[consumer.get()];
        match (place, claims) {
            (Some(place), Some(claims)) => self.waiting[place].1 = claims,
            (None, Some(claims)) => {
                self.places[consumer.get()] = Some(self.waiting.len());
                self.waiting.push((consumer, claims));
            }
            (Some(place), None) => {
                self.places[consumer.get()] = None;
                self.waiting.swap_remove(place);
                if let Some((moved, _)) = self.waiting.get(place) {
                    self.places[moved.get()] = Some(place);
                }
            }
            (None, None) => {}
        }
    }

    /// The consumers that wait, with what they claim.
    pub(super) fn waiting(&self) -> &[(ConsumerIndex, QueuedClaims)] {
        &self.waiting
    }

    /// What must stay free when a consumer borrows, in parts of a slot, if so many calls have slots
    /// of cores now. A slot has `slot_parts` parts.
    pub(super) fn reserve_of_others(
        &self,
        consumer: ConsumerIndex,
        borrower: SlotBorrower,
        lent_now: i64,
        slot_parts: u64,
    ) -> i128 {
        let own = self.of(consumer).reserve;
        let others = self.reserve.for_borrower(borrower, own);
        i128::from(others) - i128::from(lent_now - self.lent) * i128::from(slot_parts)
    }

    /// Whether a consumer is beyond its guarantee.
    pub(super) fn is_any_beyond_guarantee(&self) -> bool {
        self.beyond_guarantee > 0
    }

    /// Whether less may have to stay free than the sums say.
    pub(super) fn may_be_high(&self) -> bool {
        self.may_be_high > 0
    }

    /// Whether a squad within its guarantee waits.
    pub(super) fn owners_wait(&self) -> bool {
        self.owners_waiting > 0
    }
}

fn replace(count: &mut usize, before: bool, after: bool) {
    *count = *count + usize::from(after) - usize::from(before);
}

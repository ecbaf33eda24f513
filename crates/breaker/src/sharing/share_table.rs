//! The shares of a concurrency limit: how much each consumer is guaranteed, and how much of that is
//! never lent to others.
//!
//! Shares are exact fractions of a slot. They are counted in parts, and one slot has a thousand times
//! as many parts as the sum of all weights, so nothing is rounded before the sums are compared, also
//! not the thousandths of a share that are never lent.
//!
//! Source of the part that is never lent: Kubernetes, "API Priority and Fairness"
//! (`lendablePercent` of a priority level).

use crate::consumer_index::ConsumerIndex;

/// The denominator of the part of a share that is never lent.
const KEPT_SCALE: u64 = 1000;

/// One consumer's weight, and how much of its share may be lent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ConsumerShare {
    /// 0 for the unknown consumer.
    pub(crate) weight: u32,
    /// The share of its slots that others may use while it does not need them, 0 to 1.
    pub(crate) lendable: f64,
}

/// The shares of all consumers of one limit.
#[derive(Clone, Debug)]
pub(super) struct ShareTable {
    limit: u32,
    rows: Box<[ShareRow]>,
    weights_sum: u64,
}

#[derive(Clone, Copy, Debug)]
struct ShareRow {
    weight: u64,
    /// The part that is never lent, in thousandths.
    kept: u64,
    /// What follows from both and the limit.
    slots: ShareSlots,
}

#[derive(Clone, Copy, Debug, Default)]
struct ShareSlots {
    share_parts: u64,
    kept_parts: u64,
    guaranteed: u32,
    rounded_up: u32,
    kept: u32,
}

impl ShareTable {
    pub(super) fn new(limit: u32, shares: &[ConsumerShare]) -> Self {
        let row = |share: &ConsumerShare| ShareRow {
            weight: u64::from(share.weight),
            kept: ((1.0 - share.lendable.clamp(0.0, 1.0)) * KEPT_SCALE as f64).round() as u64,
            slots: ShareSlots::default(),
        };
        let rows: Box<[ShareRow]> = shares.iter().map(row).collect();
        let mut table = Self {
            limit,
            weights_sum: rows.iter().map(|row| row.weight).sum::<u64>().max(1),
            rows,
        };
        table.set_limit(limit);
        table
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
        for row in &mut self.rows {
            row.slots = ShareSlots::of(row, limit, self.weights_sum);
        }
    }

    /// Whether there are other consumers than the unknown one.
    pub(super) fn has_squads(&self) -> bool {
        self.rows.len() > 1
    }

    pub(super) fn consumers(&self) -> impl Iterator<Item = ConsumerIndex> + use<> {
        (0..self.rows.len()).map(ConsumerIndex::new)
    }

    /// The weight of a consumer, at least 1.
    pub(super) fn weight(&self, consumer: ConsumerIndex) -> u64 {
        self.rows[consumer.get()].weight.max(1)
    }

    /// The whole slots that a consumer is guaranteed.
    pub(super) fn guaranteed(&self, consumer: ConsumerIndex) -> u32 {
        self.slots(consumer).guaranteed
    }

    /// The whole slots of a consumer that are never lent.
    pub(super) fn kept(&self, consumer: ConsumerIndex) -> u32 {
        self.slots(consumer).kept
    }

    /// The share of a consumer in slots, rounded up: where many squads have a share below one slot,
    /// each may need one.
    pub(super) fn rounded_up(&self, consumer: ConsumerIndex) -> u32 {
        self.slots(consumer).rounded_up
    }

    /// Whether this many slots are less than the consumer's exact share.
    pub(super) fn is_below(&self, consumer: ConsumerIndex, slots: u32) -> bool {
        self.parts(slots) < self.share_parts(consumer)
    }

    /// The parts of whole slots.
    pub(super) fn parts(&self, slots: u32) -> u64 {
        u64::from(slots) * slot_parts(self.weights_sum)
    }

    /// The parts of a consumer's exact share.
    pub(super) fn share_parts(&self, consumer: ConsumerIndex) -> u64 {
        self.slots(consumer).share_parts
    }

    /// The parts of a consumer's share that are never lent.
    pub(super) fn kept_parts(&self, consumer: ConsumerIndex) -> u64 {
        self.slots(consumer).kept_parts
    }

    fn slots(&self, consumer: ConsumerIndex) -> &ShareSlots {
        &self.rows[consumer.get()].slots
    }
}

/// How many parts a slot has.
const fn slot_parts(weights_sum: u64) -> u64 {
    weights_sum * KEPT_SCALE
}

impl ShareSlots {
    fn of(row: &ShareRow, limit: u32, weights_sum: u64) -> Self {
        let slot_parts = slot_parts(weights_sum);
        let share_parts = u64::from(limit) * row.weight * KEPT_SCALE;
        let kept_parts = u64::from(limit) * row.weight * row.kept;
        let slots = |slots: u64| u32::try_from(slots).unwrap_or(u32::MAX);
        Self {
            share_parts,
            kept_parts,
            guaranteed: slots(share_parts / slot_parts),
            rounded_up: slots(share_parts.div_ceil(slot_parts)),
            kept: slots(kept_parts / slot_parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(limit: u32, weights: &[u32], lendable: f64) -> ShareTable {
        let share = |weight: &u32| ConsumerShare {
            weight: *weight,
            lendable,
        };
        let shares: Vec<_> = weights.iter().map(share).collect();
        ShareTable::new(limit, &shares)
    }

    #[test]
    fn a_guarantee_is_the_share_rounded_down() {
        let table = table(20, &[0, 3, 1, 1, 1], 0.5);
        let of = |consumer| {
            let consumer = ConsumerIndex::new(consumer);
            (table.guaranteed(consumer), table.rounded_up(consumer))
        };
        assert_eq!([of(0), of(1), of(2)], [(0, 0), (10, 10), (3, 4)]);
        assert!(table.is_below(ConsumerIndex::new(2), 3));
        assert!(!table.is_below(ConsumerIndex::new(1), 10));
    }

    #[test]
    fn the_kept_parts_are_exact_fractions() {
        let kept = |lendable| {
            let table = table(3, &[0, 5, 3, 4], lendable);
            let kept = (1..=2).map(|consumer| table.kept_parts(ConsumerIndex::new(consumer)));
            kept.sum::<u64>() as f64 / table.parts(1) as f64
        };
        assert_eq!([kept(0.0), kept(0.5), kept(1.0)], [2.0, 1.0, 0.0]);
    }

    #[test]
    fn without_squads_nothing_is_guaranteed() {
        let table = table(20, &[0], 0.5);
        assert!(!table.has_squads());
        assert_eq!(table.guaranteed(ConsumerIndex::UNKNOWN), 0);
        assert_eq!(table.weight(ConsumerIndex::UNKNOWN), 1);
    }
}

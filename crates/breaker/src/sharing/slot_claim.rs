//! Whose claim to a slot, or to a place in the queue, is the strongest.

use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::lent_slots::LentSlots;
use super::slot_arbiter::SlotArbiter;
use super::wait_queue::QueuedConsumer;
use crate::consumer_index::ConsumerIndex;

/// What a waiting consumer claims: a slot, and to keep its places in the queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueuedClaims {
    pub(super) slot: SlotClaim,
    pub(super) place: SlotClaim,
}

/// A claim; the least is the strongest. The parts of the number, from the highest: whether the
/// consumer is unknown, whether it is beyond its guarantee, what it has for each unit of its weight,
/// its tier, and since when it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotClaim(u128);

const UNKNOWN_BIT: u32 = 121;
const BEYOND_BIT: u32 = 120;
const RATIO_BIT: u32 = 56;
const TIER_BIT: u32 = 54;

impl SlotClaim {
    fn new(is_beyond_guarantee: bool, ratio: f64, tier: Tier) -> Self {
        // Fixed point orders like the ratio.
        let ratio = (ratio * f64::from(1 << 20)) as u64;
        let tier = Tier::ALL.len() - 1 - tier as usize;
        Self(
            (u128::from(is_beyond_guarantee) << BEYOND_BIT)
                | (u128::from(ratio) << RATIO_BIT)
                | ((tier as u128) << TIER_BIT),
        )
    }

    /// Ranks a consumer that waits longer first.
    fn since(self, since: Duration) -> Self {
        Self(self.0 | since.as_micros().min((1 << TIER_BIT) - 1))
    }
}

impl SlotArbiter {
    /// The waiting consumer with the weakest claim, which loses a place in the full queue; none if
    /// the newcomer's claim is the weakest.
    pub(super) fn displacement_victim(
        &self,
        lent: &LentSlots,
        newcomer: ConsumerIndex,
        tier: Tier,
    ) -> Option<ConsumerIndex> {
        let in_flight = self.in_flight(lent, newcomer);
        let place = |tier| self.place_claim(newcomer, tier, in_flight, 1);
        let others = self.figures.waiting().iter();
        let others = others.filter(|(other, _)| *other != newcomer);
        let others = others.map(|(consumer, claims)| (claims.place, *consumer));
        let own = self.queue.queued(newcomer);
        let own = own.map(|own| (place(own.lowest), newcomer));
        let (weakest, victim) = others.chain(own).max_by_key(|(claim, _)| *claim)?;
        (weakest > place(tier)).then_some(victim)
    }

    /// What a waiting consumer claims, with so many requests in flight.
    pub(super) fn queued_claims(&self, queued: QueuedConsumer, in_flight: u32) -> QueuedClaims {
        let QueuedConsumer {
            consumer,
            highest,
            lowest,
            since,
        } = queued;
        QueuedClaims {
            slot: self.slot_claim(consumer, highest, in_flight).since(since),
            place: self.place_claim(consumer, lowest, in_flight, 0),
        }
    }

    /// The claim of a consumer to a place in the queue, if so many more of its requests waited.
    fn place_claim(
        &self,
        consumer: ConsumerIndex,
        tier: Tier,
        in_flight: u32,
        more: usize,
    ) -> SlotClaim {
        let waits = self.queue.len_of(consumer) + more;
        let waits = u32::try_from(waits).unwrap_or(u32::MAX);
        let wanted = in_flight.saturating_add(waits);
        let ratio = f64::from(wanted) / self.table.weight(consumer) as f64;
        let is_beyond_guarantee = wanted > self.table.guaranteed(consumer);
        let claim = SlotClaim::new(is_beyond_guarantee, ratio, tier);
        SlotClaim(claim.0 | u128::from(consumer.is_unknown()) << UNKNOWN_BIT)
    }

    /// The claim of a consumer to one more slot. Within guarantees, the squad furthest below its own
    /// comes first. Beyond them, what a squad used recently counts as well as what it holds now.
    fn slot_claim(&self, consumer: ConsumerIndex, tier: Tier, in_flight: u32) -> SlotClaim {
        let is_beyond_guarantee = in_flight >= self.table.guaranteed(consumer);
        let used = if is_beyond_guarantee {
            self.usage.slots(consumer)
        } else {
            0.0
        };
        // Half a slot rounds shares without a bias to small or large ones (Webster's method).
        let slots = f64::from(in_flight) + 0.5 + used;
        let ratio = slots / self.table.weight(consumer) as f64;
        SlotClaim::new(is_beyond_guarantee, ratio, tier)
    }
}

//! Whose claim to a slot, or to a place in the queue, is the strongest.

use portcullis_vocabulary::Tier;

use super::lent_slots::LentSlots;
use super::slot_arbiter::SlotArbiter;
use super::slot_claim::{QueuedClaims, SlotClaim};
use super::wait_queue::QueuedConsumer;
use crate::consumer_index::ConsumerIndex;

/// How much more recent usage counts than the slots that a squad holds now. Slots are whole, so a
/// squad holds a fraction of a slot too many or too few at any moment; what it used on average shows
/// that and outweighs it.
const USAGE_WEIGHT: f64 = 3.0;

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
        SlotClaim::new(is_beyond_guarantee, ratio, tier).of_unknown(consumer.is_unknown())
    }

    /// The claim of a consumer to one more slot. Within guarantees, the squad furthest below its own
    /// comes first. Beyond them, what a squad used recently counts as well as what it holds now.
    fn slot_claim(&self, consumer: ConsumerIndex, tier: Tier, in_flight: u32) -> SlotClaim {
        let is_beyond_guarantee = in_flight >= self.table.guaranteed(consumer);
        let used = if is_beyond_guarantee {
            USAGE_WEIGHT * self.usage.slots(consumer)
        } else {
            0.0
        };
        // Half a slot rounds shares without a bias to small or large ones (Webster's method).
        let slots = f64::from(in_flight) + 0.5 + used;
        let ratio = slots / self.table.weight(consumer) as f64;
        SlotClaim::new(is_beyond_guarantee, ratio, tier)
    }
}

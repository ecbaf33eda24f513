//! Whose claim to a slot, or to a place in the queue, is the strongest.

use std::cmp::Reverse;

use portcullis_vocabulary::Tier;

use super::lent_slots::LentSlots;
use super::slot_arbiter::SlotArbiter;
use super::wait_queue::QueuedConsumer;
use crate::consumer_index::ConsumerIndex;

/// A claim to one more slot; the least is the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotClaim {
    is_beyond_guarantee: bool,
    /// What the consumer has for each unit of its weight.
    ratio: u64,
    /// The tier decides between equal claims.
    tier: Reverse<Tier>,
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
        let claim = |consumer: ConsumerIndex, tier, extra: usize| {
            let waits = self.queue.len_of(consumer) + extra;
            let waits = u32::try_from(waits).unwrap_or(u32::MAX);
            let wanted = self.in_flight(lent, consumer).saturating_add(waits);
            let ratio = f64::from(wanted) / self.table.weight(consumer) as f64;
            let claim = SlotClaim {
                is_beyond_guarantee: wanted > self.table.guaranteed(consumer),
                ratio: fixed_point(ratio),
                tier: Reverse(tier),
            };
            (consumer.is_unknown(), claim)
        };
        let own = claim(newcomer, tier, 1);
        let claim_of = |queued: &QueuedConsumer| {
            let extra = usize::from(queued.consumer == newcomer);
            claim(queued.consumer, queued.lowest, extra)
        };
        let victim = self.queue.consumers().max_by_key(claim_of)?;
        (claim_of(&victim) > own).then_some(victim.consumer)
    }

    /// The claim of a consumer to one more slot. Within guarantees, the squad furthest below its own
    /// comes first. Beyond them, what a squad used recently counts as well as what it holds now.
    pub(super) fn slot_claim(
        &self,
        lent: &LentSlots,
        consumer: ConsumerIndex,
        tier: Tier,
    ) -> SlotClaim {
        let in_flight = self.in_flight(lent, consumer);
        let is_beyond_guarantee = in_flight >= self.table.guaranteed(consumer);
        let used = if is_beyond_guarantee {
            self.usage.slots(consumer)
        } else {
            0.0
        };
        // Half a slot rounds shares without a bias to small or large ones (Webster's method).
        let slots = f64::from(in_flight) + 0.5 + used;
        SlotClaim {
            is_beyond_guarantee,
            ratio: fixed_point(slots / self.table.weight(consumer) as f64),
            tier: Reverse(tier),
        }
    }
}

/// A number that orders like a ratio of slots to a weight.
fn fixed_point(ratio: f64) -> u64 {
    (ratio * f64::from(1 << 20)) as u64
}

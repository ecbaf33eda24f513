//! Whose claim to a slot, or to a place in the queue, is the strongest.

use std::cmp::Reverse;
use std::time::Duration;

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

/// What a waiting consumer claims.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueuedClaims {
    slot: SlotClaim,
    /// When its oldest request began to wait.
    since: Duration,
    place: PlaceClaim,
}

/// A claim to a place in the queue; the least is the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PlaceClaim {
    is_unknown: bool,
    claim: SlotClaim,
}

impl QueuedClaims {
    /// Whether a free slot goes here first.
    pub(super) fn precedes(&self, other: Self) -> bool {
        (self.slot, self.since) < (other.slot, other.since)
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
        let others = self.queue.consumers().filter(|other| *other != newcomer);
        let others = others.filter_map(|consumer| {
            let claims = self.figures.of(consumer).claims?;
            Some((claims.place, consumer))
        });
        let own = self.queue.queued(newcomer);
        let own = own.map(|own| (place(own.lowest), newcomer));
        let (weakest, victim) = others.chain(own).max()?;
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
            slot: self.slot_claim(consumer, highest, in_flight),
            since,
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
    ) -> PlaceClaim {
        let waits = self.queue.len_of(consumer) + more;
        let waits = u32::try_from(waits).unwrap_or(u32::MAX);
        let wanted = in_flight.saturating_add(waits);
        let ratio = f64::from(wanted) / self.table.weight(consumer) as f64;
        PlaceClaim {
            is_unknown: consumer.is_unknown(),
            claim: SlotClaim {
                is_beyond_guarantee: wanted > self.table.guaranteed(consumer),
                ratio: fixed_point(ratio),
                tier: Reverse(tier),
            },
        }
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

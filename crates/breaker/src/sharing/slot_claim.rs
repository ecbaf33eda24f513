//! Claims to a slot or to a place in the queue, as numbers that order like them.

use std::time::Duration;

use portcullis_vocabulary::Tier;

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
    pub(super) fn new(is_beyond_guarantee: bool, ratio: f64, tier: Tier) -> Self {
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
    pub(super) fn since(self, since: Duration) -> Self {
        Self(self.0 | since.as_micros().min((1 << TIER_BIT) - 1))
    }

    /// Ranks an unknown consumer after all others.
    pub(super) fn of_unknown(self, is_unknown: bool) -> Self {
        Self(self.0 | (u128::from(is_unknown) << UNKNOWN_BIT))
    }
}

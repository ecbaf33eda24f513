//! What is kept free for other squads when a consumer wants a slot.
//!
//! A squad takes any free slot while it has less than it never lends. Beyond that it may take a free
//! slot only if enough others stay free. How many depends on who asks:
//!
//! - For a squad within its guarantee, what each other squad never lends. If the squad has just
//!   appeared while its slots were lent, the whole slots that the squads before it are guaranteed:
//!   it waits for its own slots, not for theirs (`SlotArbiter::settle`).
//! - For a squad beyond its guarantee whose calls are short, what each squad never lends, while no
//!   squad within its guarantee waits. By Little's law, it has no more slots than it gives back before an
//!   owner's patience ends, so calls that begin to hang keep no more than that.
//! - For a squad whose calls are not known to be short, and that needs the last fraction of its share,
//!   also the whole slots that squads which were seen recently are guaranteed.
//! - For a squad beyond that, whose calls are long, hang, or are not known, the whole share of each
//!   squad that was seen recently, because what it borrows may not come back in time. Of squads that
//!   were not seen, what they never lend.
//! - For unknown callers, what each squad never lends, and twice what each squad needed recently, up
//!   to its share. They have no guarantee, so nothing would be left for them if the shares of all
//!   squads stayed free. Beyond two slots more than they give back within the time for which demand
//!   is remembered, the same as for long calls. The two slots show how long their calls take.
//!
//! The result is the bound that the simulations check. A squad that asks for no more than it never
//! lends does not wait. A squad that was seen recently and asks for no more than its guarantee does
//! not wait for squads with long calls, and waits for squads with short calls until one of the lent
//! slots comes back; for unknown callers it waits only if it suddenly needs more than twice what it
//! needed before. A squad that appears after an absence gets the lendable rest of its guarantee
//! as lent slots come back, before anyone else. None of these waits can be shorter: a slot whose call
//! has not ended is not free, because the upstream still works on the call.
//!
//! Sources: Kubernetes, "API Priority and Fairness" (seats that are lent and borrowed, and those
//! that are not); Netflix, "Performance Under Load" and its concurrency-limits library (partitions
//! of a limit with guaranteed percentages).

use super::share_table::ShareTable;
use crate::consumer_index::ConsumerIndex;

/// Who wants a slot beyond what it never lends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotBorrower {
    /// A squad within its guarantee.
    Owner,
    /// A squad within its guarantee that appeared while its slots were lent.
    Newcomer,
    /// A squad beyond its guarantee that has less than its exact share, which is not a whole number.
    Fraction,
    /// A squad beyond its guarantee whose calls give their slots back in time.
    Short,
    /// A squad beyond its share whose calls do not, or are not known.
    Long,
    /// An unknown caller.
    Unknown,
}

/// What must stay free, in parts of a slot, for each kind of borrower.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SlotReserve([u64; 6]);

impl SlotBorrower {
    /// Whether the slot is beyond the guarantee.
    pub(super) fn is_beyond_guarantee(self) -> bool {
        !matches!(self, Self::Owner | Self::Newcomer)
    }
}

impl SlotReserve {
    /// What one squad with so many calls in flight keeps, if it needed `peak` slots at a time
    /// recently.
    pub(super) fn of(
        table: &ShareTable,
        consumer: ConsumerIndex,
        in_flight: u32,
        peak: u32,
        is_settled: bool,
    ) -> Self {
        let kept = table.kept_parts(consumer);
        let claims = if peak.max(in_flight) == 0 {
            [kept; 6]
        } else {
            let share = table.share_parts(consumer);
            let needed = peak.saturating_mul(2).min(table.rounded_up(consumer));
            let guaranteed = kept.max(table.parts(table.guaranteed(consumer)));
            [
                kept,
                if is_settled { guaranteed } else { kept },
                guaranteed,
                kept,
                share,
                kept.max(table.parts(needed)),
            ]
        };
        let in_use = table.parts(in_flight);
        Self(claims.map(|claim| claim.saturating_sub(in_use)))
    }

    /// Takes what a squad kept before out of a sum, and adds what it keeps now.
    pub(super) fn replace(&mut self, before: Self, after: Self) {
        for (sum, (before, after)) in self.0.iter_mut().zip(before.0.into_iter().zip(after.0)) {
            *sum = *sum - before + after;
        }
    }

    /// The parts that are never lent and not in use.
    pub(super) fn idle(self) -> u64 {
        self.0[SlotBorrower::Owner as usize]
    }

    /// What must stay free when one of the squads borrows, which keeps nothing from itself.
    pub(super) fn for_borrower(self, borrower: SlotBorrower, own: Self) -> u64 {
        let index = borrower as usize;
        self.0[index].saturating_sub(own.0[index])
    }
}

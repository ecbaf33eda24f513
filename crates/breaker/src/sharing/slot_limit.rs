//! Changes of the limit and of the shares while requests are in flight.

use std::time::Duration;

use portcullis_vocabulary::protection::SharePolicy;

use super::lent_slots::LentSlots;
use super::limit_adapter::LimitAdapter;
use super::share_table::ConsumerShare;
use super::slot_arbiter::{PendingWakers, SlotArbiter};

impl SlotArbiter {
    /// Adapts the limit to the times of recent calls, if there are enough.
    pub(super) fn adapt(&mut self, lent: &LentSlots, now: Duration) -> PendingWakers {
        let is_due = |adaptive: &LimitAdapter| adaptive.is_due(lent, now);
        if !self.adaptive.as_ref().is_some_and(is_due) {
            return PendingWakers::new();
        }
        let limit = self.table.limit();
        let free = self.free + i64::from(lent.spare());
        let in_flight = limit.saturating_sub(u32::try_from(free).unwrap_or_default());
        // Slots that are never lent and not in use say nothing about the upstream, so the limit counts
        // as used if the others are.
        let idle = self.idle_parts(lent) / self.table.parts(1);
        let idle = u32::try_from(idle).unwrap_or(0);
        let usable = u64::from(limit.saturating_sub(idle).max(1));
        let in_flight = u64::from(in_flight) * u64::from(limit) / usable;
        let in_flight = u32::try_from(in_flight).unwrap_or(limit).min(limit);
        match &mut self.adaptive {
            Some(adaptive) => {
                let limit = adaptive.adapt(lent, now, in_flight);
                self.set_limit(lent, limit)
            }
            None => PendingWakers::new(),
        }
    }

    /// The parts of slots that squads never lend and do not use.
    fn idle_parts(&self, lent: &LentSlots) -> u64 {
        let of = |consumer| {
            let in_flight = self.in_flight(lent, consumer);
            self.own_reserve(lent, consumer, in_flight).idle()
        };
        self.table.consumers().map(of).sum()
    }

    /// Takes over a policy and shares of the same consumers.
    pub(super) fn adopt(
        &mut self,
        lent: &LentSlots,
        shares: &[ConsumerShare],
        policy: &SharePolicy,
    ) -> PendingWakers {
        let fresh = Self::new(lent.core_count(), shares, policy);
        let limit = match &mut self.adaptive {
            // The learnt limit is still valid.
            Some(adaptive) if fresh.adaptive.is_some() => {
                let learnt = adaptive.limit();
                adaptive.set_limit_max(policy.in_flight_max);
                learnt.min(policy.in_flight_max)
            }
            adaptive => {
                *adaptive = fresh.adaptive;
                fresh.table.limit()
            }
        };
        let before = self.table.limit();
        self.wait_max = fresh.wait_max;
        self.table = fresh.table;
        self.table.set_limit(before);
        self.set_limit(lent, limit)
    }

    fn set_limit(&mut self, lent: &LentSlots, limit: u32) -> PendingWakers {
        self.free += i64::from(limit) - i64::from(self.table.limit());
        self.table.set_limit(limit);
        lent.set_limit(limit);
        self.set_quotas(lent);
        self.refresh_all(lent);
        if self.figures.is_any_beyond_guarantee() {
            self.begin_loans(lent);
        }
        let wakers = self.grant_waiting(lent);
        self.update_shortage(lent);
        wakers
    }
}

//! Slots: how many requests of a service are in flight, and of which squads.
//!
//! Each squad is guaranteed its share, the limit × its weight / all weights, and takes any free slot
//! while it holds less. Beyond its guarantee it borrows what others do not need: `slot_reserve` has
//! the rule and the bound that follows from it. When no slot is available, requests wait. A slot that
//! comes back goes first to squads within their guarantee, the one furthest below before the others;
//! then to the squad that has, and has recently had, the least for its weight. When the queue is
//! full, the requests of the squads furthest above their share are shed, in the reverse order.
//! Unknown callers get the rest: slots that no squad has used recently, and only while no squad
//! waits.
//!
//! While slots are plentiful, data cores hand out slots that they have borrowed (`lent_slots`); the
//! lock is for squads beyond their guarantee and for the time when slots are short. Slots are
//! conserved: the limit is the sum of free, lent and held slots.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::core_slots::LentOutcome;
use super::held_slot::HeldSlot;
use super::lent_slots::LentSlots;
use super::queue_ticket::QueueTicket;
use super::share_table::ConsumerShare;
use super::shed_details::{ShedDetails, ShedReason};
use super::slot_arbiter::{PendingWakers, SlotArbiter};
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

/// The slots of one service.
#[derive(Debug)]
pub(crate) struct SlotPool {
    has_squads: bool,
    lent: LentSlots,
    arbiter: Mutex<SlotArbiter>,
}

/// The slots of one service at one moment.
#[derive(Clone, Debug)]
pub(crate) struct SlotOccupancy {
    /// How many requests may be in flight.
    pub(crate) limit: u32,
    /// How many requests wait.
    pub(crate) waiting: usize,
    /// By consumer.
    pub(crate) consumers: Vec<ConsumerOccupancy>,
}

/// One consumer's part of the requests in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsumerOccupancy {
    /// How many requests it is guaranteed to have in flight.
    pub(crate) guaranteed: u32,
    /// How many of those are never lent to others.
    pub(crate) never_lent: u32,
    /// How many it has in flight.
    pub(crate) in_flight: u32,
}

/// The arbiter's answer to a request for a slot.
#[derive(Debug)]
pub(super) enum ArbiterOutcome {
    Granted(HeldSlot),
    Queued {
        ticket: Arc<QueueTicket>,
        deadline: Duration,
    },
    Shed(ShedDetails),
}

impl SlotPool {
    /// Slots for consumers with these shares; the first is the unknown consumer, which has none.
    pub(crate) fn new(cores: usize, shares: &[ConsumerShare], policy: &SharePolicy) -> Self {
        let arbiter = SlotArbiter::new(cores, shares, policy);
        let lent = LentSlots::new(cores, shares.len());
        lent.set_limit(arbiter.table.limit());
        arbiter.set_quotas(&lent);
        Self {
            has_squads: shares.len() > 1,
            lent,
            arbiter: Mutex::new(arbiter),
        }
    }

    /// Takes one of the slots that are lent to the core. It fails while slots are short, for squads
    /// beyond their guarantee, and for the unknown consumer: they must ask the arbiter.
    #[inline]
    pub(super) fn acquire_lent(
        &self,
        core: CoreIndex,
        consumer: ConsumerIndex,
        now: Duration,
    ) -> Option<HeldSlot> {
        let must_ask = consumer.is_unknown() && self.has_squads;
        if must_ask || self.lent.is_short.load(Ordering::Acquire) {
            return None;
        }
        let slot = HeldSlot {
            consumer,
            lender: Some(core),
        };
        match self.lent.take(core, consumer) {
            LentOutcome::Taken => Some(slot),
            LentOutcome::Unavailable => None,
            LentOutcome::OverQuota => {
                self.release(slot, || now);
                None
            }
        }
    }

    /// Asks the arbiter for a slot.
    pub(super) fn acquire_locked(
        &self,
        core: CoreIndex,
        consumer: ConsumerIndex,
        tier: Tier,
        now: Duration,
        policy: &SharePolicy,
    ) -> ArbiterOutcome {
        let lent = &self.lent;
        let mut arbiter = self.lock();
        arbiter.advance(lent, now);
        if arbiter.may_enter(lent, consumer) {
            let slot = arbiter.hold(lent, consumer);
            arbiter.lend(lent, core);
            arbiter.update_shortage(lent);
            return ArbiterOutcome::Granted(slot);
        }
        // Time may have passed for a waiting request, so its place in the queue is free.
        let mut wakers = if arbiter.queue_is_full(policy) {
            arbiter.grant_reclaimed(lent)
        } else {
            PendingWakers::new()
        };
        let enqueued = arbiter.enqueue(lent, consumer, tier, policy);
        if enqueued.is_ok() {
            // The newcomer may be granted a slot here; it finds out at its first poll.
            wakers.extend(arbiter.grant_reclaimed(lent));
        }
        drop(arbiter);
        match enqueued {
            Ok(enqueued) => {
                wake(enqueued.displaced.into_iter().chain(wakers));
                ArbiterOutcome::Queued {
                    ticket: enqueued.ticket,
                    deadline: enqueued.deadline,
                }
            }
            Err(shed) => {
                wake(wakers);
                ArbiterOutcome::Shed(shed)
            }
        }
    }

    /// Gives a slot back.
    #[inline]
    pub(crate) fn release(&self, slot: HeldSlot, now: impl FnOnce() -> Duration) {
        if let Some(core) = slot.lender {
            let core_slots = self.lent.core(core);
            core_slots.leave(slot.consumer);
            if !self.lent.is_short.load(Ordering::Acquire)
                && core_slots.spare() < 2 * self.lent.chunk()
            {
                core_slots.lend(1);
                // A request may have begun to wait since the first look at the flag.
                if !self.lent.is_short.load(Ordering::SeqCst) || !core_slots.take_back() {
                    return;
                }
            }
        }
        self.release_locked(slot, now());
    }

    fn release_locked(&self, slot: HeldSlot, now: Duration) {
        let mut arbiter = self.lock();
        arbiter.advance(&self.lent, now);
        arbiter.release(&self.lent, slot);
        let wakers = arbiter.grant_waiting(&self.lent);
        arbiter.update_shortage(&self.lent);
        drop(arbiter);
        wake(wakers);
    }

    /// Records how long a call took until its answer began; an adaptive limit learns from it.
    pub(crate) fn time(
        &self,
        core: CoreIndex,
        took: Duration,
        now: Duration,
        policy: &SharePolicy,
    ) {
        if !policy.adaptive {
            return;
        }
        self.lent.core(core).time(took);
        let Ok(mut arbiter) = self.arbiter.try_lock() else {
            return;
        };
        let wakers = arbiter.adapt(&self.lent, now);
        drop(arbiter);
        wake(wakers);
    }

    /// Takes over a policy and shares of the same consumers. Requests in flight keep their slots.
    pub(crate) fn adopt(&self, shares: &[ConsumerShare], policy: &SharePolicy) {
        let mut arbiter = self.lock();
        let wakers = arbiter.adopt(&self.lent, shares, policy);
        drop(arbiter);
        wake(wakers);
    }

    /// Takes a ticket out of the queue and returns why its request is shed.
    pub(super) fn withdraw(&self, ticket: &Arc<QueueTicket>) -> ShedDetails {
        let mut arbiter = self.lock();
        arbiter.leave_queue(&self.lent, ticket);
        // Unknown callers may have waited for this one.
        let wakers = arbiter.grant_waiting(&self.lent);
        arbiter.update_shortage(&self.lent);
        let shed = arbiter.shed(&self.lent, ticket.consumer, ShedReason::Waited);
        drop(arbiter);
        wake(wakers);
        shed
    }

    /// The slots and the queue, all at the same moment.
    pub(crate) fn occupancy(&self) -> SlotOccupancy {
        let arbiter = self.lock();
        let consumers = (0..arbiter.held.len()).map(ConsumerIndex::new);
        let consumers = consumers.map(|consumer| ConsumerOccupancy {
            guaranteed: arbiter.table.guaranteed(consumer),
            never_lent: arbiter.table.kept(consumer),
            in_flight: arbiter.in_flight(&self.lent, consumer),
        });
        SlotOccupancy {
            limit: arbiter.table.limit(),
            waiting: arbiter.queue.len(),
            consumers: consumers.collect(),
        }
    }

    /// How many slots no request holds, for tests of their conservation.
    #[cfg(test)]
    pub(crate) fn free(&self) -> i64 {
        let arbiter = self.lock();
        arbiter.free + i64::from(self.lent.spare())
    }

    /// Checks what the arbiter knows of all consumers together.
    #[cfg(test)]
    pub(crate) fn check_figures(&self) {
        self.lock().check_figures(&self.lent);
    }

    /// How many requests wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    fn lock(&self) -> MutexGuard<'_, SlotArbiter> {
        self.arbiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

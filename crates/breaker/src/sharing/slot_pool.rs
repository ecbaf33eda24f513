//! Slots: how many requests of a service are in flight, and whose.
//!
//! Each squad is guaranteed its share, the limit × its weight / all weights, and may borrow what
//! is idle. When slots run out, requests wait, and a slot that becomes free goes first to those
//! below their share, the furthest below before the others; then to gold before silver before
//! bronze, and among those to whoever is least above. When too many wait, those furthest above
//! give way, in the reverse order. The unknown have what nobody needs: slots that no squad has
//! used lately (up to its share), and only while no squad waits.
//!
//! While slots are plentiful, data cores hand out what they have borrowed (`seats`); the lock is
//! for when they are not. Slots are conserved: the limit is what is free, lent and held.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::core_slots::CoreSlots;
use super::slot_arbiter::SlotArbiter;
use super::slot_wait::{QueueTicket, ShedDetails, ShedReason, SlotWait};

/// The unknown consumer's index.
pub(super) const UNKNOWN: usize = 0;

/// The slots of one service.
#[derive(Debug)]
pub struct SlotPool {
    /// Slots are short: cores have to ask.
    pub(super) is_short: AtomicBool,
    /// How many slots a core may borrow.
    pub(super) chunk: AtomicU32,
    pub(super) has_squads: bool,
    pub(super) cores: Box<[CoreSlots]>,
    arbiter: Mutex<SlotArbiter>,
}

/// A slot that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSlot {
    pub(super) consumer: usize,
    /// The core that lent it, where it was not the arbiter.
    pub(super) lender: Option<usize>,
}

/// What is in flight and waits.
#[derive(Clone, Debug)]
pub struct SlotOccupancy {
    /// How many requests may be in flight.
    pub limit: u32,
    /// How many requests wait.
    pub waiting: usize,
    /// By consumer.
    pub consumers: Vec<ConsumerOccupancy>,
}

/// One consumer's part of what is in flight.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerOccupancy {
    /// How many requests it is guaranteed to have in flight.
    pub guaranteed: u32,
    /// How many it has.
    pub in_flight: u32,
}

/// What becomes of a request that asks for a slot.
#[derive(Debug)]
pub enum SlotOutcome<'s> {
    /// It has one.
    Granted(HeldSlot),
    /// It has to wait for one.
    Queued(SlotWait<'s>),
    /// It has to go.
    Shed(ShedDetails),
}

impl SlotPool {
    /// Slots for consumers of these weights; the first one is the unknown and has none.
    pub fn new(cores: usize, weights: &[u32], policy: &SharePolicy) -> Self {
        let arbiter = SlotArbiter::new(cores, weights, policy);
        let limit = arbiter.limit;
        let slots = Self {
            is_short: AtomicBool::new(false),
            chunk: AtomicU32::new(0),
            has_squads: weights.len() > 1,
            cores: (0..cores).map(|_| CoreSlots::new(weights.len())).collect(),
            arbiter: Mutex::new(arbiter),
        };
        slots.chunk.store(slots.chunk_of(limit), Ordering::Release);
        slots
    }

    /// Asks for a slot. It must be given back with [`release`](Self::release), on the same core.
    #[inline]
    pub fn acquire(
        &self,
        core: usize,
        consumer: usize,
        tier: Tier,
        now: Duration,
        policy: &SharePolicy,
    ) -> SlotOutcome<'_> {
        let asks = consumer == UNKNOWN && self.has_squads;
        if !asks && !self.is_short.load(Ordering::Acquire) && self.cores[core].take(consumer) {
            return SlotOutcome::Granted(HeldSlot {
                consumer,
                lender: Some(core),
            });
        }
        self.acquire_locked(core, consumer, tier, now, policy)
    }

    /// Gives a slot back.
    #[inline]
    pub fn release(&self, slot: HeldSlot) {
        if let Some(core) = slot.lender {
            let seats = &self.cores[core];
            seats.leave(slot.consumer);
            if !self.is_short.load(Ordering::Acquire)
                && seats.spare() < 2 * self.chunk.load(Ordering::Relaxed)
            {
                seats.lend(1);
                // Somebody may have begun to wait since the first look.
                if !self.is_short.load(Ordering::SeqCst) || !seats.take_back() {
                    return;
                }
            }
        }
        self.return_one(slot);
    }

    /// A call took so long until its answer began; an adaptive limit learns from it.
    pub fn time(&self, core: usize, took: Duration, now: Duration, policy: &SharePolicy) {
        if !policy.adaptive {
            return;
        }
        self.cores[core].time(took);
        let Ok(mut arbiter) = self.arbiter.try_lock() else {
            return;
        };
        let wakers = arbiter.adapt(self, now);
        drop(arbiter);
        wake(wakers);
    }

    /// Takes over weights, of the same consumers, and a policy. What is in flight stays.
    pub fn adopt(&self, weights: &[u32], policy: &SharePolicy) {
        let mut arbiter = self.lock();
        let wakers = arbiter.adopt(self, weights, policy);
        drop(arbiter);
        wake(wakers);
    }

    /// Takes a ticket out of the line, with what to say of it.
    pub(super) fn withdraw(&self, ticket: &Arc<QueueTicket>) -> ShedDetails {
        let mut arbiter = self.lock();
        arbiter.line.leave(ticket);
        arbiter.update_shortage(self);
        arbiter.shed(self, ticket.consumer, ShedReason::Waited)
    }

    /// What is in flight and waits now, all at the same moment.
    pub fn occupancy(&self) -> SlotOccupancy {
        let arbiter = self.lock();
        let consumers = (0..arbiter.held.len()).map(|consumer| ConsumerOccupancy {
            guaranteed: arbiter.guaranteed(consumer),
            in_flight: arbiter.in_flight(self, consumer),
        });
        SlotOccupancy {
            limit: arbiter.limit,
            waiting: arbiter.line.len(),
            consumers: consumers.collect(),
        }
    }

    /// Slots that nobody holds, for tests of their conservation.
    #[cfg(test)]
    pub(crate) fn free(&self) -> i64 {
        let arbiter = self.lock();
        arbiter.free + i64::from(self.spare())
    }

    /// How many slots squads needed lately and do not hold now.
    #[cfg(test)]
    pub(crate) fn reserved(&self, now: Duration) -> u64 {
        let mut arbiter = self.lock();
        arbiter.advance(self, now);
        arbiter.reserved(self)
    }

    fn acquire_locked(
        &self,
        core: usize,
        consumer: usize,
        tier: Tier,
        now: Duration,
        policy: &SharePolicy,
    ) -> SlotOutcome<'_> {
        let mut arbiter = self.lock();
        arbiter.advance(self, now);
        if arbiter.may_enter(self, consumer) {
            let slot = arbiter.hold(self, consumer);
            arbiter.lend(self, core);
            arbiter.update_shortage(self);
            return SlotOutcome::Granted(slot);
        }
        let (entered, waker) = arbiter.enqueue(self, consumer, tier, policy);
        // Said first, then looked: what a core lends after that it takes back itself. The
        // newcomer may be the one who is served; it finds out when it looks.
        arbiter.update_shortage(self);
        arbiter.reclaim_loans(self);
        let wakers = arbiter.grant_waiting(self);
        arbiter.update_shortage(self);
        drop(arbiter);
        wake(waker.into_iter().chain(wakers));
        entered
    }

    fn return_one(&self, slot: HeldSlot) {
        let mut arbiter = self.lock();
        if slot.lender.is_none() {
            arbiter.held[slot.consumer] -= 1;
        }
        arbiter.free += 1;
        let wakers = arbiter.grant_waiting(self);
        arbiter.update_shortage(self);
        drop(arbiter);
        wake(wakers);
    }

    pub(super) fn spare(&self) -> u32 {
        self.cores.iter().map(CoreSlots::spare).sum()
    }

    /// A quarter of the slots may be lent, in equal parts.
    pub(super) fn chunk_of(&self, limit: u32) -> u32 {
        limit / 4 / u32::try_from(self.cores.len().max(1)).unwrap_or(u32::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, SlotArbiter> {
        self.arbiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

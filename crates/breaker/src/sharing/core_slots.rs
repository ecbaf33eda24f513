//! One data core's part of a service's slots.
//!
//! A core borrows a few free slots and hands them out by itself, so while no request waits, no two
//! cores touch the same memory. It hands them only to consumers that are within their guarantee:
//! each consumer has a quota on each core, and the quotas of one consumer and the slots that the
//! arbiter gave it are never more than it is guaranteed. While a squad is beyond its guarantee, they
//! are never more than the consumer does not lend, because the rest may be lent. The arbiter may take unused slots back at
//! any time.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::consumer_index::ConsumerIndex;

/// Consumers in one cache line.
const PER_LINE: usize = 3;

/// The slots that one core has borrowed, and who holds them. The core is the only writer of
/// everything but `spare` and the quotas.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct CoreSlots {
    spare: AtomicU32,
    calls: AtomicU32,
    micros: AtomicU64,
    lines: Box<[ConsumerCacheLine]>,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct ConsumerCacheLine([ConsumerSlots; PER_LINE]);

#[derive(Debug, Default)]
struct ConsumerSlots {
    in_flight: AtomicU32,
    peak: AtomicU32,
    /// How many calls ended, which wraps.
    ended: AtomicU32,
    quota: QuotaCells,
}

/// A quota, which the arbiter writes.
#[derive(Debug, Default)]
struct QuotaCells {
    guaranteed: AtomicU32,
    kept: AtomicU32,
}

/// How many calls of a consumer may be in flight without asking the arbiter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SlotQuota {
    /// While no consumer is beyond its guarantee.
    pub(super) guaranteed: u32,
    /// While one is: what the consumer never lends.
    pub(super) kept: u32,
}

impl SlotQuota {
    pub(super) const UNLIMITED: Self = Self {
        guaranteed: u32::MAX,
        kept: u32::MAX,
    };
}

impl QuotaCells {
    fn load(&self, has_loans: &AtomicBool, order: Ordering) -> u32 {
        if has_loans.load(order) {
            self.kept.load(order)
        } else {
            self.guaranteed.load(order)
        }
    }
}

/// The outcome of taking a lent slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LentOutcome {
    /// The consumer holds it.
    Taken,
    /// The arbiter must decide.
    Unavailable,
    /// It was taken, and the quota shrank meanwhile: it must be given back.
    OverQuota,
}

/// The number of calls and the sum of their times since the start; both wrap.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CallTimes {
    pub(super) calls: u32,
    pub(super) micros: u64,
}

impl CoreSlots {
    pub(super) fn new(consumers: usize) -> Self {
        Self {
            spare: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            micros: AtomicU64::new(0),
            lines: (0..consumers.div_ceil(PER_LINE))
                .map(|_| ConsumerCacheLine::default())
                .collect(),
        }
    }

    /// Takes a borrowed slot for a consumer that is within its quota.
    ///
    /// The call is counted first, and the quota is read again after that. The arbiter lowers a
    /// quota first and reads the count after that. These accesses are sequentially consistent, so
    /// either the arbiter sees the call or the core sees the lower quota.
    pub(super) fn take(&self, consumer: ConsumerIndex, has_loans: &AtomicBool) -> LentOutcome {
        let slots = self.consumer(consumer);
        let in_flight = slots.in_flight.load(Ordering::Relaxed) + 1;
        let is_within = in_flight <= slots.quota.load(has_loans, Ordering::Relaxed);
        if !is_within || !self.take_back() {
            return LentOutcome::Unavailable;
        }
        slots.in_flight.store(in_flight, Ordering::SeqCst);
        if in_flight > slots.quota.load(has_loans, Ordering::SeqCst) {
            return LentOutcome::OverQuota;
        }
        if in_flight > slots.peak.load(Ordering::Relaxed) {
            slots.peak.store(in_flight, Ordering::Release);
        }
        LentOutcome::Taken
    }

    /// How many calls of a consumer may be in flight. Only the arbiter changes it.
    pub(super) fn quota(&self, consumer: ConsumerIndex) -> SlotQuota {
        let cells = &self.consumer(consumer).quota;
        SlotQuota {
            guaranteed: cells.guaranteed.load(Ordering::Relaxed),
            kept: cells.kept.load(Ordering::Relaxed),
        }
    }

    /// Sets how many calls of a consumer may be in flight.
    pub(super) fn set_quota(&self, consumer: ConsumerIndex, quota: SlotQuota) {
        let cells = &self.consumer(consumer).quota;
        cells.guaranteed.store(quota.guaranteed, Ordering::SeqCst);
        cells.kept.store(quota.kept, Ordering::SeqCst);
    }

    /// The number of calls that ended, which wraps.
    pub(super) fn ended(&self, consumer: ConsumerIndex) -> u32 {
        self.consumer(consumer).ended.load(Ordering::Acquire)
    }

    /// Ends a consumer's call. The slot passes to the caller of this function.
    pub(super) fn leave(&self, consumer: ConsumerIndex) {
        let slots = self.consumer(consumer);
        let in_flight = slots.in_flight.load(Ordering::Relaxed).saturating_sub(1);
        slots.in_flight.store(in_flight, Ordering::Release);
        let ended = slots.ended.load(Ordering::Relaxed).wrapping_add(1);
        slots.ended.store(ended, Ordering::Release);
    }

    /// Adds free slots. The caller looks at the shortage flag after that. Both accesses are
    /// sequentially consistent, so either the core sees the flag or the arbiter sees the slots.
    pub(super) fn lend(&self, slots: u32) {
        self.spare.fetch_add(slots, Ordering::SeqCst);
    }

    /// Takes one free slot back.
    pub(super) fn take_back(&self) -> bool {
        self.spare
            .fetch_update(Ordering::SeqCst, Ordering::Relaxed, |spare| {
                spare.checked_sub(1)
            })
            .is_ok()
    }

    /// Takes all free slots back.
    pub(super) fn take_all_back(&self) -> u32 {
        self.spare.swap(0, Ordering::SeqCst)
    }

    pub(super) fn spare(&self) -> u32 {
        self.spare.load(Ordering::SeqCst)
    }

    pub(super) fn in_flight(&self, consumer: ConsumerIndex) -> u32 {
        self.consumer(consumer).in_flight.load(Ordering::SeqCst)
    }

    /// The highest number of requests in flight at a time since the last call.
    pub(super) fn take_peak(&self, consumer: ConsumerIndex) -> u32 {
        let slots = self.consumer(consumer);
        let now = slots.in_flight.load(Ordering::Acquire);
        slots.peak.swap(now, Ordering::AcqRel)
    }

    pub(super) fn peak(&self, consumer: ConsumerIndex) -> u32 {
        self.consumer(consumer).peak.load(Ordering::Acquire)
    }

    /// Counts how long a call took.
    pub(super) fn time(&self, took: Duration) {
        let calls = self.calls.load(Ordering::Relaxed).wrapping_add(1);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let micros = self.micros.load(Ordering::Relaxed).wrapping_add(micros);
        self.micros.store(micros, Ordering::Release);
        self.calls.store(calls, Ordering::Release);
    }

    pub(super) fn times(&self) -> CallTimes {
        CallTimes {
            calls: self.calls.load(Ordering::Acquire),
            micros: self.micros.load(Ordering::Acquire),
        }
    }

    fn consumer(&self, consumer: ConsumerIndex) -> &ConsumerSlots {
        let consumer = consumer.get();
        &self.lines[consumer / PER_LINE].0[consumer % PER_LINE]
    }
}

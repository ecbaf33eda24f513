//! One data core's part of a service's slots.
//!
//! A core borrows a few free slots and hands them out by itself, so while no request waits, no two
//! cores touch the same memory. The arbiter may take unused slots back at any time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::consumer_index::ConsumerIndex;

/// Consumers in one cache line.
const PER_LINE: usize = 8;

/// The slots that one core has borrowed, and who holds them. The core is the only writer of
/// everything but `spare`.
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

    /// Takes a borrowed slot for a consumer.
    pub(super) fn take(&self, consumer: ConsumerIndex) -> bool {
        let taken = self.take_back();
        if taken {
            let slots = self.consumer(consumer);
            let in_flight = slots.in_flight.load(Ordering::Relaxed) + 1;
            slots.in_flight.store(in_flight, Ordering::Release);
            if in_flight > slots.peak.load(Ordering::Relaxed) {
                slots.peak.store(in_flight, Ordering::Release);
            }
        }
        taken
    }

    /// Ends a consumer's call. The slot passes to the caller of this function.
    pub(super) fn leave(&self, consumer: ConsumerIndex) {
        let slots = self.consumer(consumer);
        let in_flight = slots.in_flight.load(Ordering::Relaxed).saturating_sub(1);
        slots.in_flight.store(in_flight, Ordering::Release);
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
        self.consumer(consumer).in_flight.load(Ordering::Acquire)
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

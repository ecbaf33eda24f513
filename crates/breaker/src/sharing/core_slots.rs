//! One data core's part of a service's slots.
//!
//! A core borrows a few free slots and hands them out by itself: while nobody has to wait, no
//! two cores touch the same memory. The lender may take unused ones back at any time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Seats of one cache line.
const PER_LINE: usize = 8;

/// What one core has borrowed, and who holds it. But for `spare` the core is the only writer.
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

/// Times of calls, summed since the beginning; both wrap.
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
    pub(super) fn take(&self, consumer: usize) -> bool {
        let taken = self.take_back();
        if taken {
            let seat = self.seat(consumer);
            let in_flight = seat.in_flight.load(Ordering::Relaxed) + 1;
            seat.in_flight.store(in_flight, Ordering::Release);
            if in_flight > seat.peak.load(Ordering::Relaxed) {
                seat.peak.store(in_flight, Ordering::Release);
            }
        }
        taken
    }

    /// The consumer's call is over; its slot is the caller's now.
    pub(super) fn leave(&self, consumer: usize) {
        let seat = self.seat(consumer);
        let in_flight = seat.in_flight.load(Ordering::Relaxed).saturating_sub(1);
        seat.in_flight.store(in_flight, Ordering::Release);
    }

    /// Adds free slots. Sequentially consistent, as is the look at whether they are wanted
    /// elsewhere that comes after: one of both sides sees the other.
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

    pub(super) fn in_flight(&self, consumer: usize) -> u32 {
        self.seat(consumer).in_flight.load(Ordering::Acquire)
    }

    /// The most that were in flight at a time since the last call.
    pub(super) fn take_peak(&self, consumer: usize) -> u32 {
        let seat = self.seat(consumer);
        let now = seat.in_flight.load(Ordering::Acquire);
        seat.peak.swap(now, Ordering::AcqRel)
    }

    pub(super) fn peak(&self, consumer: usize) -> u32 {
        self.seat(consumer).peak.load(Ordering::Acquire)
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

    fn seat(&self, consumer: usize) -> &ConsumerSlots {
        &self.lines[consumer / PER_LINE].0[consumer % PER_LINE]
    }
}

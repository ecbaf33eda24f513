//! The slots that are lent to data cores, and the flag that stops lending.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::core_slots::{CallTimes, CoreSlots, LentOutcome, SlotQuota};
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

/// The slots that are lent to data cores.
#[derive(Debug)]
pub(super) struct LentSlots {
    /// Slots are short: cores must ask the arbiter.
    pub(super) is_short: AtomicBool,
    /// A consumer is beyond its guarantee: cores lend only what is never lent to others.
    has_loans: AtomicBool,
    /// How many slots a core may borrow at a time.
    chunk: AtomicU32,
    cores: Box<[CoreSlots]>,
}

impl LentSlots {
    pub(super) fn new(cores: usize, consumers: usize) -> Self {
        Self {
            is_short: AtomicBool::new(false),
            has_loans: AtomicBool::new(false),
            chunk: AtomicU32::new(0),
            cores: (0..cores).map(|_| CoreSlots::new(consumers)).collect(),
        }
    }

    pub(super) fn core(&self, core: CoreIndex) -> &CoreSlots {
        &self.cores[core.get()]
    }

    pub(super) fn core_count(&self) -> usize {
        self.cores.len()
    }

    pub(super) fn chunk(&self) -> u32 {
        self.chunk.load(Ordering::Relaxed)
    }

    /// Lends a quarter of the limit at most, in equal parts.
    pub(super) fn set_limit(&self, limit: u32) {
        self.chunk
            .store(limit / 4 / self.core_number(), Ordering::Release);
    }

    fn core_number(&self) -> u32 {
        u32::try_from(self.cores.len().max(1)).unwrap_or(u32::MAX)
    }

    /// How many lent slots are free.
    pub(super) fn spare(&self) -> u32 {
        self.cores.iter().map(CoreSlots::spare).sum()
    }

    /// Takes one of the slots that are lent to a core.
    pub(super) fn take(&self, core: CoreIndex, consumer: ConsumerIndex) -> LentOutcome {
        self.core(core).take(consumer, &self.has_loans)
    }

    /// Divides what a consumer may hold without asking the arbiter among the cores.
    pub(super) fn set_quota(&self, consumer: ConsumerIndex, quota: SlotQuota) {
        let cores = self.core_number();
        let part = SlotQuota {
            guaranteed: quota.guaranteed / cores,
            kept: quota.kept / cores,
        };
        if part == SlotQuota::default() {
            return self.set_parts(consumer, part);
        }
        // If one core has more calls than its part, the parts of the others are too much together.
        // All ask until those calls have ended.
        let fitting = || {
            let most = self.cores.iter().map(|core| core.in_flight(consumer)).max();
            let fits = |part| if most > Some(part) { 0 } else { part };
            SlotQuota {
                guaranteed: fits(part.guaranteed),
                kept: fits(part.kept),
            }
        };
        let first = fitting();
        self.set_parts(consumer, first);
        // A call may have begun before the cores saw a lower part.
        let second = fitting();
        if second != first {
            self.set_parts(consumer, second);
        }
    }

    fn set_parts(&self, consumer: ConsumerIndex, part: SlotQuota) {
        for core in &self.cores {
            if core.quota(consumer) != part {
                core.set_quota(consumer, part);
            }
        }
    }

    /// Whether a consumer may be beyond its guarantee.
    pub(super) fn has_loans_beyond_guarantees(&self) -> bool {
        self.has_loans.load(Ordering::SeqCst)
    }

    /// Notes whether a consumer may be beyond its guarantee.
    pub(super) fn set_loans_beyond_guarantees(&self, has_loans: bool) {
        self.has_loans.store(has_loans, Ordering::SeqCst);
    }

    /// How many calls of a consumer that had a lent slot ended, which wraps.
    pub(super) fn ended(&self, consumer: ConsumerIndex) -> u32 {
        let ended = self.cores.iter().map(|core| core.ended(consumer));
        ended.fold(0, u32::wrapping_add)
    }

    /// Takes all free slots back from all cores.
    pub(super) fn take_all_back(&self) -> u32 {
        self.cores.iter().map(CoreSlots::take_all_back).sum()
    }

    pub(super) fn in_flight(&self, consumer: ConsumerIndex) -> u32 {
        self.cores.iter().map(|core| core.in_flight(consumer)).sum()
    }

    pub(super) fn peak(&self, consumer: ConsumerIndex) -> u32 {
        self.cores.iter().map(|core| core.peak(consumer)).sum()
    }

    /// The highest numbers in flight since the last call, summed over the cores.
    pub(super) fn take_peak(&self, consumer: ConsumerIndex) -> u32 {
        self.cores.iter().map(|core| core.take_peak(consumer)).sum()
    }

    pub(super) fn times(&self) -> Vec<CallTimes> {
        self.cores.iter().map(CoreSlots::times).collect()
    }
}
